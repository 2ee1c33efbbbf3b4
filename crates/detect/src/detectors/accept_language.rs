//! A browser without a language.

use palisade_domain::{Detail, LogOdds, Resolution, Signal, SignalId};

use super::claimed;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("headers.accept_language");

const ABSENT: LogOdds = 2.2;
const ANY: LogOdds = 2.5;

/// A browser without a language.
pub struct AcceptLanguage;

static CARD: Card = Card {
    name: "accept_language",
    signals: &[ID],
    summary: "A well-known browser that sends no Accept-Language, or `*`.",
    sees: "Accept-Language absent from, or `*` in, a request whose user agent claims Chrome, Edge, Opera, Firefox or \
           Safari; WebSocket handshakes, reports and well-known files are left out.",
    cannot_see: "Which language is plausible for whom: that is nobody's business.",
    errs: "Proxies and extensions that strip it; alone it stays below monitor. QtWebEngine, WebKit outside Apple, text \
           browsers and Internet Explorer are never asked.",
    source: "RFC 9110 section 12.5.4; seed rules \"no Accept-Language +0.1 to +0.2\"; every recorded request of \
             Chromium 156 and Firefox 153 has one, Konqueror's have none.",
    group: Group::Headers,
    scope: Scope::Request,
    needs: &[Need::UserAgent, Need::Headers],
    resolution: Resolution::Second,
    evidence_max: ANY,
    state: State::Counts,
};

impl Detector for AcceptLanguage {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        claimed::browser(scene).filter(|_| claimed::asks_for_page_or_part(scene))?;
        let (detail, evidence) = match scene.header("accept-language").known() {
            None => (Detail::plain("no Accept-Language, which this browser always sends"), ABSENT),
            Some(value) if value.trim() == "*" => {
                (Detail::plain("Accept-Language: *, as libraries send it"), ANY)
            }
            Some(_) => return None,
        };
        Some(CARD.signal(ID, evidence, detail))
    }
}
