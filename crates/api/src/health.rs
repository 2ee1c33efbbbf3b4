//! What does not work as it should while the rest does: noted where it happens, named by `/ready`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use palisade_domain::{ClientIp, Timestamp};
use palisade_guard::totals::Passage;
use palisade_store::Watched;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;

/// Something that does not work as it should while the rest does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Degraded {
    /// A short name, for programs: `store`, `untrusted_proxy`, `queue_drops`, `no_keys`, `testing`.
    #[schema(example = "untrusted_proxy")]
    pub what: String,
    /// What it means and what to do, for people.
    pub message: String,
}

impl Degraded {
    /// `what` with its explanation.
    pub fn new(what: &str, message: impl Into<String>) -> Self {
        Degraded { what: what.to_owned(), message: message.into() }
    }
}

/// What was noted.
#[derive(Debug)]
pub(crate) struct Health {
    told: ArcSwap<Vec<Degraded>>,
    hidden_peer: ArcSwapOption<ClientIp>,
    hidden_at: AtomicI64,
    dropped: AtomicU64,
    dropped_at: AtomicI64,
}

/// How long a trouble that has passed is still named.
const NAMED_MS: u64 = 5 * 60_000;

impl Default for Health {
    fn default() -> Self {
        Health {
            told: ArcSwap::default(),
            hidden_peer: ArcSwapOption::default(),
            hidden_at: AtomicI64::new(i64::MIN),
            dropped: AtomicU64::new(0),
            dropped_at: AtomicI64::new(i64::MIN),
        }
    }
}

impl Health {
    pub(crate) fn set(&self, degraded: Vec<Degraded>) {
        self.told.store(Arc::new(degraded));
    }

    /// A call came through a proxy that nobody told us to trust.
    pub(crate) fn note_hidden(&self, peer: ClientIp, now: Timestamp) {
        if self.hidden_peer.load().as_deref() != Some(&peer) {
            self.hidden_peer.store(Some(Arc::new(peer)));
        }
        self.hidden_at.store(now.0, Ordering::Relaxed);
    }

    fn note_dropped(&self, dropped: u64, now: Timestamp) {
        if self.dropped.swap(dropped, Ordering::Relaxed) < dropped {
            self.dropped_at.store(now.0, Ordering::Relaxed);
        }
    }
}

fn lately(at: &AtomicI64, now: Timestamp) -> bool {
    let at = at.load(Ordering::Relaxed);
    at != i64::MIN && now.millis_since(Timestamp(at)) < NAMED_MS
}

impl Api {
    /// Looks at counters that only grow, so that trouble which has passed is forgotten again.
    pub(crate) fn watch_health(&self) {
        let totals = &self.guard.totals;
        let dropped = totals.passed(Passage::EventDropped) + totals.passed(Passage::EntryDropped);
        self.health.note_dropped(dropped, self.clock.now());
    }

    /// Everything that is not as it should be now.
    pub(crate) async fn degraded(&self) -> Vec<Degraded> {
        let (settings, now) = (self.settings(), self.clock.now());
        let mut all = self.health.told.load().to_vec();
        if self.store.changes(settings.tenant, Watched::Keys).await.is_err() {
            let message =
                "the store does not answer: verdicts go on, nothing is recorded or changed. The log says why";
            all.push(Degraded::new("store", message));
        }
        self.watch_health();
        if lately(&self.health.dropped_at, now) {
            let message =
                "more verdicts than the store takes: the newest were not recorded; verdicts are not affected";
            all.push(Degraded::new("queue_drops", message));
        }
        if let Some(peer) =
            self.health.hidden_peer.load_full().filter(|_| lately(&self.health.hidden_at, now))
        {
            let line = settings.trusted_proxies.line_with(*peer);
            let message = format!(
                "{peer} forwards calls of others and is not trusted, so all of them look like one client. If it is a proxy of yours: {line}"
            );
            all.push(Degraded::new("untrusted_proxy", message));
        }
        if self.keys.len() == 0 {
            let message = "there is no API key: `palisade keys create --name N --scope check` makes one";
            all.push(Degraded::new("no_keys", message));
        }
        all
    }
}
