//! From the sum of a view to log-odds that mean what they say.

use serde::{Deserialize, Serialize};

use crate::line;

/// A line through points, never falling; flat before the first point and after the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Sum and calibrated log-odds, at least two points, strictly ascending in both, within ±1,000.
    pub points: Vec<(f32, f32)>,
}

impl Calibration {
    /// The calibrated log-odds of a sum. Never falls while `raw` grows; no number is taken as below every point.
    ///
    /// Without points, which no checked model is, nothing changes. Allocates nothing.
    pub fn apply(&self, raw: f32) -> f32 {
        let above = self.points.partition_point(|point| point.0 <= raw);
        let from = above.checked_sub(1).and_then(|at| self.points.get(at));
        match (from, self.points.get(above)) {
            (Some(&from), Some(&to)) => line::between(raw, from, to),
            (Some(end), None) | (None, Some(end)) => end.1,
            (None, None) => raw,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn straight_between_points_and_flat_beyond() {
        let calibration = Calibration { points: vec![(-2.0, -4.0), (0.0, 0.0), (4.0, 1.0)] };
        let check = |raw, expect| assert_eq!(calibration.apply(raw), expect, "at {raw}");
        check(f32::NEG_INFINITY, -4.0);
        check(-2.5, -4.0);
        check(-2.0, -4.0);
        check(-1.0, -2.0);
        check(0.0, 0.0);
        check(1.0, 0.25);
        check(4.0, 1.0);
        check(f32::INFINITY, 1.0);
        check(f32::NAN, -4.0);
    }

    #[test]
    fn without_points_nothing_changes() {
        assert_eq!(Calibration { points: Vec::new() }.apply(1.5), 1.5);
    }
}
