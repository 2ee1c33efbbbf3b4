//! nginx proxy manager, which many self-hosters run.
//!
//! - `[time] cache upstream_status status - method scheme host "uri" [Client ip] [Length n] [Gzip r] [Sent-to ip]
//!   "user agent" "referer"` (its own format; cache and upstream status may be missing)
//! - `[time] host client seconds "request" status bytes bytes_in referer user agent` (a format handed around for it;
//!   the user agent is the rest of the line)

use palisade_domain::{Fact, ResponseFacts, Scheme};

use super::Format;
use super::clock::{self, Moment};
use super::draft::{Draft, Who};
use super::text::{address, column, host, number, quoted, request_line, status, word};

/// Reads one line of either format.
pub(super) fn parse(line: &str) -> Option<Draft<'_>> {
    let (time, rest) = line.strip_prefix('[')?.split_once("] ")?;
    let moment = clock::clf(time)?;
    own(moment, rest).or_else(|| handed_around(moment, rest))
}

fn own(moment: Moment, rest: &str) -> Option<Draft<'_>> {
    let (columns, rest) = rest.split_once(" - ").map(|(columns, rest)| (columns, rest.trim_start()))?;
    // `- 404 200 - GET`: where the cache column is `-`, the first separator found is that column itself.
    let (columns, rest) = match rest.split_once(" - ") {
        Some((more, rest)) if more.bytes().all(|b| b.is_ascii_digit() || b == b' ' || b == b'-') => {
            (more, rest)
        }
        _ => (columns, rest),
    };
    let code = number(columns.split(' ').rfind(|column| !column.is_empty())?)?;
    let (method, rest) = word(rest);
    let (scheme, rest) = word(rest);
    let (name, rest) = word(rest);
    let (uri, rest) = quoted(rest)?;
    let (client, rest) = bracketed(rest, "[Client ")?;
    let (bytes, mut rest) = bracketed(rest, "[Length ")?;
    while let Some((_, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        rest = after;
    }
    let (user_agent, rest) = quoted(rest)?;
    let (referrer, _) = quoted(rest)?;
    let mut draft = Draft::new(Format::ProxyManager, moment, Who::Ip(address(client)?));
    draft.method = column(method);
    draft.host = host(name);
    draft.target = column(uri);
    draft.scheme = scheme_of(scheme)?;
    draft.user_agent = column(user_agent);
    draft.referrer = column(referrer);
    draft.response =
        ResponseFacts { status: status(code), bytes: number(bytes)?, ..ResponseFacts::default() };
    Some(draft)
}

fn handed_around(moment: Moment, rest: &str) -> Option<Draft<'_>> {
    let (name, rest) = word(rest);
    let (client, rest) = word(rest);
    let (seconds, rest) = word(rest);
    let (request, rest) = quoted(rest)?;
    let (code, rest) = word(rest);
    let (bytes, rest) = word(rest);
    let (bytes_in, rest) = word(rest);
    let (referrer, user_agent) = word(rest);
    number(bytes_in)?;
    if user_agent.is_empty() {
        return None;
    }
    let who = Who::Ip(address(client)?);
    let mut draft = Draft::new(Format::ProxyManager, moment, who).with_request(request_line(request));
    draft.host = host(name);
    draft.referrer = column(referrer);
    draft.user_agent = column(user_agent);
    draft.response = ResponseFacts {
        status: status(number(code)?),
        bytes: number(bytes)?,
        duration_ms: Fact::Known((seconds.parse::<f64>().ok()? * 1e3).round() as u64),
        ..ResponseFacts::default()
    };
    Some(draft)
}

fn bracketed<'a>(text: &'a str, open: &str) -> Option<(&'a str, &'a str)> {
    let (inside, rest) = text.strip_prefix(open)?.split_once(']')?;
    Some((inside, rest.trim_start()))
}

fn scheme_of(text: &str) -> Option<Fact<Scheme>> {
    match text {
        "http" => Some(Fact::Known(Scheme::Http)),
        "https" => Some(Fact::Known(Scheme::Https)),
        "-" => Some(Fact::Absent),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = r#"[10/Oct/2000:13:55:36 -0700] - 404 200 - GET https www.example "/a?b" [Client 192.0.2.1] [Length 512] [Gzip 1.1] [Sent-to 10.0.0.5] "x/1" "-""#;
    const HANDED: &str = r#"[10/Oct/2000:13:55:36 -0700] www.example 192.0.2.1 0.227 "GET /a HTTP/2.0" 207 125 440 - x/1 (y z)"#;

    #[test]
    fn its_own_format_is_read() {
        for line in [OWN.to_owned(), OWN.replace("- 404 200 -", "200 -"), OWN.replace("- 404 200", "- - 200")]
        {
            let draft = parse(&line).unwrap_or_else(|| panic!("not read: {line}"));
            assert_eq!(draft.who, Who::Ip("192.0.2.1".parse().unwrap()));
            assert_eq!(draft.response.status, Fact::Known(200), "{line}");
            assert_eq!(draft.response.bytes, Fact::Known(512));
            assert_eq!(draft.method.known().as_deref(), Some("GET"));
            assert_eq!(draft.target.known().as_deref(), Some("/a?b"));
            assert_eq!(draft.scheme, Fact::Known(Scheme::Https));
            assert_eq!(draft.version, Fact::Unseen);
            assert_eq!(draft.referrer, Fact::Absent);
        }
    }

    #[test]
    fn the_other_format_is_read() {
        let draft = parse(HANDED).unwrap();
        assert_eq!(draft.host.known().as_deref(), Some("www.example"));
        assert_eq!(draft.user_agent.known().as_deref(), Some("x/1 (y z)"));
        assert_eq!(draft.response.duration_ms, Fact::Known(227));
    }

    #[test]
    fn torn_lines_are_refused() {
        for end in 0..OWN.len() {
            assert!(parse(&OWN[..end]).is_none(), "{}", &OWN[..end]);
        }
        for end in 0..HANDED.find(" x/1").unwrap() {
            assert!(parse(&HANDED[..end]).is_none(), "{}", &HANDED[..end]);
        }
    }
}
