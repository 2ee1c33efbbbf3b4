//! When what the store did not take is tried again: each way into it for itself, so that none waits for another's trouble.

use std::time::Duration;

use tokio::time::Instant;

use super::{Shelf, Worker};
use crate::health::STORE;
use crate::totals::Passage;

/// The first wait after a failure; it doubles up to the last.
const FIRST: Duration = Duration::from_secs(1);
const LAST: Duration = Duration::from_secs(30);

/// What is asked of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To append events.
    Events,
    /// To write what rules wish.
    Entries,
    /// To add up minutes.
    Rollups,
    /// To tell what changed in the lists.
    Lists,
    /// To delete what is too old.
    Keeping,
}

/// How many ways there are.
const WAYS: usize = Way::Keeping as usize + 1;

/// Which ways have failed, and until when they are left alone.
#[derive(Debug, Default)]
pub(super) struct Retries([Option<Retry>; WAYS]);

#[derive(Clone, Copy, Debug)]
struct Retry {
    at: Instant,
    after: Duration,
}

impl Retries {
    fn may_try(&self, way: Way) -> bool {
        self.0[way as usize].is_none_or(|retry| Instant::now() >= retry.at)
    }

    fn failed(&mut self, way: Way) {
        let before = &mut self.0[way as usize];
        let after = before.map_or(FIRST, |retry| (retry.after * 2).min(LAST));
        *before = Some(Retry { at: Instant::now() + after, after });
    }

    /// True where this was the last way that had failed.
    fn recovered(&mut self, way: Way) -> bool {
        self.0[way as usize].take().is_some() && self.0.iter().all(Option::is_none)
    }

    /// Everything may be tried at once.
    pub(super) fn forget(&mut self) {
        *self = Retries::default();
    }
}

impl<S: Shelf + ?Sized> Worker<S> {
    /// False while the last failure of this way is too fresh.
    pub(super) fn may_try(&self, way: Way) -> bool {
        self.retries.may_try(way)
    }

    pub(super) fn failed(&mut self, way: Way, error: &dyn std::error::Error) {
        self.guard.totals.pass(Passage::StoreFailed, 1);
        let causes = std::iter::successors(Some(error), |error| error.source());
        let message = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        self.guard.health.fail(STORE, format!("records wait in memory: {message}"), self.now());
        self.retries.failed(way);
    }

    pub(super) fn recovered(&mut self, way: Way) {
        if self.retries.recovered(way) {
            self.guard.health.recover(STORE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_way_does_not_wait_for_another() {
        let mut retries = Retries::default();
        retries.failed(Way::Entries);
        assert!(!retries.may_try(Way::Entries) && retries.may_try(Way::Events));
        assert!(!retries.recovered(Way::Events), "it had not failed");
        retries.failed(Way::Events);
        assert!(!retries.recovered(Way::Events), "entries still fail");
        assert!(retries.recovered(Way::Entries));
        retries.failed(Way::Keeping);
        retries.forget();
        assert!(retries.may_try(Way::Keeping));
    }

    #[tokio::test(start_paused = true)]
    async fn waits_double_up_to_half_a_minute() {
        let mut retries = Retries::default();
        for expect_secs in [1, 2, 4, 8, 16, 30, 30] {
            retries.failed(Way::Rollups);
            tokio::time::advance(Duration::from_secs(expect_secs) - Duration::from_millis(1)).await;
            assert!(!retries.may_try(Way::Rollups), "{expect_secs} s");
            tokio::time::advance(Duration::from_millis(1)).await;
            assert!(retries.may_try(Way::Rollups), "{expect_secs} s");
        }
        retries.recovered(Way::Rollups);
        retries.failed(Way::Rollups);
        tokio::time::advance(FIRST).await;
        assert!(retries.may_try(Way::Rollups), "from the beginning");
    }
}
