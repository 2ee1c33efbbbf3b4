//! Site keys: public names of sites that use the widget, with what is kept of their servers' secrets.
//!
//! The texts of both are made by the caller; of a secret only its SHA-256 comes here.

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use crate::bounds::{self, cut};
use crate::{KeyHash, KeyId, ReadError, WriteError};

/// A site key to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSiteKey {
    /// Its text, as it stands in pages.
    pub key: String,
    /// What people call it; cut to [`bounds::KEY_NAME_BYTES_MAX`].
    pub name: String,
    /// The hosts whose pages may use it, in the order they are shown in; at most [`bounds::HOSTNAMES_BYTES_MAX`] together.
    pub hostnames: Vec<String>,
    /// What is compared with the secret that a server shows.
    pub secret: KeyHash,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A site key as stored: everything but its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteKeyRecord {
    /// Its number; API keys are counted with it.
    pub id: KeyId,
    /// Whose site.
    pub tenant: TenantId,
    /// Its text.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// The hosts whose pages may use it.
    pub hostnames: Vec<String>,
    /// What is compared with the secret that a server shows.
    pub secret: KeyHash,
    /// The secret before that, and until when it is taken.
    pub previous: Option<(KeyHash, Timestamp)>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl SiteKeyRecord {
    /// `new` under number `id`.
    ///
    /// # Errors
    /// [`WriteError::TooLong`]: a host that is cut would be another host.
    pub(crate) fn made(id: KeyId, tenant: TenantId, new: &NewSiteKey) -> Result<Self, WriteError> {
        let bytes = new.hostnames.iter().map(|host| host.len() + 1).sum::<usize>() + new.key.len();
        let max = bounds::HOSTNAMES_BYTES_MAX;
        if bytes > max {
            return Err(WriteError::TooLong { what: "the list of hosts", bytes, max });
        }
        Ok(SiteKeyRecord {
            id,
            tenant,
            key: new.key.clone(),
            name: cut(&new.name, bounds::KEY_NAME_BYTES_MAX),
            hostnames: new.hostnames.clone(),
            secret: new.secret,
            previous: None,
            created_at: new.created_at,
        })
    }
}

/// Site keys. A change is durable when its call returns; as with API keys, a server keeps them in memory.
#[async_trait]
pub trait SiteKeys: Send + Sync {
    /// Stores a site key; one with the same text that is there already stays as it is and is returned.
    async fn create_site_key(&self, tenant: TenantId, new: &NewSiteKey) -> Result<SiteKeyRecord, WriteError>;

    /// All site keys, by number; at most [`bounds::KEYS_MAX`].
    async fn site_keys(&self, tenant: TenantId) -> Result<Vec<SiteKeyRecord>, ReadError>;

    /// Gives a site key another secret. The one before is taken until `until`; one before that is not taken any more. False
    /// where there is none of that number.
    async fn rotate_site_secret(
        &self,
        tenant: TenantId,
        id: KeyId,
        secret: &KeyHash,
        until: Timestamp,
    ) -> Result<bool, WriteError>;

    /// Removes a site key: from now on its tokens are refused. False where there is none of that number.
    async fn revoke_site_key(&self, tenant: TenantId, id: KeyId) -> Result<bool, WriteError>;
}
