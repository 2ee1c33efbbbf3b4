//! Weighted phrases, all looked for in one pass.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// A phrase in small letters and what finding it is worth.
pub(super) type Weighted = (&'static str, f32);

/// An automaton over weighted phrases.
pub(super) struct Phrases {
    automaton: AhoCorasick,
    phrases: &'static [Weighted],
}

/// A phrase in a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    /// What it is worth.
    pub(super) evidence: f32,
    /// Where it begins.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
}

impl Phrases {
    /// An automaton over `phrases`; built once per process.
    pub(super) fn new(phrases: &'static [Weighted]) -> Self {
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::Standard)
            .build(phrases.iter().map(|(phrase, _)| phrase))
            .expect("a few hundred short phrases fit an automaton");
        Phrases { automaton, phrases }
    }

    /// Every phrase in `text`, overlapping ones too.
    pub(super) fn all<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = Found> + 'a {
        self.automaton.find_overlapping_iter(text).map(|found| Found {
            evidence: self.phrases[found.pattern().as_usize()].1,
            start: found.start(),
            end: found.end(),
        })
    }

    /// The weightiest phrase in `text`.
    pub(super) fn best(&self, text: &[u8]) -> Option<Found> {
        self.all(text).max_by(|a, b| a.evidence.total_cmp(&b.evidence))
    }
}
