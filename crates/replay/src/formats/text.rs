//! Pieces that text logs share: columns, escapes, addresses, the request line.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use palisade_domain::{ClientIp, Fact, HttpVersion, Scheme};

/// The first word and what follows it, blanks around both removed.
pub(super) fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(' ');
    match memchr::memchr(b' ', text.as_bytes()) {
        Some(at) => (&text[..at], text[at + 1..].trim_start_matches(' ')),
        None => (text, ""),
    }
}

/// Takes a column in double quotes off the front: its raw inside and what follows. The closing quote is one that no
/// backslash escapes and that a blank or the end follows, so that a stray quote inside does not end it.
pub(super) fn quoted(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('"')?;
    let bytes = inside.as_bytes();
    memchr::memchr_iter(b'"', bytes)
        .find(|&at| matches!(bytes.get(at + 1), None | Some(b' ')) && !is_escaped(bytes, at))
        .map(|at| (&inside[..at], inside[at + 1..].trim_start_matches(' ')))
}

/// Is the byte at `at` behind an odd number of backslashes? Looks back at most 64 bytes, so that a run of
/// backslashes stays linear.
fn is_escaped(bytes: &[u8], at: usize) -> bool {
    let before = &bytes[at.saturating_sub(64)..at];
    before.iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1
}

/// Undoes `\xHH`, `\"`, `\\` and the letters Apache writes for control characters (`ap_escape_logitem`). Bytes that
/// are not UTF-8 afterwards are replaced.
pub(super) fn unescape(raw: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', raw.as_bytes()) else { return Cow::Borrowed(raw) };
    let mut bytes = Vec::with_capacity(raw.len());
    bytes.extend_from_slice(&raw.as_bytes()[..first]);
    let mut rest = &raw.as_bytes()[first..];
    while let [byte, tail @ ..] = rest {
        let (out, used) = match (byte, tail) {
            (b'\\', [b'x', high, low, ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, 4),
                _ => (b'\\', 1),
            },
            (b'\\', [b'"', ..]) => (b'"', 2),
            (b'\\', [b'\\', ..]) => (b'\\', 2),
            (b'\\', [b'n', ..]) => (b'\n', 2),
            (b'\\', [b'r', ..]) => (b'\r', 2),
            (b'\\', [b't', ..]) => (b'\t', 2),
            (b'\\', [b'b', ..]) => (0x08, 2),
            (b'\\', [b'v', ..]) => (0x0b, 2),
            _ => (*byte, 1),
        };
        bytes.push(out);
        rest = &rest[used..];
    }
    Cow::Owned(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

/// A column's value: `-` and nothing are `Absent`.
pub(super) fn column(raw: &str) -> Fact<Cow<'_, str>> {
    if raw.is_empty() || raw == "-" { Fact::Absent } else { Fact::Known(unescape(raw)) }
}

/// A column with a number. `None` where it holds neither a number nor `-`: the line is torn.
pub(super) fn number(raw: &str) -> Option<Fact<u64>> {
    if raw == "-" {
        return Some(Fact::Absent);
    }
    raw.bytes().all(|b| b.is_ascii_digit()).then(|| raw.parse().ok()).flatten().map(Fact::Known)
}

/// A status: numbers that are no HTTP status (0, nginx's 000) mean that none was sent.
pub(super) fn status(number: Fact<u64>) -> Fact<u16> {
    match number {
        Fact::Known(number) => {
            Fact::seen(u16::try_from(number).ok().filter(|code| (100..=599).contains(code)))
        }
        Fact::Absent => Fact::Absent,
        Fact::Unseen => Fact::Unseen,
    }
}

/// `http` or `https`; anything else says nothing.
pub(super) fn scheme(text: &Fact<Cow<'_, str>>) -> Fact<Scheme> {
    match text.as_ref().known().map(AsRef::as_ref) {
        Some("https") => Fact::Known(Scheme::Https),
        Some("http") => Fact::Known(Scheme::Http),
        _ => Fact::Unseen,
    }
}

/// The address of a column: plain, with a port, in brackets, or a list as proxies write it. Of a list it is the last
/// address that is not private: what stands before that, the client may have written itself.
pub(super) fn address(text: &str) -> Option<ClientIp> {
    if let Ok(ip) = text.parse() {
        return Some(ClientIp::new(ip));
    }
    match text.contains(',') {
        false => single_address(text),
        true => {
            let mut last = None;
            for part in text.split(',').rev() {
                let ip = single_address(part.trim())?;
                if !ip.is_private() {
                    return Some(ip);
                }
                last = Some(ip);
            }
            last
        }
    }
}

fn single_address(text: &str) -> Option<ClientIp> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(ClientIp::new(ip));
    }
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Some(ClientIp::new(socket.ip()));
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.split('%').next()?.parse().ok().map(ClientIp::new)
}

