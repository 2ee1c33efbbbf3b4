//! Two Markov chains of variable order, of people's steps and of programs', and what each step says by how much more often
//! programs make it after the steps before.
//!
//! A chance after a context is drawn towards that after the next shorter one, the more kinds of steps followed the context and
//! the fewer there were of them (Witten and Bell 1991, method C). What a model keeps is the logarithm of the chance among programs
//! over that among people, for steps and contexts that several groups made: what a single one did is no habit, and names it.

use std::collections::{BTreeMap, HashSet};

use palisade_model::sequence::{self, NONE, ORDER_MAX, Track};
use palisade_model::{Form, Sequence, bounds};

use super::rows::Rows;
use crate::bounds::SEQUENCE_COUNTS_MAX;

/// How to train.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkovSettings {
    /// Most steps before the one that is looked at, 0..=2.
    pub order: usize,
    /// From how many steps on a client has shown all it will, 1..=64.
    pub steps_full: u16,
    /// Fewest groups that made a step after a context.
    pub groups_min: u32,
    /// Most log-odds of one step on one track, above 0.0 and at most 6.0: no step decides alone.
    pub step_max: f32,
    /// Nothing here is random; kept for the model's card.
    pub seed: u64,
}

impl Default for MarkovSettings {
    fn default() -> Self {
        MarkovSettings { order: ORDER_MAX, steps_full: 8, groups_min: 3, step_max: 2.0, seed: 1 }
    }
}

/// Trains on the steps of `rows`.
pub(super) fn train(rows: &Rows<'_>, settings: &MarkovSettings) -> (f32, Form) {
    let counts = Counts::of(rows, settings);
    let mut known: Vec<(u64, f32, u32)> = counts
        .by_key
        .iter()
        .filter(|(_, count)| count.groups >= settings.groups_min)
        .map(|(key, count)| (*key, counts.weight(*key, settings.step_max), count.groups))
        .collect();
    // Where there are too many, those that most groups made; of equals the shorter contexts, which come first.
    known.sort_by_key(|(key, _, groups)| (std::cmp::Reverse(*groups), *key));
    known.truncate(bounds::SEQUENCE_KEYS_MAX);
    known.sort_by_key(|(key, ..)| *key);
    let (keys, weights) = known.into_iter().map(|(key, weight, _)| (key, weight)).unzip();
    let steps_full = settings.steps_full.clamp(1, bounds::STEPS_MAX as u16);
    (0.0, Form::Sequence(Sequence { steps_full, keys, weights }))
}

/// How often a step, or a context, came.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    /// Of people and of programs, steps.
    sums: [f64; 2],
    /// Of a context: kinds of steps that followed, of people and of programs.
    kinds: [u32; 2],
    /// Groups that made it.
    groups: u32,
    /// The group that made it last.
    last: Option<u32>,
}

/// All that was counted, by key; a context by its key without a symbol.
struct Counts {
    by_key: BTreeMap<u64, Count>,
    /// Chance of a symbol of which nothing is known, by track.
    blind: [f64; 2],
}

impl Counts {
    fn of(rows: &Rows<'_>, settings: &MarkovSettings) -> Counts {
        let mut counts = Counts { by_key: BTreeMap::new(), blind: [1.0; 2] };
        let mut order: Vec<usize> = (0..rows.len()).collect();
        // Groups one after the other, so that each is counted once.
        order.sort_by_key(|row| rows.groups[*row]);
        for row in order {
            counts.take(rows, row, settings);
        }
        counts.close();
        counts
    }

    /// Counts the steps of a row. They weigh as much as those of any other row of that weight, however many there are.
    fn take(&mut self, rows: &Rows<'_>, row: usize, settings: &MarkovSettings) {
        let steps = rows.steps(row);
        let steps = &steps[steps.len().saturating_sub(bounds::STEPS_MAX)..];
        let weight =
            f64::from(rows.weights[row]) * f64::from(settings.steps_full) / steps.len().max(1) as f64;
        for (at, track) in (0..steps.len()).flat_map(|at| Track::ALL.map(|track| (at, track))) {
            for order in 0..=settings.order.min(ORDER_MAX) {
                let Some(context) = sequence::context(track, steps, at, order) else { break };
                for key in [context, sequence::with_symbol(context, track.symbol(steps[at]))] {
                    self.add(key, usize::from(rows.is_bot[row]), weight, rows.groups[row]);
                }
            }
        }
    }

    fn add(&mut self, key: u64, side: usize, weight: f64, group: u32) {
        // What nobody did before, and there is no room for, is not counted: shorter contexts have counted it.
        if self.by_key.len() >= SEQUENCE_COUNTS_MAX && !self.by_key.contains_key(&key) {
            return;
        }
        let count = self.by_key.entry(key).or_default();
        count.sums[side] += weight;
        count.groups += u32::from(count.last != Some(group));
        count.last = Some(group);
    }

    /// Counts the kinds of steps after each context.
    fn close(&mut self) {
        let mut kinds: BTreeMap<u64, [u32; 2]> = BTreeMap::new();
        let mut symbols: [HashSet<u64>; 2] = Default::default();
        for (key, count) in &self.by_key {
            let context = sequence::with_symbol(*key, NONE);
            if context == *key {
                continue;
            }
            if sequence::order_of(*key) == 0 {
                symbols[sequence::track_of(*key) as usize].insert(*key);
            }
            let kinds = kinds.entry(context).or_default();
            for (kinds, sum) in kinds.iter_mut().zip(count.sums) {
                *kinds += u32::from(sum > 0.0);
            }
        }
        self.blind = symbols.map(|symbols| 1.0 / symbols.len().max(1) as f64);
        for (context, kinds) in kinds {
            if let Some(count) = self.by_key.get_mut(&context) {
                count.kinds = kinds;
            }
        }
    }

    /// What a key is worth, log-odds: of a step, its chance among programs over that among people; of a context, the share of
    /// that chance which it leaves to the shorter ones.
    fn weight(&self, key: u64, most: f32) -> f32 {
        let [people, programs] = [0, 1].map(|side| match sequence::with_symbol(key, NONE) == key {
            true => self.left(key, side),
            false => self.chance(key, side),
        });
        ((programs / people).ln() as f32).clamp(-most, most)
    }

    /// The chance of a step after its context, above 0.0 and at most 1.0.
    fn chance(&self, key: u64, side: usize) -> f64 {
        let shorter = match sequence::shortened(key) {
            Some(shorter) => self.chance(shorter, side),
            None => self.blind[sequence::track_of(key) as usize],
        };
        let context = sequence::with_symbol(key, NONE);
        let sum = self.by_key.get(&context).map_or(0.0, |context| context.sums[side]);
        let own = self.by_key.get(&key).map_or(0.0, |step| step.sums[side]);
        let left = self.left(context, side);
        if sum > 0.0 { (1.0 - left) * own / sum + left * shorter } else { shorter }
    }

    /// The share that a context leaves to shorter ones, above 0.0 and at most 1.0.
    fn left(&self, context: u64, side: usize) -> f64 {
        let Some(count) = self.by_key.get(&context).filter(|count| count.sums[side] > 0.0) else {
            return 1.0;
        };
        let kinds = f64::from(count.kinds[side].max(1));
        kinds / (kinds + count.sums[side])
    }
}

#[cfg(test)]
mod tests;
