//! Site keys, and passes that were taken back, from the store into memory: read again when they change, never per call.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use palisade_challenge::Challenges;
use palisade_challenge::site_key::{HeldSecret, Hostnames, SECRET_PREFIX, SecretHash, SiteKey};
use palisade_domain::{TenantId, Timestamp};
use palisade_store::{ReadError, SiteKeyRecord, Store, Watched};

/// Milliseconds between two looks for secrets that are not known, as with API keys.
const LOOK_EVERY_MS: i64 = 50;
/// No store has counted so many changes.
const NEVER_READ: u64 = u64::MAX;

/// When the site keys were read.
#[derive(Debug)]
pub(crate) struct SiteKeyBook {
    /// Number of changes they were read at.
    version: AtomicU64,
    /// Number of changes the passes that were taken back were read at.
    passes_version: AtomicU64,
    /// When an unknown secret last made us look, in ms.
    looked_ms: AtomicI64,
}

impl Default for SiteKeyBook {
    fn default() -> Self {
        SiteKeyBook {
            version: AtomicU64::new(NEVER_READ),
            passes_version: AtomicU64::new(NEVER_READ),
            looked_ms: AtomicI64::new(i64::MIN),
        }
    }
}

impl SiteKeyBook {
    /// Gives `challenges` the site keys of the store where those have changed.
    pub(crate) async fn refresh(
        &self,
        store: &dyn Store,
        tenant: TenantId,
        challenges: &Challenges,
    ) -> Result<(), ReadError> {
        // Asked first: a change between the two questions is seen the next time.
        let version = store.changes(tenant, Watched::SiteKeys).await?;
        if version == self.version.load(Ordering::Acquire) {
            return Ok(());
        }
        let records = store.site_keys(tenant).await?;
        challenges.tokens.set_named(records.into_iter().map(held).collect());
        self.version.store(version, Ordering::Release);
        Ok(())
    }

    /// Gives `challenges` the passes that were taken back, where there are others than before.
    pub(crate) async fn refresh_revoked(
        &self,
        store: &dyn Store,
        tenant: TenantId,
        challenges: &Challenges,
    ) -> Result<(), ReadError> {
        let version = store.changes(tenant, Watched::Passes).await?;
        if version == self.passes_version.load(Ordering::Acquire) {
            return Ok(());
        }
        for pass in store.revoked_passes(tenant).await? {
            challenges.revoked.insert(tenant, pass.id, pass.until);
        }
        self.passes_version.store(version, Ordering::Release);
        Ok(())
    }

    /// True where `secret` has the form of one and it is time for a look into the store.
    pub(crate) fn may_be_new(&self, secret: &str, now: Timestamp) -> bool {
        let (last, now) = (self.looked_ms.load(Ordering::Relaxed), now.millis());
        let is_over = !(0..LOOK_EVERY_MS).contains(&now.saturating_sub(last));
        secret.starts_with(SECRET_PREFIX)
            && is_over
            && self.looked_ms.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

fn held(record: SiteKeyRecord) -> SiteKey {
    let secret = HeldSecret { hash: SecretHash(record.secret.bytes()), until: None };
    let previous = record
        .previous
        .map(|(hash, until)| HeldSecret { hash: SecretHash(hash.bytes()), until: Some(until) });
    SiteKey {
        tenant: record.tenant,
        id: Some(record.id.0),
        key: record.key,
        hostnames: Hostnames::new(record.hostnames.iter().map(String::as_str)),
        secrets: std::iter::once(secret).chain(previous).collect(),
    }
}
