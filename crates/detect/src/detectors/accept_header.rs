//! What a browser says it accepts when it opens a page.

use palisade_domain::{Detail, LogOdds, Resolution, Signal, SignalId, Value};

use super::claimed::{self, Browser};
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("headers.accept");

const ABSENT: LogOdds = 2.5;
const ANYTHING: LogOdds = 2.2;
const NOT_HTML: LogOdds = 2.0;
const OF_ANOTHER: LogOdds = 1.8;

/// What a browser says it accepts when it opens a page.
pub struct AcceptHeader;

static CARD: Card = Card {
    name: "accept_header",
    signals: &[ID],
    summary: "An Accept header that the claimed browser does not send when it opens a page.",
    sees: "Accept absent from any request, and for pages: `*/*`, no text/html, or the form of another browser \
           (Chromium lists image/apng, Firefox and Safari do not).",
    cannot_see: "A client that copied the value.",
    errs: "A script's fetch of a page-like path over clear HTTP on a site that forbids referrers; alone it stays below \
           monitor.",
    source: "RFC 9110 section 12.5.1; WHATWG Fetch, section 2.2.7 (default Accept values); seed rules \"Accept missing \
             +1\" and \"Accept exactly */* +0.1\", held to page loads of browsers whose form is known.",
    group: Group::Headers,
    scope: Scope::Request,
    needs: &[Need::UserAgent, Need::Headers],
    resolution: Resolution::Second,
    evidence_max: ABSENT,
    state: State::Counts,
};

impl Detector for AcceptHeader {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let browser = claimed::browser(scene).filter(|_| claimed::asks_for_page_or_part(scene))?;
        let (detail, evidence) = match scene.header("accept").known() {
            None => (Detail::plain("no Accept header, which every browser sends"), ABSENT),
            Some(accept) if claimed::opens_page(scene) => page_form(accept, browser)?,
            Some(_) => return None,
        };
        Some(CARD.signal(ID, evidence, detail))
    }
}

fn page_form(accept: &str, browser: Browser) -> Option<(Detail, LogOdds)> {
    if accept.trim() == "*/*" {
        return Some((Detail::plain("a page is opened with Accept: */*, browsers ask for HTML"), ANYTHING));
    }
    if !accept.contains("text/html") {
        return Some((Detail::one("a page is opened with Accept: {a}", Value::text(accept)), NOT_HTML));
    }
    let lists_apng = accept.contains("image/apng");
    let of_another = match browser {
        Browser::Chromium(79..) => !lists_apng,
        Browser::Firefox(_) => lists_apng,
        Browser::Safari(11..) => accept.contains("image/"),
        Browser::Chromium(_) | Browser::Safari(_) => false,
    };
    of_another.then(|| (Detail::plain("Accept has the form of another browser"), OF_ANOTHER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_belong_to_browsers() {
        let chromium = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8";
        let plain = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let check = |accept, browser, odd: bool| {
            assert_eq!(page_form(accept, browser).is_some(), odd, "{accept} {browser:?}");
        };
        check(chromium, Browser::Chromium(156), false);
        check(plain, Browser::Chromium(156), true);
        check(plain, Browser::Chromium(40), false);
        check(plain, Browser::Firefox(153), false);
        check(chromium, Browser::Firefox(153), true);
        check(
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
            Browser::Firefox(70),
            false,
        );
        check(plain, Browser::Safari(18), false);
        check(chromium, Browser::Safari(18), true);
        check("application/json", Browser::Safari(18), true);
        check("*/*", Browser::Firefox(153), true);
    }
}
