//! The additive model: one shape for each feature, found by boosting in turns (Lou, Caruana, Gehrke 2012; Nori et al. 2019).
//!
//! In each round every feature gives its shape a small step towards what is still wrong: the best of all trees with up to three
//! leaves over its bins, in the second order of the logistic loss. Going through the features in turns, slowly, shares what two of
//! them know between both. Where more of a feature has one meaning its shape is held to that after every step (pool adjacent
//! violators). Then pairs of features learn what the shapes leave. Several such models on different groups are averaged, and each stops when the groups it does not see get no better.

mod bag;
mod hold;
mod pairs;
mod table;

use std::collections::HashSet;

use rayon::prelude::*;

use self::bag::{Bag, Boosting};
use self::pairs::Grid;
use self::table::{Column, Table};
use super::bins::{Bins, UNSEEN};
use crate::dataset::Dataset;
use crate::random::Random;

pub use palisade_detect::schema::Direction;

/// How to train.
#[derive(Clone, Debug, PartialEq)]
pub struct AdditiveSettings {
    /// Most bins of a feature, 2..=255.
    pub bins: usize,
    /// Most rounds.
    pub rounds: usize,
    /// Size of a step, above 0.0 and at most 1.0.
    pub rate: f32,
    /// Weight that pulls every step towards nothing, clients.
    pub ridge: f32,
    /// Least weight of a leaf, clients.
    pub leaf_min: f32,
    /// How many models are averaged.
    pub bags: usize,
    /// Rounds without getting better until a bag stops.
    pub patience: usize,
    /// Most pairs of features.
    pub pairs: usize,
    /// Most bins of each side of a pair, 2..=15.
    pub pair_bins: usize,
    /// Columns whose values are evidence already, log-odds: their shapes begin as what the evidence says, and stay so where the data
    /// say nothing.
    pub evidence: Vec<usize>,
    /// What everything random follows from.
    pub seed: u64,
}

impl Default for AdditiveSettings {
    fn default() -> Self {
        AdditiveSettings {
            bins: 32,
            rounds: 400,
            rate: 0.05,
            ridge: 1.0,
            leaf_min: 2.0,
            bags: 8,
            patience: 30,
            pairs: 30,
            pair_bins: 8,
            evidence: Vec::new(),
            seed: 1,
        }
    }
}

/// The shape of one feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Which column.
    pub column: usize,
    /// Its bins.
    pub bins: Bins,
    /// What each bin adds, log-odds; as many as there are bins.
    pub weights: Vec<f32>,
    /// What it adds where it is unseen, log-odds.
    pub unseen: f32,
    /// What more of it means.
    pub direction: Direction,
}

/// An additive model before it is calibrated.
#[derive(Clone, Debug, PartialEq)]
pub struct Additive {
    /// What every client begins with, log-odds.
    pub intercept: f32,
    /// Features that add something, by column.
    pub shapes: Vec<Shape>,
    /// Features that add something together, the strongest first.
    pub pairs: Vec<Pair>,
}

/// What two features add together.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Which columns.
    pub columns: [usize; 2],
    /// The bins of each.
    pub bins: [Bins; 2],
    /// What each cell adds, log-odds, row by row: the first column's bins are the rows.
    pub weights: Vec<f32>,
    /// What they add where either is unseen, log-odds.
    pub unseen: f32,
}

impl Shape {
    /// What a value adds.
    pub fn adds(&self, value: f32) -> f32 {
        match self.bins.bin(value) {
            UNSEEN => self.unseen,
            bin => self.weights[usize::from(bin)],
        }
    }
}

impl Pair {
    /// What two values add.
    pub fn adds(&self, values: [f32; 2]) -> f32 {
        match [self.bins[0].bin(values[0]), self.bins[1].bin(values[1])] {
            [UNSEEN, _] | [_, UNSEEN] => self.unseen,
            [row, column] => self.weights[usize::from(row) * self.bins[1].len() + usize::from(column)],
        }
    }
}

impl Additive {
    /// Log-odds of a bot, not calibrated.
    pub fn log_odds(&self, row: &[f32]) -> f32 {
        let shapes: f32 = self.shapes.iter().map(|shape| shape.adds(row[shape.column])).sum();
        let pairs: f32 =
            self.pairs.iter().map(|pair| pair.adds(pair.columns.map(|column| row[column]))).sum();
        self.intercept + shapes + pairs
    }

