//! Passes that were taken back before their time.

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use crate::{ReadError, WriteError};

/// A pass that holds no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedPass {
    /// Its id: the session of the requests that showed it.
    pub id: u128,
    /// When it would have ended at the latest.
    pub until: Timestamp,
}

/// Passes that were taken back. A change is durable when its call returns; a server keeps them in memory and reads them again
/// when [`Changes`](crate::Changes) says so.
#[async_trait]
pub trait RevokedPasses: Send + Sync {
    /// Takes a pass back; those that were over before `now` are forgotten on the way.
    async fn revoke_pass(
        &self,
        tenant: TenantId,
        pass: RevokedPass,
        now: Timestamp,
    ) -> Result<(), WriteError>;

    /// All that are remembered, by id; at most [`bounds::REVOKED_PASSES_MAX`](crate::bounds::REVOKED_PASSES_MAX).
    async fn revoked_passes(&self, tenant: TenantId) -> Result<Vec<RevokedPass>, ReadError>;
}
