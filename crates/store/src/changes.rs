//! Has somebody changed something? A running gateway asks every second, because `palisade list add` is another process.

use async_trait::async_trait;
use palisade_domain::TenantId;

use crate::ReadError;

/// What is watched for changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Watched {
    /// List entries.
    Lists,
    /// API keys.
    Keys,
    /// Site keys.
    SiteKeys,
    /// Passes that were taken back.
    Passes,
    /// The queue of slow opinions: only what is put in counts.
    Escalations,
    /// Versions of models, and where they stand.
    Models,
}

impl Watched {
    /// Everything that is watched.
    pub const ALL: [Watched; 6] = [
        Watched::Lists,
        Watched::Keys,
        Watched::SiteKeys,
        Watched::Passes,
        Watched::Escalations,
        Watched::Models,
    ];

    /// The name of its counter.
    pub(crate) fn counter(self) -> &'static str {
        match self {
            Watched::Lists => "changes.list_entries",
            Watched::Keys => "changes.api_keys",
            Watched::SiteKeys => "changes.site_keys",
            Watched::Passes => "changes.revoked_passes",
            Watched::Escalations => "changes.escalations",
            Watched::Models => "changes.models",
        }
    }
}

/// Counters of changes, seen by every process.
#[async_trait]
pub trait Changes: Send + Sync {
    /// How often `what` was changed since the store was made. Another number than last time: read it again. Reads one
    /// row.
    async fn changes(&self, tenant: TenantId, what: Watched) -> Result<u64, ReadError>;
}
