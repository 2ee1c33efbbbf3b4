//! A random forest: trees that each saw other clients, and at each split other features (Breiman 2001).
//!
//! A leaf says from -4 (only people came here) to 4 (only programs did); the mean over all trees is the sum.

use palisade_model::{Form, Trees};
use rayon::prelude::*;

use super::additive::Direction;
use super::rows::Rows;
use super::tree::{Binned, Growth, Pull};
use crate::random::Random;

/// How to train.
#[derive(Clone, Debug, PartialEq)]
pub struct ForestSettings {
    /// How many trees.
    pub trees: usize,
    /// Most splits one after the other, 1..=16. Eight keep the file below its bound however many rows there are.
    pub depth_max: usize,
    /// Most bins of a feature, 2..=255.
    pub bins: usize,
    /// Least weight of a leaf, clients.
    pub leaf_min: f64,
    /// What everything random follows from.
    pub seed: u64,
}

impl Default for ForestSettings {
    fn default() -> Self {
        ForestSettings { trees: 100, depth_max: 8, bins: 64, leaf_min: 1.0, seed: 1 }
    }
}

/// What a leaf of one class says, log-odds.
const SURE: f64 = 4.0;

/// Clients of no class that every leaf has beside its own: a single one does not make it sure.
const UNSURE: f64 = 0.5;

/// Trains on `rows`; no tree runs against `directions`.
pub(super) fn train(rows: &Rows<'_>, directions: &[Direction], settings: &ForestSettings) -> (f32, Form) {
    let binned = Binned::new(rows, directions, settings.bins);
    let groups = rows.distinct_groups();
    let count = settings.trees.max(1);
    let growth = Growth {
        depth_max: settings.depth_max.clamp(1, palisade_model::bounds::DEPTH_MAX),
        leaf_min: settings.leaf_min,
        ridge: UNSURE,
        // A few more than the root of all: many features are silent for most clients.
        tries: (binned.columns() as f64).sqrt().ceil() as usize + 2,
        scale: SURE / count as f64,
    };
    let columns: Vec<usize> = (0..binned.columns()).collect();
    let tree = |at: u64| {
        let mut random = Random::new(settings.seed.wrapping_mul(1_000_003).wrapping_add(at));
        // As many groups as there are, some of them several times.
        let mut times = vec![0.0_f64; groups.len()];
        (0..groups.len()).for_each(|_| times[random.below(groups.len())] += 1.0);
        let mut taken = Vec::new();
        let mut pulls = vec![Pull::default(); rows.len()];
        for (row, pull) in pulls.iter_mut().enumerate() {
            let times = groups.binary_search(&rows.groups[row]).map_or(0.0, |group| times[group]);
            let weight = times * f64::from(rows.weights[row]);
            let side = 2.0 * f64::from(rows.target(row)) - 1.0;
            *pull = Pull { gradient: weight * side, curvature: weight, weight };
            if times > 0.0 {
                taken.push(row as u32);
            }
        }
        binned.grow(&pulls, &mut taken, &columns, &growth, &mut random)
    };
    let trees = (0..count as u64).into_par_iter().map(tree).collect();
    (0.0, Form::Trees(Trees { trees }))
}
