//! One visit to a path of ours, or to a page that is challenged: everything an answer needs to know, as an edge saw it.

use palisade_challenge::Bindings;
use palisade_challenge::challenges::{Occasion, Visitor};
use palisade_challenge::outcome::Said;
use palisade_challenge::pass;
use palisade_domain::{ClientIp, RequestId, Scheme, SiteId, TenantId, Timestamp};

use crate::open_graph::Tags;
use crate::theme::Theme;
use crate::{Reply, Wants};

/// Which of our paths are served here, and below what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base<'a> {
    /// The data plane: everything below this prefix, which begins and ends with a slash.
    Prefix(&'a str),
    /// The API listener: our paths at the root.
    Root,
    /// The data plane of a site with `seed_routes`: only `/captcha.js`, `/captcha/*` and the `/api/*` of the widget.
    Seed,
}

impl<'a> Base<'a> {
    /// What stands before every path of ours; begins and ends with a slash.
    pub fn path(self) -> &'a str {
        match self {
            Base::Prefix(prefix) => prefix,
            Base::Root | Base::Seed => "/",
        }
    }
}

/// One request. The edge lends everything; nothing here reads a clock or draws a random number by itself.
pub struct Visit<'a> {
    /// The method as sent.
    pub method: &'a str,
    /// The path, as sent.
    pub path: &'a str,
    /// What follows `?`; empty where nothing does.
    pub query: &'a str,
    /// The first header of a name in lower case; none where it is missing or no text.
    pub header: &'a dyn Fn(&str) -> Option<&'a str>,
    /// The whole body; empty where there is none, `None` where it was not read or is longer than was read.
    pub body: Option<&'a [u8]>,
    /// What the client can read.
    pub wants: Wants<'a>,
    /// The reference number.
    pub id: RequestId,
    /// Whose site.
    pub tenant: TenantId,
    /// Which site.
    pub site: SiteId,
    /// How it came.
    pub scheme: Scheme,
    /// The host that was asked, with its port where one was given.
    pub host: &'a str,
    /// What a pass would be bound to.
    pub bindings: Bindings,
    /// The client's address, where it is known.
    pub client: Option<ClientIp>,
    /// Which of our paths are served here.
    pub base: Base<'a>,
    /// The base on the data plane, for pages that the API shows in a proxy's place; the same as `base` there.
    pub prefix: &'a str,
    /// What is known about the request: score, load, tries. Filled in by the edge; `Occasion::default()` where nothing is.
    pub occasion: Occasion,
    /// How the challenge page looks.
    pub theme: &'a Theme,
    /// What the challenge says of the page in whose place it stands; empty where nothing is known.
    pub tags: &'a Tags,
    /// True where the edge listens on loopback only and the client is there too.
    pub local: bool,
    /// When.
    pub now: Timestamp,
    /// Fills a buffer with random bytes of cryptographic quality.
    pub random: &'a mut dyn FnMut(&mut [u8]),
}

impl<'a> Visit<'a> {
    /// The value of header `name` (lower case).
    pub fn header(&self, name: &str) -> Option<&'a str> {
        (self.header)(name)
    }

    /// The visitor, as the crate of challenges knows it.
    pub fn visitor(&self) -> Visitor {
        Visitor { tenant: self.tenant, site: self.site, bindings: self.bindings, scheme: self.scheme }
    }

    /// 128 random bits.
    pub fn random_id(&mut self) -> u128 {
        let mut bytes = [0; 16];
        (self.random)(&mut bytes);
        u128::from_be_bytes(bytes)
    }

    /// A random number with the bits of a UUID (RFC 9562, version 4), as recordings are named.
    pub fn random_uuid(&mut self) -> u128 {
        const VERSION: u128 = 0xf << 76;
        const VARIANT: u128 = 0b11 << 62;
        self.random_id() & !VERSION & !VARIANT | 4 << 76 | 0b10 << 62
    }

    /// True for methods that only read.
    pub fn reads(&self) -> bool {
        matches!(self.method, "GET" | "HEAD")
    }

    /// The value of the cookie called `name`.
    pub fn cookie(&self, name: &str) -> Option<&'a str> {
        pass::cookie(self.header("cookie")?, name)
    }

    /// Path and query, as they were asked for.
    pub fn target(&self) -> String {
        match self.query {
            "" => self.path.to_owned(),
            query => format!("{}?{query}", self.path),
        }
    }

    /// The name of the host without its port.
    pub fn hostname(&self) -> &'a str {
        hostname(self.host)
    }

    /// `Origin`, where it is one that may be written back: visible ASCII, at most 256 bytes.
    pub fn origin(&self) -> Option<&'a str> {
        let origin = self.header("origin")?;
        let plain = origin.len() <= ORIGIN_BYTES_MAX && origin.bytes().all(|byte| byte.is_ascii_graphic());
        (plain && !origin.is_empty()).then_some(origin)
    }

    /// Did another site send it? `Sec-Fetch-Site` says so; before it `Origin`, before that `Referer`.
    pub fn from_elsewhere(&self) -> bool {
        if let Some(site) = self.header("sec-fetch-site") {
            return site.eq_ignore_ascii_case("cross-site");
        }
        let named = self.header("origin").or_else(|| self.header("referer"));
        named.is_some_and(|url| {
            let host = url.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or(""));
            !hostname(host).eq_ignore_ascii_case(self.hostname())
        })
    }
}

