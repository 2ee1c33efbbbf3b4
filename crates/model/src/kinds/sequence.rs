//! Sequences as scoring reads them: weights by key, in buckets of about one, each in order.
//!
//! A bucket is found by a hash and searched by halves: a file whose keys all fall into one bucket costs a few steps more, and
//! no more than that.

use crate::bounds::STEPS_MAX;
use crate::form::Sequence;
use crate::sequence::{NONE, ORDER_MAX, Step, Track, context, with_symbol};

/// Spreads keys over buckets (2^64 divided by the golden ratio; Knuth, volume 3, section 6.4).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// A table of what each step after each context adds.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// By bucket, then by key.
    entries: Box<[(u64, f32)]>,
    /// Where each bucket begins; one more than there are buckets.
    begins: Box<[u32]>,
    /// Bits of a hash that are not the number of its bucket.
    shift: u32,
    steps_full: f32,
}

impl Chain {
    /// Of a table that was checked.
    pub(super) fn new(sequence: &Sequence) -> Chain {
        let bits = sequence.keys.len().next_power_of_two().trailing_zeros().max(1);
        let shift = u64::BITS - bits;
        let mut entries: Vec<(u64, f32)> =
            sequence.keys.iter().copied().zip(sequence.weights.iter().copied()).collect();
        entries.sort_by_key(|(key, _)| (bucket(*key, shift), *key));
        let mut begins = vec![0_u32; (1 << bits) + 1];
        entries.iter().for_each(|(key, _)| begins[bucket(*key, shift) + 1] += 1);
        for at in 1..begins.len() {
            begins[at] += begins[at - 1];
        }
        let steps_full = f32::from(sequence.steps_full);
        Chain { entries: entries.into(), begins: begins.into(), shift, steps_full }
    }

    /// The mean of what the steps add, times their number, which counts no further than the table says. Without steps 0.0.
    pub(super) fn sum(&self, steps: &[Step]) -> f32 {
        let steps = &steps[steps.len().saturating_sub(STEPS_MAX)..];
        if steps.is_empty() {
            return 0.0;
        }
        let mut sum = 0.0;
        for at in 0..steps.len() {
            for track in Track::ALL {
                sum += self.adds(track, steps, at);
            }
        }
        let count = steps.len() as f32;
        sum / count * count.min(self.steps_full)
    }

    /// What one step adds on one track: after the longest context that knows it, with what each longer context that does not
    /// know it makes of that. A symbol that no context knows adds nothing.
    fn adds(&self, track: Track, steps: &[Step], at: usize) -> f32 {
        let symbol = track.symbol(steps[at]);
        let mut unknown = 0.0;
        for order in (0..=ORDER_MAX.min(at)).rev() {
            let Some(context) = context(track, steps, at, order) else { continue };
            if let Some(weight) = self.find(with_symbol(context, symbol)) {
                return unknown + weight;
            }
            unknown += self.find(with_symbol(context, NONE)).unwrap_or(0.0);
        }
        0.0
    }

    #[inline]
    fn find(&self, key: u64) -> Option<f32> {
        let bucket = bucket(key, self.shift);
        let (from, to) = (self.begins[bucket] as usize, self.begins[bucket + 1] as usize);
        let entries = &self.entries[from..to];
        entries.binary_search_by_key(&key, |(known, _)| *known).ok().map(|at| entries[at].1)
    }
}

#[inline]
fn bucket(key: u64, shift: u32) -> usize {
    (key.wrapping_mul(SPREAD) >> shift) as usize
}
