//! Revoked passes in SQLite.

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use super::row::Row;
use super::{SqliteStore, tenant_column};
use crate::bounds::REVOKED_PASSES_MAX;
use crate::{ReadError, RevokedPass, RevokedPasses, Watched, WriteError};

#[async_trait]
impl RevokedPasses for SqliteStore {
    async fn revoke_pass(
        &self,
        tenant: TenantId,
        pass: RevokedPass,
        now: Timestamp,
    ) -> Result<(), WriteError> {
        let mut transaction = self.begin().await?;
        let over = "DELETE FROM revoked_passes WHERE tenant = $1 AND until <= $2";
        self.delete(&mut transaction, over, tenant, now.0).await?;
        sqlx::query(
            "INSERT INTO revoked_passes (tenant, pass, until) VALUES ($1, $2, $3)
             ON CONFLICT (tenant, pass) DO UPDATE SET until = excluded.until",
        )
        .bind(tenant_column(tenant))
        .bind(format!("{:032x}", pass.id))
        .bind(pass.until.0)
        .execute(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        let rows = "SELECT COUNT(*) FROM revoked_passes WHERE tenant = $1";
        self.refuse_above(&mut transaction, rows, tenant, "revoked passes", REVOKED_PASSES_MAX).await?;
        self.changed(&mut transaction, tenant, Watched::Passes).await?;
        self.commit(transaction).await?;
        Ok(())
    }

    async fn revoked_passes(&self, tenant: TenantId) -> Result<Vec<RevokedPass>, ReadError> {
        let sql = "SELECT pass, until FROM revoked_passes WHERE tenant = $1 ORDER BY pass LIMIT $2";
        let rows = sqlx::query(sql)
            .bind(tenant_column(tenant))
            .bind(REVOKED_PASSES_MAX as i64)
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.fault(error))?;
        rows.iter()
            .map(|row| {
                let row = Row { store: self, table: "revoked_passes", row };
                let id = |text: &str| u128::from_str_radix(text, 16).ok();
                Ok(RevokedPass { id: row.word("pass", id)?, until: row.time("until")? })
            })
            .collect()
    }
}
