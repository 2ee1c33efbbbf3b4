//! A library's headers under a browser's name.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};
use palisade_fingerprint::header_order::programs;

use super::claimed;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("headers.library");

const EVIDENCE: f32 = 4.2;

/// A library's headers under a browser's name.
pub struct LibraryHeaders;

static CARD: Card = Card {
    name: "library_headers",
    signals: &[ID],
    summary: "Exactly the headers of a known HTTP library, under a browser's user agent.",
    sees: "On our own listeners, the set, order and letter case of a library's default headers where the user agent \
           claims a well-known browser.",
    cannot_see: "A client that adds or drops a single header.",
    errs: "No recorded browser shares a signature; small browsers built on a library are not asked.",
    source: "Recordings of 47 programs (CC0), shared signatures taken out.",
    group: Group::Headers,
    scope: Scope::Request,
    needs: &[Need::UserAgent, Need::Headers, Need::HeaderOrder, Need::Version],
    resolution: Resolution::Second,
    evidence_max: EVIDENCE,
    state: State::Counts,
};

impl Detector for LibraryHeaders {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        claimed::browser(scene).filter(|_| claimed::is_direct(scene.facts))?;
        let (list, version) = (scene.facts.headers.known()?, scene.facts.version.known()?);
        let name = programs::name_by_headers(&list, version)?;
        Some(CARD.signal(ID, EVIDENCE, Detail::one("these are the headers of {a}", Value::Word(name))))
    }
}
