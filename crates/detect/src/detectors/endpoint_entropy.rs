//! One template, many ids.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::features;
use crate::gather::Kind;
use crate::history::{ClientHistory, PAGES_KEPT};
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ENUMERATION: SignalId = SignalId("entropy.enumeration");
const COVERAGE: SignalId = SignalId("entropy.coverage");

/// Enumerating ids, or walking every page once, without loading anything.
pub struct EndpointEntropy;

static CARD: Card = Card {
    name: "endpoint_entropy",
    signals: &[ENUMERATION, COVERAGE],
    summary: "The last 24 pages are one template with 24 different ids, or 24 pages never seen twice, and nothing else \
              was loaded.",
    sees: "Templates and targets of the last 24 page requests of a client that loads no assets: an enumeration \
           (`/item/1` to `/item/24`), or a walk that never returns to a page.",
    cannot_see: "Programs that load assets or revisit pages on purpose.",
    errs: "A person with everything in cache paging through a gallery for 24 pages without once going back.",
    source: "Endpoint pattern and request entropy of the bot-detection API, over route templates instead of raw paths.",
    group: Group::Pace,
    scope: Scope::Client,
    needs: &[Need::Target],
    resolution: Resolution::Second,
    evidence_max: 2.0,
    state: State::Counts,
};

impl Detector for EndpointEntropy {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let client = scene.client;
        let full = client.pages.len() == PAGES_KEPT;
        if scene.gathered.kind != Kind::Navigation || !full || !client.loads_nothing() || has_repeats(client)
        {
            return None;
        }
        let routes = (features::route_diversity(client) * PAGES_KEPT as f32).round();
        let pages = Value::Number(PAGES_KEPT as f32);
        if routes <= 2.0 {
            let detail = Detail::one("{a} pages of one template, each with another id, and no asset", pages);
            return Some(CARD.signal(ENUMERATION, 2.0, detail));
        }
        let detail = Detail::one("{a} pages in a row, none twice, and no asset", pages);
        Some(CARD.signal(COVERAGE, 1.0, detail))
    }
}

fn has_repeats(client: &ClientHistory) -> bool {
    let newer = client.pages.newest_first().enumerate();
    newer
        .into_iter()
        .any(|(at, page)| client.pages.newest_first().skip(at + 1).any(|old| old.target == page.target))
}
