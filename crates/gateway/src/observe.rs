//! A request head as text: what was captured of it, or what HTTP/2 leaves.

use std::borrow::Cow;

use http::request::Parts;
use http::{HeaderValue, Version};
use palisade_domain::{HeaderCase, HeaderList, HeaderOrder, HttpVersion};
use palisade_fingerprint::head;
use palisade_guard::peer::Forwarding;

use crate::wire::Captured;

/// A request head as text, in the order and case in which it came where that is known.
pub(crate) struct Seen<'a> {
    pub method: &'a str,
    pub target: Cow<'a, str>,
    pub version: HttpVersion,
    /// `:authority`, or that of an absolute target.
    authority: Option<&'a str>,
    headers: Vec<(&'a str, Cow<'a, str>)>,
    order: HeaderOrder,
    case: HeaderCase,
}

impl<'a> Seen<'a> {
    /// From an HTTP/1 head that is not refused.
    pub(crate) fn captured(head: &'a Captured) -> Self {
        let (framed, bytes) = (&head.framed, &*head.bytes);
        // Nearly all heads are text: asked once of the whole, not of each part.
        if let Ok(text) = std::str::from_utf8(bytes) {
            let (method, target, headers) = framed.texts(text);
            let headers = headers.map(|(name, value)| (name, Cow::Borrowed(value))).collect();
            return Seen::of_wire(method, target, framed.version, headers);
        }
        // Names are tokens, and a target that is no text is refused.
        let text = |bytes: &'a [u8]| std::str::from_utf8(bytes).unwrap_or_default();
        let headers = framed.headers(bytes).map(|(name, value)| (text(name), readable(value))).collect();
        Seen::of_wire(text(framed.method(bytes)), text(framed.target(bytes)), framed.version, headers)
    }

    fn of_wire(
        method: &'a str,
        target: &'a str,
        version: HttpVersion,
        headers: Vec<(&'a str, Cow<'a, str>)>,
    ) -> Self {
        Seen {
            method,
            target: Cow::Borrowed(target),
            version,
            authority: authority_of(target),
            headers,
            order: HeaderOrder::Wire,
            case: HeaderCase::Wire,
        }
    }

    /// From bytes that are refused and can be read all the same.
    fn refused(bytes: &'a [u8]) -> Option<Self> {
        let head = head::parse(bytes).ok()?;
        let headers = head.headers.into_iter().map(|(name, value)| (name, readable(value))).collect();
        Some(Seen::of_wire(head.method, head.target, head.version, headers))
    }

    /// From what hyper read. On HTTP/2 names are lower case by protocol and the map keeps the order of first mention.
    pub(crate) fn parsed(parts: &'a Parts) -> Self {
        let multiplexed = parts.version == Version::HTTP_2;
        let text = |value: &'a HeaderValue| readable(value.as_bytes());
        let target = match parts.uri.path_and_query() {
            Some(path) => Cow::Borrowed(path.as_str()),
            None => Cow::Owned(parts.uri.to_string()),
        };
        Seen {
            method: parts.method.as_str(),
            target,
            version: if multiplexed { HttpVersion::Http2 } else { HttpVersion::Http11 },
            authority: parts.uri.authority().map(http::uri::Authority::as_str),
            headers: parts.headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect(),
            order: if multiplexed { HeaderOrder::Wire } else { HeaderOrder::Lost },
            case: if multiplexed { HeaderCase::Wire } else { HeaderCase::Lost },
        }
    }

    /// From bytes that are refused: what can be read of them, at least the first line.
    pub(crate) fn garbled(bytes: &'a [u8]) -> Self {
        if let Some(seen) = Seen::refused(bytes) {
            return seen;
        }
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
        let mut words = line.split(|byte| *byte == b' ');
        let method = words.next().and_then(|word| std::str::from_utf8(word).ok()).unwrap_or("");
        let is_method =
            (1..=20).contains(&method.len()) && method.bytes().all(|byte| byte.is_ascii_alphabetic());
        let target = if is_method { words.next().unwrap_or(line) } else { line };
        Seen {
            method: if is_method { method } else { "" },
            target: String::from_utf8_lossy(&target[..target.len().min(GARBAGE_BYTES_MAX)]),
            version: HttpVersion::Other,
            authority: None,
            headers: Vec::new(),
            order: HeaderOrder::Lost,
            case: HeaderCase::Lost,
        }
    }

    /// True where nothing but a first line could be read.
    pub(crate) fn is_garbled(&self) -> bool {
        self.version == HttpVersion::Other
    }

