//! HAProxy's HTTP log (`option httplog`, `option httpslog`; HAProxy configuration manual, section 8.2.3).
//!
//! `client:port [time] frontend backend/server TR/Tw/Tc/Tr/Ta status bytes cookie cookie flags conns queues
//! [{request captures}] [{response captures}] "request"`
//!
//! The port follows the last colon, also behind an IPv6 address, which has no brackets.
//!
//! What cannot be known: the time has no zone (UTC is assumed). The names of captured headers are not in the line,
//! and with one pair of braces neither whether they were captured from the request. So a capture counts as the
//! user agent only where it looks like one, and nothing else is taken from the braces. A user agent that was
//! captured with a short `len` is cut. `~` behind the frontend says TLS; its absence says nothing, since another
//! proxy may have ended TLS before.

use palisade_domain::{Fact, ResponseFacts, Scheme};

use super::Format;
use super::clock;
use super::draft::{Draft, Text, Who};
use super::text::{address_before_port, column, number, quoted, request_line, status, word};

/// Reads one line.
pub(super) fn parse(line: &str) -> Option<Draft<'_>> {
    let (client, rest) = word(line);
    let (time, rest) = rest.strip_prefix('[')?.split_once("] ")?;
    let (frontend, rest) = word(rest);
    let (_server, rest) = word(rest).0.contains('/').then(|| word(rest))?;
    let (timers, rest) = word(rest);
    let (code, rest) = word(rest);
    let (bytes, rest) = word(rest);
    let (_cookies, rest) = word(rest).1.split_once(' ')?;
    let (_flags, rest) = word(rest);
    let (connections, rest) = word(rest);
    let (_queues, rest) = word(rest);
    if connections.split('/').count() != 5 {
        return None;
    }
    let (captures, rest) = captures(rest);
    let (request, _) = quoted(rest)?;
    let who = Who::Ip(address_before_port(client)?);
    let mut draft = Draft::new(Format::Haproxy, clock::clf(time)?, who).with_request(request_line(request));
    draft.user_agent = user_agent(captures);
    draft.scheme = if frontend.ends_with('~') { Fact::Known(Scheme::Https) } else { Fact::Unseen };
    draft.response = ResponseFacts {
        status: status_of(code)?,
        bytes: number(bytes.trim_start_matches('+'))?,
        duration_ms: total_ms(timers)?,
        ..ResponseFacts::default()
    };
    Some(draft)
}

/// Is it a message about a connection on which no request came: `client [time] frontend/backend: SSL handshake
/// failure`?
pub(super) fn is_notice(line: &str) -> bool {
    line.split_once("] ").is_some_and(|(_, rest)| word(rest).0.ends_with(':'))
}

/// The two capture groups, where there are any, and what follows them.
fn captures(rest: &str) -> ([Option<&str>; 2], &str) {
    let mut groups = [None; 2];
    let mut rest = rest;
    for group in &mut groups {
        // A captured value may hold `}`: the group ends where a blank and a group or the request follow.
        let end = ["} \"", "} {"].iter().filter_map(|end| rest.find(end)).min();
        let (true, Some(end)) = (rest.starts_with('{'), end) else { break };
        *group = Some(&rest[1..end]);
        rest = rest[end + 1..].trim_start();
    }
    (groups, rest)
}

/// With two groups the first is the request's, and a product with a version (RFC 9110 section 10.1.5) is its user
/// agent. With one group only browsers' own beginning is unmistakable: `nginx/1.2` could be a `Server`.
fn user_agent<'a>(groups: [Option<&'a str>; 2]) -> Text<'a> {
    let is_agent: fn(&str) -> bool = match groups {
        [Some(_), Some(_)] => is_product,
        _ => |text| text.starts_with("Mozilla/"),
    };
    let found = groups[0].and_then(|group| group.split('|').find(|value| is_agent(value)));
    found.map_or(Fact::Unseen, column)
}

