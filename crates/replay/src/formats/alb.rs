//! AWS Application Load Balancer access logs ("Access log entries", Elastic Load Balancing user guide).
//!
//! The balancer writes the request with an absolute URL of its own making: host and scheme come from it, the target
//! is what the client sent. The request's own time is `request_creation_time`; lines without it (torn off by older
//! exports) have the response's.

use std::borrow::Cow;

use palisade_domain::{Fact, ResponseFacts, Scheme};

use super::Format;
use super::clock;
use super::draft::{Draft, Text, Who};
use super::text::{address, column, host, number, quoted, request_line, status, word};

/// Columns between the user agent and `request_creation_time`: cipher, protocol, target group, trace, domain,
/// certificate, rule priority.
const COLUMNS_BEFORE_CREATION: usize = 7;

/// Reads one line.
pub(super) fn parse(line: &str) -> Option<Draft<'_>> {
    let (kind, rest) = word(line);
    let scheme = scheme(kind)?;
    let (time, rest) = word(rest);
    let (_balancer, rest) = word(rest);
    let (client, rest) = word(rest);
    let (_target, rest) = word(rest);
    let (duration_ms, rest) = processing_ms(rest)?;
    let (code, rest) = word(rest);
    let (_target_code, rest) = word(rest);
    let (_received, rest) = word(rest);
    let (bytes, rest) = word(rest);
    let (request, rest) = quoted(rest)?;
    let (user_agent, rest) = quoted(rest)?;
    let moment = creation_time(rest).or_else(|| clock::iso(time))?;
    let mut draft = Draft::new(Format::Alb, moment, Who::Ip(address(client)?));
    draft = draft.with_request(request_line(request));
    draft.scheme = Fact::Known(scheme);
    draft.user_agent = column(user_agent);
    split_url(&mut draft);
    draft.response = ResponseFacts {
        status: status(number(code)?),
        bytes: number(bytes)?,
        duration_ms,
        ..ResponseFacts::default()
    };
    Some(draft)
}

/// Does the line begin like one of these?
pub(super) fn looks_alike(line: &str) -> bool {
    let (kind, rest) = word(line);
    scheme(kind).is_some() && clock::iso(word(rest).0).is_some()
}

fn scheme(kind: &str) -> Option<Scheme> {
    match kind {
        "http" | "ws" => Some(Scheme::Http),
        "https" | "h2" | "grpcs" | "wss" => Some(Scheme::Https),
        _ => None,
    }
}

/// The three processing times, in seconds; -1 where there was none.
fn processing_ms(mut rest: &str) -> Option<(Fact<u64>, &str)> {
    let mut total = Some(0.0);
    for _ in 0..3 {
        let (seconds, after) = word(rest);
        let seconds: f64 = seconds.parse().ok()?;
        total = total.filter(|_| seconds >= 0.0).map(|total| total + seconds);
        rest = after;
    }
    Some((Fact::seen(total.map(|seconds: f64| (seconds * 1e3).round() as u64)), rest))
}

fn creation_time(mut rest: &str) -> Option<clock::Moment> {
    for _ in 0..COLUMNS_BEFORE_CREATION {
        rest = quoted(rest).unwrap_or_else(|| word(rest)).1;
    }
    clock::iso(word(rest).0)
}

/// Takes host and target out of `https://www.example:443/a?b`. A malformed request (`- http://www.example:80- -`)
/// keeps its text.
fn split_url(draft: &mut Draft<'_>) {
    let (Fact::Known(_), Fact::Known(url)) = (&draft.method, &draft.target) else { return };
    let Some((_, after_scheme)) = url.split_once("://") else { return };
    if draft.method == Fact::Known(Cow::Borrowed("-")) {
        draft.method = Fact::Absent;
        draft.version = Fact::Absent;
        return;
    }
    let (authority, target) =
        after_scheme.split_at(after_scheme.find(['/', '?']).unwrap_or(after_scheme.len()));
    let name: Text<'static> = host(authority).map(|name| Cow::Owned(name.into_owned()));
    let target = if target.is_empty() { "/" } else { target }.to_owned();
    draft.host = name;
    draft.target = Fact::Known(Cow::Owned(target));
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::{HttpVersion, Resolution, Timestamp};

    const LINE: &str = r#"h2 2018-07-02T22:23:00.186641Z app/my-balancer/50dc6c495c0c9188 192.0.2.1:2817 10.0.0.1:80 0.001 0.048 0.037 200 200 34 366 "GET https://www.example:443/a?b HTTP/2.0" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:x "Root=1-2" "www.example" "arn:aws:y" 1 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-""#;

    #[test]
    fn a_line_is_read() {
        let draft = parse(LINE).unwrap();
        assert_eq!(draft.moment, (Timestamp(1_530_570_168_364_000), Resolution::Micro));
        assert_eq!(draft.host.known().as_deref(), Some("www.example"));
        assert_eq!(draft.target.known().as_deref(), Some("/a?b"));
        assert_eq!(draft.version, Fact::Known(HttpVersion::Http2));
        assert_eq!(draft.scheme, Fact::Known(Scheme::Https));
        assert_eq!(draft.referrer, Fact::Unseen);
        assert_eq!(draft.response.duration_ms, Fact::Known(86));
        assert_eq!(draft.response.bytes, Fact::Known(366));
    }

    #[test]
    fn malformed_requests_are_kept() {
        let line = LINE.replace("GET https://www.example:443/a?b HTTP/2.0", "- http://www.example:80- -");
        let draft = parse(&line).unwrap();
        assert_eq!(draft.method, Fact::Absent);
        assert_eq!(draft.target.known().as_deref(), Some("- http://www.example:80- -"));
    }

    #[test]
    fn torn_lines_are_refused() {
        for end in 0..LINE.find(" ECDHE").unwrap() {
            assert!(parse(&LINE[..end]).is_none(), "{}", &LINE[..end]);
        }
    }
}
