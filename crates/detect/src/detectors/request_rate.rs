//! Page requests per minute.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::gather::Kind;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("rate.requests");

/// Pages a minute that a reader stays under: one every one and a half seconds, for a whole minute.
const READER_MAX: f32 = 40.0;

/// The same where every page is followed by its assets: several people behind one address load pages like that.
const LOADING_MAX: f32 = 600.0;

/// More page requests a minute than people make.
pub struct RequestRate;

static CARD: Card = Card {
    name: "request_rate",
    signals: &[ID],
    summary: "More page requests a minute than people make.",
    sees: "Page requests of one client within the last minute; fetches and assets do not count. Where pages are \
           followed by their assets, many people may share the client, and the limit is 600 instead of 40.",
    cannot_see: "A scraper that stays under the limit, or spreads over many addresses.",
    errs: "Many people behind one address whose browsers hold all assets in cache; the group's cap keeps that at \
           monitor.",
    source: "Request rate of the bot-detection API and the 60-in-300-s rule of the escalation engine, set to pages; \
             limits from the 10,000-line blog log, where no asset-loading client exceeds 25 pages a minute.",
    group: Group::Pace,
    scope: Scope::Client,
    needs: &[Need::Target],
    resolution: Resolution::Second,
    evidence_max: 3.0,
    state: State::Counts,
};

impl Detector for RequestRate {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        if scene.gathered.kind != Kind::Navigation {
            return None;
        }
        let pages = scene.client.pages_per_minute();
        let limit = if scene.client.loads_assets() { LOADING_MAX } else { READER_MAX };
        if pages <= limit {
            return None;
        }
        let evidence = 1.0 + (pages - limit) / (2.0 * limit) * 2.0;
        let detail = Detail::two(
            "{a} page requests in the last minute, readers stay under {b}",
            Value::Number(pages.round()),
            Value::Number(limit),
        );
        Some(CARD.signal(ID, evidence, detail))
    }
}
