//! A browser that does not ask to keep its connection.

use palisade_domain::{Detail, Fact, HttpVersion, Resolution, Signal, SignalId};

use super::claimed;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("headers.connection");

const EVIDENCE: f32 = 2.0;

/// A browser that does not ask to keep its connection.
pub struct ConnectionHeader;

static CARD: Card = Card {
    name: "connection_header",
    signals: &[ID],
    summary: "A well-known browser over HTTP/1.1 that sends no Connection header.",
    sees: "On our own listeners, HTTP/1.1 without `Connection: keep-alive` (or an upgrade), which Chrome, Firefox and \
           Safari always write though the protocol does not need it.",
    cannot_see: "HTTP/2 and later, where the header is forbidden; anything behind a proxy, which owns it.",
    errs: "Proxies that leave no trace; alone it stays below monitor.",
    source: "RFC 9112 section 9.3; every recorded browser request over HTTP/1.1 has it, requests of curl, Go, reqwest and \
             wrk have none.",
    group: Group::Headers,
    scope: Scope::Request,
    needs: &[Need::UserAgent, Need::Headers, Need::Version],
    resolution: Resolution::Second,
    evidence_max: EVIDENCE,
    state: State::Counts,
};

impl Detector for ConnectionHeader {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        claimed::browser(scene)?;
        let facts = scene.facts;
        let is_missing = facts.version == Fact::Known(HttpVersion::Http11)
            && scene.header("connection").is_absent()
            && claimed::is_direct(facts);
        is_missing.then(|| CARD.signal(ID, EVIDENCE, Detail::plain("no Connection header over HTTP/1.1")))
    }
}
