//! Apache common and combined, and what nginx, Traefik and site owners make of them.
//!
//! `[vhost[:port]] client ident user [time] "request" status bytes ["referer" "user agent" [more…]]`
//!
//! Of the columns after the user agent two are understood: addresses in quotes (nginx's
//! `"$http_x_forwarded_for"`) name the client where the peer is private, and nginx's `0.123` or Traefik's `12ms` is
//! the duration. All others could be anything and are left alone.

use palisade_domain::{ClientIp, Fact, ResponseFacts};

use super::Format;
use super::clock::{self, Moment};
use super::draft::{Draft, Text, Who};
use super::text::{
    address, behind_proxy, column, host, is_host_name, number, quoted, request_line, status, word,
};

/// How many `[` before the time are tried: an IPv6 address may stand in brackets.
const BRACKETS_MAX: usize = 4;

/// Columns after the user agent that are looked at: nobody adds more, and looking at each of a line of stray quotes
/// would take the square of its length.
const ADDED_COLUMNS_MAX: usize = 32;

/// Reads one line of either format.
pub(super) fn parse(line: &str) -> Option<Draft<'_>> {
    let (head, moment, rest) = split_at_time(line)?;
    let (vhost, who) = client(head)?;
    let (request, rest) = quoted(rest)?;
    let (status_column, rest) = word(rest);
    let (bytes_column, rest) = word(rest);
    let response = response(status_column, bytes_column)?;
    let is_combined = rest.starts_with('"');
    let format = if is_combined { Format::Combined } else { Format::Common };
    let mut draft = Draft::new(format, moment, who).with_request(request_line(request));
    draft.host = vhost;
    draft.response = response;
    let mut more = rest;
    if is_combined {
        let (referrer, rest) = quoted(rest)?;
        let (user_agent, rest) = quoted(rest)?;
        draft.referrer = column(referrer);
        draft.user_agent = column(user_agent);
        more = rest;
    }
    added_columns(&mut draft, more);
    Some(draft)
}

/// Finds `[time]`: what stands before it, the time, what stands after it.
fn split_at_time(line: &str) -> Option<(&str, Moment, &str)> {
    for at in memchr::memchr_iter(b'[', line.as_bytes()).take(BRACKETS_MAX) {
        let inside = &line[at + 1..];
        let close = memchr::memchr(b']', inside.as_bytes())?;
        if let Some(moment) = clock::clf(&inside[..close]) {
            return Some((&line[..at], moment, inside[close + 1..].trim_start_matches(' ')));
        }
    }
    None
}

/// Is there an access log's time in the line? Then it is one of these formats, or HAProxy's, or a part of a line.
pub(super) fn has_time(line: &str) -> bool {
    split_at_time(line).is_some()
}

/// Who asked, and the virtual host where the line begins with one.
fn client(head: &str) -> Option<(Text<'_>, Who<'_>)> {
    let (first, rest) = word(head);
    if let Some(ip) = address(first) {
        return Some((Fact::Unseen, Who::Ip(ip)));
    }
    if let Some(list) = forwarded_list(head) {
        return Some((Fact::Unseen, Who::Ip(list)));
    }
    let (second, rest) = word(rest);
    if let Some(ip) = address(second) {
        return Some((host(first), Who::Ip(ip)));
    }
    let has_vhost = is_host_name(second) && word(rest).0 == "-";
    let (vhost, name) = if has_vhost { (host(first), second) } else { (Fact::Unseen, first) };
    is_host_name(name).then_some((vhost, Who::Name(name.into())))
}

/// A client column that holds `X-Forwarded-For`: `198.51.100.9, 10.0.0.1 - -`.
fn forwarded_list(head: &str) -> Option<ClientIp> {
    let (list, _) = head.split_once(" - ").filter(|(list, _)| list.contains(','))?;
    address(list)
}

fn response(status_column: &str, bytes_column: &str) -> Option<ResponseFacts> {
    let code = number(status_column)?;
    if !matches!((code, status_column.len()), (Fact::Absent, _) | (Fact::Known(0), _) | (_, 3)) {
        return None;
    }
    Some(ResponseFacts { status: status(code), bytes: number(bytes_column)?, ..ResponseFacts::default() })
}

fn added_columns(draft: &mut Draft<'_>, mut rest: &str) {
    let mut forwarded = None;
    for _ in 0..ADDED_COLUMNS_MAX {
        if rest.is_empty() {
            break;
        }
        let (value, after) = quoted(rest).unwrap_or_else(|| word(rest));
        rest = after;
        if forwarded.is_none() && address(value).is_some() {
            forwarded = Some(value);
        } else if draft.response.duration_ms == Fact::Unseen
            && let Some(millis) = duration_ms(value)
        {
            draft.response.duration_ms = Fact::Known(millis);
        }
    }
    if let Who::Ip(peer) = draft.who {
        draft.who = Who::Ip(behind_proxy(peer, forwarded));
    }
}

