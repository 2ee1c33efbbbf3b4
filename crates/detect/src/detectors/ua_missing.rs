//! No user agent.

use palisade_domain::{Detail, Fact, Resolution, Signal, SignalId};

use crate::gather::Kind;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("ua.missing");

/// For a page: monitor, and no more than that.
const PAGE: f32 = 3.0;

/// For calls, parts of pages and what programs fetch anyway: libraries are at home there.
const OTHER: f32 = 1.5;

/// A request without a user agent, or with an empty one.
pub struct UaMissing;

static CARD: Card = Card {
    name: "ua_missing",
    signals: &[ID],
    summary: "A request without a user agent, or with an empty one.",
    sees: "The absence of User-Agent where it could have been seen; pages weigh more than calls and files.",
    cannot_see: "Any client that sends something, however short.",
    errs: "Privacy extensions and proxies that strip the header; alone it never goes beyond monitor.",
    source: "RFC 9110 section 10.1.5 (SHOULD be sent); of 72 recorded clients every browser sends one and ten programs do not.",
    group: Group::Claim,
    scope: Scope::Request,
    needs: &[Need::UserAgent],
    resolution: Resolution::Second,
    evidence_max: PAGE,
    state: State::Counts,
};

impl Detector for UaMissing {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let detail = match scene.facts.user_agent {
            Fact::Absent => Detail::plain("no user agent is sent"),
            Fact::Known(text) if text.trim().is_empty() => Detail::plain("the user agent is empty"),
            Fact::Known(_) | Fact::Unseen => return None,
        };
        let evidence = if scene.gathered.kind == Kind::Navigation { PAGE } else { OTHER };
        Some(CARD.signal(ID, evidence, detail))
    }
}
