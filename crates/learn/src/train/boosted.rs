//! Boosted trees: each mends what those before it left, in the second order of the logistic loss (Friedman 2001).

use palisade_model::{Form, Trees};

use super::additive::Direction;
use super::rows::Rows;
use super::tree::{Binned, Growth, Pull};
use crate::random::Random;

/// How to train.
#[derive(Clone, Debug, PartialEq)]
pub struct BoostedSettings {
    /// How many trees.
    pub trees: usize,
    /// Most splits one after the other, 1..=16.
    pub depth_max: usize,
    /// Most bins of a feature, 2..=255.
    pub bins: usize,
    /// Size of a step, above 0.0 and at most 1.0.
    pub rate: f64,
    /// Curvature that pulls every step towards nothing.
    pub ridge: f64,
    /// Least weight of a leaf, clients.
    pub leaf_min: f64,
    /// Share of the groups that each tree sees, above 0.0 and at most 1.0.
    pub groups_share: f64,
    /// Share of the features that each tree sees, above 0.0 and at most 1.0.
    pub features_share: f64,
    /// What everything random follows from.
    pub seed: u64,
}

impl Default for BoostedSettings {
    fn default() -> Self {
        BoostedSettings {
            trees: 100,
            depth_max: 6,
            bins: 64,
            rate: 0.1,
            ridge: 1.0,
            leaf_min: 2.0,
            groups_share: 0.7,
            features_share: 0.7,
            seed: 1,
        }
    }
}

/// Trains on `rows`; no tree runs against `directions`.
pub(super) fn train(rows: &Rows<'_>, directions: &[Direction], settings: &BoostedSettings) -> (f32, Form) {
    let binned = Binned::new(rows, directions, settings.bins);
    let mut random = Random::new(settings.seed);
    let share = |of: usize, share: f64| ((of as f64 * share).round() as usize).clamp(of.min(1), of);
    let growth = Growth {
        depth_max: settings.depth_max.clamp(1, palisade_model::bounds::DEPTH_MAX),
        leaf_min: settings.leaf_min,
        ridge: settings.ridge,
        tries: usize::MAX,
        scale: settings.rate,
    };
    let groups = rows.distinct_groups();
    let mut margins = vec![0.0_f32; rows.len()];
    let mut trees = Vec::with_capacity(settings.trees);
    for _ in 0..settings.trees {
        let pulls: Vec<Pull> = (0..rows.len()).map(|row| pull(rows, row, margins[row])).collect();
        let seen = chosen(&groups, share(groups.len(), settings.groups_share), &mut random);
        let mut taken: Vec<u32> = (0..rows.len() as u32)
            .filter(|row| seen.binary_search(&rows.groups[*row as usize]).is_ok())
            .collect();
        let columns: Vec<usize> = (0..binned.columns()).collect();
        let columns = chosen(&columns, share(columns.len(), settings.features_share), &mut random);
        let tree = binned.grow(&pulls, &mut taken, &columns, &growth, &mut random);
        if tree.features.is_empty() {
            // Nothing is left to mend, or these features cannot.
            continue;
        }
        binned.add(&tree, &mut margins);
        trees.push(tree);
    }
    (0.0, Form::Trees(Trees { trees }))
}

/// So many of `from`, ascending where they were.
fn chosen<T: Copy + Ord>(from: &[T], count: usize, random: &mut Random) -> Vec<T> {
    let mut all = from.to_vec();
    random.shuffle(&mut all);
    all.truncate(count);
    all.sort_unstable();
    all
}

fn pull(rows: &Rows<'_>, row: usize, margin: f32) -> Pull {
    let chance = 1.0 / (1.0 + (-f64::from(margin)).exp());
    let weight = f64::from(rows.weights[row]);
    Pull {
        gradient: weight * (f64::from(rows.target(row)) - chance),
        curvature: weight * (chance * (1.0 - chance)).max(1e-6),
        weight,
    }
}
