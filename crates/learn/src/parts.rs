//! Parts of a view: what training found, as a model file says it.

use std::collections::BTreeMap;

use palisade_model::{Anchor, Anchors, Calibration, Direction, Pair, Shape};

use crate::dataset::Dataset;
use crate::train::additive::{self, Additive};
use crate::train::calibrate::{self, Line};

/// What each person comes to at worst, on any of its rows, as the model computes it, and what its label weighs: whoever is hit once is
/// hit, and a group is one person, as [`Dataset::people`] counts. Rows that were not tested, which have no number, are left out.
pub(crate) fn worst_of_people(data: &Dataset, log_odds: impl Fn(usize) -> f32) -> Vec<(f64, f64)> {
    let mut worst: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    for (at, row) in data.rows.iter().enumerate().filter(|(_, row)| !row.is_bot) {
        let found = f64::from(log_odds(at));
        let (most, weight) = worst.entry(row.group).or_insert((f64::NEG_INFINITY, 0.0));
        *most = most.max(found);
        // The rows of a client share its weight.
        *weight += f64::from(row.weight);
    }
    let people = worst.into_values().filter(|(worst, _)| worst.is_finite());
    people.map(|(worst, weight)| (worst, weight.min(1.0))).collect()
}

/// The shapes of a model that was found.
pub(crate) fn shapes(model: &Additive) -> Vec<Shape> {
    let shape = |shape: &additive::Shape| Shape {
        feature: shape.column as u16,
        edges: shape.bins.edges.clone(),
        weights: shape.weights.clone(),
        unseen: shape.unseen,
        direction: match shape.direction {
            additive::Direction::Rising => Direction::Rising,
            additive::Direction::Falling => Direction::Falling,
            additive::Direction::Free => Direction::Free,
        },
    };
    model.shapes.iter().map(shape).collect()
}

/// Its pairs.
pub(crate) fn pairs(model: &Additive) -> Vec<Pair> {
    let pair = |pair: &additive::Pair| {
        let [first, second] = &pair.bins;
        Pair {
            first: pair.columns[0] as u16,
            second: pair.columns[1] as u16,
            first_edges: first.edges.clone(),
            second_edges: second.edges.clone(),
            weights: pair.weights.clone(),
            unseen: pair.unseen,
        }
    };
    model.pairs.iter().map(pair).collect()
}

/// Sums beyond this are the same.
const SUM_MAX: f64 = 50.0;

/// `line` as the two points of a file.
pub(crate) fn calibration(line: Line) -> Calibration {
    // A line that is nearly flat says nothing either way.
    let line = if line.slope < 0.01 { Line { slope: 0.01, ..line } } else { line };
    let point = |sum: f64| (sum as f32, line.at(sum).clamp(-900.0, 900.0) as f32);
    Calibration { points: vec![point(-SUM_MAX), point(SUM_MAX)] }
}

/// How far an anchor lies above the highest person it spares, log-odds: more than rounding.
const CLEAR: f32 = 1e-3;

/// From the first anchor down to a score of 0, and from the last up to 100, log-odds.
const BELOW: f32 = 6.0;
const ABOVE: f32 = 3.0;

/// Where the bands begin, by `people` who were not trained on: the log-odds and the weight of each.
pub(crate) fn anchors(people: &[(f64, f64)]) -> Anchors {
    let [monitor, challenge, block] = calibrate::anchors(people).map(|anchor| Anchor {
        log_odds: anchor.log_odds.clamp(-900.0, 900.0) as f32 + CLEAR,
        fpr: anchor.fpr,
        provisional: anchor.provisional,
    });
    Anchors { floor: monitor.log_odds - BELOW, monitor, challenge, block, ceiling: block.log_odds + ABOVE }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::made_up;

    #[test]
    fn whoever_is_hit_once_is_hit_and_who_was_not_tested_is_left_out() {
        let mut data = made_up(6, 1, 1);
        data.rows[2].group = data.rows[0].group;
        let worst = worst_of_people(&data, |row| if row == 4 { f32::NAN } else { row as f32 });
        assert_eq!(worst, [(2.0, 1.0)], "rows 0, 2 and 4 are people, 0 and 2 one of them");
    }

    #[test]
    fn a_flat_line_and_few_people_still_make_a_scale_that_rises() {
        let flat = calibration(Line { slope: 0.0, offset: 0.5 });
        assert!(flat.points[0].1 < flat.points[1].1, "{flat:?}");
        let scale = anchors(&[]);
        assert!(scale.floor < scale.monitor.log_odds && scale.block.log_odds < scale.ceiling);
        assert!(scale.monitor.provisional && scale.challenge.provisional && scale.block.provisional);
    }
}
