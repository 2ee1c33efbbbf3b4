//! A client's last pages as steps: what a model of sequences reads, the same while learning and while serving.
//!
//! *How* a step was made means the same on every site: whether it sent something, how its page stands to those before it, and
//! how long the pause was, in whole seconds on a logarithmic scale, because most logs know no more. *Where* it went is the
//! template of its path, hashed without any key: a model that was trained on one site is read on another, where nobody knows
//! the places and only the how counts.

use palisade_domain::RequestFacts;
use palisade_model::{Step, sequence};

use crate::detector::{Need, Needs};
use crate::history::{ClientHistory, PAGES_KEPT, Page};

/// Facts without which a step cannot be told: where one is unseen, there are no steps.
pub const NEEDS: &[Need] = &[Need::Method, Need::Target];

/// The steps of one client, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Steps {
    steps: [Step; PAGES_KEPT],
    len: usize,
}

impl Default for Steps {
    fn default() -> Self {
        Steps { steps: [Step { how: 0, place: 0 }; PAGES_KEPT], len: 0 }
    }
}

impl Steps {
    /// As recorded; of more than history keeps, the last.
    pub fn from_slice(steps: &[Step]) -> Self {
        let kept = &steps[steps.len().saturating_sub(PAGES_KEPT)..];
        let mut found = Steps::default();
        found.steps[..kept.len()].copy_from_slice(kept);
        found.len = kept.len();
        found
    }

    /// The kept pages of `client`, of a request whose `facts` are those; none where they do not tell.
    pub(crate) fn of(client: &ClientHistory, facts: &RequestFacts<'_>) -> Self {
        if Needs::of(NEEDS).met_by(Needs::seen(facts)) { Steps::of_pages(client) } else { Steps::default() }
    }

    fn of_pages(client: &ClientHistory) -> Self {
        let mut found = Steps::default();
        let mut pages = [Page::default(); PAGES_KEPT];
        let len = client.pages.len();
        for (page, kept) in pages[..len].iter_mut().rev().zip(client.pages.newest_first()) {
            *page = kept;
        }
        let pages = &pages[..len];
        for (at, page) in pages.iter().enumerate() {
            // The newest stands last here, and in the lowest bit there.
            let sends = client.page_sends >> (len - 1 - at) & 1 == 1;
            let how = how(sends, Relation::of(pages, at), Pause::of(pages, at));
            found.steps[at] = Step { how, place: page.route.min(sequence::NONE - 1) };
        }
        found.len = len;
        found
    }

    /// Oldest first.
    pub fn as_slice(&self) -> &[Step] {
        &self.steps[..self.len]
    }
}

/// How a page stands to those that are kept from before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
enum Relation {
    /// There is none before it.
    First,
    /// The very address again.
    SameTarget,
    /// Another one of the same template.
    SameRoute,
    /// The address was asked for earlier.
    SeenTarget,
    /// One of its template was.
    SeenRoute,
    /// Nothing like it was.
    New,
}

impl Relation {
    fn of(pages: &[Page], at: usize) -> Relation {
        let (page, before) = (pages[at], &pages[..at]);
        match before.last() {
            None => Relation::First,
            Some(last) if last.target == page.target => Relation::SameTarget,
            Some(last) if last.route == page.route => Relation::SameRoute,
            Some(_) if before.iter().any(|other| other.target == page.target) => Relation::SeenTarget,
            Some(_) if before.iter().any(|other| other.route == page.route) => Relation::SeenRoute,
            Some(_) => Relation::New,
        }
    }
}

/// The class of a pause: 0 below a second, then one for each doubling; 15 before the first of the kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pause(u16);

impl Pause {
    /// Where nothing is known of it.
    const NONE: Pause = Pause(15);
    /// Beyond 512 seconds, some nine minutes.
    const LONGEST: u16 = 10;

    fn of(pages: &[Page], at: usize) -> Pause {
        let Some(before) = at.checked_sub(1) else { return Pause::NONE };
        let seconds = pages[at].at_ms.saturating_sub(pages[before].at_ms) / 1_000;
        Pause(seconds.checked_ilog2().map_or(0, |power| (power as u16 + 1).min(Pause::LONGEST)))
    }
}

/// One number for how a step was made, below 256.
fn how(sends: bool, relation: Relation, pause: Pause) -> u16 {
    u16::from(sends) << 7 | (relation as u16) << 4 | pause.0
}

#[cfg(test)]
mod tests;