/// The address of a column that always ends in `:port`, without brackets around an IPv6 address as HAProxy writes
/// it: `2001:db8::5:4080` is `2001:db8::5`, though it would be an address as a whole.
pub(super) fn address_before_port(text: &str) -> Option<ClientIp> {
    match text.rsplit_once(':') {
        Some((before, port)) if port.parse::<u16>().is_ok() => single_address(before),
        _ => None,
    }
}

/// The client behind a proxy: where the peer is private and the forwarding column holds addresses, that of the
/// column. A public peer's forwarding column is its own claim and is not believed.
pub(super) fn behind_proxy(peer: ClientIp, forwarded: Option<&str>) -> ClientIp {
    match forwarded.and_then(address) {
        Some(client) if peer.is_private() => client,
        _ => peer,
    }
}

/// Could it be a host name? Digits and dots alone are a torn address.
pub(super) fn is_host_name(text: &str) -> bool {
    text.len() <= 253
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// A `name` or `name:port` column as a host; `-` and nginx's catch-all `_` are none that was seen.
pub(super) fn host(text: &str) -> Fact<Cow<'_, str>> {
    let name = match text.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => text,
    };
    match name {
        "-" | "" => Fact::Absent,
        "_" => Fact::Unseen,
        _ => Fact::Known(unescape(name)),
    }
}

/// Method, target and version of a request line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RequestLine<'a> {
    pub(super) method: Fact<Cow<'a, str>>,
    pub(super) target: Fact<Cow<'a, str>>,
    pub(super) version: Fact<HttpVersion>,
}

/// Reads a request line (RFC 9112 section 3; without a version HTTP/0.9). What is none (a TLS hello, nothing, `-`)
/// is kept whole as target, with neither method nor version.
pub(super) fn request_line(raw: &str) -> RequestLine<'_> {
    match unescape(raw) {
        Cow::Borrowed(text) => plain_request_line(text),
        Cow::Owned(text) => plain_request_line(&text).into_owned(),
    }
}

impl RequestLine<'_> {
    /// The same, no longer borrowed.
    pub(super) fn into_owned(self) -> RequestLine<'static> {
        RequestLine { method: owned(self.method), target: owned(self.target), version: self.version }
    }
}

/// The same text, no longer borrowed.
pub(super) fn owned(text: Fact<Cow<'_, str>>) -> Fact<Cow<'static, str>> {
    text.map(|text| Cow::Owned(text.into_owned()))
}

/// [`request_line`] for a text in which nothing is escaped.
pub(super) fn plain_request_line(text: &str) -> RequestLine<'_> {
    let known = |method, target, version| RequestLine {
        method: Fact::Known(Cow::Borrowed(method)),
        target: Fact::Known(Cow::Borrowed(target)),
        version: Fact::Known(version),
    };
    if let Some((method, rest)) = text.split_once(' ').filter(|(method, _)| is_method(method)) {
        match rest.rsplit_once(' ') {
            Some((target, protocol)) if protocol.starts_with("HTTP/") && !target.trim().is_empty() => {
                return known(method, target.trim(), version(protocol));
            }
            None if method.bytes().all(|b| b.is_ascii_uppercase()) && is_target(rest) => {
                return known(method, rest, HttpVersion::Http09);
            }
            _ => {}
        }
    }
    RequestLine { method: Fact::Absent, target: Fact::Known(Cow::Borrowed(text)), version: Fact::Absent }
}