fn is_product(text: &str) -> bool {
    text.split_once('/').is_some_and(|(name, version)| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            && version.starts_with(|c: char| c.is_ascii_digit())
    })
}

fn status_of(code: &str) -> Option<Fact<u16>> {
    if code == "-1" {
        return Some(Fact::Absent);
    }
    number(code).map(status)
}

/// The last of five timers, in milliseconds; `-1` where the request was aborted before.
fn total_ms(timers: &str) -> Option<Fact<u64>> {
    let mut parts = timers.split('/');
    let total = parts.nth(4)?.trim_start_matches('+');
    if parts.next().is_some() {
        return None;
    }
    if total == "-1" { Some(Fact::Absent) } else { number(total) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::{Resolution, Timestamp};

    const LINE: &str = r#"192.0.2.1:33317 [06/Feb/2009:12:14:14.655] https-in~ static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {www.example|x-bot/1.0 (y)} {} "GET /index.html HTTP/1.1""#;

    #[test]
    fn a_line_is_read() {
        let draft = parse(LINE).unwrap();
        assert_eq!(draft.moment, (Timestamp::from_millis(1_233_922_454_655), Resolution::Milli));
        assert_eq!(draft.who, Who::Ip("192.0.2.1".parse().unwrap()));
        assert_eq!(draft.user_agent.known().as_deref(), Some("x-bot/1.0 (y)"));
        assert_eq!(draft.host, Fact::Unseen);
        assert_eq!(draft.scheme, Fact::Known(Scheme::Https));
        assert_eq!(draft.response.duration_ms, Fact::Known(109));
        assert_eq!(draft.response.status, Fact::Known(200));
    }

    #[test]
    fn ports_are_split_off_ipv6() {
        for (client, ip) in [
            ("2001:db8::5:4080", "2001:db8::5"),
            ("2001:db8::5:33317", "2001:db8::5"),
            ("::ffff:192.0.2.1:51234", "192.0.2.1"),
            ("[2001:db8::5]:33317", "2001:db8::5"),
        ] {
            let line = LINE.replace("192.0.2.1:33317", client);
            assert_eq!(parse(&line).unwrap().who, Who::Ip(ip.parse().unwrap()), "{client}");
        }
    }

    #[test]
    fn captures_are_taken_with_care() {
        let check = |groups: &str, expect: Option<&str>| {
            let line = LINE.replace("{www.example|x-bot/1.0 (y)} {}", groups);
            let draft = parse(&line).unwrap_or_else(|| panic!("not read: {line}"));
            assert_eq!(draft.user_agent.known().as_deref(), expect, "{groups}");
        };
        check("{Mozilla/5.0 (X11)}", Some("Mozilla/5.0 (X11)"));
        check("{nginx/1.2}", None);
        check("{https://www.example/|text/html} {nginx/1.2}", None);
        check("{a}b|x/1} {}", Some("x/1"));
    }

    #[test]
    fn bad_requests_and_aborted_ones_are_kept() {
        let line = LINE.replace("GET /index.html HTTP/1.1", "<BADREQ>").replace("109 200", "-1 -1");
        let draft = parse(&line).unwrap();
        assert_eq!(draft.method, Fact::Absent);
        assert_eq!(draft.target.known().as_deref(), Some("<BADREQ>"));
        assert_eq!((draft.response.status, draft.response.duration_ms), (Fact::Absent, Fact::Absent));
    }

    #[test]
    fn messages_about_connections_are_no_torn_lines() {
        assert!(is_notice("192.0.2.1:5 [28/Feb/2025:02:43:10.123] web/back: SSL handshake failure"));
        assert!(!is_notice(&LINE[..80]));
    }

    #[test]
    fn torn_lines_are_refused() {
        for end in 0..LINE.len() {
            assert!(parse(&LINE[..end]).is_none(), "{}", &LINE[..end]);
        }
    }
}
