use palisade_model::{Form, Sum, Trees};
use proptest::prelude::*;

use super::*;
use crate::dataset::Dataset;
use crate::dataset::testing::made_up;

fn growth() -> Growth {
    Growth { depth_max: 6, leaf_min: 1.0, ridge: 1.0, tries: usize::MAX, scale: 1.0 }
}

/// A tree over all columns of `data`, in which programs pull up and people down.
fn grown(data: &Dataset, directions: &[Direction], growth: &Growth) -> (Tree, Binned) {
    let columns: Vec<usize> = (0..data.columns.len()).collect();
    let rows = Rows::new(data, &columns, |_| true);
    let binned = Binned::new(&rows, directions, 32);
    let pull = |row| Pull {
        gradient: f64::from(rows.weights[row] * (2.0 * rows.target(row) - 1.0)),
        curvature: f64::from(rows.weights[row]),
        weight: f64::from(rows.weights[row]),
    };
    let pulls: Vec<Pull> = (0..rows.len()).map(pull).collect();
    let places: Vec<usize> = (0..binned.columns()).collect();
    let mut all: Vec<u32> = (0..rows.len() as u32).collect();
    let tree = binned.grow(&pulls, &mut all, &places, growth, &mut Random::new(1));
    (tree, binned)
}

fn sum(tree: &Tree, features: usize) -> Sum {
    Sum::new(0.0, &Form::Trees(Trees { trees: vec![tree.clone()] }), features).expect("it keeps every rule")
}

#[test]
fn a_tree_finds_what_no_single_feature_says() {
    // A program is where one of two is high, and not both; a little more often one than both, or no first split would help.
    let mut data = made_up(400, 2, 1);
    for (at, row) in data.rows.iter_mut().enumerate() {
        let (first, second) = (at % 2 == 0, at % 5 < 2);
        row.is_bot = first != second;
        data.values[at * 2] = f32::from(u8::from(first));
        data.values[at * 2 + 1] = f32::from(u8::from(second));
    }
    let (tree, _) = grown(&data, &[], &growth());
    let sum = sum(&tree, 2);
    for row in 0..400 {
        assert_eq!(sum.raw(data.row(row)) > 0.0, data.rows[row].is_bot, "{tree:?}");
    }
}

#[test]
fn the_unseen_go_their_own_way() {
    let mut data = made_up(100, 1, 1);
    for (at, row) in data.rows.iter_mut().enumerate() {
        row.is_bot = at % 4 == 0;
        data.values[at] = if at % 4 == 0 { f32::NAN } else { (at % 3) as f32 };
    }
    let (tree, _) = grown(&data, &[], &growth());
    assert_eq!((tree.edges[0], tree.unseen_above[0]), (f32::MIN, false), "only they are set apart");
    let sum = sum(&tree, 1);
    assert!(sum.raw(&[f32::NAN]) > 0.9 && sum.raw(&[0.0]) < -0.9 && sum.raw(&[2.0]) < -0.9);
}

#[test]
fn bounds_of_depth_and_weight_are_kept() {
    let data = made_up(300, 4, 1);
    let shallow = Growth { depth_max: 2, ..growth() };
    assert!(grown(&data, &[], &shallow).0.features.len() <= 3);
    let heavy = Growth { leaf_min: 151.0, ..growth() };
    assert!(grown(&data, &[], &heavy).0.features.is_empty());
}

#[test]
fn what_was_grown_over_bins_is_what_scoring_says() {
    let mut data = made_up(300, 4, 1);
    data.values.iter_mut().step_by(7).for_each(|value| *value = f32::NAN);
    let (tree, binned) = grown(&data, &[], &growth());
    assert!(tree.features.len() > 5);
    let mut sums = vec![0.0; 300];
    binned.add(&tree, &mut sums);
    let sum = sum(&tree, 4);
    assert!((0..300).all(|row| sum.raw(data.row(row)) == sums[row]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever the rest is, more of a feature that rises never speaks for a person, however the labels are mixed.
    #[test]
    fn no_tree_runs_against_a_direction(seed in any::<u64>(), others in prop::collection::vec(-3.0_f32..3.0, 3)) {
        let mut data = made_up(200, 3, 1);
        let mut labels: Vec<bool> = data.rows.iter().map(|row| row.is_bot).collect();
        Random::new(seed).shuffle(&mut labels[..120]);
        data.rows.iter_mut().zip(labels).for_each(|(row, label)| row.is_bot = label);
        let directions = [Direction::Rising, Direction::Falling, Direction::Free];
        let (tree, _) = grown(&data, &directions, &growth());
        let sum = sum(&tree, 3);
        for (column, sign) in [(0, 1.0), (1, -1.0)] {
            let mut row = others.clone();
            let values: Vec<f32> = (-40..40).map(|step| {
                row[column] = step as f32 / 8.0;
                sign * sum.raw(&row)
            }).collect();
            prop_assert!(values.is_sorted(), "{column}: {values:?}");
        }
    }
}
