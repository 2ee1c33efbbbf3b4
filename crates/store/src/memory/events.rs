//! Verdict events in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use palisade_domain::{RequestId, Score, TenantId, Timestamp};

use super::MemoryStore;
use crate::bounds::{EXPORT_PAGE_MAX, REPUTATION_EVENTS_MAX};
use crate::keys::EventKey;
use crate::privacy::shorten_event;
use crate::{
    Client, Event, EventId, EventQuery, Events, EventsSize, ReadError, Reputation, StoredEvent, WriteError,
};

#[derive(Debug, Default)]
pub(super) struct Table {
    rows: BTreeMap<EventKey, Row>,
    last: BTreeMap<TenantId, i64>,
    bytes: BTreeMap<TenantId, u64>,
}

#[derive(Debug)]
struct Row {
    event: Event,
    bytes: u64,
    shortened: bool,
}

impl Table {
    fn from(&self, tenant: TenantId, from: i64) -> impl Iterator<Item = (EventId, &Row)> {
        let range = EventKey::new(tenant, EventId(from))..=EventKey::new(tenant, EventId(i64::MAX));
        self.rows.range(range).map(|(key, row)| (key.id, row))
    }

    fn of_tenant(&self, tenant: TenantId) -> impl Iterator<Item = (EventId, &Event)> {
        self.from(tenant, i64::MIN).map(|(id, row)| (id, &row.event))
    }

    fn append(&mut self, tenant: TenantId, event: &Event) -> EventId {
        let last = self.last.entry(tenant).or_default();
        *last += 1;
        let id = EventId(*last);
        let event = event.bounded();
        let bytes = event.bytes();
        *self.bytes.entry(tenant).or_default() += bytes;
        self.rows.insert(EventKey::new(tenant, id), Row { event, bytes, shortened: false });
        id
    }

    fn remove(&mut self, tenant: TenantId, ids: &[EventId]) {
        for id in ids {
            let removed = self.rows.remove(&EventKey::new(tenant, *id));
            let bytes = self.bytes.entry(tenant).or_default();
            *bytes = bytes.saturating_sub(removed.map_or(0, |row| row.bytes));
        }
    }

    fn delete_before(&mut self, tenant: TenantId, before: Timestamp) -> u64 {
        let old = self.of_tenant(tenant).filter(|(_, event)| event.time < before).map(|(id, _)| id);
        let old: Vec<_> = old.collect();
        self.remove(tenant, &old);
        old.len() as u64
    }

    /// Numbers have no gaps when they are given, so the newest one tells which are too old to keep.
    fn drop_oldest(&mut self, tenant: TenantId, rows_max: usize, bytes_max: u64) {
        let newest = self.last.get(&tenant).copied().unwrap_or(0);
        let gone = newest.saturating_sub(i64::try_from(rows_max).unwrap_or(i64::MAX));
        let old: Vec<_> = self.of_tenant(tenant).map(|(id, _)| id).take_while(|id| id.0 <= gone).collect();
        self.remove(tenant, &old);
        let mut excess = self.bytes.get(&tenant).copied().unwrap_or(0).saturating_sub(bytes_max);
        let mut heavy = Vec::new();
        for (id, row) in self.from(tenant, i64::MIN) {
            if excess == 0 {
                break;
            }
            excess = excess.saturating_sub(row.bytes);
            heavy.push(id);
        }
        self.remove(tenant, &heavy);
    }
}

fn without_facts(tenant: TenantId, id: EventId, event: &Event) -> StoredEvent {
    StoredEvent { id, tenant, event: Event { facts: None, ..event.clone() } }
}

#[async_trait]
impl Events for MemoryStore {
    async fn append(&self, tenant: TenantId, events: &[Event]) -> Result<Vec<EventId>, WriteError> {
        let table = &mut self.tables().events;
        let ids = events.iter().map(|event| table.append(tenant, event)).collect();
        table.drop_oldest(tenant, self.limits.events_max, self.limits.events_bytes_max);
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
        Ok(rows.map(|(id, event)| without_facts(tenant, id, event)).collect())
    }

    async fn export(
        &self,
        tenant: TenantId,
        from: EventId,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, ReadError> {
        let tables = self.tables();
        let rows = tables.events.from(tenant, from.0).take(limit.min(EXPORT_PAGE_MAX));
        Ok(rows.map(|(id, row)| StoredEvent { id, tenant, event: row.event.clone() }).collect())
    }

    async fn find_event(
        &self,
        tenant: TenantId,
        request: RequestId,
    ) -> Result<Option<StoredEvent>, ReadError> {
        let tables = self.tables();
        let found = tables.events.of_tenant(tenant).filter(|(_, event)| event.request_id == Some(request));
        Ok(found.last().map(|(id, event)| without_facts(tenant, id, event)))
    }

    async fn reputation(
        &self,
        tenant: TenantId,
        client: &Client,
        bot_score: Score,
    ) -> Result<Option<Reputation>, ReadError> {
        let client = client.bounded();
        let tables = self.tables();
        let of_client = tables.events.of_tenant(tenant).filter(|(_, event)| event.client == client);
        let mut found: Vec<_> = of_client.map(|(id, event)| (event.time, id, event.score)).collect();
        found.sort_unstable();
        let (Some(first), Some(last)) = (found.first(), found.last()) else { return Ok(None) };
        let newest = &found[found.len().saturating_sub(REPUTATION_EVENTS_MAX)..];
        let sum: u64 = newest.iter().map(|(_, _, score)| u64::from(score.value())).sum();
        Ok(Some(Reputation {
            requests: newest.len() as u64,
            bot_requests: newest.iter().filter(|(_, _, score)| *score >= bot_score).count() as u64,
            mean_score: sum as f64 / newest.len() as f64,
            first_seen: first.0,
            last_seen: last.0,
        }))
    }

    async fn delete_before(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError> {
        Ok(self.tables().events.delete_before(tenant, before))
    }

    async fn shorten_addresses(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError> {
        let table = &mut self.tables().events;
        let mut shortened = 0;
        for (key, row) in &mut table.rows {
            if key.tenant == tenant && row.event.time < before && !row.shortened {
                row.event = shorten_event(&row.event);
                row.shortened = true;
                shortened += 1;
            }
        }
        Ok(shortened)
    }

    async fn count_events(&self, tenant: TenantId) -> Result<u64, ReadError> {
        Ok(self.tables().events.of_tenant(tenant).count() as u64)
    }

    async fn events_size(&self, tenant: TenantId) -> Result<EventsSize, ReadError> {
        let bytes = self.tables().events.bytes.get(&tenant).copied().unwrap_or(0);
        Ok(EventsSize { events: self.count_events(tenant).await?, bytes })
    }
}
