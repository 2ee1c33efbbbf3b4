//! Header names in a letter case that no browser writes.

use palisade_domain::{Detail, Fact, HeaderCase as Case, HttpVersion, Resolution, Signal, SignalId, Value};

use super::claimed;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("headers.case");

const EVIDENCE: f32 = 3.5;

/// Names that every browser writes over HTTP/1.1 with capitals.
const TITLED: [&str; 6] =
    ["Host", "User-Agent", "Accept", "Accept-Encoding", "Accept-Language", "Connection"];

/// Header names in a letter case that no browser writes.
pub struct HeaderCase;

static CARD: Card = Card {
    name: "header_case",
    signals: &[ID],
    summary: "A well-known browser over HTTP/1.1 that writes `user-agent` instead of `User-Agent`.",
    sees: "On our own listeners, the six everyday header names in another letter case than every browser's.",
    cannot_see: "HTTP/2 and later, where all names are lower case; anything behind a proxy.",
    errs: "A proxy that speaks HTTP/2 to the client, HTTP/1.1 to us, and leaves no trace.",
    source: "Recordings: all browsers write Title-Case over HTTP/1.1; undici, reqwest, hyper and parts of the Node.js world \
             write lower case.",
    group: Group::Headers,
    scope: Scope::Request,
    needs: &[Need::UserAgent, Need::Headers, Need::Version],
    resolution: Resolution::Second,
    evidence_max: EVIDENCE,
    state: State::Counts,
};

impl Detector for HeaderCase {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        claimed::browser(scene)?;
        let list = scene.facts.headers.known().filter(|list| list.case == Case::Wire)?;
        if scene.facts.version != Fact::Known(HttpVersion::Http11) {
            return None;
        }
        // What is written as all write it ends the question before letters are compared one by one.
        let is_odd =
            |name: &str| TITLED.iter().any(|titled| name != *titled && name.eq_ignore_ascii_case(titled));
        let (name, _) =
            list.entries.iter().find(|(name, _)| is_odd(name)).filter(|_| claimed::is_direct(scene.facts))?;
        Some(CARD.signal(
            ID,
            EVIDENCE,
            Detail::one("{a} in a letter case no browser writes", Value::text(name)),
        ))
    }
}
