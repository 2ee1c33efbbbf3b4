//! `Sec-Fetch-*` that is missing, contradicts itself, or comes from a browser too old to have it.

use palisade_domain::{Detail, LogOdds, Resolution, Signal, SignalId, Value};

use super::claimed::{self, Browser};
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("headers.fetch_metadata");

/// Missing where they belong: half of what makes a challenge.
const MISSING: LogOdds = 2.5;

/// No browser sends this.
const IMPOSSIBLE: LogOdds = 3.2;

/// `Sec-Fetch-*` that is missing, contradicts itself, or comes from a browser too old to have it.
pub struct FetchMetadata;

static CARD: Card = Card {
    name: "fetch_metadata",
    signals: &[ID],
    summary: "Sec-Fetch headers that contradict themselves or their browser, or are missing over TLS.",
    sees: "Sec-Fetch-Site, -Mode, -Dest and -User against each other, against Referer and Host, and against the \
           version claimed; over TLS, their absence from a page request of a browser that sends them.",
    cannot_see: "A client that sends a consistent set; what was sent over clear HTTP, where browsers send none.",
    errs: "A browser whose user agent was set back by an extension; a proxy that rewrites Host without saying so. \
           Absence alone stays below monitor.",
    source: "W3C Fetch Metadata Request Headers, section 2; Chromium since 80, Firefox since 90, Safari since 16.4; \
             4,300 recorded requests of Chromium 156, Firefox 153 and QtWebEngine 5.15 hold every rule.",
    group: Group::Headers,
    scope: Scope::Request,
    needs: &[Need::UserAgent, Need::Headers],
    resolution: Resolution::Second,
    evidence_max: IMPOSSIBLE,
    state: State::Counts,
};

impl Detector for FetchMetadata {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let browser = claimed::browser(scene)?;
        let set = Set::of(scene);
        let (detail, evidence) = if set.is_empty() {
            if !(sends(browser) && claimed::is_encrypted(scene.facts) && claimed::opens_page(scene)) {
                return None;
            }
            (Detail::plain("no Sec-Fetch header over TLS, where this browser sends four"), MISSING)
        } else {
            let detail = (too_old(browser))
                .then(|| Detail::plain("Sec-Fetch headers from a browser too old to have them"))
                .or_else(|| set.contradiction())
                .or_else(|| foreign_referer(scene, &set))?;
            (detail, IMPOSSIBLE)
        };
        Some(CARD.signal(ID, evidence, detail))
    }
}

/// Certain to send them over TLS.
fn sends(browser: Browser) -> bool {
    matches!(browser, Browser::Chromium(80..) | Browser::Firefox(90..) | Browser::Safari(17..))
}

/// Certain not to have them.
fn too_old(browser: Browser) -> bool {
    matches!(browser, Browser::Chromium(..76) | Browser::Firefox(..85) | Browser::Safari(..16))
}

/// The four headers as sent.
struct Set<'a> {
    site: Option<&'a str>,
    mode: Option<&'a str>,
    dest: Option<&'a str>,
    user: Option<&'a str>,
}

impl<'a> Set<'a> {
    fn of(scene: &Scene<'a>) -> Self {
        let header = |name| scene.header(name).known();
        Set {
            site: header("sec-fetch-site"),
            mode: header("sec-fetch-mode"),
            dest: header("sec-fetch-dest"),
            user: header("sec-fetch-user"),
        }
    }

    fn is_empty(&self) -> bool {
        self.site.is_none() && self.mode.is_none() && self.dest.is_none() && self.user.is_none()
    }

    /// What never occurs together.
    fn contradiction(&self) -> Option<Detail> {
        const SITES: [&str; 4] = ["none", "same-origin", "same-site", "cross-site"];
        let (Some(site), Some(mode), Some(dest)) = (self.site, self.mode, self.dest) else {
            return Some(Detail::plain("Sec-Fetch-Site, -Mode and -Dest come together or not at all"));
        };
        if !SITES.contains(&site) {
            return Some(Detail::one("there is no Sec-Fetch-Site {a}", Value::text(site)));
        }
        let opens = matches!(dest, "document" | "iframe" | "frame" | "embed" | "object" | "fencedframe");
        match (mode, self.user) {
            ("navigate", _) if !opens => Some(Detail::one("mode navigate for {a}", Value::text(dest))),
            (mode, Some(_)) if mode != "navigate" => {
                Some(Detail::one("a user's act (Sec-Fetch-User) in mode {a}", Value::text(mode)))
            }
            (_, Some(user)) if user != "?1" => {
                Some(Detail::one("there is no Sec-Fetch-User {a}", Value::text(user)))
            }
            (mode, _) if mode != "navigate" && dest == "document" => {
                Some(Detail::one("a document in mode {a}", Value::text(mode)))
            }
            _ => None,
        }
    }
}

/// `same-origin` with a `Referer` of another host. Hosts are compared without port.
fn foreign_referer(scene: &Scene<'_>, set: &Set<'_>) -> Option<Detail> {
    if set.site != Some("same-origin") {
        return None;
    }
    let host = without_port(scene.facts.host.known()?);
    let (_, rest) = claimed::split_scheme(scene.header("referer").known()?)?;
    let end = rest.bytes().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let from = without_port(&rest[..end]);
    let foreign = !from.is_empty() && !from.eq_ignore_ascii_case(host);
    (foreign && claimed::is_direct(scene.facts))
        .then(|| Detail::one("same-origin, but referred by {a}", Value::text(from)))
}

fn without_port(authority: &str) -> &str {
    match authority.bytes().rposition(|byte| byte == b':').map(|at| authority.split_at(at)) {
        Some((host, port)) if port[1..].bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(site: &str, mode: &str, dest: &str, user: &str, is_possible: bool) {
        let said = |text: &'static str| Some(text).filter(|text| !text.is_empty());
        let leak = |text: &str| said(Box::leak(text.to_owned().into_boxed_str()));
        let set = Set { site: leak(site), mode: leak(mode), dest: leak(dest), user: leak(user) };
        assert_eq!(set.contradiction().is_none(), is_possible, "{site} {mode} {dest} {user}");
    }

    #[test]
    fn combinations_of_browsers_are_possible() {
        check("none", "navigate", "document", "?1", true);
        check("same-origin", "navigate", "iframe", "", true);
        check("cross-site", "no-cors", "image", "", true);
        check("same-origin", "cors", "empty", "", true);
        check("same-origin", "same-origin", "worker", "", true);
        check("same-origin", "websocket", "empty", "", true);
    }

    #[test]
    fn combinations_of_scripts_are_not() {
        check("none", "cors", "document", "", false);
        check("none", "navigate", "empty", "", false);
        check("none", "no-cors", "image", "?1", false);
        check("self", "navigate", "document", "?1", false);
        check("none", "navigate", "document", "?0", false);
        check("none", "navigate", "", "?1", false);
        check("", "cors", "", "", false);
    }

    #[test]
    fn ports_do_not_make_a_host_foreign() {
        assert_eq!(without_port("shop.example:8443"), "shop.example");
        assert_eq!(without_port("[::1]:80"), "[::1]");
        assert_eq!(without_port("shop.example"), "shop.example");
    }
}
