//! The curves a page draws, thinned to what an eye can tell.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use serde::Serialize;

use super::Scored;
use super::calibration;
use super::rank::{Ranked, Step};

/// Most points of a curve. More would not be seen at the width of a page.
pub const POINTS_MAX: usize = 500;

/// The curves of one model; all fractions `0.0..=1.0`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Curves {
    /// False-positive rate and recall at falling thresholds, from (0, 0) to (1, 1); empty with one class.
    pub roc: Vec<(f64, f64)>,
    /// Recall and precision at falling thresholds, from recall 0 to 1; empty with one class.
    pub pr: Vec<(f64, f64)>,
    /// Mean score, share of bots and rows of ten bins of equal count, lowest scores first.
    pub reliability: Vec<(f64, f64, u64)>,
}

/// The curves of `rows`, each of at most [`POINTS_MAX`] points. Rows without a score in `0..=1` are left out.
pub fn curves(rows: &[Scored]) -> Curves {
    let steps: Vec<Step> = Ranked::new(rows).steps().collect();
    let reliability = calibration::bins(rows).iter().map(|bin| (bin.score, bin.bots, bin.n as u64)).collect();
    let (roc, pr) = match steps.last() {
        Some(total) if total.bots > 0 && total.humans > 0 => (roc(&steps, *total), pr(&steps, *total)),
        _ => (Vec::new(), Vec::new()),
    };
    Curves { roc: thinned(&roc, POINTS_MAX), pr: thinned(&pr, POINTS_MAX), reliability }
}

fn roc(steps: &[Step], total: Step) -> Vec<(f64, f64)> {
    let share =
        |step: &Step| (step.humans as f64 / total.humans as f64, step.bots as f64 / total.bots as f64);
    std::iter::once((0.0, 0.0)).chain(steps.iter().map(share)).collect()
}

fn pr(steps: &[Step], total: Step) -> Vec<(f64, f64)> {
    let precision = |step: &Step| step.bots as f64 / (step.bots + step.humans) as f64;
    let first = steps.first().map(|step| (0.0, precision(step)));
    let rest = steps.iter().map(|step| (step.bots as f64 / total.bots as f64, precision(step)));
    first.into_iter().chain(rest).collect()
}

/// A stretch of the curve between two points that are kept, with the point that lies furthest from the line between.
struct Stretch {
    from: usize,
    to: usize,
    furthest: usize,
    distance: f64,
}

impl Stretch {
    /// `None` where every point lies on the line.
    fn new(points: &[(f64, f64)], from: usize, to: usize) -> Option<Stretch> {
        let inner = (from + 1)..to;
        let distances = inner.map(|at| (at, distance(points[at], points[from], points[to])));
        let (furthest, distance) = distances.max_by(|one, other| one.1.total_cmp(&other.1))?;
        (distance > 1e-9).then_some(Stretch { from, to, furthest, distance })
    }
}

impl Ord for Stretch {
    fn cmp(&self, other: &Stretch) -> Ordering {
        self.distance.total_cmp(&other.distance).then_with(|| other.from.cmp(&self.from))
    }
}

impl PartialOrd for Stretch {
    fn partial_cmp(&self, other: &Stretch) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Stretch {
    fn eq(&self, other: &Stretch) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Stretch {}

/// At most `max` points with both ends, sharpest corners first (Douglas and Peucker 1973, stopped by count). Points
/// on a line between two others go anyway.
fn thinned(points: &[(f64, f64)], max: usize) -> Vec<(f64, f64)> {
    let Some(last) = points.len().checked_sub(1) else { return Vec::new() };
    let mut kept = vec![0, last];
    let mut stretches: BinaryHeap<Stretch> = Stretch::new(points, 0, last).into_iter().collect();
    while kept.len() < max {
        let Some(widest) = stretches.pop() else { break };
        kept.push(widest.furthest);
        stretches.extend(Stretch::new(points, widest.from, widest.furthest));
        stretches.extend(Stretch::new(points, widest.furthest, widest.to));
    }
    kept.sort_unstable();
    kept.dedup();
    kept.into_iter().map(|at| points[at]).collect()
}

/// How far `point` lies from the line through `from` and `to`, or from `from` where that is no line.
fn distance(point: (f64, f64), from: (f64, f64), to: (f64, f64)) -> f64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (px, py) = (point.0 - from.0, point.1 - from.1);
    let length = dx.hypot(dy);
    if length > 0.0 { (dx * py - dy * px).abs() / length } else { px.hypot(py) }
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{overlapping, rows};
    use super::*;

    #[test]
    fn four_rows_by_hand() {
        let made = curves(&rows(&[(0.9, true), (0.6, false), (0.4, true), (0.1, false)]));
        assert_eq!(made.roc, [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)]);
        assert_eq!(made.pr, [(0.0, 1.0), (0.5, 1.0), (0.5, 0.5), (1.0, 2.0 / 3.0), (1.0, 0.5)]);
        assert_eq!(made.reliability, [(0.1, 0.0, 1), (0.4, 1.0, 1), (0.6, 0.0, 1), (0.9, 1.0, 1)]);
    }

    #[test]
    fn straight_stretches_need_two_points() {
        let mut data: Vec<_> = (0..1_000).map(|at| (0.5 + f64::from(at) / 4_000.0, true)).collect();
        data.extend((0..1_000).map(|at| (f64::from(at) / 4_000.0, false)));
        assert_eq!(curves(&rows(&data)).roc, [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]);
    }

    #[test]
    fn thinning_keeps_the_curve() {
        let rows = overlapping(4_000, 6_000, 3);
        let made = curves(&rows);
        assert_eq!((made.roc.len(), made.roc[0], made.roc[499]), (500, (0.0, 0.0), (1.0, 1.0)));
        assert!(made.pr.len() <= 500 && made.roc.is_sorted());
        // The area under the thinned curve is that under the whole one.
        let area: f64 =
            made.roc.windows(2).map(|pair| (pair[1].0 - pair[0].0) * (pair[0].1 + pair[1].1) / 2.0).sum();
        assert!((area - Ranked::new(&rows).auc().unwrap()).abs() < 1e-3, "{area}");
    }

    #[test]
    fn nothing_to_draw_is_no_curve() {
        assert_eq!(curves(&[]), Curves::default());
        let one = curves(&rows(&[(0.9, true)]));
        assert!(one.roc.is_empty() && one.pr.is_empty());
        assert_eq!(one.reliability, [(0.9, 1.0, 1)]);
        assert_eq!(curves(&rows(&[(f64::NAN, true), (7.0, false)])), Curves::default());
    }
}
