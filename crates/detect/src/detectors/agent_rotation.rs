//! Many user agents on one address.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::gather::Kind;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("fingerprint.rotation");

/// Different user agents within the hour.
const AGENTS_MIN: f32 = 8.0;

/// Pages per user agent: a person reads more than one.
const PAGES_PER_AGENT_MAX: f32 = 2.5;

/// A new user agent for nearly every page.
pub struct AgentRotation;

static CARD: Card = Card {
    name: "agent_rotation",
    signals: &[ID],
    summary: "One address shows a new user agent for nearly every page and loads nothing else.",
    sees: "Distinct user agents of one network within the hour against its page requests, where next to no asset is \
           loaded.",
    cannot_see: "A rotation with few names, or over many addresses.",
    errs: "A mobile carrier's address whose many readers each open one page of a site without assets of its own.",
    source: "Own observation: flooders draw a user agent at random per request.",
    group: Group::Spread,
    scope: Scope::Network,
    needs: &[Need::UserAgent, Need::Target],
    resolution: Resolution::Second,
    evidence_max: 2.0,
    state: State::Counts,
};

impl Detector for AgentRotation {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let (agents, pages) = (scene.network.agents(), scene.network.pages());
        let rotates = agents >= AGENTS_MIN && pages <= agents * PAGES_PER_AGENT_MAX;
        if scene.gathered.kind != Kind::Navigation || !rotates || !scene.network.loads_nothing() {
            return None;
        }
        let detail = Detail::two(
            "{a} user agents on one address for {b} pages",
            Value::Number(agents.round()),
            Value::Number(pages.round()),
        );
        Some(CARD.signal(ID, 1.0 + (agents - AGENTS_MIN) * 0.08, detail))
    }
}
