//! What all routes share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use palisade_guard::Guard;
use palisade_store::{ReadError, Store};

use crate::clock::Clock;
use crate::keys::KeyBook;
use crate::limit::Limiter;
use crate::routes::webhook::Seen;
use crate::settings::ApiSettings;

/// The API of one tenant. Shared by all its connections.
pub struct Api {
    /// Judges requests.
    pub guard: Arc<Guard>,
    /// Keeps what outlives them.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Clock,
    settings: ArcSwap<ApiSettings>,
    pub(crate) keys: KeyBook,
    pub(crate) limiter: Limiter,
    pub(crate) webhooks: Seen,
    pub(crate) list_change: tokio::sync::Mutex<()>,
    pub(crate) counts: Counts,
}

/// What `/metrics` says about the API itself.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Answers by the first digit of their status, 1 to 5.
    answers: [AtomicU64; 5],
    /// Errors of the store.
    pub(crate) store_errors: AtomicU64,
}

impl Counts {
    pub(crate) fn answer(&self, status: u16) {
        if let Some(count) = self.answers.get(usize::from(status / 100).wrapping_sub(1)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn answers(&self) -> [u64; 5] {
        [0, 1, 2, 3, 4].map(|at: usize| self.answers[at].load(Ordering::Relaxed))
    }
}

impl Api {
    /// An API that holds no key yet: see [`Api::refresh`].
    pub fn new(guard: Arc<Guard>, store: Arc<dyn Store>, settings: ApiSettings, clock: Clock) -> Arc<Self> {
        Arc::new(Api {
            guard,
            store,
            clock,
            settings: ArcSwap::from_pointee(settings),
            keys: KeyBook::default(),
            limiter: Limiter::default(),
            webhooks: Seen::default(),
            list_change: tokio::sync::Mutex::new(()),
            counts: Counts::default(),
        })
    }

    /// The settings in office.
    pub fn settings(&self) -> Arc<ApiSettings> {
        self.settings.load_full()
    }

    /// Other settings, whole. Calls under way keep the old ones.
    pub fn replace_settings(&self, settings: ApiSettings) {
        self.settings.store(Arc::new(settings));
    }

    /// Reads the keys again where they have changed: another process may have made or revoked one. [`Api::keep_fresh`]
    /// does it every second.
    ///
    /// # Errors
    /// Where the store cannot be read; the keys that were held stay valid.
    pub async fn refresh(&self) -> Result<(), ReadError> {
        let outcome = self.keys.refresh(&*self.store, self.settings.load().tenant).await;
        if outcome.is_err() {
            self.counts.store_errors.fetch_add(1, Ordering::Relaxed);
        }
        outcome
    }

    /// Does [`Api::refresh`] at once and every second, for as long as it is polled.
    pub async fn keep_fresh(&self) {
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // Counted, and named by `/ready`; the next second may do better.
            let _ = self.refresh().await;
        }
    }
}
