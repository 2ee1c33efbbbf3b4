//! Keys, site keys and remembered verdicts in one place: what both edges share, each part swapped whole.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;

use super::{Algorithm, Keyring};
use crate::site_key::{SiteKey, SiteKeys};
use crate::siteverify::Replays;

/// What result tokens are made, checked and used up with.
pub struct Tokens {
    keyring: ArcSwap<Keyring>,
    site_keys: ArcSwap<SiteKeys>,
    /// Both halves that `site_keys` is made of.
    halves: Mutex<Halves>,
    /// What was answered under an idempotency key.
    pub replays: Replays,
    /// Told where somebody asks for keys of which one is not made yet.
    wanting: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

#[derive(Default)]
struct Halves {
    named: Vec<SiteKey>,
    automatic: Vec<SiteKey>,
}

impl Default for Tokens {
    /// Without any key: nothing can be signed, and nothing is taken.
    fn default() -> Self {
        Tokens {
            keyring: ArcSwap::from_pointee(Keyring::new(Algorithm::default())),
            site_keys: ArcSwap::default(),
            halves: Mutex::default(),
            replays: Replays::default(),
            wanting: OnceLock::new(),
        }
    }
}

impl Tokens {
    /// The keys in office. An RSA key takes a while to make, so it is made when the first one asks.
    pub fn keyring(&self) -> Arc<Keyring> {
        let keyring = self.keyring.load_full();
        if let (None, Some(wanting)) = (keyring.pem(), self.wanting.get()) {
            wanting();
        }
        keyring
    }

    /// Calls `wanting` whenever somebody asks for keys while there is no RSA key; it must not wait. The first call counts.
    pub fn when_wanted(&self, wanting: impl Fn() + Send + Sync + 'static) {
        let _ = self.wanting.set(Box::new(wanting));
    }

    /// Other keys, whole.
    pub fn replace_keyring(&self, keyring: Keyring) {
        self.keyring.store(Arc::new(keyring));
    }

    /// The site keys in office.
    pub fn site_keys(&self) -> Arc<SiteKeys> {
        self.site_keys.load_full()
    }

    /// Other site keys that people made; the automatic ones stay.
    pub fn set_named(&self, named: Vec<SiteKey>) {
        self.set(|halves| halves.named = named);
    }

    /// Other automatic site keys, one a tenant; those that people made stay.
    pub fn set_automatic(&self, automatic: Vec<SiteKey>) {
        self.set(|halves| halves.automatic = automatic);
    }

    fn set(&self, change: impl FnOnce(&mut Halves)) {
        // Held until both are in office together: of two who change at once, the second sees what the first did.
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut halves);
        let all = halves.automatic.iter().chain(&halves.named).cloned().collect();
        self.site_keys.store(Arc::new(SiteKeys::new(all)));
    }
}
