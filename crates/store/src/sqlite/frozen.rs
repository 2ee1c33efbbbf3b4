//! The frozen set in SQLite.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use palisade_domain::TenantId;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::row::Row;
use super::{Fault, SqliteStore, Writing, tenant_column};
use crate::frozen::{from_bytes, to_bytes};
use crate::{Frozen, FrozenRow, LabelId, LabelVerdict, Page, ReadError, WriteError};

/// Lists of names by their numbers.
type Lists = BTreeMap<i64, Arc<[String]>>;

impl SqliteStore {
    fn read_frozen(&self, row: &SqliteRow, lists: &Lists) -> Result<(i64, FrozenRow), ReadError> {
        let row = Row { store: self, table: "frozen_rows", row };
        let values: &[u8] = row.get("feature_values")?;
        let features = match row.get("features")? {
            0 => Arc::default(),
            list => lists.get(&list).cloned().ok_or_else(|| row.bad("features", format!("list {list}")))?,
        };
        let frozen = FrozenRow {
            client: row.get("client")?,
            schema: row.get("schema_id")?,
            verdict: row.word("verdict", LabelVerdict::named)?,
            label: LabelId(row.get("label")?),
            vantage: row.get("vantage")?,
            requests: row.number("requests")?,
            by_rules: row.get::<f64>("by_rules")? as f32,
            features,
            values: from_bytes(values)
                .ok_or_else(|| row.bad("feature_values", format!("{} bytes", values.len())))?,
            created_at: row.time("created_at")?,
        };
        Ok((row.id()?, frozen))
    }

    /// The number of a list of names; it is put in where it is new.
    async fn list_of_features(
        &self,
        transaction: &mut Writing,
        tenant: TenantId,
        names: &[String],
    ) -> Result<i64, Fault> {
        if names.is_empty() {
            return Ok(0);
        }
        let names = serde_json::Value::from(names).to_string();
        let known = sqlx::query_scalar("SELECT id FROM frozen_features WHERE tenant = $1 AND names = $2")
            .bind(tenant_column(tenant))
            .bind(&names)
            .fetch_optional(&mut **transaction)
            .await
            .map_err(|error| self.fault(error))?;
        if let Some(id) = known {
            return Ok(id);
        }
        // Those that no row has any more go first, so that releases do not pile up.
        let unused = "DELETE FROM frozen_features WHERE tenant = $1
             AND id NOT IN (SELECT features FROM frozen_rows WHERE tenant = $1)";
        sqlx::query(unused)
            .bind(tenant_column(tenant))
            .execute(&mut **transaction)
            .await
            .map_err(|error| self.fault(error))?;
        let id = self.take_ids(transaction, tenant, "frozen_features", 1).await?;
        sqlx::query("INSERT INTO frozen_features (tenant, id, names) VALUES ($1, $2, $3)")
            .bind(tenant_column(tenant))
            .bind(id)
            .bind(&names)
            .execute(&mut **transaction)
            .await
            .map_err(|error| self.fault(error))?;
        Ok(id)
    }

    async fn lists_of_features(
        &self,
        reading: &mut SqliteConnection,
        tenant: TenantId,
    ) -> Result<Lists, ReadError> {
        let rows = sqlx::query("SELECT id, names FROM frozen_features WHERE tenant = $1")
            .bind(tenant_column(tenant))
            .fetch_all(reading)
            .await
            .map_err(|error| self.fault(error))?;
        let read = |row: &SqliteRow| {
            let row = Row { store: self, table: "frozen_features", row };
            let names: Vec<String> = serde_json::from_str(row.get("names")?)
                .map_err(|error| row.bad("names", error.to_string()))?;
            Ok((row.id()?, names.into()))
        };
        rows.iter().map(read).collect()
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
        let mut list: Option<(Arc<[String]>, i64)> = None;
        for row in rows.iter().map(FrozenRow::bounded) {
            if added >= room {
                break;
            }
            let features = match &list {
                Some((names, number)) if *names == row.features => *number,
                _ => self.list_of_features(&mut transaction, tenant, &row.features).await?,
            };
            list = Some((Arc::clone(&row.features), features));
            let id = self.take_ids(&mut transaction, tenant, "frozen_rows", 1).await?;
            let made = sqlx::query(
                "INSERT INTO frozen_rows (tenant, id, client, schema_id, verdict, label, vantage, requests, by_rules,
                     feature_values, created_at, features)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
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
            .bind(features)
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
        // Rows and lists of one moment: a list goes with the last row that has it.
        let mut reading = self.readers.begin().await.map_err(|error| self.fault(error))?;
        let rows = sqlx::query(sql)
            .bind(tenant_column(tenant))
            .bind(page.after)
            .bind(page.rows() as i64)
            .bind(schema)
            .fetch_all(&mut *reading)
            .await
            .map_err(|error| self.fault(error))?;
        let lists = self.lists_of_features(&mut reading, tenant).await?;
        rows.iter().map(|row| self.read_frozen(row, &lists)).collect()
    }

    async fn count_frozen(&self, tenant: TenantId) -> Result<u64, ReadError> {
        self.count("SELECT COUNT(*) FROM frozen_rows WHERE tenant = $1", tenant).await
    }
}
