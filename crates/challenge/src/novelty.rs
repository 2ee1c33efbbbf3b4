//! Which traces were seen before: a recording of a person is worth one visit.
//!
//! Held for a day in memory, in shards of one lock each, under the keyed shape of the trace
//! ([`crate::behaviour::Behaviour::shape`]). A person's own widget may send one trace more than once (a token expired
//! while nobody moved, a network failed), so the same visitor is forgiven twice.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use palisade_domain::{TenantId, Timestamp};

/// Most shapes remembered.
pub const SHAPES_MAX: usize = 262_144;
/// How long one is remembered.
pub const SHAPE_MS_MAX: i64 = 24 * 3_600_000;
/// How often one visitor may send one trace.
pub const TIMES_MAX: u8 = 3;
const SHARDS: usize = 16;

/// The shapes of a day.
#[derive(Debug, Default)]
pub struct Novelty {
    shards: [Mutex<Shard>; SHARDS],
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Shard {
    known: HashMap<(TenantId, u64), Known>,
    /// In the order of their first coming.
    order: VecDeque<(Timestamp, TenantId, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    visitor: u64,
    times: u8,
}

impl Novelty {
    /// None seen yet.
    pub fn new() -> Self {
        Novelty::default()
    }

    /// Notes `shape` and tells whether it is a repetition: seen within a day from another visitor of `tenant`, or from this
    /// one more than [`TIMES_MAX`] times. `visitor` is any keyed hash that stays while a person stays (of its bindings, say).
    pub fn seen(&self, tenant: TenantId, shape: u64, visitor: u64, now: Timestamp) -> bool {
        let mut shard = self.shards[shape as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        shard.forget(now.plus_millis(-SHAPE_MS_MAX));
        if let Some(known) = shard.known.get_mut(&(tenant, shape)) {
            known.times = known.times.saturating_add(1);
            return known.visitor != visitor || known.times > TIMES_MAX;
        }
        shard.known.insert((tenant, shape), Known { visitor, times: 1 });
        shard.order.push_back((now, tenant, shape));
        if shard.order.len() > SHAPES_MAX / SHARDS {
            shard.drop_oldest();
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        false
    }

    /// How many shapes are held.
    pub fn len(&self) -> usize {
        let len = |shard: &Mutex<Shard>| shard.lock().unwrap_or_else(PoisonError::into_inner).known.len();
        self.shards.iter().map(len).sum()
    }

    /// True where none is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shapes forgotten early because there were too many.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl Shard {
    /// A clock that went back keeps some a little longer.
    fn forget(&mut self, until: Timestamp) {
        while self.order.front().is_some_and(|(since, ..)| *since <= until) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((_, tenant, shape)) = self.order.pop_front() {
            self.known.remove(&(tenant, shape));
        }
        debug_assert_eq!(self.known.len(), self.order.len(), "both hold the same shapes");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: TenantId = TenantId(1);

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn a_recording_is_worth_one_visit() {
        let novelty = Novelty::new();
        assert!(!novelty.seen(ONE, 7, 1, at(0)));
        assert!(novelty.seen(ONE, 7, 2, at(1)), "another visitor's hand made it");
        assert!(!novelty.seen(TenantId(2), 7, 2, at(1)), "tenants do not know of each other");
        assert!(!novelty.seen(ONE, 8, 1, at(1)));
        assert!(novelty.seen(ONE, 7, 2, at(SHAPE_MS_MAX - 1)));
        assert!(!novelty.seen(ONE, 7, 2, at(SHAPE_MS_MAX)), "a day later it is forgotten");
    }

    #[test]
    fn the_same_visitor_is_forgiven_twice() {
        let novelty = Novelty::new();
        let seen: Vec<_> = (0..5).map(|n| novelty.seen(ONE, 7, 1, at(n))).collect();
        assert_eq!(seen, [false, false, false, true, true]);
    }

    #[test]
    fn a_flood_drops_the_oldest() {
        let novelty = Novelty::new();
        for shape in 0..SHAPES_MAX as u64 + 64 {
            assert!(!novelty.seen(ONE, shape, 1, at(0)));
        }
        assert_eq!((novelty.len(), novelty.dropped()), (SHAPES_MAX, 64));
        assert!(!novelty.seen(ONE, 0, 2, at(0)), "the first was forgotten");
        assert!(novelty.seen(ONE, SHAPES_MAX as u64, 2, at(0)));
    }

    #[test]
    fn exactly_one_of_many_is_the_first() {
        let novelty = Novelty::new();
        let first: usize = std::thread::scope(|scope| {
            let novelty = &novelty;
            let tries: Vec<_> = (0..8_u64)
                .map(|n| scope.spawn(move || usize::from(!novelty.seen(ONE, 7, n, at(0)))))
                .collect();
            tries.into_iter().map(|tried| tried.join().expect("no thread panics")).sum()
        });
        assert_eq!(first, 1);
    }
}
