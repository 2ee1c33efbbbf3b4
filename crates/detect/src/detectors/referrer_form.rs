//! A `Referer` that no browser writes.

use palisade_domain::{Detail, LogOdds, Resolution, Signal, SignalId, Value};
use palisade_fingerprint::user_agent::{Family, bounded};

use super::claimed;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("headers.referrer");

const EVIDENCE: LogOdds = 1.5;

/// A `Referer` that no browser writes.
pub struct ReferrerForm;

static CARD: Card = Card {
    name: "referrer_form",
    signals: &[ID],
    summary: "A Referer that is not written as browsers write addresses.",
    sees: "A web address without the slash behind its host, one with a space, or a bare host name.",
    cannot_see: "An invented address that is well formed.",
    errs: "Apps that add a Referer of their own; a small hint that only counts beside others.",
    source: "WHATWG URL (serialisation always has a path and no space); most \
             referrer spam is typed by hand.",
    group: Group::Headers,
    scope: Scope::Request,
    needs: &[Need::UserAgent, Need::Referrer],
    resolution: Resolution::Second,
    evidence_max: EVIDENCE,
    state: State::Counts,
};

impl Detector for ReferrerForm {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let agent = scene.gathered.user_agent.as_ref().filter(|_| scene.gathered.claim.class.is_none())?;
        let is_browser = matches!(
            agent.family,
            Family::Chrome | Family::Edge | Family::Opera | Family::Firefox | Family::Safari
        );
        let referrer = bounded(scene.facts.referrer.known().filter(|_| is_browser)?);
        let detail = oddity(referrer)?;
        Some(CARD.signal(ID, EVIDENCE, detail))
    }
}

fn oddity(referrer: &str) -> Option<Detail> {
    let shown = || Value::text(referrer);
    let Some((scheme, rest)) = claimed::split_scheme(referrer) else {
        let is_host = referrer.contains('.') && !referrer.contains([':', '/', ' ']);
        return is_host.then(|| Detail::one("the referrer {a} has no scheme", shown()));
    };
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    if !rest.contains('/') {
        return Some(Detail::one("the referrer {a} lacks the slash every browser writes", shown()));
    }
    rest.contains(' ').then(|| Detail::one("the referrer {a} is written as no browser does", shown()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_write_whole_addresses() {
        let check = |referrer, odd: bool| assert_eq!(oddity(referrer).is_some(), odd, "{referrer:?}");
        check("https://shop.example/", false);
        check("https://shop.example/a?b=c", false);
        check("android-app://com.example.mail", false);
        check("about:client", false);
        check("", false);
        check("-", false);
        check("https://shop.example", true);
        check("shop.example", true);
        check("https://shop.example/#top", false);
        check("http://shop.example/a b", true);
    }
}
