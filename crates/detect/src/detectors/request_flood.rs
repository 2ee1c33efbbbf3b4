//! A flood: page requests by the hundred, and nothing else.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::gather::Kind;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("rate.flood");

/// Pages within ten seconds that load nothing else.
const PAGES_MIN: f32 = 120.0;

/// Requests of any kind within ten seconds: a hundred a second.
const ALL_MIN: f32 = 1_000.0;

/// Requests per page that a page's own parts explain.
const PARTS_PER_PAGE_MAX: f32 = 60.0;

/// Requests by the hundred that no page explains.
pub struct RequestFlood;

static CARD: Card = Card {
    name: "request_flood",
    signals: &[ID],
    summary: "More than 120 page requests within ten seconds from one client that loads nothing else, or a thousand \
              requests that no pages explain.",
    sees: "Page requests of one client within ten seconds, where fewer than one in twenty was followed by an asset: two \
           hundred people behind one address make some seventy in that time, and their browsers load assets. And all \
           requests, calls and assets too, above a hundred a second where there are sixty and more to a page.",
    cannot_see: "A flood spread over thousands of addresses; rate limits and the network detectors see its parts.",
    errs: "A load test nobody announced; several hundred people of one address on a page that polls every second.",
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
        let (pages, all) = (scene.client.pages_in_ten_seconds(), scene.client.all_in_ten_seconds());
        let of_pages =
            scene.gathered.kind == Kind::Navigation && pages >= PAGES_MIN && scene.client.loads_nothing();
        if of_pages {
            let words = "{a} page requests within ten seconds and next to no asset";
            return Some(CARD.signal(ID, 6.0, Detail::one(words, Value::Number(pages.round()))));
        }
        if all < ALL_MIN || all < pages * PARTS_PER_PAGE_MAX {
            return None;
        }
        let words = "{a} requests within ten seconds for {b} pages";
        Some(CARD.signal(
            ID,
            6.0,
            Detail::two(words, Value::Number(all.round()), Value::Number(pages.round())),
        ))
    }
}
