//! Verdict events in SQLite.

use async_trait::async_trait;
use palisade_domain::{RequestId, Score, SiteId, TenantId, Timestamp};
use sqlx::sqlite::SqliteRow;

use super::row::Row;
use super::{SqliteStore, Writing, tenant_column};
use crate::bounds::{EXPORT_PAGE_MAX, REPUTATION_EVENTS_MAX};
use crate::keys::{client_text, parse_client};
use crate::privacy::shorten_event;
use crate::words::{action_text, parse_action, parse_status};
use crate::{
    Client, Event, EventId, EventQuery, Events, EventsSize, Fault, IdentityRecord, ReadError, Reputation,
    StoredEvent, WriteError,
};

/// Rows deleted per transaction: other writers get their turn in between.
const DELETE_STEP: i64 = 10_000;
/// Rows shortened per transaction: they are read with their facts.
const SHORTEN_STEP: i64 = 200;
/// The oldest rows looked at in one go when the events take too much.
const DROP_STEP: i64 = 256;
/// The counter of what the events take.
const BYTES: &str = "events.bytes";

/// Selects events; facts only where they are asked for, because they are long.
macro_rules! select {
    ($facts:literal, $rest:literal) => {
        concat!(
            "SELECT tenant, id, time, site, client, method, target, user_agent, status, score, action, enforced,
                 rule, identity_class, identity_claimed, identity_status, signals, request_id, ",
            $facts,
            " AS facts FROM events WHERE tenant = $1 ",
            $rest
        )
    };
}

