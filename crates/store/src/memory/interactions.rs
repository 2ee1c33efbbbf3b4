//! Interactions in memory: by number for pages and bounds, by name for labels.

use std::collections::BTreeMap;

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use super::MemoryStore;
use crate::interaction::rows;
use crate::{
    InteractionId, Interactions, InteractionsSize, LabelVerdict, NewInteraction, Page, ReadError,
    StoredInteraction, WriteError,
};

#[derive(Debug, Default)]
pub(super) struct Table {
    rows: BTreeMap<(TenantId, i64), NewInteraction>,
    numbers: BTreeMap<(TenantId, InteractionId), i64>,
    last: BTreeMap<TenantId, i64>,
    bytes: BTreeMap<TenantId, u64>,
}

impl Table {
    fn after(&self, tenant: TenantId, after: i64) -> impl Iterator<Item = (i64, &NewInteraction)> {
        let range = (tenant, after.saturating_add(1))..=(tenant, i64::MAX);
        self.rows.range(range).map(|((_, number), row)| (*number, row))
    }

    fn remove(&mut self, tenant: TenantId, numbers: &[i64]) {
        for number in numbers {
            let Some(row) = self.rows.remove(&(tenant, *number)) else { continue };
            self.numbers.remove(&(tenant, row.id));
            let bytes = self.bytes.entry(tenant).or_default();
            *bytes = bytes.saturating_sub(row.bytes());
        }
        debug_assert_eq!(self.rows.len(), self.numbers.len(), "both maps hold the same rows");
    }

    /// Numbers have no gaps when they are given, so the newest one tells which are too old to keep.
    fn drop_oldest(&mut self, tenant: TenantId, rows_max: usize, bytes_max: u64) {
        let newest = self.last.get(&tenant).copied().unwrap_or(0);
        let gone = newest.saturating_sub(i64::try_from(rows_max).unwrap_or(i64::MAX));
        let mut excess = self.bytes.get(&tenant).copied().unwrap_or(0).saturating_sub(bytes_max);
        let mut old = Vec::new();
        for (number, row) in self.after(tenant, 0) {
            if number > gone && excess == 0 {
                break;
            }
            excess = excess.saturating_sub(row.bytes());
            old.push(number);
        }
        self.remove(tenant, &old);
    }
}

fn stored(tenant: TenantId, number: i64, row: &NewInteraction) -> StoredInteraction {
    StoredInteraction { number, tenant, interaction: row.clone() }
}

#[async_trait]
impl Interactions for MemoryStore {
    async fn add_interaction(&self, tenant: TenantId, new: &NewInteraction) -> Result<bool, WriteError> {
        new.check()?;
        let table = &mut self.tables().interactions;
        if table.numbers.contains_key(&(tenant, new.id)) {
            return Ok(false);
        }
        let last = table.last.entry(tenant).or_default();
        *last += 1;
        let number = *last;
        let row = new.bounded();
        *table.bytes.entry(tenant).or_default() += row.bytes();
        table.numbers.insert((tenant, row.id), number);
        table.rows.insert((tenant, number), row);
        table.drop_oldest(tenant, self.limits.interactions_max, self.limits.interactions_bytes_max);
        Ok(true)
    }

    async fn label_interaction(
        &self,
        tenant: TenantId,
        id: InteractionId,
        label: LabelVerdict,
    ) -> Result<bool, WriteError> {
        let table = &mut self.tables().interactions;
        let Some(number) = table.numbers.get(&(tenant, id)) else { return Ok(false) };
        let row = table.rows.get_mut(&(tenant, *number));
        Ok(row.map(|row| row.label = Some(label)).is_some())
    }

    async fn interaction(
        &self,
        tenant: TenantId,
        id: InteractionId,
    ) -> Result<Option<StoredInteraction>, ReadError> {
        let table = &self.tables().interactions;
        let number = table.numbers.get(&(tenant, id)).copied();
        Ok(number.and_then(|number| Some(stored(tenant, number, table.rows.get(&(tenant, number))?))))
    }

    async fn interactions(&self, tenant: TenantId, page: Page) -> Result<Vec<StoredInteraction>, ReadError> {
        let table = &self.tables().interactions;
        let found = table.after(tenant, page.after.max(0)).take(rows(page));
        Ok(found.map(|(number, row)| stored(tenant, number, row)).collect())
    }

    async fn delete_interactions_before(
        &self,
        tenant: TenantId,
        before: Timestamp,
    ) -> Result<u64, WriteError> {
        let table = &mut self.tables().interactions;
        let old: Vec<_> =
            table.after(tenant, 0).filter(|(_, row)| row.time < before).map(|(n, _)| n).collect();
        table.remove(tenant, &old);
        Ok(old.len() as u64)
    }

    async fn interactions_size(&self, tenant: TenantId) -> Result<InteractionsSize, ReadError> {
        let table = &self.tables().interactions;
        Ok(InteractionsSize {
            interactions: table.after(tenant, 0).count() as u64,
            labelled: table.after(tenant, 0).filter(|(_, row)| row.label.is_some()).count() as u64,
            bytes: table.bytes.get(&tenant).copied().unwrap_or(0),
        })
    }
}
