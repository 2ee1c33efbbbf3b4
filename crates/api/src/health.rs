//! What does not work as it should while the rest does, as `/ready` names it: what the guard noted, what the binary told, and
//! what shows when one looks.

use std::sync::Arc;

use arc_swap::ArcSwap;
use palisade_guard::health::STORE;
use palisade_store::Watched;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;

/// Something that does not work as it should while the rest does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Degraded {
    /// A short name, for programs: `store`, `lists`, `queue`, `trusted_proxies`, `proxy_names_nobody`, `proxy_names_two`,
    /// `no_keys`, `testing`, `provider`.
    #[schema(example = "trusted_proxies")]
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

/// What only the binary knows.
#[derive(Debug, Default)]
pub(crate) struct Told(ArcSwap<Vec<Degraded>>);

impl Told {
    pub(crate) fn set(&self, degraded: Vec<Degraded>) {
        self.0.store(Arc::new(degraded));
    }
}

impl Api {
    /// Everything that is not as it should be now.
    pub(crate) async fn degraded(&self) -> Vec<Degraded> {
        let mut all = self.told.0.load().to_vec();
        let noted = self.guard.degradations();
        all.extend(noted.into_iter().map(|one| Degraded::new(one.code, one.message)));
        let tenant = self.settings().tenant;
        let silent = self.store.changes(tenant, Watched::Keys).await.is_err();
        if silent && all.iter().all(|one| one.what != STORE) {
            let message =
                "the store does not answer: verdicts go on, nothing is recorded or changed. The log says why";
            all.push(Degraded::new(STORE, message));
        }
        let provider = self.guard.vouching().provider.clone().filter(|provider| provider.is_resting());
        if let Some(provider) = provider {
            let name = provider.provider().name;
            let message = format!(
                "{name} failed too often and is left alone for a while: forms pass or not as their on_failure says; check \
                 challenge.secret and that {name} can be reached"
            );
            all.push(Degraded::new("provider", message));
        }
        if self.keys.len() == 0 {
            let message = "there is no API key: `palisade keys create --name N --scope check` makes one";
            all.push(Degraded::new("no_keys", message));
        }
        all
    }
}
