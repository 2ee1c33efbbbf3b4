//! Site keys in SQLite.

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};
use sqlx::sqlite::SqliteRow;

use super::row::Row;
use super::{SqliteStore, tenant_column};
use crate::{
    KeyHash, KeyId, NewSiteKey, Page, ReadError, SiteKeyRecord, SiteKeys, Watched, WriteError, codec,
};

fn hash(text: &str) -> Option<KeyHash> {
    codec::hash_from_hex(text).map(KeyHash)
}

impl SqliteStore {
    fn read_site_key(&self, row: &SqliteRow) -> Result<SiteKeyRecord, ReadError> {
        let row = Row { store: self, table: "site_keys", row };
        let hostnames: &str = row.get("hostnames")?;
        let until: Option<i64> = row.get("previous_until")?;
        Ok(SiteKeyRecord {
            id: KeyId(row.id()?),
            tenant: row.tenant()?,
            key: row.get("site_key")?,
            name: row.get("name")?,
            hostnames: hostnames.split_ascii_whitespace().map(str::to_owned).collect(),
            secret: row.word("secret", hash)?,
            previous: row.word_option("previous", hash)?.zip(until.map(Timestamp)),
            created_at: row.time("created_at")?,
        })
    }
}

#[async_trait]
impl SiteKeys for SqliteStore {
    async fn create_site_key(&self, tenant: TenantId, new: &NewSiteKey) -> Result<SiteKeyRecord, WriteError> {
        let mut transaction = self.begin().await?;
        let old = sqlx::query("SELECT * FROM site_keys WHERE tenant = $1 AND site_key = $2")
            .bind(tenant_column(tenant))
            .bind(&new.key)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(|error| self.fault(error))?;
        if let Some(old) = old {
            return Ok(self.read_site_key(&old)?);
        }
        let id = self.take_ids(&mut transaction, tenant, "api_keys", 1).await?;
        let record = SiteKeyRecord::made(KeyId(id), tenant, new)?;
        sqlx::query(
            "INSERT INTO site_keys (tenant, id, site_key, name, hostnames, secret, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(tenant_column(tenant))
        .bind(id)
        .bind(&record.key)
        .bind(&record.name)
        .bind(record.hostnames.join(" "))
        .bind(codec::hex(&record.secret.0))
        .bind(record.created_at.0)
        .execute(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        let (rows, max) = ("SELECT COUNT(*) FROM site_keys WHERE tenant = $1", self.limits.keys_max);
        self.refuse_above(&mut transaction, rows, tenant, "site keys", max).await?;
        self.changed(&mut transaction, tenant, Watched::SiteKeys).await?;
        self.commit(transaction).await?;
        Ok(record)
    }

    async fn site_keys(&self, tenant: TenantId) -> Result<Vec<SiteKeyRecord>, ReadError> {
        let sql = "SELECT * FROM site_keys WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";
        let rows = self.page(sql, tenant, Page::FIRST).await?;
        rows.iter().map(|row| self.read_site_key(row)).collect()
    }

    async fn rotate_site_secret(
        &self,
        tenant: TenantId,
        id: KeyId,
        secret: &KeyHash,
        until: Timestamp,
    ) -> Result<bool, WriteError> {
        let mut transaction = self.begin().await?;
        // The right-hand sides are what the row held before.
        let done = sqlx::query(
            "UPDATE site_keys SET previous = secret, previous_until = $3, secret = $4 WHERE tenant = $1 AND id = $2",
        )
        .bind(tenant_column(tenant))
        .bind(id.0)
        .bind(until.0)
        .bind(codec::hex(&secret.0))
        .execute(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        let rotated = done.rows_affected() > 0;
        if rotated {
            self.changed(&mut transaction, tenant, Watched::SiteKeys).await?;
        }
        self.commit(transaction).await?;
        Ok(rotated)
    }

    async fn revoke_site_key(&self, tenant: TenantId, id: KeyId) -> Result<bool, WriteError> {
        let mut transaction = self.begin().await?;
        let sql = "DELETE FROM site_keys WHERE tenant = $1 AND id = $2";
        let revoked = self.delete(&mut transaction, sql, tenant, id.0).await? > 0;
        if revoked {
            self.changed(&mut transaction, tenant, Watched::SiteKeys).await?;
        }
        self.commit(transaction).await?;
        Ok(revoked)
    }
}
