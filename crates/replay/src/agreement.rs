//! Are the verdicts of a replay those of the live run?

use std::collections::BTreeMap;

use palisade_domain::Verdict as Replayed;

use crate::formats::Verdict;

/// Different signals counted by name; ids are our own, but a line may hold anything.
const SIGNALS_MAX: usize = 256;

/// How many verdicts were compared, and what differed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Verdicts of which the line says what they were.
    pub compared: u64,
    /// Those that are the same: score, action, and every signal with its points.
    pub same: u64,
    /// How often each signal differed: there, not there, or worth something else.
    pub signals: BTreeMap<String, u64>,
}

impl Agreement {
    /// Compares one verdict with what it was.
    pub fn compare(&mut self, live: &Verdict<&str>, replayed: &Replayed) {
        self.compared += 1;
        let assessment = &replayed.assessment;
        let now: Vec<(&str, i16)> =
            assessment.explanation.iter().map(|line| (line.id.0, line.points)).collect();
        let has_same_outcome = live.score == assessment.score.value()
            && usize::from(live.action) == replayed.decision.action.rank();
        if has_same_outcome && live.signals == now {
            self.same += 1;
            return;
        }
        let only_in = |one: &[(&str, i16)], other: &[(&str, i16)]| -> Vec<String> {
            one.iter().filter(|signal| !other.contains(signal)).map(|(id, _)| (*id).to_owned()).collect()
        };
        let mut different = only_in(&live.signals, &now);
        different.extend(only_in(&now, &live.signals));
        different.sort_unstable();
        different.dedup();
        for id in different {
            if self.signals.len() < SIGNALS_MAX || self.signals.contains_key(&id) {
                *self.signals.entry(id).or_default() += 1;
            }
        }
    }

    /// The share of verdicts that are the same, 0.0..=1.0; 1 where there was nothing to compare.
    pub fn share(&self) -> f64 {
        if self.compared == 0 { 1.0 } else { self.same as f64 / self.compared as f64 }
    }
}
