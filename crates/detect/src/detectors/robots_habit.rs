//! A browser that reads robots.txt.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::gather::Kind;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("robots.habit");

/// Pages after robots.txt: a curious person looks at the file, not then at page after page without assets.
const PAGES_MIN: u32 = 5;

/// Says it is a browser, asked for robots.txt, reads pages and loads nothing.
pub struct RobotsHabit;

static CARD: Card = Card {
    name: "robots_habit",
    signals: &[ID],
    summary: "Says it is a browser, read robots.txt, and reads pages without loading anything.",
    sees: "A client with a browser's user agent that asked for robots.txt and then for five or more pages without assets.",
    cannot_see: "Crawlers that never ask for it.",
    errs: "A web master checking the file with a text-only habit.",
    source: "Favicon and robots habits of first-line log detectors (arXiv 2603.28546), the robots half.",
    group: Group::Habit,
    scope: Scope::Client,
    needs: &[Need::UserAgent, Need::Target],
    resolution: Resolution::Second,
    evidence_max: 1.2,
    state: State::Counts,
};

impl Detector for RobotsHabit {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let client = scene.client;
        let browser = scene.gathered.claim.class.is_none()
            && scene.gathered.user_agent.is_some_and(|agent| agent.is_graphical_browser());
        let reads = client.asked_robots && client.pages_total >= PAGES_MIN && client.loads_nothing();
        if scene.gathered.kind != Kind::Navigation || !browser || !reads {
            return None;
        }
        let detail = Detail::one(
            "a browser by name that read robots.txt, then {a} pages and no asset",
            Value::Number(client.pages_total as f32),
        );
        Some(CARD.signal(ID, 1.2, detail))
    }
}
