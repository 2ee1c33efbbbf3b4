//! A flood: page requests by the hundred, and nothing else.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::gather::Kind;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("rate.flood");

/// Pages within ten seconds.
const FLOOD_MIN: f32 = 120.0;

/// Page requests by the hundred that load nothing.
pub struct RequestFlood;

static CARD: Card = Card {
    name: "request_flood",
    signals: &[ID],
    summary: "More than 120 page requests within ten seconds from one client that loads nothing else.",
    sees: "Page requests of one client within ten seconds, where fewer than one in twenty was followed by an asset. \
           Two hundred people behind one address make some seventy in that time, and their browsers load assets.",
    cannot_see: "A flood spread over thousands of addresses; rate limits and the network detectors see its parts.",
    errs: "A load test nobody announced.",
    source: "DDoS guard of the anti-scraping stack (100 in 60 s per address), set to what people cannot do.",
    group: Group::Attack,
    scope: Scope::Client,
    needs: &[Need::Target],
    resolution: Resolution::Second,
    evidence_max: 6.0,
    state: State::Counts,
};

impl Detector for RequestFlood {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let pages = scene.client.pages_in_ten_seconds();
        if scene.gathered.kind != Kind::Navigation || pages < FLOOD_MIN || !scene.client.loads_nothing() {
            return None;
        }
        let detail = Detail::one(
            "{a} page requests within ten seconds and next to no asset",
            Value::Number(pages.round()),
        );
        Some(CARD.signal(ID, 6.0, detail))
    }
}
