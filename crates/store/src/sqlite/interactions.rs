//! Interactions in SQLite.

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};
use sqlx::sqlite::SqliteRow;

use super::row::Row;
use super::{SqliteStore, Writing, tenant_column};
use crate::interaction::rows;
use crate::{
    Fault, InteractionId, InteractionSource, Interactions, InteractionsSize, LabelVerdict, NewInteraction,
    Page, ReadError, StoredInteraction, WriteError,
};

/// Rows deleted per transaction: other writers get their turn in between.
const DELETE_STEP: i64 = 1_000;
/// The oldest rows looked at in one go when they take too much.
const DROP_STEP: i64 = 256;
/// The counter of what they take.
const BYTES: &str = "interactions.bytes";

impl SqliteStore {
    fn read_interaction(&self, row: &SqliteRow) -> Result<StoredInteraction, ReadError> {
        let row = Row { store: self, table: "interactions", row };
        let interaction = NewInteraction {
            id: row.word("name", |text| text.parse().ok())?,
            time: row.time("time")?,
            data: row.get("data")?,
            label: row.word_option("label", LabelVerdict::named)?,
            source: row.word("source", InteractionSource::named)?,
            score: row.get("score")?,
        };
        Ok(StoredInteraction { number: row.id()?, tenant: row.tenant()?, interaction })
    }

    /// Numbers have no gaps when they are given, so the newest one tells which are too old to keep.
    async fn drop_oldest_interactions(
        &self,
        transaction: &mut Writing,
        tenant: TenantId,
        newest: i64,
    ) -> Result<(), Fault> {
        let gone = newest.saturating_sub(i64::try_from(self.limits.interactions_max).unwrap_or(i64::MAX));
        self.drop_interactions_up_to(transaction, tenant, gone).await?;
        let max = i64::try_from(self.limits.interactions_bytes_max).unwrap_or(i64::MAX);
        loop {
            let mut excess = self.add_to(transaction, tenant, BYTES, 0).await? - max;
            if excess <= 0 {
                return Ok(());
            }
            let oldest: Vec<(i64, i64)> =
                sqlx::query_as("SELECT id, bytes FROM interactions WHERE tenant = $1 ORDER BY id LIMIT $2")
                    .bind(tenant_column(tenant))
                    .bind(DROP_STEP)
                    .fetch_all(&mut **transaction)
                    .await
                    .map_err(|error| self.fault(error))?;
            let worth = oldest.iter().find(|(_, bytes)| {
                excess -= bytes;
                excess <= 0
            });
            let Some((gone, _)) = worth.or(oldest.last()) else { return Ok(()) };
            self.drop_interactions_up_to(transaction, tenant, *gone).await?;
        }
    }

    async fn drop_interactions_up_to(
        &self,
        transaction: &mut Writing,
        tenant: TenantId,
        gone: i64,
    ) -> Result<(), Fault> {
        let freed: Vec<i64> =
            sqlx::query_scalar("DELETE FROM interactions WHERE tenant = $1 AND id <= $2 RETURNING bytes")
                .bind(tenant_column(tenant))
                .bind(gone)
                .fetch_all(&mut **transaction)
                .await
                .map_err(|error| self.fault(error))?;
        self.interactions_freed(transaction, tenant, &freed).await
    }

    async fn interactions_freed(
        &self,
        transaction: &mut Writing,
        tenant: TenantId,
        freed: &[i64],
    ) -> Result<(), Fault> {
        if !freed.is_empty() {
            self.add_to(transaction, tenant, BYTES, -freed.iter().sum::<i64>()).await?;
        }
        Ok(())
    }

