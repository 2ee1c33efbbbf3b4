//! API keys in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use palisade_domain::TenantId;

use super::MemoryStore;
use crate::keys::ApiKeyKey;
use crate::{ApiKey, KeyHash, KeyId, KeyRecord, Keys, NewKey, ReadError, Watched, WriteError};

#[derive(Debug, Default)]
pub(super) struct Table {
    keys: BTreeMap<ApiKeyKey, KeyRecord>,
    last: BTreeMap<TenantId, i64>,
}

impl Table {
    fn of_tenant(&self, tenant: TenantId) -> impl Iterator<Item = &KeyRecord> {
        let range = ApiKeyKey::new(tenant, KeyId(i64::MIN))..=ApiKeyKey::new(tenant, KeyId(i64::MAX));
        self.keys.range(range).map(|(_, record)| record)
    }

    /// The next number; site keys are counted with them.
    pub(super) fn take_id(&mut self, tenant: TenantId) -> KeyId {
        let last = self.last.entry(tenant).or_default();
        *last += 1;
        KeyId(*last)
    }

    fn find(&self, tenant: TenantId, hash: &KeyHash) -> Option<&KeyRecord> {
        self.of_tenant(tenant).find(|record| record.hash == *hash)
    }
}

#[async_trait]
impl Keys for MemoryStore {
    async fn create_key(
        &self,
        tenant: TenantId,
        key: &ApiKey,
        new: &NewKey,
    ) -> Result<KeyRecord, WriteError> {
        let mut tables = self.tables();
        let table = &mut tables.keys;
        if let Some(old) = table.find(tenant, &key.hash()) {
            return Ok(old.clone());
        }
        let max = self.limits.keys_max;
        if table.of_tenant(tenant).count() >= max {
            return Err(WriteError::Full { what: "API keys", max });
        }
        let record = KeyRecord::made(table.take_id(tenant), tenant, key, new);
        table.keys.insert(ApiKeyKey::new(tenant, record.id), record.clone());
        tables.changed(tenant, Watched::Keys);
        Ok(record)
    }

    async fn keys(&self, tenant: TenantId) -> Result<Vec<KeyRecord>, ReadError> {
        Ok(self.tables().keys.of_tenant(tenant).cloned().collect())
    }

    async fn revoke_key(&self, tenant: TenantId, id: KeyId) -> Result<bool, WriteError> {
        let mut tables = self.tables();
        let revoked = tables.keys.keys.remove(&ApiKeyKey::new(tenant, id)).is_some();
        if revoked {
            tables.changed(tenant, Watched::Keys);
        }
        Ok(revoked)
    }

    async fn find_key(&self, tenant: TenantId, hash: &KeyHash) -> Result<Option<KeyRecord>, ReadError> {
        Ok(self.tables().keys.find(tenant, hash).cloned())
    }
}
