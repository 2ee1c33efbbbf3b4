//! Requests that are no HTTP, or that want a proxy.

use palisade_domain::{Detail, Fact, HttpVersion, LogOdds, Resolution, Signal, SignalId, Value};

use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const MALFORMED: SignalId = SignalId("path.malformed");
const PROXY: SignalId = SignalId("path.proxy");

/// Other protocols, garbage, invented versions, open-proxy probes.
pub struct MalformedRequest;

static CARD: Card = Card {
    name: "malformed_request",
    signals: &[MALFORMED, PROXY],
    summary: "The request line is no HTTP, names a version that does not exist, or asks us to act as a proxy.",
    sees: "Method, target and version as they came: TLS and RDP hellos, control bytes, empty lines, words without a \
           target, `CONNECT`, targets that name another host.",
    cannot_see: "What a front server has already refused or repaired; whether another host's name is one of the site's \
                 own where the vantage does not show the host.",
    errs: "People who type https:// on a plain port (their browser's hello arrives as garbage, once); old proxies that \
           send absolute targets for the site itself, which are not counted.",
    source: "RFC 9112 sections 2 and 3; RFC 9110 section 9.3.6 (CONNECT).",
    group: Group::Attack,
    scope: Scope::Request,
    needs: &[Need::Target],
    resolution: Resolution::Second,
    evidence_max: 7.0,
    state: State::Counts,
};

impl Detector for MalformedRequest {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let facts = scene.facts;
        let target = facts.target.known().unwrap_or("");
        let found = match facts.method {
            Fact::Known("CONNECT") => Some((PROXY, 6.5, "asks for a tunnel to {a}")),
            Fact::Known(_) => foreign(target, facts.host.known())
                .map(|evidence| (PROXY, evidence, "asks for {a} as if we were a proxy"))
                .or_else(|| garbage_in(target)),
            Fact::Absent => Some(no_http(target)),
            Fact::Unseen => None,
        };
        let (id, evidence, words) = found.or_else(|| version(facts.version))?;
        Some(CARD.signal(id, evidence, Detail::one(words, Value::text(target))))
    }
}

/// A first line without a method: which protocol is it?
fn no_http(line: &str) -> (SignalId, LogOdds, &'static str) {
    // A TLS hello on a plain port is what a browser sends when somebody types https by mistake: suspicious, and no more.
    let tls = line.starts_with("\\x16\\x03") || line.starts_with("\u{16}\u{3}");
    match line {
        // Browsers open connections ahead of need and close them unused; servers log that as an empty request.
        _ if line.trim_matches(['-', ' ']).is_empty() => (MALFORMED, 0.5, "an empty request line"),
        _ if tls => (MALFORMED, 3.9, "the first bytes of TLS instead of a request: {a}"),
        _ if has_controls(line) => (MALFORMED, 6.5, "bytes of another protocol instead of a request: {a}"),
        _ => (MALFORMED, 5.5, "no request line: {a}"),
    }
}

/// Evidence that the target names another host: absolute form is for proxies (RFC 9112 section 3.2.2).
fn foreign(target: &str, own: Option<&str>) -> Option<LogOdds> {
    // A path has no scheme: nearly every target ends here.
    if target.starts_with('/') {
        return None;
    }
    let (scheme, rest) = target.split_once("://")?;
    if scheme.is_empty() || !scheme.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match own {
        Some(own) if name_of(own).eq_ignore_ascii_case(name_of(host)) => None,
        Some(_) => Some(6.0),
        // A log line rarely shows the host; clients that send absolute targets to a web server are scanners or old.
        None if !matches!(scheme, "http" | "https") => Some(5.0),
        None => Some(4.2),
    }
}

/// A host without its port.
fn name_of(host: &str) -> &str {
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

/// Control bytes within a target that otherwise looks like one.
fn garbage_in(target: &str) -> Option<(SignalId, LogOdds, &'static str)> {
    let garbage = has_controls(target) && !target.contains("\\x22");
    garbage.then_some((MALFORMED, 4.5, "control bytes in the target: {a}"))
}

/// Raw control bytes, or as servers write them into their logs: `\x03`.
fn has_controls(text: &str) -> bool {
    let is_control = |byte: u8| byte < 0x20 || byte == 0x7f;
    if !text.bytes().any(|byte| is_control(byte) || byte == b'\\') {
        return false;
    }
    let escaped = text.match_indices("\\x").any(|(at, _)| {
        let digits = text.get(at + 2..at + 4).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        digits.is_some_and(|byte| !(0x20..0x7f).contains(&byte))
    });
    escaped || text.bytes().any(is_control)
}

fn version(version: Fact<HttpVersion>) -> Option<(SignalId, LogOdds, &'static str)> {
    match version {
        Fact::Known(HttpVersion::Other) => {
            Some((MALFORMED, 5.0, "an HTTP version that does not exist, for {a}"))
        }
        Fact::Known(HttpVersion::Http09) => {
            Some((MALFORMED, 4.2, "HTTP/0.9, which no browser of this century speaks, for {a}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_protocols_are_told_apart() {
        let check = |line, expect: f32| assert!((no_http(line).1 - expect).abs() < 0.01, "{line}");
        check("", 0.5);
        check("\\x16\\x03\\x01\\x02\\x00", 3.9);
        check("\\x03\\x00\\x00/*\\xE0Cookie: mstshash=Administr", 6.5);
        check("Gh0st\\xAD\\x00", 6.5);
        check("HELP", 5.5);
    }

    #[test]
    fn only_foreign_hosts_are_proxy_probes() {
        assert_eq!(foreign("/a?u=http://x.example/", Some("own.example")), None);
        assert_eq!(foreign("http://own.example/a", Some("OWN.example:80")), None);
        assert_eq!(foreign("http://other.example/a", Some("own.example")), Some(6.0));
        assert_eq!(foreign("http://other.example/a", None), Some(4.2));
    }
}
