//! A client that says it is a program.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("identity.program");

/// It says so itself: the score says "automated", and the rules about its class decide what that means.
const EVIDENCE: f32 = 4.4;

/// A client that says it is a program.
pub struct UaProgram;

static CARD: Card = Card {
    name: "ua_program",
    signals: &[ID],
    summary: "A client that says it is a program: a crawler, a library, a tool, a feed reader.",
    sees: "Names of programs in the user agent, from a list or by their shape.",
    cannot_see: "Programs that wear a browser's user agent; whether the claim is true.",
    errs: "An app of a person that carries a library's name only. What happens to programs is decided by their class, \
           not by this score: a welcome crawler passes however certainly it is one.",
    source: "crawler-user-agents, isbot and own list; see the table of names.",
    group: Group::Claim,
    scope: Scope::Request,
    needs: &[Need::UserAgent],
    resolution: Resolution::Second,
    evidence_max: EVIDENCE,
    state: State::Counts,
};

impl Detector for UaProgram {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let claim = &scene.gathered.claim;
        let class = claim.class?;
        let name = claim.name.unwrap_or("a program");
        let detail =
            Detail::two("it says it is {a}, class {b}", Value::Word(name), Value::Word(class.name()));
        Some(CARD.signal(ID, EVIDENCE, detail))
    }
}
