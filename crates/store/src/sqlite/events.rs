//! Verdict events in SQLite.

use async_trait::async_trait;
use palisade_domain::{Score, SiteId, TenantId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use super::row::Row;
use super::{SqliteStore, tenant_column};
use crate::keys::{client_text, parse_client};
use crate::words::{action_text, parse_action, parse_status};
use crate::{
    Client, Event, EventId, EventQuery, Events, Fault, IdentityRecord, ReadError, StoredEvent, WriteError,
};

/// Rows deleted per transaction: other writers get their turn in between.
const DELETE_STEP: i64 = 10_000;

impl SqliteStore {
    async fn insert_event(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        tenant: TenantId,
        id: EventId,
        event: &Event,
    ) -> Result<(), Fault> {
        sqlx::query(
            "INSERT INTO events (tenant, id, time, site, client, method, target, user_agent, status, score,
                 action, enforced, rule, identity_class, identity_claimed, identity_status, signals)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
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
        .bind(serde_json::to_string(&event.signals).expect("texts and numbers always serialise"))
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
        };
        Ok(StoredEvent { id: EventId(row.id()?), tenant: row.tenant()?, event })
    }

    /// Numbers have no gaps when they are given, so the newest one tells which are too old to keep.
    async fn drop_oldest(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        tenant: TenantId,
        newest: i64,
    ) -> Result<(), Fault> {
        let gone = newest.saturating_sub(i64::try_from(self.limits.events_max).unwrap_or(i64::MAX));
        sqlx::query("DELETE FROM events WHERE tenant = $1 AND id <= $2")
            .bind(tenant_column(tenant))
            .bind(gone)
            .execute(&mut **transaction)
            .await
            .map_err(|error| self.fault(error))?;
        Ok(())
    }

    async fn delete_step(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError> {
        let mut transaction = self.begin().await?;
        let result = sqlx::query(
            "DELETE FROM events WHERE tenant = $1 AND id IN
                 (SELECT id FROM events WHERE tenant = $1 AND time < $2 ORDER BY time LIMIT $3)",
        )
        .bind(tenant_column(tenant))
        .bind(before.0)
        .bind(DELETE_STEP)
        .execute(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        self.commit(transaction).await?;
        Ok(result.rows_affected())
    }
}

#[async_trait]
impl Events for SqliteStore {
    async fn append(&self, tenant: TenantId, events: &[Event]) -> Result<Vec<EventId>, WriteError> {
        let mut transaction = self.begin().await?;
        let last = self.take_ids(&mut transaction, tenant, "events", events.len()).await?;
        let first = last + 1 - events.len() as i64;
        let ids: Vec<_> = (first..=last).map(EventId).collect();
        for (id, event) in ids.iter().zip(events) {
            self.insert_event(&mut transaction, tenant, *id, &event.bounded()).await?;
        }
        self.drop_oldest(&mut transaction, tenant, last).await?;
        self.commit(transaction).await?;
        Ok(ids)
    }

    async fn query(&self, tenant: TenantId, query: &EventQuery) -> Result<Vec<StoredEvent>, ReadError> {
        let sql = match &query.client {
            Some(_) => {
                "SELECT * FROM events WHERE tenant = $1 AND time >= $2 AND time < $3 AND client = $5
                 ORDER BY time DESC, id DESC LIMIT $4"
            }
            None => {
                "SELECT * FROM events WHERE tenant = $1 AND time >= $2 AND time < $3
                 ORDER BY time DESC, id DESC LIMIT $4"
            }
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

    async fn count_events(&self, tenant: TenantId) -> Result<u64, ReadError> {
        self.count("SELECT COUNT(*) FROM events WHERE tenant = $1", tenant).await
    }
}
