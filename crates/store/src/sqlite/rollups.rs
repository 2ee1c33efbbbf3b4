//! Roll-ups in SQLite.

use async_trait::async_trait;
use palisade_domain::{SiteId, TenantId, Timestamp};
use sqlx::sqlite::SqliteRow;

use super::row::Row;
use super::{SqliteStore, Writing, tenant_column};
use crate::bounds::PAGE_MAX;
use crate::{ActionName, Fault, ReadError, Rollup, RollupQuery, RollupSum, Rollups, WriteError};

impl SqliteStore {
    fn read_rollup(&self, row: &SqliteRow) -> Result<Rollup, ReadError> {
        let row = Row { store: self, table: "rollups", row };
        Ok(Rollup {
            minute: row.time("minute")?,
            site: SiteId(row.number("site")?),
            action: row.word("action", ActionName::named)?,
            class: row.word("class", |name| name.parse().ok())?,
            requests: row.number("requests")?,
            bots: row.number("bots")?,
        })
    }

    async fn add_rollup(
        &self,
        transaction: &mut Writing,
        tenant: TenantId,
        row: &Rollup,
    ) -> Result<(), Fault> {
        let column = |count| i64::try_from(count).unwrap_or(i64::MAX);
        sqlx::query(
            "INSERT INTO rollups (tenant, minute, site, action, class, requests, bots)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (tenant, minute, site, action, class) DO UPDATE SET
                 requests = rollups.requests + excluded.requests, bots = rollups.bots + excluded.bots",
        )
        .bind(tenant_column(tenant))
        .bind(row.beginning().0)
        .bind(i64::from(row.site.0))
        .bind(row.action.as_str())
        .bind(row.class.name())
        .bind(column(row.requests))
        .bind(column(row.bots))
        .execute(&mut **transaction)
        .await
        .map_err(|error| self.fault(error))?;
        Ok(())
    }

    /// Whole minutes go, the oldest first, until the rest is within the bound.
    async fn drop_oldest_minutes(&self, transaction: &mut Writing, tenant: TenantId) -> Result<(), Fault> {
        let max = i64::try_from(self.limits.rollups_max).unwrap_or(i64::MAX);
        // The newest row beyond the bound: its minute and everything before it go.
        let beyond: Option<i64> = sqlx::query_scalar(
            "SELECT minute FROM rollups WHERE tenant = $1 ORDER BY minute DESC LIMIT 1 OFFSET $2",
        )
        .bind(tenant_column(tenant))
        .bind(max)
        .fetch_optional(&mut **transaction)
        .await
        .map_err(|error| self.fault(error))?;
        let Some(minute) = beyond else { return Ok(()) };
        sqlx::query("DELETE FROM rollups WHERE tenant = $1 AND minute <= $2")
            .bind(tenant_column(tenant))
            .bind(minute)
            .execute(&mut **transaction)
            .await
            .map_err(|error| self.fault(error))?;
        Ok(())
    }

    async fn asked_rollups(
        &self,
        sql: &'static str,
        tenant: TenantId,
        query: RollupQuery,
    ) -> Result<Vec<Rollup>, ReadError> {
        let rows = sqlx::query(sql)
            .bind(tenant_column(tenant))
            .bind(query.from.0)
            .bind(query.until.0)
            .bind(query.site.map(|site| i64::from(site.0)))
            .bind(PAGE_MAX as i64)
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.read_rollup(row)).collect()
    }
}

#[async_trait]
impl Rollups for SqliteStore {
    async fn add_rollups(&self, tenant: TenantId, rows: &[Rollup]) -> Result<(), WriteError> {
        let mut transaction = self.begin().await?;
        for row in rows {
            self.add_rollup(&mut transaction, tenant, row).await?;
        }
        self.drop_oldest_minutes(&mut transaction, tenant).await?;
        Ok(self.commit(transaction).await?)
    }

    async fn rollups(&self, tenant: TenantId, query: RollupQuery) -> Result<Vec<Rollup>, ReadError> {
        let sql = "SELECT * FROM rollups WHERE tenant = $1 AND minute >= $2 AND minute < $3
                       AND ($4 IS NULL OR site = $4)
                   ORDER BY minute, site, action, class LIMIT $5";
        self.asked_rollups(sql, tenant, query).await
    }

    async fn rollup_sums(&self, tenant: TenantId, query: RollupQuery) -> Result<Vec<RollupSum>, ReadError> {
        let sql =
            "SELECT site, action, class, MIN(minute) AS minute, SUM(requests) AS requests, SUM(bots) AS bots
                   FROM rollups WHERE tenant = $1 AND minute >= $2 AND minute < $3
                       AND ($4 IS NULL OR site = $4)
                   GROUP BY site, action, class ORDER BY site, action, class LIMIT $5";
        self.asked_rollups(sql, tenant, query).await
    }

    async fn delete_rollups_before(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError> {
        let mut transaction = self.begin().await?;
        let sql = "DELETE FROM rollups WHERE tenant = $1 AND minute < $2";
        let deleted = self.delete(&mut transaction, sql, tenant, before.0).await?;
        self.commit(transaction).await?;
        Ok(deleted)
    }
}
