//! Heads that two servers could read differently.

use palisade_domain::{Detail, HeadFault, LogOdds, Resolution, Signal, SignalId, Value};

use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("headers.framing");

/// Ambiguous framing: request smuggling, or a writer of heads that knows no better.
pub struct HeadFraming;

static CARD: Card = Card {
    name: "head_framing",
    signals: &[ID],
    summary: "The request head is ambiguous or broken: two lengths, a blank before a colon, a folded line, two hosts.",
    sees: "What the gateway's strict reading of the bytes found. The request itself is refused before any policy; this \
           is what its sender's history keeps.",
    cannot_see: "Anything behind a proxy that repairs heads; HTTP/2, which has no such ambiguity.",
    errs: "Home-made clients and very old proxies that fold lines or send a length twice.",
    source: "RFC 9112 sections 2.2, 3.2, 5, 6 and 11.2 (request smuggling).",
    group: Group::Attack,
    scope: Scope::Request,
    needs: &[Need::Target],
    resolution: Resolution::Second,
    evidence_max: 5.0,
    state: State::Counts,
};

impl Detector for HeadFraming {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let fault = scene.facts.head_fault.known()?;
        let words = "the request head is ambiguous or broken: {a}";
        Some(CARD.signal(ID, evidence(fault), Detail::one(words, Value::Word(fault.name()))))
    }
}

/// What nobody writes by accident is an attempt at smuggling; the rest is bad craft.
fn evidence(fault: HeadFault) -> LogOdds {
    match fault {
        HeadFault::BothLengths
        | HeadFault::TransferEncoding
        | HeadFault::Chunk
        | HeadFault::HeaderName
        | HeadFault::Length => 5.0,
        HeadFault::BareLineFeed | HeadFault::HeaderValue | HeadFault::Host | HeadFault::Garbage => 3.5,
        HeadFault::Folding | HeadFault::TooLong => 2.0,
    }
}
