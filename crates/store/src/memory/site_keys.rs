//! Site keys in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use super::MemoryStore;
use crate::keys::ApiKeyKey;
use crate::{KeyHash, KeyId, NewSiteKey, ReadError, SiteKeyRecord, SiteKeys, Watched, WriteError};

#[derive(Debug, Default)]
pub(super) struct Table(BTreeMap<ApiKeyKey, SiteKeyRecord>);

impl Table {
    fn of_tenant(&self, tenant: TenantId) -> impl Iterator<Item = &SiteKeyRecord> {
        let range = ApiKeyKey::new(tenant, KeyId(i64::MIN))..=ApiKeyKey::new(tenant, KeyId(i64::MAX));
        self.0.range(range).map(|(_, record)| record)
    }
}

#[async_trait]
impl SiteKeys for MemoryStore {
    async fn create_site_key(&self, tenant: TenantId, new: &NewSiteKey) -> Result<SiteKeyRecord, WriteError> {
        let mut tables = self.tables();
        if let Some(old) = tables.site_keys.of_tenant(tenant).find(|record| record.key == new.key) {
            return Ok(old.clone());
        }
        let max = self.limits.keys_max;
        if tables.site_keys.of_tenant(tenant).count() >= max {
            return Err(WriteError::Full { what: "site keys", max });
        }
        // Checked before a number is taken.
        let mut record = SiteKeyRecord::made(KeyId(0), tenant, new)?;
        record.id = tables.keys.take_id(tenant);
        tables.site_keys.0.insert(ApiKeyKey::new(tenant, record.id), record.clone());
        tables.changed(tenant, Watched::SiteKeys);
        Ok(record)
    }

    async fn site_keys(&self, tenant: TenantId) -> Result<Vec<SiteKeyRecord>, ReadError> {
        Ok(self.tables().site_keys.of_tenant(tenant).cloned().collect())
    }

    async fn rotate_site_secret(
        &self,
        tenant: TenantId,
        id: KeyId,
        secret: &KeyHash,
        until: Timestamp,
    ) -> Result<bool, WriteError> {
        let mut tables = self.tables();
        let Some(record) = tables.site_keys.0.get_mut(&ApiKeyKey::new(tenant, id)) else { return Ok(false) };
        record.previous = Some((record.secret, until));
        record.secret = *secret;
        tables.changed(tenant, Watched::SiteKeys);
        Ok(true)
    }

    async fn revoke_site_key(&self, tenant: TenantId, id: KeyId) -> Result<bool, WriteError> {
        let mut tables = self.tables();
        let revoked = tables.site_keys.0.remove(&ApiKeyKey::new(tenant, id)).is_some();
        if revoked {
            tables.changed(tenant, Watched::SiteKeys);
        }
        Ok(revoked)
    }
}