/// Longest origin that is written back: a host name has at most 253 characters.
const ORIGIN_BYTES_MAX: usize = 280;

/// A host without its port; an address in brackets keeps them.
pub fn hostname(host: &str) -> &str {
    match host.rfind(']') {
        Some(end) => &host[..=end],
        None => host.split(':').next().unwrap_or(host),
    }
}

/// `id` as a UUID in lower case (RFC 9562, section 4).
pub fn uuid(id: u128) -> String {
    let part = |shift: u32, bits: u32| id >> shift & ((1 << bits) - 1);
    let (time, mid, high) = (part(96, 32), part(80, 16), part(64, 16));
    format!("{time:08x}-{mid:04x}-{high:04x}-{:04x}-{:012x}", part(48, 16), part(0, 48))
}

/// An answer, and what the edge does beside sending it.
#[derive(Clone, Debug, PartialEq)]
pub struct Served {
    /// The answer.
    pub reply: Reply,
    /// A recording to be stored, where the operator keeps a sample.
    pub kept: Option<Kept>,
    /// What the outcome of a challenge says about the visitor.
    pub said: Option<Said>,
}

impl From<Reply> for Served {
    fn from(reply: Reply) -> Self {
        Served { reply, kept: None, said: None }
    }
}

/// A recording of a visitor's hand, as it may be stored: no key values, no texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// A [`Visit::random_uuid`], as the result token says it with [`uuid`].
    pub id: u128,
    /// `Trace::to_json`.
    pub data: String,
    /// Its score, 0.0 a program to 1.0 a person; none where it was not judged.
    pub human: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Request;

    #[test]
    fn a_host_has_a_name_and_perhaps_a_port() {
        let check = |host, expect| assert_eq!(hostname(host), expect, "{host}");
        check("a.example", "a.example");
        check("a.example:8080", "a.example");
        check("[::1]:8080", "[::1]");
        check("[::1]", "[::1]");
        check("", "");
    }

    #[test]
    fn recordings_are_named_by_uuids() {
        assert_eq!(uuid(0x5e6f_7a8b_0102_4304_8506_0708_090a_0b0c), "5e6f7a8b-0102-4304-8506-0708090a0b0c");
        assert_eq!(uuid(0), "00000000-0000-0000-0000-000000000000");
        for _ in 0..100 {
            let name = uuid(Request::new("GET", "/").with(|visit| visit.random_uuid()));
            let bytes = name.as_bytes();
            assert!(bytes[14] == b'4' && b"89ab".contains(&bytes[19]), "{name}");
        }
    }

    #[test]
    fn where_a_request_comes_from() {
        let check = |headers: &[(&'static str, &'static str)], expect| {
            let mut request = Request::new("POST", "/");
            request.headers.extend(headers);
            assert_eq!(request.with(|visit| visit.from_elsewhere()), expect, "{headers:?}");
        };
        check(&[], false);
        check(&[("sec-fetch-site", "none")], false);
        check(&[("sec-fetch-site", "Cross-Site"), ("origin", "https://site.example")], true);
        check(&[("origin", "https://site.example:444")], false);
        check(&[("origin", "https://SITE.example")], false);
        check(&[("origin", "https://site.example.evil.example")], true);
        check(&[("origin", "null"), ("referer", "https://site.example/")], true);
        check(&[("referer", "https://other.example/https://site.example")], true);
    }

    #[test]
    fn an_origin_is_written_back_only_where_it_is_plain() {
        let check = |origin: &str, expect: Option<&str>| {
            let mut request = Request::new("GET", "/");
            request.headers.push(("origin", origin));
            assert_eq!(
                request.with(|visit| visit.origin().map(str::to_owned)).as_deref(),
                expect,
                "{origin}"
            );
        };
        check("https://a.example:1", Some("https://a.example:1"));
        check("null", Some("null"));
        check("", None);
        check("a b", None);
        check("a\r\nb", None);
        check(&"a".repeat(281), None);
    }
}
