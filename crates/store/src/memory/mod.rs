//! The store that forgets: for tests, for `replay` and as the mirror the hot path reads.
//!
//! Same contract as the others. One lock, held for map operations only and never across an await.

mod audit;
mod escalations;
mod events;
mod frozen;
mod interactions;
mod keys;
mod labels;
mod lists;
mod models;
mod revoked;
mod rollups;
mod site_keys;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use palisade_domain::TenantId;

use crate::{Changes, ReadError, StoreLimits, Watched};

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
    interactions: interactions::Table,
    keys: keys::Table,
    site_keys: site_keys::Table,
    revoked: revoked::Table,
    rollups: rollups::Table,
    escalations: escalations::Table,
    audit: audit::Table,
    models: models::Table,
    frozen: frozen::Table,
    changes: BTreeMap<(TenantId, Watched), u64>,
}

impl Tables {
    fn changed(&mut self, tenant: TenantId, what: Watched) {
        *self.changes.entry((tenant, what)).or_default() += 1;
    }
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

#[async_trait]
impl Changes for MemoryStore {
    async fn changes(&self, tenant: TenantId, what: Watched) -> Result<u64, ReadError> {
        Ok(self.tables().changes.get(&(tenant, what)).copied().unwrap_or(0))
    }
}