/// nginx's seconds with three decimals (`0.123`, `rt=0.123`) or Traefik's `12ms`.
fn duration_ms(value: &str) -> Option<u64> {
    if let Some(millis) = value.strip_suffix("ms") {
        return millis.parse().ok();
    }
    let value = value.strip_prefix("rt=").unwrap_or(value);
    let (whole, decimals) = value.split_once('.')?;
    if decimals.len() != 3 || whole.is_empty() {
        return None;
    }
    let millis: u64 = decimals.parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1_000)?.checked_add(millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::{HttpVersion, Resolution, Timestamp};

    const TIME: &str = "[10/Oct/2000:13:55:36 -0700]";

    fn read(line: &str) -> Draft<'_> {
        parse(line).unwrap_or_else(|| panic!("not read: {line}"))
    }

    #[test]
    fn common_shows_no_user_agent() {
        let line = format!(r#"192.0.2.1 - frank {TIME} "GET /a.gif?b HTTP/1.0" 200 2326"#);
        let draft = read(&line);
        assert_eq!(draft.format, Format::Common);
        assert_eq!(draft.moment, (Timestamp::from_secs(971_211_336), Resolution::Second));
        assert_eq!(draft.target.known().as_deref(), Some("/a.gif?b"));
        assert_eq!(draft.version, Fact::Known(HttpVersion::Http10));
        assert_eq!((draft.user_agent, draft.referrer), (Fact::Unseen, Fact::Unseen));
        assert_eq!(draft.response.bytes, Fact::Known(2326));
    }

    #[test]
    fn combined_tells_absent_from_known() {
        let line = format!(r#"2001:db8::1 - - {TIME} "GET / HTTP/2.0" 304 - "-" "a \"b\" \xc3\xa9""#);
        let draft = read(&line);
        assert_eq!(draft.format, Format::Combined);
        assert_eq!(draft.referrer, Fact::Absent);
        assert_eq!(draft.response.bytes, Fact::Absent);
        assert_eq!(draft.user_agent.known().as_deref(), Some("a \"b\" é"));
    }

    #[test]
    fn clients_and_virtual_hosts_are_found() {
        let check = |head: &str, host: Option<&str>, who: Who<'_>| {
            let line = format!(r#"{head} {TIME} "GET / HTTP/1.1" 200 1"#);
            let draft = read(&line);
            assert_eq!(draft.host.known().as_deref(), host, "{head}");
            assert_eq!(draft.who, who, "{head}");
        };
        let ip = |text: &str| Who::Ip(text.parse().unwrap());
        check("www.example:443 192.0.2.1 - -", Some("www.example"), ip("192.0.2.1"));
        check("_ 192.0.2.1 - -", None, ip("192.0.2.1"));
        check("www.example 192.0.2.1 - a1b2c3 -", Some("www.example"), ip("192.0.2.1"));
        check("[2001:db8::1]:443 - -", None, ip("2001:db8::1"));
        check("client.example - john doe", None, Who::Name("client.example".into()));
        check("www.example client.example - -", Some("www.example"), Who::Name("client.example".into()));
        check("198.51.100.9, 10.0.0.1 - -", None, ip("198.51.100.9"));
    }

    #[test]
    fn added_columns_help_where_they_are_plain() {
        let check = |client: &str, added: &str, who: &str, duration_ms: Option<u64>| {
            let line = format!(r#"{client} - - {TIME} "GET / HTTP/1.1" 200 1 "-" "x" {added}"#);
            let draft = read(&line);
            assert_eq!(draft.who, Who::Ip(who.parse().unwrap()), "{added}");
            assert_eq!(draft.response.duration_ms.known(), duration_ms, "{added}");
        };
        check("192.0.2.1", r#""-""#, "192.0.2.1", None);
        check("192.0.2.1", r#""198.51.100.9""#, "192.0.2.1", None);
        check("10.0.0.1", r#""198.51.100.9""#, "198.51.100.9", None);
        check("192.0.2.1", r#"0.250 "app" 0.249"#, "192.0.2.1", Some(250));
        check("192.0.2.1", r#"500 "app@docker" "http://10.0.0.3:80" 12ms"#, "192.0.2.1", Some(12));
        check("192.0.2.1", r#""unclosed"#, "192.0.2.1", None);
    }

    #[test]
    fn torn_lines_are_refused() {
        let line = format!(r#"192.0.2.1 - - {TIME} "GET / HTTP/1.1" 200 17 "-" "x y""#);
        let whole = line.find(" 17").unwrap() + 2;
        for end in 0..line.len() {
            let torn = &line[..end];
            // Cut behind the bytes column it is a line of the common format.
            let is_common = torn[whole.min(end)..].trim().len() <= 1 && end >= whole && !torn.contains("\"-");
            assert_eq!(parse(torn).is_some(), is_common && !torn.ends_with('"'), "{torn}");
        }
        for start in 1..8 {
            assert!(parse(&line[start..]).is_none_or(|d| matches!(d.who, Who::Ip(_))), "{}", &line[start..]);
        }
        assert!(parse(&format!(r#"2.1 - - {TIME} "GET / HTTP/1.1" 200 17"#)).is_none());
    }
}
