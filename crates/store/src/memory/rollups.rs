//! Roll-ups in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use super::MemoryStore;
use crate::bounds::PAGE_MAX;
use crate::rollup::RollupKey;
use crate::{ReadError, Rollup, RollupQuery, RollupSum, Rollups, WriteError};

#[derive(Debug, Default)]
pub(super) struct Table {
    rows: BTreeMap<TenantId, BTreeMap<RollupKey, Rollup>>,
}

impl Table {
    fn asked(&self, tenant: TenantId, query: RollupQuery) -> impl Iterator<Item = &Rollup> {
        self.rows.get(&tenant).into_iter().flat_map(BTreeMap::values).filter(move |row| {
            (query.from..query.until).contains(&row.minute) && query.site.is_none_or(|site| site == row.site)
        })
    }

    fn add(&mut self, tenant: TenantId, row: &Rollup) {
        let empty = Rollup { minute: row.beginning(), requests: 0, bots: 0, ..*row };
        add_up(self.rows.entry(tenant).or_default().entry(row.key()).or_insert(empty), row);
    }

    fn delete(&mut self, tenant: TenantId, over: impl Fn(&Rollup) -> bool) -> u64 {
        let Some(rows) = self.rows.get_mut(&tenant) else { return 0 };
        let before = rows.len();
        rows.retain(|_, row| !over(row));
        (before - rows.len()) as u64
    }

    /// Whole minutes go, the oldest first, until the rest is within the bound.
    fn drop_oldest_minutes(&mut self, tenant: TenantId, max: usize) {
        let rows = self.rows.get(&tenant);
        let beyond = rows.and_then(|rows| rows.values().rev().nth(max)).map(|row| row.minute);
        if let Some(minute) = beyond {
            self.delete(tenant, |row| row.minute <= minute);
        }
    }
}

fn add_up(sum: &mut Rollup, row: &Rollup) {
    sum.requests = sum.requests.saturating_add(row.requests);
    sum.bots = sum.bots.saturating_add(row.bots);
}

#[async_trait]
impl Rollups for MemoryStore {
    async fn add_rollups(&self, tenant: TenantId, rows: &[Rollup]) -> Result<(), WriteError> {
        let table = &mut self.tables().rollups;
        rows.iter().for_each(|row| table.add(tenant, row));
        table.drop_oldest_minutes(tenant, self.limits.rollups_max);
        Ok(())
    }

    async fn rollups(&self, tenant: TenantId, query: RollupQuery) -> Result<Vec<Rollup>, ReadError> {
        Ok(self.tables().rollups.asked(tenant, query).take(PAGE_MAX).copied().collect())
    }

    async fn rollup_sums(&self, tenant: TenantId, query: RollupQuery) -> Result<Vec<RollupSum>, ReadError> {
        let mut sums: BTreeMap<_, RollupSum> = BTreeMap::new();
        for row in self.tables().rollups.asked(tenant, query) {
            let (_, site, action, class) = row.key();
            let empty = Rollup { requests: 0, bots: 0, ..*row };
            add_up(sums.entry((site, action, class)).or_insert(empty), row);
        }
        Ok(sums.into_values().take(PAGE_MAX).collect())
    }

    async fn delete_rollups_before(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError> {
        Ok(self.tables().rollups.delete(tenant, |row| row.minute < before))
    }
}
