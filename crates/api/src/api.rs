//! What all routes share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use palisade_domain::{ClientIp, Timestamp};
use palisade_guard::Guard;
use palisade_store::{Client, ReadError, RollupQuery, Store, WriteError};
use tokio::sync::OnceCell;

use crate::clock::Clock;
use crate::health::{Degraded, Told};
use crate::jobs::Jobs;
use crate::keys::KeyBook;
use crate::limit::Limiter;
use crate::lists::Blocked;
use crate::problem::Problem;
use crate::routes::webhook::Seen;
use crate::settings::ApiSettings;
use crate::site_keys::SiteKeyBook;

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
    pub(crate) site_keys: SiteKeyBook,
    pub(crate) limiter: Limiter,
    pub(crate) blocked: Blocked,
    pub(crate) webhooks: Seen,
    pub(crate) counts: Counts,
    pub(crate) told: Told,
    jobs: OnceLock<Arc<dyn Jobs>>,
    page: ArcSwapOption<Section>,
    /// What earlier processes counted; read once.
    earlier: OnceCell<Counted>,
}

/// Who writes further lines of `/metrics`.
struct Section(Box<dyn Fn() -> String + Send + Sync>);

/// Requests counted since the first start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) requests: u64,
    pub(crate) bots: u64,
    pub(crate) networks: u64,
}

/// What is known of an address.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Known {
    pub(crate) requests: u64,
    pub(crate) bots: u64,
    pub(crate) mean_score: f64,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
}

/// What `/metrics` says about the API itself.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Answers by the first digit of their status, 1 to 5.
    answers: [AtomicU64; 5],
    /// Errors of the store.
    store_errors: AtomicU64,
}

impl Counts {
    pub(crate) fn answer(&self, status: u16) {
        if let Some(count) = self.answers.get(usize::from(status / 100).wrapping_sub(1)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn store_errors(&self) -> u64 {
        self.store_errors.load(Ordering::Relaxed)
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
            site_keys: SiteKeyBook::default(),
            limiter: Limiter::default(),
            blocked: Blocked::default(),
            webhooks: Seen::default(),
            counts: Counts::default(),
            told: Told::default(),
            jobs: OnceLock::new(),
            page: ArcSwapOption::empty(),
            earlier: OnceCell::new(),
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
        let tenant = self.settings.load().tenant;
        let mut outcome = self.keys.refresh(&*self.store, tenant).await;
        if let Some(challenges) = self.guard.challenges() {
            outcome = outcome.and(self.site_keys.refresh(&*self.store, tenant, challenges).await);
            outcome = outcome.and(self.site_keys.refresh_revoked(&*self.store, tenant, challenges).await);
        }
        if outcome.is_err() {
            self.counts.store_errors.fetch_add(1, Ordering::Relaxed);
        }
        // What earlier processes counted must be read before this one writes its first minute.
        self.earlier().await?;
        outcome
    }

    /// Further things `/ready` must name: only the binary knows what it could not start, or runs for a test.
    pub fn set_degraded(&self, degraded: Vec<Degraded>) {
        self.told.set(degraded);
    }

    /// Plugs in who trains; the first one stays. Without any, `/train` says that nobody trains here.
    pub fn plug_jobs(&self, jobs: Arc<dyn Jobs>) {
        let _ = self.jobs.set(jobs);
    }

    /// Who trains.
    pub(crate) fn jobs(&self) -> Option<&dyn Jobs> {
        self.jobs.get().map(Arc::as_ref)
    }

    /// Lets `write` add lines to every later `/metrics`, in the text format: what only the binary knows, such as models.
    pub fn add_metrics(&self, write: impl Fn() -> String + Send + Sync + 'static) {
        self.page.store(Some(Arc::new(Section(Box::new(write)))));
    }

    /// The lines of [`Api::add_metrics`].
    pub(crate) fn more_metrics(&self) -> String {
        self.page.load().as_ref().map_or_else(String::new, |section| (section.0)())
    }

    /// What was read, or 503; the error is counted.
    pub(crate) fn read<T>(&self, outcome: Result<T, ReadError>) -> Result<T, Problem> {
        outcome.map_err(|error| {
            self.counts.store_errors.fetch_add(1, Ordering::Relaxed);
            error.into()
        })
    }

    /// What was written, or why not; an error of the store is counted.
    pub(crate) fn kept<T>(&self, outcome: Result<T, WriteError>) -> Result<T, Problem> {
        outcome.map_err(|error| {
            if matches!(error, WriteError::Read(_) | WriteError::Fault(_)) {
                self.counts.store_errors.fetch_add(1, Ordering::Relaxed);
            }
            error.into()
        })
    }

    async fn earlier(&self) -> Result<Counted, ReadError> {
        let read = || async {
            let sums = self.store.rollup_sums(self.settings.load().tenant, RollupQuery::ALL).await?;
            let (requests, bots) =
                (sums.iter().map(|sum| sum.requests).sum(), sums.iter().map(|sum| sum.bots).sum());
            Ok(Counted { requests, bots, networks: 0 })
        };
        self.earlier.get_or_try_init(read).await.copied()
    }

    /// Requests since the first start: what earlier processes stored, and what this one has counted.
    pub(crate) async fn counted(&self) -> Result<Counted, Problem> {
        let earlier = self.read(self.earlier().await)?;
        let now = self.guard.totals.snapshot();
        Ok(Counted {
            requests: earlier.requests + now.requests,
            bots: earlier.bots + now.bots,
            networks: now.clients,
        })
    }

    /// What is known of `ip`: what was counted lately, or what is stored, whichever is more.
    pub(crate) async fn known(&self, ip: ClientIp) -> Result<Known, Problem> {
        let bot_score = self.guard.judge().policy().bands.challenge();
        let tenant = self.settings.load().tenant;
        let stored = self.read(self.store.reputation(tenant, &Client::Ip(ip), bot_score).await)?;
        let stored = stored.map(|stored| Known {
            requests: stored.requests,
            bots: stored.bot_requests,
            mean_score: stored.mean_score,
            first: stored.first_seen,
            last: stored.last_seen,
        });
        let counted = self.guard.standings.of(tenant, ip).map(|counted| Known {
            requests: counted.requests,
            bots: counted.bots,
            mean_score: counted.score_sum as f64 / counted.requests.max(1) as f64,
            first: counted.first_seen,
            last: counted.last_seen,
        });
        Ok(match (stored, counted) {
            (Some(stored), Some(counted)) => Known {
                first: stored.first.min(counted.first),
                last: stored.last.max(counted.last),
                ..if stored.requests > counted.requests { stored } else { counted }
            },
            (stored, counted) => stored.or(counted).unwrap_or_default(),
        })
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
