//! API keys in SQLite.

use async_trait::async_trait;
use palisade_domain::TenantId;
use sqlx::sqlite::SqliteRow;

use super::row::Row;
use super::{SqliteStore, tenant_column};
use crate::{ApiKey, KeyHash, KeyId, KeyRecord, Keys, NewKey, Page, ReadError, Watched, WriteError, codec};

impl SqliteStore {
    fn read_key(&self, row: &SqliteRow) -> Result<KeyRecord, ReadError> {
        let row = Row { store: self, table: "api_keys", row };
        Ok(KeyRecord {
            id: KeyId(row.id()?),
            tenant: row.tenant()?,
            name: row.get("name")?,
            scopes: row.word("scopes", |text| text.parse().ok())?,
            created_at: row.time("created_at")?,
            last_chars: row.get("last_chars")?,
            hash: row.word("hash", |text| codec::hash_from_hex(text).map(KeyHash))?,
        })
    }
}

#[async_trait]
impl Keys for SqliteStore {
    async fn create_key(
        &self,
        tenant: TenantId,
        key: &ApiKey,
        new: &NewKey,
    ) -> Result<KeyRecord, WriteError> {
        let mut transaction = self.begin().await?;
        let old = sqlx::query("SELECT * FROM api_keys WHERE tenant = $1 AND hash = $2")
            .bind(tenant_column(tenant))
            .bind(codec::hex(&key.hash().0))
            .fetch_optional(&mut *transaction)
            .await
            .map_err(|error| self.fault(error))?;
        if let Some(old) = old {
            return Ok(self.read_key(&old)?);
        }
        let id = self.take_ids(&mut transaction, tenant, "api_keys", 1).await?;
        let record = KeyRecord::made(KeyId(id), tenant, key, new);
        sqlx::query(
            "INSERT INTO api_keys (tenant, id, hash, name, scopes, last_chars, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(tenant_column(tenant))
        .bind(id)
        .bind(codec::hex(&record.hash.0))
        .bind(&record.name)
        .bind(record.scopes.to_string())
        .bind(&record.last_chars)
        .bind(record.created_at.0)
        .execute(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        let (rows, max) = ("SELECT COUNT(*) FROM api_keys WHERE tenant = $1", self.limits.keys_max);
        self.refuse_above(&mut transaction, rows, tenant, "API keys", max).await?;
        self.changed(&mut transaction, tenant, Watched::Keys).await?;
        self.commit(transaction).await?;
        Ok(record)
    }

    async fn keys(&self, tenant: TenantId) -> Result<Vec<KeyRecord>, ReadError> {
        let sql = "SELECT * FROM api_keys WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";
        let rows = self.page(sql, tenant, Page::FIRST).await?;
        rows.iter().map(|row| self.read_key(row)).collect()
    }

    async fn revoke_key(&self, tenant: TenantId, id: KeyId) -> Result<bool, WriteError> {
        let mut transaction = self.begin().await?;
        let sql = "DELETE FROM api_keys WHERE tenant = $1 AND id = $2";
        let deleted = self.delete(&mut transaction, sql, tenant, id.0).await?;
        let revoked = deleted > 0;
        if revoked {
            self.changed(&mut transaction, tenant, Watched::Keys).await?;
        }
        self.commit(transaction).await?;
        Ok(revoked)
    }

    async fn find_key(&self, tenant: TenantId, hash: &KeyHash) -> Result<Option<KeyRecord>, ReadError> {
        let row = sqlx::query("SELECT * FROM api_keys WHERE tenant = $1 AND hash = $2")
            .bind(tenant_column(tenant))
            .bind(codec::hex(&hash.0))
            .fetch_optional(&self.readers)
            .await
            .map_err(|error| self.fault(error))?;
        row.map(|row| self.read_key(&row)).transpose()
    }
}
