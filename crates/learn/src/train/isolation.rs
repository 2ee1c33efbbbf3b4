//! An isolation forest: how few cuts at random set a client apart from people (Liu, Ting, Zhou 2008).
//!
//! It learns from people only: what is unlike them is odd, whether or not such a program was ever recorded. So it finds other
//! programs than the other kinds do, and takes odd people for programs.

use palisade_model::{Form, Tree, Trees};
use rayon::prelude::*;

use super::rows::Rows;
use crate::random::Random;

/// How to train.
#[derive(Clone, Debug, PartialEq)]
pub struct IsolationSettings {
    /// How many trees.
    pub trees: usize,
    /// How many rows of people each tree sees; the authors' 256.
    pub sample: usize,
    /// What everything random follows from.
    pub seed: u64,
}

impl Default for IsolationSettings {
    fn default() -> Self {
        IsolationSettings { trees: 100, sample: 256, seed: 1 }
    }
}

/// Log-odds between a client set apart at once and one that takes as many cuts as a search in a tree of all.
const SPAN: f64 = 10.0;

/// Most rows of a tree: a tree of them has no more splits than a model allows.
const SAMPLE_MAX: usize = 4_096;

/// Trains on the people of `rows`. Without any, there is no tree.
pub(super) fn train(rows: &Rows<'_>, settings: &IsolationSettings) -> (f32, Form) {
    let people: Vec<u32> = (0..rows.len()).filter(|row| !rows.is_bot[*row]).map(|row| row as u32).collect();
    if people.is_empty() {
        return (0.0, Form::Trees(Trees::default()));
    }
    let columns: Vec<(u16, Vec<f32>)> =
        rows.columns.iter().map(|column| (*column as u16, rows.values(*column).collect())).collect();
    let sample = people.len().min(settings.sample.clamp(2, SAMPLE_MAX));
    let depth_max = (sample.max(2) as f64).log2().ceil() as usize;
    let count = settings.trees.max(1);
    let tree = |at: u64| {
        let mut random = Random::new(settings.seed.wrapping_mul(1_000_003).wrapping_add(at));
        let mut rows = people.clone();
        random.shuffle(&mut rows);
        rows.truncate(sample);
        let step = SPAN / (count as f64 * cuts(sample).max(1.0));
        let mut grower = Grower { columns: &columns, random, depth_max, step, tree: Tree::default() };
        grower.node(&mut rows, 0);
        grower.tree
    };
    let trees = (0..count as u64).into_par_iter().map(tree).collect();
    (SPAN as f32, Form::Trees(Trees { trees }))
}

/// Mean cuts that set one of `count` apart: those of an unsuccessful search in a binary tree.
fn cuts(count: usize) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_9;
    match count {
        0 | 1 => 0.0,
        2 => 1.0,
        _ => {
            let others = count as f64 - 1.0;
            2.0 * (others.ln() + EULER) - 2.0 * others / count as f64
        }
    }
}

struct Grower<'g> {
    columns: &'g [(u16, Vec<f32>)],
    random: Random,
    depth_max: usize,
    /// Log-odds of one cut.
    step: f64,
    tree: Tree,
}

impl Grower<'_> {
    /// Grows a node: which way leads to it, and the mean of all that came here.
    fn node(&mut self, rows: &mut [u32], depth: usize) -> (i16, f64) {
        let cut = if depth < self.depth_max && rows.len() > 1 { self.cut(rows) } else { None };
        let Some((column, edge)) = cut else {
            let value = -self.step * (depth as f64 + cuts(rows.len()));
            self.tree.leaves.push(value as f32);
            return (-(self.tree.leaves.len() as i16), value);
        };
        let (feature, values) = &self.columns[column];
        let seen = |row: u32| Some(values[row as usize]).filter(|value| !value.is_nan());
        let above = rows.iter().filter(|row| seen(**row).is_some_and(|value| value >= edge)).count();
        let known = rows.iter().filter(|row| seen(**row).is_some()).count();
        // Those who were unseen stay together, on either side; where there are none, with most of the others.
        let unseen_above = if known < rows.len() { self.random.below(2) == 1 } else { above * 2 > known };
        rows.sort_by_key(|row| seen(*row).map_or(unseen_above, |value| value >= edge));
        let divide = rows.partition_point(|row| !seen(*row).map_or(unseen_above, |value| value >= edge));
        let at = self.tree.features.len();
        self.tree.features.push(*feature);
        self.tree.edges.push(edge);
        self.tree.unseen_above.push(unseen_above);
        self.tree.means.push(0.0);
        self.tree.below.push(0);
        self.tree.above.push(0);
        let total = rows.len() as f64;
        let (rows_below, rows_above) = rows.split_at_mut(divide);
        let share = rows_below.len() as f64 / total;
        let (below, low) = self.node(rows_below, depth + 1);
        let (above, high) = self.node(rows_above, depth + 1);
        (self.tree.below[at], self.tree.above[at]) = (below, above);
        let mean = share * low + (1.0 - share) * high;
        self.tree.means[at] = mean as f32;
        (at as i16, mean)
    }

    /// A column that varies here, and a place between its least and its greatest value, both at random.
    fn cut(&mut self, rows: &[u32]) -> Option<(usize, f32)> {
        let mut columns: Vec<usize> = (0..self.columns.len()).collect();
        self.random.shuffle(&mut columns);
        columns.into_iter().find_map(|column| {
            let values = &self.columns[column].1;
            let finite = || rows.iter().map(|row| values[*row as usize]).filter(|value| value.is_finite());
            let (least, most) = (finite().reduce(f32::min)?, finite().reduce(f32::max)?);
            let part = (self.random.bits() >> 11) as f64 / (1_u64 << 53) as f64;
            let edge = (f64::from(least) + part * (f64::from(most) - f64::from(least))) as f32;
            let edge = edge.max(least.next_up()).min(most);
            (least < most && edge.is_finite()).then_some((column, edge))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_cuts_are_those_of_the_paper() {
        assert_eq!([cuts(0), cuts(1), cuts(2)], [0.0, 0.0, 1.0]);
        assert!((cuts(256) - 10.244_770_9).abs() < 1e-3, "{}", cuts(256));
    }
}
