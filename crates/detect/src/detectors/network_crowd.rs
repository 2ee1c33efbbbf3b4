//! A crowd of fresh clients in one network.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::gather::Kind;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("rate.crowd");

/// Pages a minute of the crowd together.
const PAGES_MIN: f32 = 60.0;

/// Many fresh clients of one network that together ask for very much.
pub struct NetworkCrowd;

static CARD: Card = Card {
    name: "network_crowd",
    signals: &[ID],
    summary: "A fresh client of a network in which many fresh clients together request more than 60 pages a minute.",
    sees: "Page requests of the wider network (/56 and /48 for IPv6, the address for IPv4) where it shows sixteen or \
           more different clients within the hour and no proven sessions: rotation through a prefix, or through names.",
    cannot_see: "Rotation over unrelated networks.",
    errs: "A new office or campus without signed sessions; it is network-only evidence and capped where sessions show.",
    source: "Users of blocklists ask for growing IPv6 prefixes; one customer holds a /56 or /48.",
    group: Group::Pace,
    scope: Scope::Network,
    needs: &[Need::Target],
    resolution: Resolution::Second,
    evidence_max: 2.0,
    state: State::Counts,
};

impl Detector for NetworkCrowd {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let pages = scene.around.crowd_pages_minute;
        if scene.gathered.kind != Kind::Navigation || pages < PAGES_MIN || scene.client.loads_assets() {
            return None;
        }
        let detail = Detail::one(
            "many fresh clients of this network request {a} pages a minute together",
            Value::Number(pages.round()),
        );
        Some(CARD.signal(ID, 1.0 + (pages - PAGES_MIN) / PAGES_MIN * 0.5, detail))
    }
}
