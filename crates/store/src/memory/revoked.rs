//! Revoked passes in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use super::MemoryStore;
use crate::bounds::REVOKED_PASSES_MAX;
use crate::{ReadError, RevokedPass, RevokedPasses, Watched, WriteError};

/// By tenant and id: until when.
#[derive(Debug, Default)]
pub(super) struct Table(BTreeMap<(TenantId, u128), Timestamp>);

impl Table {
    fn of_tenant(&self, tenant: TenantId) -> impl Iterator<Item = RevokedPass> {
        let range = self.0.range((tenant, 0)..=(tenant, u128::MAX));
        range.map(|((_, id), until)| RevokedPass { id: *id, until: *until })
    }
}

#[async_trait]
impl RevokedPasses for MemoryStore {
    async fn revoke_pass(
        &self,
        tenant: TenantId,
        pass: RevokedPass,
        now: Timestamp,
    ) -> Result<(), WriteError> {
        let mut tables = self.tables();
        tables.revoked.0.retain(|(of, _), until| *of != tenant || *until > now);
        let (max, held) = (REVOKED_PASSES_MAX, tables.revoked.of_tenant(tenant).count());
        if held >= max && !tables.revoked.0.contains_key(&(tenant, pass.id)) {
            return Err(WriteError::Full { what: "revoked passes", max });
        }
        tables.revoked.0.insert((tenant, pass.id), pass.until);
        tables.changed(tenant, Watched::Passes);
        Ok(())
    }

    async fn revoked_passes(&self, tenant: TenantId) -> Result<Vec<RevokedPass>, ReadError> {
        Ok(self.tables().revoked.of_tenant(tenant).collect())
    }
}
