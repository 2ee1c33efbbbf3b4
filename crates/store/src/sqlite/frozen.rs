//! The frozen set in SQLite.

use async_trait::async_trait;
use palisade_domain::TenantId;
use sqlx::sqlite::SqliteRow;

use super::row::Row;
use super::{SqliteStore, tenant_column};
use crate::frozen::{from_bytes, to_bytes};
use crate::{Frozen, FrozenRow, LabelId, LabelVerdict, Page, ReadError, WriteError};

impl SqliteStore {
    fn read_frozen(&self, row: &SqliteRow) -> Result<(i64, FrozenRow), ReadError> {
        let row = Row { store: self, table: "frozen_rows", row };
        let values: &[u8] = row.get("feature_values")?;
        let frozen = FrozenRow {
            client: row.get("client")?,
            schema: row.get("schema_id")?,
            verdict: row.word("verdict", LabelVerdict::named)?,
            label: LabelId(row.get("label")?),
            vantage: row.get("vantage")?,
            requests: row.number("requests")?,
            by_rules: row.get::<f64>("by_rules")? as f32,
            values: from_bytes(values)
                .ok_or_else(|| row.bad("feature_values", format!("{} bytes", values.len())))?,
            created_at: row.time("created_at")?,
        };
        Ok((row.id()?, frozen))
    }
}

#[async_trait]
impl Frozen for SqliteStore {
    async fn add_frozen(&self, tenant: TenantId, rows: &[FrozenRow]) -> Result<usize, WriteError> {
        let mut transaction = self.begin().await?;
        let held: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM frozen_rows WHERE tenant = $1")
            .bind(tenant_column(tenant))
            .fetch_one(&mut *transaction)
            .await
            .map_err(|error| self.fault(error))?;
        let room = self.limits.frozen_rows_max.saturating_sub(usize::try_from(held).unwrap_or(0));
        let mut added = 0;
        for row in rows.iter().map(FrozenRow::bounded) {
            if added >= room {
                break;
            }
            let id = self.take_ids(&mut transaction, tenant, "frozen_rows", 1).await?;
            let made = sqlx::query(
                "INSERT INTO frozen_rows (tenant, id, client, schema_id, verdict, label, vantage, requests, by_rules,
                     feature_values, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                 ON CONFLICT (tenant, schema_id, client) DO NOTHING",
            )
            .bind(tenant_column(tenant))
            .bind(id)
            .bind(&row.client)
            .bind(&row.schema)
            .bind(row.verdict.name())
            .bind(row.label.0)
            .bind(&row.vantage)
            .bind(i64::from(row.requests))
            .bind(f64::from(row.by_rules))
            .bind(to_bytes(&row.values))
            .bind(row.created_at.0)
            .execute(&mut *transaction)
            .await
            .map_err(|error| self.fault(error))?;
            added += made.rows_affected() as usize;
        }
        self.commit(transaction).await?;
        Ok(added)
    }

    async fn frozen_rows(
        &self,
        tenant: TenantId,
        schema: &str,
        page: Page,
    ) -> Result<Vec<(i64, FrozenRow)>, ReadError> {
        let sql =
            "SELECT * FROM frozen_rows WHERE tenant = $1 AND id > $2 AND schema_id = $4 ORDER BY id LIMIT $3";
        let rows = sqlx::query(sql)
            .bind(tenant_column(tenant))
            .bind(page.after)
            .bind(page.rows() as i64)
            .bind(schema)
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.read_frozen(row)).collect()
    }

    async fn count_frozen(&self, tenant: TenantId) -> Result<u64, ReadError> {
        self.count("SELECT COUNT(*) FROM frozen_rows WHERE tenant = $1", tenant).await
    }
}
