//! The frozen set in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use palisade_domain::TenantId;

use super::MemoryStore;
use crate::{Frozen, FrozenRow, LabelId, Page, ReadError, WriteError};

#[derive(Debug, Default)]
pub(super) struct Table {
    rows: BTreeMap<(TenantId, i64), FrozenRow>,
    last: BTreeMap<TenantId, i64>,
}

impl Table {
    fn of_tenant(&self, tenant: TenantId, after: i64) -> impl Iterator<Item = (i64, &FrozenRow)> {
        let from = (tenant, after.saturating_add(1));
        self.rows.range(from..=(tenant, i64::MAX)).map(|((_, id), row)| (*id, row))
    }

    /// The rows that rest on a label go with it.
    pub(super) fn forget(&mut self, tenant: TenantId, label: LabelId) {
        self.rows.retain(|(of, _), row| *of != tenant || row.label != label);
    }
}

#[async_trait]
impl Frozen for MemoryStore {
    async fn add_frozen(&self, tenant: TenantId, rows: &[FrozenRow]) -> Result<usize, WriteError> {
        let table = &mut self.tables().frozen;
        let mut added = 0;
        for row in rows.iter().map(FrozenRow::bounded) {
            let is_there = table
                .of_tenant(tenant, 0)
                .any(|(_, held)| held.client == row.client && held.schema == row.schema);
            if is_there || table.of_tenant(tenant, 0).count() >= self.limits.frozen_rows_max {
                continue;
            }
            let last = table.last.entry(tenant).or_default();
            *last += 1;
            table.rows.insert((tenant, *last), row);
            added += 1;
        }
        Ok(added)
    }

    async fn frozen_rows(
        &self,
        tenant: TenantId,
        schema: &str,
        page: Page,
    ) -> Result<Vec<(i64, FrozenRow)>, ReadError> {
        let tables = self.tables();
        let rows = tables.frozen.of_tenant(tenant, page.after).filter(|(_, row)| row.schema == schema);
        Ok(rows.take(page.rows()).map(|(id, row)| (id, row.clone())).collect())
    }

    async fn count_frozen(&self, tenant: TenantId) -> Result<u64, ReadError> {
        Ok(self.tables().frozen.of_tenant(tenant, 0).count() as u64)
    }
}