    async fn delete_interactions_step(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError> {
        let mut transaction = self.begin().await?;
        let freed: Vec<i64> = sqlx::query_scalar(
            "DELETE FROM interactions WHERE tenant = $1 AND id IN
                 (SELECT id FROM interactions WHERE tenant = $1 AND time < $2 ORDER BY time LIMIT $3)
             RETURNING bytes",
        )
        .bind(tenant_column(tenant))
        .bind(before.0)
        .bind(DELETE_STEP)
        .fetch_all(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        self.interactions_freed(&mut transaction, tenant, &freed).await?;
        self.commit(transaction).await?;
        Ok(freed.len() as u64)
    }
}

#[async_trait]
impl Interactions for SqliteStore {
    async fn add_interaction(&self, tenant: TenantId, new: &NewInteraction) -> Result<bool, WriteError> {
        new.check()?;
        let new = new.bounded();
        let bytes = i64::try_from(new.bytes()).unwrap_or(i64::MAX);
        let mut transaction = self.begin().await?;
        let number = self.take_ids(&mut transaction, tenant, "interactions", 1).await?;
        let made = sqlx::query(
            "INSERT INTO interactions (tenant, id, name, time, data, label, source, score, bytes)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant, name) DO NOTHING",
        )
        .bind(tenant_column(tenant))
        .bind(number)
        .bind(new.id.to_string())
        .bind(new.time.0)
        .bind(&new.data)
        .bind(new.label.map(LabelVerdict::name))
        .bind(new.source.name())
        .bind(new.score)
        .bind(bytes)
        .execute(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        if made.rows_affected() == 0 {
            // Its number goes back with the transaction.
            return Ok(false);
        }
        self.add_to(&mut transaction, tenant, BYTES, bytes).await?;
        self.drop_oldest_interactions(&mut transaction, tenant, number).await?;
        self.commit(transaction).await?;
        Ok(true)
    }

    async fn label_interaction(
        &self,
        tenant: TenantId,
        id: InteractionId,
        label: LabelVerdict,
    ) -> Result<bool, WriteError> {
        let mut transaction = self.begin().await?;
        let changed = sqlx::query("UPDATE interactions SET label = $3 WHERE tenant = $1 AND name = $2")
            .bind(tenant_column(tenant))
            .bind(id.to_string())
            .bind(label.name())
            .execute(&mut *transaction)
            .await
            .map_err(|error| self.fault(error))?;
        self.commit(transaction).await?;
        Ok(changed.rows_affected() > 0)
    }

    async fn interaction(
        &self,
        tenant: TenantId,
        id: InteractionId,
    ) -> Result<Option<StoredInteraction>, ReadError> {
        let row = sqlx::query("SELECT * FROM interactions WHERE tenant = $1 AND name = $2")
            .bind(tenant_column(tenant))
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await
            .map_err(|error| self.fault(error))?;
        row.map(|row| self.read_interaction(&row)).transpose()
    }

    async fn interactions(&self, tenant: TenantId, page: Page) -> Result<Vec<StoredInteraction>, ReadError> {
        let sql = "SELECT * FROM interactions WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";
        let page = Page { limit: rows(page), ..page };
        let rows = self.page(sql, tenant, page).await?;
        rows.iter().map(|row| self.read_interaction(row)).collect()
    }

    async fn delete_interactions_before(
        &self,
        tenant: TenantId,
        before: Timestamp,
    ) -> Result<u64, WriteError> {
        let mut deleted = 0;
        loop {
            let step = self.delete_interactions_step(tenant, before).await?;
            deleted += step;
            if step < DELETE_STEP as u64 {
                return Ok(deleted);
            }
        }
    }

    async fn interactions_size(&self, tenant: TenantId) -> Result<InteractionsSize, ReadError> {
        let labelled = "SELECT COUNT(*) FROM interactions WHERE tenant = $1 AND label IS NOT NULL";
        Ok(InteractionsSize {
            interactions: self.count("SELECT COUNT(*) FROM interactions WHERE tenant = $1", tenant).await?,
            labelled: self.count(labelled, tenant).await?,
            bytes: u64::try_from(self.counter(tenant, BYTES).await?).unwrap_or(0),
        })
    }
}