    /// Has header `name` (lower case) say `value`, in its place; without one it was not sent.
    pub(crate) fn set(&mut self, name: &'static str, value: Option<&'a str>) {
        let Some(value) = value else {
            return self.headers.retain(|(held, _)| !held.eq_ignore_ascii_case(name));
        };
        match self.headers.iter_mut().find(|(held, _)| held.eq_ignore_ascii_case(name)) {
            Some((_, held)) => *held = Cow::Borrowed(value),
            None => self.headers.push((name, Cow::Borrowed(value))),
        }
    }

    /// The first value of header `name`.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// The host it asks for: RFC 9112 section 3.2.2, the authority of the target counts before `Host`.
    pub(crate) fn host(&self) -> Option<&str> {
        self.authority.or_else(|| self.header("host"))
    }

    /// Runs `f` on the headers.
    pub(crate) fn with_list<R>(&self, f: impl FnOnce(HeaderList<'_>) -> R) -> R {
        let entries: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (*name, &**value)).collect();
        f(HeaderList { entries: &entries, order: self.order, case: self.case })
    }

    /// The forwarding headers, repeated ones joined.
    pub(crate) fn forwarded(&self) -> Forwarded<'_> {
        let mut found = Forwarded::default();
        for (name, value) in &self.headers {
            if !matches!(name.as_bytes().first(), Some(b'x' | b'X' | b'f' | b'F')) {
                continue;
            }
            let Some(at) = FORWARDING.iter().position(|held| held.eq_ignore_ascii_case(name)) else {
                continue;
            };
            let held = &mut found.values[at];
            *held = Some(match held.take() {
                None => Cow::Borrowed(&**value),
                Some(before) => Cow::Owned(format!("{before}, {value}")),
            });
        }
        found
    }
}

/// A value as text. Nearly all are, and looking for what is not costs more than seeing that they are.
fn readable(value: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(value).map_or_else(|_| String::from_utf8_lossy(value), Cow::Borrowed)
}

/// Bytes kept of a first line that is none.
const GARBAGE_BYTES_MAX: usize = 2_048;

const FORWARDING: [&str; 5] =
    ["x-forwarded-for", "x-real-ip", "x-forwarded-proto", "x-forwarded-host", "forwarded"];

/// The forwarding headers of a request, in the order of [`FORWARDING`].
#[derive(Default)]
pub(crate) struct Forwarded<'a> {
    values: [Option<Cow<'a, str>>; 5],
}

impl Forwarded<'_> {
    pub(crate) fn view(&self) -> Forwarding<'_> {
        let [x_forwarded_for, x_real_ip, x_forwarded_proto, x_forwarded_host, forwarded] =
            self.values.each_ref().map(Option::as_deref);
        Forwarding { x_forwarded_for, x_real_ip, x_forwarded_proto, x_forwarded_host, forwarded }
    }
}

/// The authority of an absolute target.
fn authority_of(target: &str) -> Option<&str> {
    if target.starts_with('/') {
        return None;
    }
    let (_, rest) = target.split_once("://")?;
    rest.split(['/', '?']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(bytes: &[u8]) -> Captured {
        let mut head = Captured { bytes: bytes.to_vec(), ..Captured::default() };
        head.framed.read(bytes).unwrap();
        head
    }

    #[test]
    fn garbage_keeps_its_first_line() {
        let check = |bytes: &[u8], method: &str, target: &str| {
            let seen = Seen::garbled(bytes);
            assert_eq!((seen.method, &*seen.target), (method, target), "{}", bytes.escape_ascii());
        };
        check(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", "GET", "/");
        check(b"GET /x HTTP/9\r\nHost: a\r\n\r\n", "GET", "/x");
        check(b"\x16\x03\x01\x02", "", "\u{16}\u{3}\u{1}\u{2}");
        check(b"", "", "");
        check(b"hello", "hello", "hello");
    }

    #[test]
    fn repeated_forwarding_headers_are_joined() {
        let bytes = b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\nFrom: x\r\nx-forwarded-for: 5.6.7.8\r\n\r\n";
        let head = captured(bytes);
        let seen = Seen::captured(&head);
        let forwarded = seen.forwarded();
        assert_eq!(forwarded.view().x_forwarded_for, Some("1.2.3.4, 5.6.7.8"));
        assert_eq!(forwarded.view().x_real_ip, None);
    }

    #[test]
    fn an_absolute_target_names_the_host() {
        let head = captured(b"GET http://b.example:81/x HTTP/1.1\r\nHost: b.example:81\r\n\r\n");
        let seen = Seen::captured(&head);
        assert_eq!(seen.host(), Some("b.example:81"));
    }
}
