//! Many pages at once.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::gather::Kind;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("rate.burst");

/// Pages in ten seconds: a browser restoring a session opens a dozen tabs at once.
const TABS_MAX: f32 = 15.0;

/// The same where pages are followed by their assets.
const LOADING_MAX: f32 = 100.0;

/// A burst of page requests.
pub struct RequestBurst;

static CARD: Card = Card {
    name: "request_burst",
    signals: &[ID],
    summary: "A burst of page requests within ten seconds.",
    sees: "Page requests of one client within ten seconds, above 15 (100 where pages are followed by their assets).",
    cannot_see: "Evenly paced scraping.",
    errs: "A restored session with very many tabs and everything in cache.",
    source: "Burst feature of the bot-detection API; limits from tab counts of browsers restoring a session.",
    group: Group::Pace,
    scope: Scope::Client,
    needs: &[Need::Target],
    resolution: Resolution::Second,
    evidence_max: 2.5,
    state: State::Counts,
};

impl Detector for RequestBurst {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        if scene.gathered.kind != Kind::Navigation {
            return None;
        }
        let pages = scene.client.pages_in_ten_seconds();
        let limit = if scene.client.loads_assets() { LOADING_MAX } else { TABS_MAX };
        if pages <= limit {
            return None;
        }
        let detail = Detail::two(
            "{a} page requests within ten seconds, a restored session stays under {b}",
            Value::Number(pages.round()),
            Value::Number(limit),
        );
        Some(CARD.signal(ID, 1.0 + (pages - limit) / limit, detail))
    }
}
