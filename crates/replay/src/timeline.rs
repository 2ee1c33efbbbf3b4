//! Requests over time, in slots that grow with the span.

use palisade_domain::{Action, Timestamp};

use crate::summary::{ByAction, Timeline};

/// Slot lengths in seconds; each divides the next, so that slots can be merged.
const SLOT_SECS: [i64; 16] =
    [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800, 864_000, 8_640_000];

/// Counts requests into at most [`Timeline::SLOTS_MAX`] slots of one length, whatever the span.
#[derive(Clone, Debug, Default)]
pub struct TimelineBuilder {
    start_s: Option<i64>,
    step: usize,
    slots: Vec<ByAction>,
}

/// Slots were merged: `factor` old ones make a new one, after `shift` empty ones in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Regrid {
    /// Old slots to be put in front as empty before merging.
    pub shift: usize,
    /// Old slots per new slot.
    pub factor: usize,
}

impl Regrid {
    /// Applies the same merging to another row of counts.
    pub fn apply(self, counts: &mut Vec<u32>) {
        let mut merged = Vec::new();
        for (at, &count) in counts.iter().enumerate() {
            let slot = (at + self.shift) / self.factor;
            merged.resize(merged.len().max(slot + 1), 0);
            merged[slot] += count;
        }
        *counts = merged;
    }
}

impl TimelineBuilder {
    /// Counts one request; times before the first count into the first slot. Returns its slot and the merges that
    /// happened to make room for it.
    pub fn add(&mut self, time: Timestamp, action: Action) -> (usize, Vec<Regrid>) {
        let mut regrids = Vec::new();
        let slot_s = |step: usize| SLOT_SECS[step];
        let start_s = *self.start_s.get_or_insert(time.secs());
        let mut slot = slot_at(time.secs(), start_s, slot_s(self.step));
        while slot >= Timeline::SLOTS_MAX && self.step + 1 < SLOT_SECS.len() {
            regrids.push(self.widen());
            slot = slot_at(time.secs(), self.start_s.unwrap_or(start_s), slot_s(self.step));
        }
        let slot = slot.min(Timeline::SLOTS_MAX - 1);
        self.slots.resize(self.slots.len().max(slot + 1), ByAction::default());
        self.slots[slot].add(action);
        (slot, regrids)
    }

    /// Moves to the next longer slot; the start moves back to a multiple of it.
    fn widen(&mut self) -> Regrid {
        let old_s = SLOT_SECS[self.step];
        self.step += 1;
        let new_s = SLOT_SECS[self.step];
        let start_s = self.start_s.unwrap_or(0);
        let aligned_s = start_s.div_euclid(new_s) * new_s;
        let shift = usize::try_from((start_s - aligned_s) / old_s).unwrap_or(0);
        let regrid = Regrid { shift, factor: usize::try_from(new_s / old_s).unwrap_or(1) };
        let mut merged: Vec<ByAction> = Vec::new();
        for (at, slot) in self.slots.iter().enumerate() {
            let into = (at + shift) / regrid.factor;
            merged.resize(merged.len().max(into + 1), ByAction::default());
            for (sum, count) in merged[into].0.iter_mut().zip(slot.0) {
                *sum += count;
            }
        }
        self.slots = merged;
        self.start_s = Some(aligned_s);
        regrid
    }

    /// The finished timeline.
    pub fn finish(self) -> Timeline {
        Timeline {
            start: Timestamp::from_secs(self.start_s.unwrap_or(0)),
            slot_ms: SLOT_SECS[self.step] * 1_000,
            slots: self.slots,
        }
    }
}

fn slot_at(secs: i64, start_s: i64, slot_s: i64) -> usize {
    usize::try_from(secs.saturating_sub(start_s) / slot_s).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_long_log_gets_long_slots() {
        let mut builder = TimelineBuilder::default();
        (0..10_000).for_each(|n| drop(builder.add(Timestamp::from_secs(1_000_007 + n * 60), Action::Allow)));
        let timeline = builder.finish();
        assert_eq!(timeline.slot_ms, 3_600_000);
        assert_eq!(timeline.start.secs() % 3_600, 0);
        assert_eq!(timeline.slots.iter().map(ByAction::total).sum::<u64>(), 10_000);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_rows_stay_in_step(mut times in prop::collection::vec(0i64..4_000_000_000, 1..200)) {
            times.sort_unstable();
            let mut builder = TimelineBuilder::default();
            let mut row: Vec<u32> = Vec::new();
            for &secs in &times {
                let (slot, regrids) = builder.add(Timestamp::from_secs(secs), Action::Monitor);
                regrids.into_iter().for_each(|regrid| regrid.apply(&mut row));
                row.resize(row.len().max(slot + 1), 0);
                row[slot] += 1;
            }
            let timeline = builder.finish();
            prop_assert!(timeline.slots.len() <= Timeline::SLOTS_MAX);
            let totals: Vec<u32> = timeline.slots.iter().map(|slot| slot.total() as u32).collect();
            prop_assert_eq!(row, totals);
        }
    }
}
