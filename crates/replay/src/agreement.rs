//! Are the verdicts of a replay those of the live run?

use std::collections::BTreeMap;

use palisade_domain::Verdict as Replayed;

use crate::formats::Verdict;
use crate::words::{count, shown};

/// Different signals counted by name; ids are our own, but a line may hold anything.
const SIGNALS_MAX: usize = 256;

/// Longer than any id of ours.
const ID_CHARS_MAX: usize = 48;

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
            one.iter()
                .filter(|signal| !other.contains(signal))
                .map(|(id, _)| shown(id, ID_CHARS_MAX))
                .collect()
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

    /// In words, where there was something to compare.
    pub(crate) fn note(&self) -> Option<String> {
        let (compared, same) = (count(self.compared), count(self.same));
        match self.compared {
            0 => None,
            all if all == self.same => Some(format!("All {compared} verdicts are those of the live run.")),
            _ => Some(format!(
                "{same} of {compared} verdicts are those of the live run. Others come from another policy, list or \
                 version, from load, from lines that are missing or cut, or from requests that several workers judged \
                 at once."
            )),
        }
    }
}
