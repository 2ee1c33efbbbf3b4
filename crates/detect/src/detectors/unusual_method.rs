//! Methods that no page uses.

use palisade_domain::{Detail, LogOdds, Resolution, Signal, SignalId, Value};

use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("method.unusual");

/// TRACE, DEBUG, WebDAV where there is none, invented words.
pub struct UnusualMethod;

static CARD: Card = Card {
    name: "unusual_method",
    signals: &[ID],
    summary: "Uses a method that pages and interfaces do not use.",
    sees: "The method, and whether the path looks like a WebDAV, calendar or version-control share.",
    cannot_see: "Which methods the application serves.",
    errs: "WebDAV and CalDAV shares under unusual paths; PURGE from a site's own cache.",
    source: "RFC 9110 section 9, RFC 4918 (WebDAV), RFC 4791 (CalDAV), IANA method registry.",
    group: Group::Attack,
    scope: Scope::Request,
    needs: &[Need::Method],
    resolution: Resolution::Second,
    evidence_max: 4.5,
    state: State::Counts,
};

/// Methods of WebDAV and its extensions.
const SHARE_METHODS: &[&str] = &[
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "MKCALENDAR",
    "SEARCH",
    "ACL",
    "CHECKOUT",
    "CHECKIN",
    "MERGE",
    "MKACTIVITY",
    "VERSION-CONTROL",
    "BIND",
    "REBIND",
    "UNBIND",
    "MKWORKSPACE",
    "ORDERPATCH",
    "LABEL",
    "UPDATE",
];

/// Pieces of the paths of shares.
const SHARE_PATHS: &[&str] = &[
    "dav",
    "remote.php",
    "svn",
    "carddav",
    "caldav",
    "/calendars",
    "/addressbooks",
    "/principals",
    "/sogo",
    "/files",
    "/exchange",
    "/.well-known/ca",
    "/radicale",
    "/cgi-bin/repo",
];

/// Proxies' caches are emptied with these, from inside.
const CACHE_METHODS: &[&str] = &["PURGE", "BAN", "REFRESH"];

impl Detector for UnusualMethod {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let method = scene.facts.method.known()?;
        let (evidence, words) = weigh(method, scene.gathered.path)?;
        Some(CARD.signal(ID, evidence, Detail::one(words, Value::text(method))))
    }
}

fn weigh(method: &str, path: &str) -> Option<(LogOdds, &'static str)> {
    match method {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "QUERY" | "PRI" => None,
        // CONNECT is judged by `malformed_request`, which sees where to.
        "CONNECT" => Some((1.5, "the method {a}")),
        "TRACE" | "TRACK" => Some((3.2, "the diagnostic method {a}, which browsers refuse to send")),
        "DEBUG" | "INVOKE" | "INDEX" | "SHOWMETHOD" | "TEXTSEARCH" | "SPACEJUMP" => {
            Some((4.2, "the method {a}, which only scanners try"))
        }
        method if SHARE_METHODS.contains(&method) => {
            (!is_share(path)).then_some((2.0, "the WebDAV method {a} outside a share"))
        }
        method if CACHE_METHODS.contains(&method) => Some((1.0, "the cache's own method {a}")),
        method if method.contains('\\') || method.bytes().any(|b| b <= b' ' || b >= 0x7f) => {
            Some((4.5, "{a}, which cannot be a method"))
        }
        method if method.bytes().any(|b| b.is_ascii_lowercase()) => {
            Some((if is_known(method) { 3.0 } else { 4.2 }, "the method {a}, which is not written so"))
        }
        method
            if method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-' || b == b'_')
                && method.len() <= 20 =>
        {
            Some((3.2, "the method {a}, which nobody has registered"))
        }
        _ => Some((4.5, "{a}, which cannot be a method")),
    }
}

/// A method in the wrong case: careless programs, not garbage.
fn is_known(method: &str) -> bool {
    ["get", "head", "post", "put", "patch", "delete", "options"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(method))
}

fn is_share(path: &str) -> bool {
    let folded: arrayvec::ArrayVec<u8, 256> =
        path.bytes().take(256).map(|b| b.to_ascii_lowercase()).collect();
    SHARE_PATHS.iter().any(|piece| memchr::memmem::find(&folded, piece.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_of_pages_and_shares_are_ordinary() {
        let check = |method, path, expect: Option<f32>| {
            assert_eq!(weigh(method, path).map(|found| found.0), expect, "{method} {path}");
        };
        check("GET", "/", None);
        check("PATCH", "/api/x", None);
        check("PROPFIND", "/remote.php/webdav/a", None);
        check("REPORT", "/SOGo/dav/a/Calendar/", None);
        check("PROPFIND", "/", Some(2.0));
        check("TRACE", "/", Some(3.2));
        check("get", "/", Some(3.0));
        check("GHOST", "/", Some(3.2));
        check("\\x16\\x03", "", Some(4.5));
        check("SSTP_DUPLEX_POST", "/sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/", Some(3.2));
    }
}
