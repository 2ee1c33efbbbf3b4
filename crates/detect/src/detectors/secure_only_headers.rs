//! Headers over clear text that browsers send over TLS only.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use super::claimed;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("headers.secure_only");

/// Below monitor alone: a proxy that ends TLS in front and says nothing of it makes every browser look like this.
const EVIDENCE: f32 = 2.5;

/// Headers over clear text that browsers send over TLS only.
pub struct SecureOnlyHeaders;

static CARD: Card = Card {
    name: "secure_only_headers",
    signals: &[ID],
    summary: "Sec-Fetch, Sec-CH-UA or Brotli over clear text, which browsers reserve for TLS.",
    sees: "On our own clear-text listener, with no proxy in between and a host other than localhost: headers that \
           belong to secure contexts.",
    cannot_see: "A client that copied the headers of a clear-text request.",
    errs: "A proxy that ends TLS in front of us without adding a header of its own; therefore it stays below monitor \
           alone.",
    source: "W3C Secure Contexts and Fetch Metadata; 1,100 recorded clear-text requests of Chromium 156 and Firefox \
             153 carry none of them, curl_cffi's all do.",
    group: Group::Headers,
    scope: Scope::Request,
    needs: &[Need::UserAgent, Need::Headers, Need::Scheme],
    resolution: Resolution::Second,
    evidence_max: EVIDENCE,
    state: State::Counts,
};

impl Detector for SecureOnlyHeaders {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        claimed::browser(scene)?;
        if !claimed::is_clear(scene.facts) {
            return None;
        }
        let sent = ["sec-fetch-mode", "sec-fetch-site", "sec-fetch-dest", "sec-ch-ua"]
            .into_iter()
            .find(|name| scene.header(name).is_known());
        let offers_brotli = || {
            let offers = scene.header("accept-encoding").known().unwrap_or("");
            offers.split(',').any(|coding| matches!(coding.trim(), "br" | "zstd")).then_some("br")
        };
        let word = sent.or_else(offers_brotli)?;
        Some(CARD.signal(
            ID,
            EVIDENCE,
            Detail::one("{a} over clear text, which browsers send over TLS only", Value::Word(word)),
        ))
    }
}