    /// The same model with shapes that begin at nothing: what the least bin adds goes into the intercept. So every contribution
    /// speaks for a bot, and none is a reward.
    #[must_use]
    pub fn raised(mut self) -> Additive {
        let shapes = self.shapes.iter_mut().map(|shape| (&mut shape.weights, &mut shape.unseen));
        let pairs = self.pairs.iter_mut().map(|pair| (&mut pair.weights, &mut pair.unseen));
        for (weights, unseen) in shapes.chain(pairs) {
            let least = weights.iter().copied().fold(*unseen, f32::min);
            weights.iter_mut().for_each(|weight| *weight -= least);
            *unseen -= least;
            self.intercept += least;
        }
        self
    }
}

/// Trains on the rows of `data` for which `takes` is true, with the columns in `columns`. `directions` has one for each column of
/// the data.
pub fn train(
    data: &Dataset,
    columns: &[usize],
    directions: &[Direction],
    settings: &AdditiveSettings,
    takes: impl Fn(usize) -> bool,
) -> Additive {
    let rows: Vec<usize> = (0..data.rows.len()).filter(|row| takes(*row)).collect();
    let table = Table::new(data, &rows, columns, directions, settings);
    let mut random = Random::new(settings.seed);
    let mut groups: Vec<u32> = table.groups.clone();
    groups.sort_unstable();
    groups.dedup();
    // A seventh of the groups tells when to stop.
    let stops = if settings.bags > 1 { groups.len() / 7 } else { 0 };
    let held: Vec<HashSet<u32>> = (0..settings.bags.max(1))
        .map(|_| {
            random.shuffle(&mut groups);
            groups.iter().copied().take(stops).collect()
        })
        .collect();
    let mut boostings: Vec<Boosting<'_>> = held
        .par_iter()
        .map(|held| {
            let mut boosting = Boosting::new(&table, settings, |row| held.contains(&table.groups[row]));
            boosting.shapes();
            boosting
        })
        .collect();
    let grids = pairs::chosen(&table, &left_over(&boostings), settings);
    if !grids.is_empty() {
        boostings.par_iter_mut().for_each(|boosting| boosting.pairs(&grids));
    }
    let bags: Vec<Bag> = boostings.into_iter().map(Boosting::finished).collect();
    averaged(&table, &bags, &grids)
}

/// What the shapes of all bags leave unexplained: gradient, curvature and weight of each row, as the sum over those that learn from it.
fn left_over(boostings: &[Boosting<'_>]) -> [Vec<f32>; 3] {
    let mut sums = [const { Vec::new() }; 3];
    for boosting in boostings {
        for (sum, values) in sums.iter_mut().zip(boosting.pulls()) {
            sum.resize(values.len(), 0.0);
            // As of one bag: what a leaf must weigh is said of one.
            sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value / boostings.len() as f32);
        }
    }
    sums
}

fn averaged(table: &Table, bags: &[Bag], grids: &[Grid]) -> Additive {
    let count = bags.len() as f32;
    let adds = |weights: &[f32], unseen: f32| weights.iter().any(|weight| *weight != unseen);
    let mean = |of: &dyn Fn(&Bag) -> f32| bags.iter().map(of).sum::<f32>() / count;
    let shape = |(at, column): (usize, &Column)| {
        let mut weights: Vec<f32> =
            (0..=column.unseen()).map(|bin| mean(&|bag| bag.shapes[at][bin])).collect();
        let mut unseen = weights.pop().unwrap_or(0.0);
        if !column.of_row.iter().any(|bin| usize::from(*bin) == column.unseen()) {
            // Never unseen while learning: it says no more than what says least.
            unseen = weights.iter().copied().fold(f32::INFINITY, f32::min);
        }
        adds(&weights, unseen).then(|| Shape {
            column: column.column,
            bins: column.bins.clone(),
            weights,
            unseen,
            direction: column.direction,
        })
    };
    let pair = |(at, grid): (usize, &Grid)| {
        let mut weights: Vec<f32> = (0..=grid.cells()).map(|cell| mean(&|bag| bag.pairs[at][cell])).collect();
        let mut unseen = weights.pop().unwrap_or(0.0);
        if !grid.of_row.iter().any(|cell| usize::from(*cell) == grid.cells()) {
            unseen = weights.iter().copied().fold(f32::INFINITY, f32::min);
        }
        adds(&weights, unseen).then(|| Pair {
            columns: grid.columns_of.map(|at| table.columns[at].column),
            bins: grid.edges.clone().map(|edges| Bins { edges }),
            weights,
            unseen,
        })
    };
    Additive {
        intercept: mean(&|bag| bag.intercept),
        shapes: table.columns.iter().enumerate().filter_map(shape).collect(),
        pairs: grids.iter().enumerate().filter_map(pair).collect(),
    }
}

#[cfg(test)]
mod tests;
