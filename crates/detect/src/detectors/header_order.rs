//! Headers in an order that the claimed browser never writes.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};
use palisade_fingerprint::header_order::{self, Engine, Expected};

use super::claimed::{self, Browser};
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("headers.order");

/// Browsers never reorder; with a second pair out of place it is no matter of one unknown version.
const ONE_PAIR: f32 = 3.5;
const MORE_PAIRS: f32 = 4.5;

/// Headers in an order that the claimed browser never writes.
#[derive(Default)]
pub struct HeaderOrder {
    table: Option<Expected>,
}

impl HeaderOrder {
    /// With a table of orders other than the shipped one, to measure what a table learned from fewer clients is worth.
    pub fn with_table(table: Expected) -> Self {
        HeaderOrder { table: Some(table) }
    }
}

static CARD: Card = Card {
    name: "header_order",
    signals: &[ID],
    summary: "Headers in an order that the claimed browser never writes.",
    sees: "On our own listeners, pairs of headers that come the other way round than in any recorded request of the \
           claimed engine, per HTTP version and kind of request.",
    cannot_see: "Safari and other WebKit browsers (no recordings), versions before the oldest recorded, HTTP/3, anything \
                 behind a proxy, and imitations that copy the order (curl_cffi, curl-impersonate, tls-client).",
    errs: "A future version that writes another order, until its recording is added; a proxy that leaves no trace.",
    source: "Own recordings of Chromium 156, QtWebEngine 5.15, Firefox and Thunderbird 153 (CC0), learned as precedence of \
             pairs; see docs/detection.md.",
    group: Group::Headers,
    scope: Scope::Request,
    needs: &[Need::UserAgent, Need::Headers, Need::HeaderOrder, Need::Version],
    resolution: Resolution::Second,
    evidence_max: MORE_PAIRS,
    state: State::Counts,
};

impl Detector for HeaderOrder {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let (engine, version) = match claimed::browser(scene)? {
            Browser::Chromium(version) => (Engine::Blink, version),
            Browser::Firefox(version) => (Engine::Gecko, version),
            Browser::Safari(_) => return None,
        };
        if version < engine.known_from()? {
            return None;
        }
        let list = scene.facts.headers.known()?;
        let version = scene.facts.version.known()?;
        let conflict = match &self.table {
            None => header_order::conflicts(&list, version, engine),
            Some(table) => table.conflicts(&list, version, engine),
        }?;
        if !claimed::is_direct(scene.facts) {
            return None;
        }
        let evidence = if conflict.pairs > 1 { MORE_PAIRS } else { ONE_PAIR };
        let (first, second) = conflict.pair;
        let detail =
            Detail::two("{a} before {b}, never so in this browser", Value::Word(first), Value::Word(second));
        Some(CARD.signal(ID, evidence, detail))
    }
}
