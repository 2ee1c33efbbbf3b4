//! The queue of slow opinions in SQLite.

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};
use sqlx::sqlite::SqliteRow;

use super::row::Row;
use super::{SqliteStore, tenant_column};
use crate::bounds::{ESCALATION_ATTEMPTS_MAX, EXPORT_PAGE_MAX};
use crate::escalation::checked;
use crate::{AfterFailure, Escalation, EscalationId, Escalations, ReadError, Watched, WriteError};

impl SqliteStore {
    fn read_escalation(&self, row: &SqliteRow) -> Result<Escalation, ReadError> {
        let row = Row { store: self, table: "escalations", row };
        Ok(Escalation {
            id: EscalationId(row.id()?),
            kind: row.get("kind")?,
            payload: row.get("payload")?,
            created_at: row.time("created_at")?,
            attempts: row.number("attempts")?,
        })
    }

    /// Looks first without the write lock: an idle worker asks often.
    async fn has_free(&self, tenant: TenantId, kind: &str, now: Timestamp) -> Result<bool, ReadError> {
        let one: Option<i64> = sqlx::query_scalar(
            "SELECT id FROM escalations WHERE tenant = $1 AND kind = $2 AND free_at <= $3 LIMIT 1",
        )
        .bind(tenant_column(tenant))
        .bind(kind)
        .bind(now.0)
        .fetch_optional(&self.readers)
        .await
        .map_err(|error| self.fault(error))?;
        Ok(one.is_some())
    }
}

#[async_trait]
impl Escalations for SqliteStore {
    async fn put_escalation(
        &self,
        tenant: TenantId,
        kind: &str,
        payload: &str,
        now: Timestamp,
    ) -> Result<EscalationId, WriteError> {
        let (kind, payload) = checked(kind, payload)?;
        let mut transaction = self.begin().await?;
        let id = self.take_ids(&mut transaction, tenant, "escalations", 1).await?;
        sqlx::query(
            "INSERT INTO escalations (tenant, id, kind, payload, created_at, attempts, free_at)
             VALUES ($1, $2, $3, $4, $5, 0, $6)",
        )
        .bind(tenant_column(tenant))
        .bind(id)
        .bind(kind)
        .bind(payload)
        .bind(now.0)
        .bind(i64::MIN)
        .execute(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        let (rows, max) = ("SELECT COUNT(*) FROM escalations WHERE tenant = $1", self.limits.escalations_max);
        self.refuse_above(&mut transaction, rows, tenant, "escalations", max).await?;
        self.changed(&mut transaction, tenant, Watched::Escalations).await?;
        self.commit(transaction).await?;
        Ok(EscalationId(id))
    }

    async fn take_escalations(
        &self,
        tenant: TenantId,
        kind: &str,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Escalation>, WriteError> {
        if !self.has_free(tenant, kind, now).await? {
            return Ok(Vec::new());
        }
        let mut transaction = self.begin().await?;
        sqlx::query(
            "DELETE FROM escalations WHERE tenant = $1 AND kind = $2 AND free_at <= $3 AND attempts >= $4",
        )
        .bind(tenant_column(tenant))
        .bind(kind)
        .bind(now.0)
        .bind(i64::from(ESCALATION_ATTEMPTS_MAX))
        .execute(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        let rows = sqlx::query(
            "UPDATE escalations SET attempts = attempts + 1, free_at = $4 WHERE tenant = $1 AND id IN
                 (SELECT id FROM escalations WHERE tenant = $1 AND kind = $2 AND free_at <= $3
                  ORDER BY id LIMIT $5)
             RETURNING *",
        )
        .bind(tenant_column(tenant))
        .bind(kind)
        .bind(now.0)
        .bind(lease_until.0)
        .bind(limit.min(EXPORT_PAGE_MAX) as i64)
        .fetch_all(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        let mut taken: Vec<_> = rows.iter().map(|row| self.read_escalation(row)).collect::<Result<_, _>>()?;
        taken.sort_by_key(|item| item.id);
        self.commit(transaction).await?;
        Ok(taken)
    }

    async fn escalation_done(&self, tenant: TenantId, id: EscalationId) -> Result<bool, WriteError> {
        let mut transaction = self.begin().await?;
        let sql = "DELETE FROM escalations WHERE tenant = $1 AND id = $2";
        let deleted = self.delete(&mut transaction, sql, tenant, id.0).await?;
        self.commit(transaction).await?;
        Ok(deleted > 0)
    }

    async fn escalation_failed(
        &self,
        tenant: TenantId,
        taken: &Escalation,
        retry_at: Timestamp,
    ) -> Result<AfterFailure, WriteError> {
        let mut transaction = self.begin().await?;
        let (sql, after) = if taken.attempts >= ESCALATION_ATTEMPTS_MAX {
            let sql = "DELETE FROM escalations WHERE tenant = $1 AND id = $2 AND attempts = $3";
            (sql, AfterFailure::GivenUp)
        } else {
            let sql = "UPDATE escalations SET free_at = $4 WHERE tenant = $1 AND id = $2 AND attempts = $3";
            (sql, AfterFailure::Retried)
        };
        let mut statement =
            sqlx::query(sql).bind(tenant_column(tenant)).bind(taken.id.0).bind(i64::from(taken.attempts));
        if after == AfterFailure::Retried {
            statement = statement.bind(retry_at.0);
        }
        let result = statement.execute(&mut *transaction).await.map_err(|error| self.fault(error))?;
        self.commit(transaction).await?;
        Ok(if result.rows_affected() > 0 { after } else { AfterFailure::NotOurs })
    }

    async fn delete_escalations_before(
        &self,
        tenant: TenantId,
        before: Timestamp,
    ) -> Result<u64, WriteError> {
        let mut transaction = self.begin().await?;
        let sql = "DELETE FROM escalations WHERE tenant = $1 AND created_at < $2";
        let deleted = self.delete(&mut transaction, sql, tenant, before.0).await?;
        self.commit(transaction).await?;
        Ok(deleted)
    }

    async fn count_escalations(&self, tenant: TenantId) -> Result<u64, ReadError> {
        self.count("SELECT COUNT(*) FROM escalations WHERE tenant = $1", tenant).await
    }
}
