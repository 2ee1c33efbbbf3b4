//! The words found in one user agent.

use std::ops::Range;

use super::Kind;
use super::words::{Mark, Strength, WORDS};

/// Most marks kept; a user agent with more is judged by its first ones.
const MARKS_MAX: usize = 24;

/// Which marks stand where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marks {
    found: [(Mark, u16); MARKS_MAX],
    len: usize,
}

impl Default for Marks {
    fn default() -> Self {
        let nothing = Mark { strength: Strength::Weak, kind: None };
        Marks { found: [(nothing, 0); MARKS_MAX], len: 0 }
    }
}

impl Marks {
    /// Takes note of word `at` of [`WORDS`] at `start..end`, if it stands at the edges it needs.
    pub(crate) fn note(&mut self, at: usize, ua: &str, start: usize, end: usize) {
        let Some(word) = WORDS.get(at) else { return };
        if self.len < MARKS_MAX && word.fits(ua, start, end) {
            self.found[self.len] = (word.mark, u16::try_from(start).unwrap_or(u16::MAX));
            self.len += 1;
        }
    }

    /// The strongest mark outside `device`.
    pub(crate) fn strongest(&self, device: Range<usize>) -> Option<Strength> {
        self.outside(device).map(|mark| mark.strength).max()
    }

    /// The kind that the marks outside `device` speak for.
    pub(crate) fn best_kind(&self, device: Range<usize>) -> Option<Kind> {
        self.outside(device).filter_map(|mark| mark.kind).min_by_key(|&kind| precedence(kind))
    }

    fn outside(&self, device: Range<usize>) -> impl Iterator<Item = Mark> + '_ {
        self.found[..self.len]
            .iter()
            .filter(move |(_, start)| !device.contains(&usize::from(*start)))
            .map(|&(mark, _)| mark)
    }
}

/// Which of two kinds says more: the special purpose before the general word.
fn precedence(kind: Kind) -> usize {
    const ORDER: [Kind; 10] = [
        Kind::Scanner,
        Kind::Ai,
        Kind::Feed,
        Kind::Preview,
        Kind::Monitor,
        Kind::Webhook,
        Kind::Archive,
        Kind::Tool,
        Kind::Crawler,
        Kind::Library,
    ];
    ORDER.iter().position(|&held| held == kind).unwrap_or(ORDER.len())
}