/// A token of RFC 9110 section 5.6.2.
fn is_method(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// The forms of RFC 9112 section 3.2 that are told from garbage without a version after them.
fn is_target(text: &str) -> bool {
    text.starts_with('/') || text == "*" || text.starts_with("http://") || text.starts_with("https://")
}

/// `HTTP/1.1`, `HTTP/2.0`, `h3` and their like.
pub(super) fn version(text: &str) -> HttpVersion {
    match text {
        "HTTP/1.1" => HttpVersion::Http11,
        "HTTP/2.0" | "HTTP/2" | "h2" | "h2c" => HttpVersion::Http2,
        "HTTP/1.0" => HttpVersion::Http10,
        "HTTP/3.0" | "HTTP/3" | "h3" => HttpVersion::Http3,
        "HTTP/0.9" => HttpVersion::Http09,
        _ => HttpVersion::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_undone() {
        let check = |raw, expect| assert_eq!(unescape(raw), expect, "{raw}");
        check("plain", "plain");
        check(r#"a \"b\" \\ c"#, r#"a "b" \ c"#);
        check(r"\xd0\x9F\x22", "\u{41f}\"");
        check(r"\x16\x03\xff", "\u{16}\u{3}\u{fffd}");
        check(r"\xZZ \q \", r"\xZZ \q \");
    }

    #[test]
    fn quotes_close_where_they_should() {
        assert_eq!(quoted(r#""a \" b" c"#), Some((r#"a \" b"#, "c")));
        assert_eq!(quoted(r#""a \\" c"#), Some((r"a \\", "c")));
        assert_eq!(quoted(r#""a "b"c" d"#), Some((r#"a "b"c"#, "d")));
        assert_eq!(quoted(r#""a"#), None);
        assert_eq!(quoted("a"), None);
    }

    #[test]
    fn request_lines_are_split() {
        let check = |raw: &str, method: Option<&str>, target: &str, version: Option<HttpVersion>| {
            let line = request_line(raw);
            assert_eq!(line.method.known().as_deref(), method, "{raw}");
            assert_eq!(line.target.known().as_deref(), Some(target), "{raw}");
            assert_eq!(line.version.known(), version, "{raw}");
        };
        check("GET / HTTP/1.1", Some("GET"), "/", Some(HttpVersion::Http11));
        check("GET /a b HTTP/2.0", Some("GET"), "/a b", Some(HttpVersion::Http2));
        check("GET /", Some("GET"), "/", Some(HttpVersion::Http09));
        check("get / HTTP/1.7", Some("get"), "/", Some(HttpVersion::Other));
        check("CONNECT a.example:25 HTTP/1.1", Some("CONNECT"), "a.example:25", Some(HttpVersion::Http11));
        for garbage in ["", "-", "HELP", "lv|'|'|x|Win XP|No", "GET HTTP/1.1", " ", "GET  HTTP/1.1"] {
            check(garbage, None, garbage, None);
        }
        check(r"\x16\x03\x01 \x02", None, "\u{16}\u{3}\u{1} \u{2}", None);
    }

    #[test]
    fn addresses_are_found() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(address(text).map(|ip| ip.to_string()).as_deref(), expect, "{text}");
        };
        check("192.0.2.1", Some("192.0.2.1"));
        check("192.0.2.1:4711", Some("192.0.2.1"));
        check("[2001:db8::1]:443", Some("2001:db8::1"));
        check("[2001:db8::1]", Some("2001:db8::1"));
        check("::ffff:192.0.2.1", Some("192.0.2.1"));
        check("198.51.100.9, 192.0.2.1, 10.0.0.1", Some("192.0.2.1"));
        check("10.0.0.2,10.0.0.1", Some("10.0.0.2"));
        for bad in ["", "-", "2.1", "192.0.2", "host.example", "192.0.2.1, x"] {
            check(bad, None);
        }
    }

    #[test]
    fn a_port_is_no_part_of_the_address() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(address_before_port(text).map(|ip| ip.to_string()).as_deref(), expect, "{text}");
        };
        check("192.0.2.1:33317", Some("192.0.2.1"));
        check("2001:db8::5:4080", Some("2001:db8::5"));
        check("2001:db8::5:33317", Some("2001:db8::5"));
        check("2001:db8:0:0:0:0:0:1:80", Some("2001:db8::1"));
        check("::1:80", Some("::1"));
        check("::ffff:192.0.2.1:51234", Some("192.0.2.1"));
        check("[2001:db8::5]:4080", Some("2001:db8::5"));
        for bad in ["", "192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "2001:db8::5:g", "host.example:80"] {
            check(bad, None);
        }
    }

    #[test]
    fn only_a_private_peer_may_name_its_client() {
        let ip = |text: &str| text.parse::<ClientIp>().unwrap();
        assert_eq!(behind_proxy(ip("10.0.0.1"), Some("192.0.2.7")), ip("192.0.2.7"));
        assert_eq!(behind_proxy(ip("192.0.2.1"), Some("192.0.2.7")), ip("192.0.2.1"));
        assert_eq!(behind_proxy(ip("10.0.0.1"), Some("-")), ip("10.0.0.1"));
    }

    proptest! {
        #[test]
        fn an_escaped_text_comes_back(text in "[ -~]{0,60}") {
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
            let line = format!("\"{escaped}\" rest");
            let (inside, rest) = quoted(&line).unwrap();
            prop_assert_eq!(unescape(inside), text.as_str());
            prop_assert_eq!(rest, "rest");
        }
    }
}
