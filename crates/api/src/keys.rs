//! The API keys in memory: what a call is compared with. The store is asked when they change, never per call.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use palisade_domain::{TenantId, Timestamp};
use palisade_store::{ApiKey, KeyHash, KeyId, ReadError, Scopes, Store, Watched};

/// What is known of a key that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Its number.
    pub id: KeyId,
    /// What it may do.
    pub scopes: Scopes,
}

/// All keys of the tenant.
#[derive(Debug)]
pub(crate) struct KeyBook {
    /// The hash of a key of 256 random bits tells nothing about others: a look-up in a map is safe.
    held: ArcSwap<HashMap<KeyHash, Holder>>,
    /// Number of changes they were read at.
    version: AtomicU64,
    /// When an unknown key last made us look, in ms.
    looked_ms: AtomicI64,
}

/// Milliseconds between two looks for keys that are not known: whoever makes up keys costs no more than that.
const LOOK_EVERY_MS: i64 = 50;

/// No store has counted so many changes.
const NEVER_READ: u64 = u64::MAX;

impl Default for KeyBook {
    fn default() -> Self {
        KeyBook {
            held: ArcSwap::default(),
            version: AtomicU64::new(NEVER_READ),
            looked_ms: AtomicI64::new(i64::MIN),
        }
    }
}

impl KeyBook {
    /// Reads them again where they have changed.
    pub(crate) async fn refresh(&self, store: &dyn Store, tenant: TenantId) -> Result<(), ReadError> {
        // Asked first: a change between the two questions is seen the next time.
        let version = store.changes(tenant, Watched::Keys).await?;
        if version == self.version.load(Ordering::Acquire) {
            return Ok(());
        }
        let keys = store.keys(tenant).await?;
        let held = keys.iter().map(|key| (key.hash, Holder { id: key.id, scopes: key.scopes })).collect();
        self.held.store(std::sync::Arc::new(held));
        self.version.store(version, Ordering::Release);
        Ok(())
    }

    /// Who holds the key `text`?
    pub(crate) fn of(&self, text: &str) -> Option<Holder> {
        let hash = ApiKey::parse(text)?.hash();
        self.held.load().get(&hash).copied()
    }

    /// True where the key `text` is not known and was perhaps made a moment ago: worth a look into the store, once in a
    /// while.
    pub(crate) fn may_be_new(&self, text: &str, now: Timestamp) -> bool {
        if ApiKey::parse(text).is_none() || self.of(text).is_some() {
            return false;
        }
        let (last, now) = (self.looked_ms.load(Ordering::Relaxed), now.millis());
        let is_over = !(0..LOOK_EVERY_MS).contains(&now.saturating_sub(last));
        is_over && self.looked_ms.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.held.load().len()
    }

    /// Have they been read at all?
    pub(crate) fn is_read(&self) -> bool {
        self.version.load(Ordering::Acquire) != NEVER_READ
    }
}