impl SqliteStore {
    async fn insert_event(
        &self,
        transaction: &mut Writing,
        tenant: TenantId,
        id: EventId,
        event: &Event,
    ) -> Result<(), Fault> {
        sqlx::query(
            "INSERT INTO events (tenant, id, time, site, client, method, target, user_agent, status, score,
                 action, enforced, rule, identity_class, identity_claimed, identity_status, signals,
                 request_id, facts, bytes)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        )
        .bind(tenant_column(tenant))
        .bind(id.0)
        .bind(event.time.0)
        .bind(i64::from(event.site.0))
        .bind(client_text(&event.client))
        .bind(&event.method)
        .bind(&event.target)
        .bind(&event.user_agent)
        .bind(event.status.map(i64::from))
        .bind(i64::from(event.score.value()))
        .bind(action_text(event.action))
        .bind(action_text(event.enforced))
        .bind(&event.rule)
        .bind(event.identity.class.name())
        .bind(&event.identity.claimed)
        .bind(event.identity.status.name())
        .bind(signals_text(event))
        .bind(event.request_id.map(|id| id.to_string()))
        .bind(&event.facts)
        .bind(bytes_column(event.bytes()))
        .execute(&mut **transaction)
        .await
        .map_err(|error| self.fault(error))?;
        Ok(())
    }

    fn read_event(&self, row: &SqliteRow) -> Result<StoredEvent, ReadError> {
        let row = Row { store: self, table: "events", row };
        let identity = IdentityRecord {
            class: row.word("identity_class", |name| name.parse().ok())?,
            claimed: row.get("identity_claimed")?,
            status: row.word("identity_status", parse_status)?,
        };
        let score: u8 = row.number("score")?;
        let event = Event {
            time: row.time("time")?,
            site: SiteId(row.number("site")?),
            client: row.word("client", parse_client)?,
            method: row.get("method")?,
            target: row.get("target")?,
            user_agent: row.get("user_agent")?,
            status: row.number_option("status")?,
            score: Score::new(score).map_err(|bad| row.bad("score", bad.0.to_string()))?,
            action: row.word("action", parse_action)?,
            enforced: row.word("enforced", parse_action)?,
            rule: row.get("rule")?,
            identity,
            signals: row.word("signals", |json| serde_json::from_str(json).ok())?,
            request_id: row.word_option("request_id", |text| text.parse().ok())?,
            facts: row.get("facts")?,
        };
        Ok(StoredEvent { id: EventId(row.id()?), tenant: row.tenant()?, event })
    }

    /// Numbers have no gaps when they are given, so the newest one tells which are too old to keep.
    async fn drop_oldest(
        &self,
        transaction: &mut Writing,
        tenant: TenantId,
        newest: i64,
    ) -> Result<(), Fault> {
        let gone = newest.saturating_sub(i64::try_from(self.limits.events_max).unwrap_or(i64::MAX));
        self.drop_up_to(transaction, tenant, gone).await?;
        let max = bytes_column(self.limits.events_bytes_max);
        loop {
            let excess = self.add_to(transaction, tenant, BYTES, 0).await? - max;
            if excess <= 0 {
                return Ok(());
            }
            let Some(gone) = self.oldest_worth(transaction, tenant, excess).await? else { return Ok(()) };
            self.drop_up_to(transaction, tenant, gone).await?;
        }
    }

    /// The number up to which the oldest events take `bytes`, or that of the last one looked at.
    async fn oldest_worth(
        &self,
        transaction: &mut Writing,
        tenant: TenantId,
        bytes: i64,
    ) -> Result<Option<i64>, Fault> {
        let oldest: Vec<(i64, i64)> =
            sqlx::query_as("SELECT id, bytes FROM events WHERE tenant = $1 ORDER BY id LIMIT $2")
                .bind(tenant_column(tenant))
                .bind(DROP_STEP)
                .fetch_all(&mut **transaction)
                .await
                .map_err(|error| self.fault(error))?;
        let mut sum = 0_i64;
        let worth = oldest.iter().find(|(_, bytes_of)| {
            sum = sum.saturating_add(*bytes_of);
            sum >= bytes
        });
        Ok(worth.or(oldest.last()).map(|(id, _)| *id))
    }

    async fn drop_up_to(&self, transaction: &mut Writing, tenant: TenantId, gone: i64) -> Result<(), Fault> {
        let freed: Vec<i64> =
            sqlx::query_scalar("DELETE FROM events WHERE tenant = $1 AND id <= $2 RETURNING bytes")
                .bind(tenant_column(tenant))
                .bind(gone)
                .fetch_all(&mut **transaction)
                .await
                .map_err(|error| self.fault(error))?;
        self.freed(transaction, tenant, &freed).await
    }

    async fn freed(&self, transaction: &mut Writing, tenant: TenantId, freed: &[i64]) -> Result<(), Fault> {
        if !freed.is_empty() {
            self.add_to(transaction, tenant, BYTES, -freed.iter().sum::<i64>()).await?;
        }
        Ok(())
    }

    async fn delete_step(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError> {
        let mut transaction = self.begin().await?;
        let freed: Vec<i64> = sqlx::query_scalar(
            "DELETE FROM events WHERE tenant = $1 AND id IN
                 (SELECT id FROM events WHERE tenant = $1 AND time < $2 ORDER BY time LIMIT $3)
             RETURNING bytes",
        )
        .bind(tenant_column(tenant))
        .bind(before.0)
        .bind(DELETE_STEP)
        .fetch_all(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        self.freed(&mut transaction, tenant, &freed).await?;
        self.commit(transaction).await?;
        Ok(freed.len() as u64)
    }

    async fn shorten_step(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError> {
        let mut transaction = self.begin().await?;
        let rows = sqlx::query(select!("facts", "AND time < $2 AND shortened = 0 ORDER BY time LIMIT $3"))
            .bind(tenant_column(tenant))
            .bind(before.0)
            .bind(SHORTEN_STEP)
            .fetch_all(&mut *transaction)
            .await
            .map_err(|error| self.fault(error))?;
        for row in &rows {
            let stored = self.read_event(row)?;
            self.put_shortened(&mut transaction, tenant, stored.id, &shorten_event(&stored.event)).await?;
        }
        self.commit(transaction).await?;
        Ok(rows.len() as u64)
    }

    async fn put_shortened(
        &self,
        transaction: &mut Writing,
        tenant: TenantId,
        id: EventId,
        event: &Event,
    ) -> Result<(), Fault> {
        sqlx::query(
            "UPDATE events SET client = $3, target = $4, signals = $5, facts = $6, shortened = 1
             WHERE tenant = $1 AND id = $2",
        )
        .bind(tenant_column(tenant))
        .bind(id.0)
        .bind(client_text(&event.client))
        .bind(&event.target)
        .bind(signals_text(event))
        .bind(&event.facts)
        .execute(&mut **transaction)
        .await
        .map_err(|error| self.fault(error))?;
        Ok(())
    }

    async fn first_seen(&self, tenant: TenantId, client: &str) -> Result<Option<Timestamp>, ReadError> {
        let first: Option<i64> =
            sqlx::query_scalar("SELECT MIN(time) FROM events WHERE tenant = $1 AND client = $2")
                .bind(tenant_column(tenant))
                .bind(client)
                .fetch_one(&self.readers)
                .await
                .map_err(|error| self.fault(error))?;
        Ok(first.map(Timestamp))
    }
}

fn signals_text(event: &Event) -> String {
    serde_json::to_string(&event.signals).expect("texts and numbers always serialise")
}

fn bytes_column(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[async_trait]
impl Events for SqliteStore {
    async fn append(&self, tenant: TenantId, events: &[Event]) -> Result<Vec<EventId>, WriteError> {
        let mut transaction = self.begin().await?;
        let last = self.take_ids(&mut transaction, tenant, "events", events.len()).await?;
        let first = last + 1 - events.len() as i64;
        let ids: Vec<_> = (first..=last).map(EventId).collect();
        let mut bytes = 0_u64;
        for (id, event) in ids.iter().zip(events) {
            let event = event.bounded();
            bytes += event.bytes();
            self.insert_event(&mut transaction, tenant, *id, &event).await?;
        }
        self.add_to(&mut transaction, tenant, BYTES, bytes_column(bytes)).await?;
        self.drop_oldest(&mut transaction, tenant, last).await?;
        self.commit(transaction).await?;
        Ok(ids)
    }

    async fn query(&self, tenant: TenantId, query: &EventQuery) -> Result<Vec<StoredEvent>, ReadError> {
        let sql = match &query.client {
            Some(_) => {
                select!(
                    "NULL",
                    "AND time >= $2 AND time < $3 AND client = $5 ORDER BY time DESC, id DESC LIMIT $4"
                )
            }
            None => select!("NULL", "AND time >= $2 AND time < $3 ORDER BY time DESC, id DESC LIMIT $4"),
        };
        let mut statement = sqlx::query(sql)
            .bind(tenant_column(tenant))
            .bind(query.from.0)
            .bind(query.until.0)
            .bind(query.rows() as i64);
        if let Some(client) = query.client.as_ref().map(Client::bounded) {
            statement = statement.bind(client_text(&client));
        }
        let rows = statement.fetch_all(&self.readers).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.read_event(row)).collect()
    }

    async fn export(
        &self,
        tenant: TenantId,
        from: EventId,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, ReadError> {
        let rows = sqlx::query(select!("facts", "AND id >= $2 ORDER BY id LIMIT $3"))
            .bind(tenant_column(tenant))
            .bind(from.0)
            .bind(limit.min(EXPORT_PAGE_MAX) as i64)
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.read_event(row)).collect()
    }

    async fn find_event(
        &self,
        tenant: TenantId,
        request: RequestId,
    ) -> Result<Option<StoredEvent>, ReadError> {
        let row = sqlx::query(select!("NULL", "AND request_id = $2 ORDER BY id DESC LIMIT 1"))
            .bind(tenant_column(tenant))
            .bind(request.to_string())
            .fetch_optional(&self.readers)
            .await
            .map_err(|error| self.fault(error))?;
        row.map(|row| self.read_event(&row)).transpose()
    }

    async fn reputation(
        &self,
        tenant: TenantId,
        client: &Client,
        bot_score: Score,
    ) -> Result<Option<Reputation>, ReadError> {
        let client = client_text(&client.bounded());
        let (requests, bots, scores, last): (i64, Option<i64>, Option<i64>, Option<i64>) = sqlx::query_as(
            "SELECT COUNT(*), SUM(CASE WHEN score >= $3 THEN 1 ELSE 0 END), SUM(score), MAX(time) FROM
                 (SELECT time, score FROM events WHERE tenant = $1 AND client = $2
                  ORDER BY time DESC, id DESC LIMIT $4) AS newest",
        )
        .bind(tenant_column(tenant))
        .bind(&client)
        .bind(i64::from(bot_score.value()))
        .bind(REPUTATION_EVENTS_MAX as i64)
        .fetch_one(&self.readers)
        .await
        .map_err(|error| self.fault(error))?;
        let Some(last_seen) = last.map(Timestamp) else { return Ok(None) };
        let first_seen = self.first_seen(tenant, &client).await?.unwrap_or(last_seen);
        Ok(Some(Reputation {
            requests: requests.unsigned_abs(),
            bot_requests: bots.unwrap_or(0).unsigned_abs(),
            mean_score: scores.unwrap_or(0) as f64 / requests.max(1) as f64,
            first_seen,
            last_seen,
        }))
    }

    async fn delete_before(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError> {
        let mut deleted = 0;
        loop {
            let step = self.delete_step(tenant, before).await?;
            deleted += step;
            if step < DELETE_STEP as u64 {
                return Ok(deleted);
            }
        }
    }

    async fn shorten_addresses(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError> {
        let mut shortened = 0;
        loop {
            let step = self.shorten_step(tenant, before).await?;
            shortened += step;
            if step < SHORTEN_STEP as u64 {
                return Ok(shortened);
            }
        }
    }

    async fn events_size(&self, tenant: TenantId) -> Result<EventsSize, ReadError> {
        let bytes = u64::try_from(self.counter(tenant, BYTES).await?).unwrap_or(0);
        Ok(EventsSize { events: self.count_events(tenant).await?, bytes })
    }

    async fn count_events(&self, tenant: TenantId) -> Result<u64, ReadError> {
        self.count("SELECT COUNT(*) FROM events WHERE tenant = $1", tenant).await
    }
}
