//! List entries in memory: by key for lookups, by number for listings.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use palisade_domain::{ClientIp, NetPrefix, TenantId, Timestamp};

use super::MemoryStore;
use crate::keys::{self, EntryKey, ListKey};
use crate::{EffectKind, EntryId, ListEntry, Lists, NewEntry, Page, ReadError, Watched, WriteError};

#[derive(Debug, Default)]
pub(super) struct Table {
    entries: BTreeMap<ListKey, ListEntry>,
    numbers: BTreeMap<EntryKey, ListKey>,
    last: BTreeMap<TenantId, i64>,
}

impl Table {
    fn of_tenant(&self, tenant: TenantId, after: i64) -> impl Iterator<Item = &ListEntry> {
        let from = EntryKey::new(tenant, EntryId(after.saturating_add(1)));
        let range = self.numbers.range(from..=EntryKey::new(tenant, EntryId(i64::MAX)));
        range.filter_map(|(_, key)| self.entries.get(key))
    }

    fn put(&mut self, tenant: TenantId, new: &NewEntry) -> ListEntry {
        let key = key_of(tenant, new);
        let old = self.entries.get(&key).map(|old| old.id);
        let id = old.unwrap_or_else(|| self.next_id(tenant));
        let entry = ListEntry::made(id, tenant, new);
        self.numbers.insert(EntryKey::new(tenant, id), key);
        self.entries.insert(key, entry.clone());
        entry
    }

    fn next_id(&mut self, tenant: TenantId) -> EntryId {
        let last = self.last.entry(tenant).or_default();
        *last += 1;
        EntryId(*last)
    }

    fn remove(&mut self, key: &ListKey) -> u64 {
        let Some(entry) = self.entries.remove(key) else { return 0 };
        self.numbers.remove(&EntryKey::new(entry.tenant, entry.id));
        debug_assert_eq!(self.entries.len(), self.numbers.len(), "both maps hold the same entries");
        1
    }
}

impl super::Tables {
    fn remove_entries(&mut self, tenant: TenantId, keys: &[ListKey]) -> u64 {
        let removed = keys.iter().map(|key| self.lists.remove(key)).sum();
        if removed > 0 {
            self.changed(tenant, Watched::Lists);
        }
        removed
    }
}

fn key_of(tenant: TenantId, new: &NewEntry) -> ListKey {
    ListKey::new(tenant, new.network, new.effect.kind())
}

#[async_trait]
impl Lists for MemoryStore {
    async fn put(&self, tenant: TenantId, entries: &[NewEntry]) -> Result<Vec<ListEntry>, WriteError> {
        let mut tables = self.tables();
        let table = &mut tables.lists;
        let fresh: BTreeSet<_> = entries
            .iter()
            .map(|new| key_of(tenant, new))
            .filter(|key| !table.entries.contains_key(key))
            .collect();
        let max = self.limits.list_entries_max;
        if table.of_tenant(tenant, 0).count() + fresh.len() > max {
            return Err(WriteError::Full { what: "list entries", max });
        }
        let made = entries.iter().map(|new| table.put(tenant, new)).collect();
        tables.changed(tenant, Watched::Lists);
        Ok(made)
    }

    async fn remove(
        &self,
        tenant: TenantId,
        network: NetPrefix,
        effect: Option<EffectKind>,
    ) -> Result<u64, WriteError> {
        let kinds = EffectKind::ALL.into_iter().filter(|kind| effect.is_none_or(|one| one == *kind));
        let keys: Vec<_> = kinds.map(|kind| ListKey::new(tenant, network, kind)).collect();
        Ok(self.tables().remove_entries(tenant, &keys))
    }

    async fn find(
        &self,
        tenant: TenantId,
        client: ClientIp,
        now: Timestamp,
    ) -> Result<Vec<ListEntry>, ReadError> {
        let table = &self.tables().lists;
        let keys = keys::networks_covering(client)
            .flat_map(|network| EffectKind::ALL.map(|kind| ListKey::new(tenant, network, kind)));
        let found = keys.filter_map(|key| table.entries.get(&key)).filter(|entry| entry.is_live(now));
        Ok(found.cloned().collect())
    }

    async fn entries(&self, tenant: TenantId, page: Page) -> Result<Vec<ListEntry>, ReadError> {
        Ok(self.tables().lists.of_tenant(tenant, page.after).take(page.rows()).cloned().collect())
    }

    async fn count_entries(&self, tenant: TenantId) -> Result<u64, ReadError> {
        Ok(self.tables().lists.of_tenant(tenant, 0).count() as u64)
    }

    async fn purge_expired(&self, tenant: TenantId, now: Timestamp) -> Result<u64, WriteError> {
        let mut tables = self.tables();
        let over: Vec<_> = tables
            .lists
            .of_tenant(tenant, 0)
            .filter(|entry| !entry.is_live(now))
            .map(|entry| ListKey::new(tenant, entry.network, entry.effect.kind()))
            .collect();
        Ok(tables.remove_entries(tenant, &over))
    }
}
