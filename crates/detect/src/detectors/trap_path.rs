//! A path nobody sees.

use palisade_domain::{Detail, Fact, Resolution, Signal, SignalId, Value};

use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("trap.path");

/// Follows a link that no person is shown.
pub struct TrapPath;

static CARD: Card = Card {
    name: "trap_path",
    signals: &[ID],
    summary: "Asks for a path that is linked invisibly or not at all.",
    sees: "The path against the site's own trap paths; a path ending in a slash covers what is below it.",
    cannot_see: "Who was shown the link: traps keyed to one client decide elsewhere, this is evidence only. Logs without \
                 a referrer column: an embedding page could not be told.",
    errs: "Link prefetchers and screen readers that follow hidden links; people shown the address by somebody else. \
           Requests from another site or as an image or script are not counted: `<img src=/trap>` in a forum must not \
           ban its readers.",
    source: "Honeypot links of seeds 003 and 004; RFC 9110 section 10.1.3 (Referer), Fetch Metadata.",
    group: Group::Trap,
    scope: Scope::Request,
    needs: &[Need::Target, Need::Referrer],
    resolution: Resolution::Second,
    evidence_max: 5.0,
    state: State::Counts,
};

impl Detector for TrapPath {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let path = scene.gathered.path;
        let trapped = scene.site.trap_paths.iter().any(|trap| covers(trap, path));
        if !trapped || is_embedded(scene) || comes_from_elsewhere(scene) {
            return None;
        }
        Some(CARD.signal(ID, 5.0, Detail::one("{a} is a trap that no person is shown", Value::text(path))))
    }
}

fn covers(trap: &str, path: &str) -> bool {
    path == trap || path == trap.trim_end_matches('/') || (trap.ends_with('/') && path.starts_with(trap))
}

/// An image, script or frame of some page, or a fetch ahead of time.
fn is_embedded(scene: &Scene<'_>) -> bool {
    let dest = scene.header("sec-fetch-dest").known();
    let ahead = scene.header("sec-purpose").known().or(scene.header("purpose").known());
    dest.is_some_and(|dest| !matches!(dest, "document" | "empty"))
        || ahead.is_some_and(|purpose| purpose.contains("prefetch"))
}

/// Sent by a page of another site.
fn comes_from_elsewhere(scene: &Scene<'_>) -> bool {
    let site = scene.header("sec-fetch-site").known();
    if site.is_some_and(|site| matches!(site, "cross-site" | "same-site")) {
        return true;
    }
    match (scene.facts.referrer, scene.facts.host) {
        (Fact::Known(referrer), Fact::Known(host)) => {
            referrer_host(referrer).is_some_and(|from| !from.eq_ignore_ascii_case(host))
        }
        // Whose page it was cannot be told: an absolute referrer is taken for another site's.
        (Fact::Known(referrer), _) => referrer_host(referrer).is_some(),
        _ => false,
    }
}

fn referrer_host(referrer: &str) -> Option<&str> {
    let (_, rest) = referrer.split_once("://")?;
    rest.split(['/', '?']).next().filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trap_covers_what_is_below_it() {
        assert!(covers("/trap/", "/trap/x") && covers("/trap/", "/trap") && covers("/t", "/t"));
        assert!(!covers("/t", "/tx") && !covers("/trap/", "/trapped"));
        assert_eq!(referrer_host("https://a.example/x"), Some("a.example"));
        assert_eq!(referrer_host("-"), None);
    }
}
