//! The store that forgets: for tests, for `replay` and as the mirror the hot path reads.
//!
//! Same contract as the others. One lock, held for map operations only and never across an await.

mod events;
mod labels;
mod lists;

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::StoreLimits;

/// Everything in memory, gone with the process.
#[derive(Debug, Default)]
pub struct MemoryStore {
    limits: StoreLimits,
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    lists: lists::Table,
    events: events::Table,
    labels: labels::Table,
}

impl MemoryStore {
    /// An empty store with the usual limits.
    pub fn new() -> Self {
        MemoryStore::default()
    }

    /// An empty store with other limits.
    pub fn with_limits(limits: StoreLimits) -> Self {
        MemoryStore { limits, tables: Mutex::default() }
    }

    /// A panic elsewhere cannot leave a table half changed: every change is checked before it begins.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
