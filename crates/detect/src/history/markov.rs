//! Which page follows which, learned from the site's own traffic: an order-1 Markov chain over route templates.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::codec::{Kept, Reader, put_counters, set_counters, take_counters};
use super::snapshot::SnapshotError;
use crate::route::RouteId;

/// Counters of page-to-page steps (1 MiB in all). Fixed size; rare steps may share a counter, which only makes them
/// look more likely.
const PAIRS: usize = 1 << 17;

/// Counters of steps away from a page.
const ORIGINS: usize = 1 << 13;

/// When this many steps are counted, every counter is halved: the chain follows the site as it changes.
const STEPS_MAX: u32 = 4_000_000;

/// Steps of a site before the chain says anything.
const STEPS_MIN: u32 = 2_000;

/// Pages a step could lead to that were never seen; smooths probabilities of the unseen.
const UNSEEN_PAGES: f32 = 64.0;

/// Transition counts of all sites of an installation.
#[derive(Debug)]
pub struct Markov {
    pairs: Box<[AtomicU32]>,
    origins: Box<[AtomicU32]>,
    steps: AtomicU32,
}

impl Default for Markov {
    fn default() -> Self {
        let zeros = |n| (0..n).map(|_| AtomicU32::new(0)).collect();
        Markov { pairs: zeros(PAIRS), origins: zeros(ORIGINS), steps: AtomicU32::new(0) }
    }
}

impl Markov {
    /// Improbability of the step in nats (-ln p, 0.0 and up); `None` until enough was learned.
    pub fn surprise(&self, site: u64, from: RouteId, to: RouteId) -> Option<f32> {
        if self.steps.load(Relaxed) < STEPS_MIN {
            return None;
        }
        let pair = self.pairs[pair_at(site, from, to)].load(Relaxed) as f32;
        let origin = self.origins[origin_at(site, from)].load(Relaxed) as f32;
        // A page that nobody was seen to leave teaches nothing.
        (origin >= 20.0).then(|| -((pair + 1.0) / (origin + UNSEEN_PAGES)).ln())
    }

    /// Learns one step of a client that gives no cause for doubt.
    pub fn learn(&self, site: u64, from: RouteId, to: RouteId) {
        self.pairs[pair_at(site, from, to)].fetch_add(1, Relaxed);
        self.origins[origin_at(site, from)].fetch_add(1, Relaxed);
        if self.steps.fetch_add(1, Relaxed) + 1 >= STEPS_MAX {
            self.halve();
        }
    }

    /// Appends what was learned.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        self.steps.load(Relaxed).put(out);
        put_counters(&self.pairs, out);
        put_counters(&self.origins, out);
    }

    /// Takes over what [`Chain::take`] read.
    pub(super) fn set(&self, chain: &Chain) {
        self.steps.store(chain.steps, Relaxed);
        set_counters(&self.pairs, &chain.pairs);
        set_counters(&self.origins, &chain.origins);
    }

    fn halve(&self) {
        self.steps.store(STEPS_MAX / 2, Relaxed);
        for counter in self.pairs.iter().chain(&*self.origins) {
            counter.store(counter.load(Relaxed) / 2, Relaxed);
        }
    }
}

/// What [`Markov::put`] wrote.
pub(super) struct Chain {
    steps: u32,
    pairs: Vec<(usize, u32)>,
    origins: Vec<(usize, u32)>,
}

impl Chain {
    pub(super) fn take(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        from.part = "page chain";
        // One thread may count a step while another halves.
        let steps = u32::take(from)?.min(STEPS_MAX - 1);
        Ok(Chain { steps, pairs: take_counters(from, PAIRS)?, origins: take_counters(from, ORIGINS)? })
    }
}

fn pair_at(site: u64, from: RouteId, to: RouteId) -> usize {
    let key = mix(site ^ (u64::from(from.0) << 32 | u64::from(to.0)));
    key as usize % PAIRS
}

fn origin_at(site: u64, from: RouteId) -> usize {
    mix(site ^ u64::from(from.0)) as usize % ORIGINS
}

/// SplitMix64's finaliser (Steele, Lea, Flood 2014): spreads close keys.
pub(crate) fn mix(mut key: u64) -> u64 {
    key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trodden_paths_surprise_least() {
        let chain = Markov::default();
        assert_eq!(chain.surprise(1, RouteId(1), RouteId(2)), None);
        (0..STEPS_MIN).for_each(|_| chain.learn(1, RouteId(1), RouteId(2)));
        let known = chain.surprise(1, RouteId(1), RouteId(2)).unwrap();
        let odd = chain.surprise(1, RouteId(1), RouteId(3)).unwrap();
        assert!(known < 0.1 && odd > 7.0, "{known} {odd}");
        assert_eq!(chain.surprise(1, RouteId(9), RouteId(3)), None);
    }

    #[test]
    fn counters_are_halved_before_they_run_over() {
        let chain = Markov::default();
        chain.steps.store(STEPS_MAX - 1, Relaxed);
        chain.pairs[pair_at(1, RouteId(1), RouteId(2))].store(9, Relaxed);
        chain.learn(1, RouteId(1), RouteId(2));
        assert_eq!(chain.steps.load(Relaxed), STEPS_MAX / 2);
        assert_eq!(chain.pairs[pair_at(1, RouteId(1), RouteId(2))].load(Relaxed), 5);
    }
}
