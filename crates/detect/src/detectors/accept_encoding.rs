//! Content codings that the claimed browser does not offer.

use palisade_domain::{Detail, LogOdds, Resolution, Signal, SignalId, Value};

use super::claimed::{self, Browser};
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("headers.accept_encoding");

const ABSENT: LogOdds = 2.0;
const OTHER_FORM: LogOdds = 1.8;
const NO_BROTLI: LogOdds = 1.2;

/// Content codings that the claimed browser does not offer.
pub struct AcceptEncoding;

static CARD: Card = Card {
    name: "accept_encoding",
    signals: &[ID],
    summary: "An Accept-Encoding that the claimed browser does not send.",
    sees: "Accept-Encoding absent, not beginning with `gzip, deflate` as every current browser's does, or without `br` \
           over TLS.",
    cannot_see: "A client that copied the value.",
    errs: "Virus scanners and company proxies strip or shorten the header to read along; alone it stays below monitor. \
           Requests for byte ranges, where browsers offer `identity`, are left out.",
    source: "RFC 9110 section 12.5.3; recorded: curl offers `deflate, gzip, br`, Node.js `br, gzip, deflate`, Go `gzip`, \
             Python's http.client `identity`.",
    group: Group::Headers,
    scope: Scope::Request,
    needs: &[Need::UserAgent, Need::Headers],
    resolution: Resolution::Second,
    evidence_max: ABSENT,
    state: State::Counts,
};

impl Detector for AcceptEncoding {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        claimed::browser(scene).filter(|&browser| is_current(browser))?;
        if scene.header("range").is_known() || !claimed::asks_for_page_or_part(scene) {
            return None;
        }
        let encrypted = claimed::is_encrypted(scene.facts) && claimed::opens_page(scene);
        let (detail, evidence) = oddity(scene.header("accept-encoding").known(), encrypted)?;
        Some(CARD.signal(ID, evidence, detail))
    }
}

/// From here on all three write `gzip, deflate` first and offer Brotli over TLS.
fn is_current(browser: Browser) -> bool {
    matches!(browser, Browser::Chromium(60..) | Browser::Firefox(55..) | Browser::Safari(13..))
}

fn oddity(offer: Option<&str>, encrypted: bool) -> Option<(Detail, LogOdds)> {
    let Some(offer) = offer else {
        return Some((Detail::plain("no Accept-Encoding, which every browser sends"), ABSENT));
    };
    if !offer.starts_with("gzip, deflate") {
        return Some((Detail::one("Accept-Encoding: {a} is no browser's", Value::text(offer)), OTHER_FORM));
    }
    // Bytes first: nearly all offers are found there, and splitting and trimming as text costs 700 instructions more.
    let in_bytes = || offer.as_bytes().split(|byte| *byte == b',').any(|coding| coding.trim_ascii() == b"br");
    let offers_brotli = || in_bytes() || offer.split(',').any(|coding| coding.trim() == "br");
    (encrypted && !offers_brotli())
        .then(|| (Detail::plain("no Brotli over TLS, which this browser offers"), NO_BROTLI))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_are_told_apart() {
        let check =
            |offer, encrypted, odd: bool| assert_eq!(oddity(offer, encrypted).is_some(), odd, "{offer:?}");
        check(Some("gzip, deflate, br, zstd"), true, false);
        check(Some("gzip, deflate"), false, false);
        check(Some("gzip, deflate"), true, true);
        check(Some("gzip"), false, true);
        check(Some("deflate, gzip, br, zstd"), true, true);
        check(Some("identity"), false, true);
        check(None, false, true);
    }
}
