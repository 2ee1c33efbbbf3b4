//! Verdict events in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use super::MemoryStore;
use crate::keys::EventKey;
use crate::{Client, Event, EventId, EventQuery, Events, ReadError, StoredEvent, WriteError};

#[derive(Debug, Default)]
pub(super) struct Table {
    events: BTreeMap<EventKey, Event>,
    last: BTreeMap<TenantId, i64>,
}

impl Table {
    fn of_tenant(&self, tenant: TenantId) -> impl Iterator<Item = (EventId, &Event)> {
        let range = EventKey::new(tenant, EventId(i64::MIN))..=EventKey::new(tenant, EventId(i64::MAX));
        self.events.range(range).map(|(key, event)| (key.id, event))
    }

    fn append(&mut self, tenant: TenantId, event: &Event) -> EventId {
        let last = self.last.entry(tenant).or_default();
        *last += 1;
        let id = EventId(*last);
        self.events.insert(EventKey::new(tenant, id), event.bounded());
        id
    }

    fn delete_before(&mut self, tenant: TenantId, before: Timestamp) -> u64 {
        let rows = self.events.len();
        self.events.retain(|key, event| key.tenant != tenant || event.time >= before);
        (rows - self.events.len()) as u64
    }

    /// Numbers have no gaps when they are given, so the newest one tells which are too old to keep.
    fn drop_oldest(&mut self, tenant: TenantId, max: usize) {
        let newest = self.last.get(&tenant).copied().unwrap_or(0);
        let gone = newest.saturating_sub(i64::try_from(max).unwrap_or(i64::MAX));
        let old: Vec<_> = self.of_tenant(tenant).map(|(id, _)| id).take_while(|id| id.0 <= gone).collect();
        for id in old {
            self.events.remove(&EventKey::new(tenant, id));
        }
    }
}

#[async_trait]
impl Events for MemoryStore {
    async fn append(&self, tenant: TenantId, events: &[Event]) -> Result<Vec<EventId>, WriteError> {
        let table = &mut self.tables().events;
        let ids = events.iter().map(|event| table.append(tenant, event)).collect();
        table.drop_oldest(tenant, self.limits.events_max);
        Ok(ids)
    }

    async fn query(&self, tenant: TenantId, query: &EventQuery) -> Result<Vec<StoredEvent>, ReadError> {
        let client = query.client.as_ref().map(Client::bounded);
        let asked = |event: &Event| {
            (query.from..query.until).contains(&event.time)
                && client.as_ref().is_none_or(|client| *client == event.client)
        };
        let tables = self.tables();
        let mut found: Vec<_> = tables.events.of_tenant(tenant).filter(|(_, event)| asked(event)).collect();
        found.sort_by_key(|(id, event)| std::cmp::Reverse((event.time, *id)));
        let rows = found.into_iter().take(query.rows());
        Ok(rows.map(|(id, event)| StoredEvent { id, tenant, event: event.clone() }).collect())
    }

    async fn delete_before(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError> {
        Ok(self.tables().events.delete_before(tenant, before))
    }

    async fn count_events(&self, tenant: TenantId) -> Result<u64, ReadError> {
        Ok(self.tables().events.of_tenant(tenant).count() as u64)
    }
}
