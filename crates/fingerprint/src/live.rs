//! A request on our own listener as facts: the observe step of the gateway, without its sockets.
//!
//! Owns what of a head and a held body prefix is a fact. Connections, timeouts and the holding itself are the gateway's.

use palisade_domain::{
    BodyKind, BodyPrefix, ClientIp, ClientKey, Fact, HeaderList, HttpVersion, RequestFacts, Scheme,
    Timestamp, Vantage,
};

/// One request as a listener has it in hand.
#[derive(Clone, Copy, Debug)]
pub struct LiveRequest<'a> {
    /// The client behind whatever proxies are trusted.
    pub client: ClientIp,
    /// When its first byte came.
    pub time: Timestamp,
    /// Clear text or TLS: fixes the vantage too.
    pub scheme: Scheme,
    /// HTTP version.
    pub version: HttpVersion,
    /// The method as sent.
    pub method: &'a str,
    /// The request target as sent (`:path` on HTTP/2).
    pub target: &'a str,
    /// `:authority`, where the version has one; else the `Host` header counts.
    pub authority: Option<&'a str>,
    /// All headers, without pseudo-headers.
    pub headers: HeaderList<'a>,
    /// JA4 of the connection; `None` on clear text.
    pub ja4: Option<&'a str>,
    /// What is held of the body and whether that is all of it; `None` where nobody asked for it.
    pub body: Option<(&'a [u8], bool)>,
}

impl<'a> LiveRequest<'a> {
    /// The facts. Nothing is invented: a body of a kind that is never held stays unseen.
    pub fn facts(&self) -> RequestFacts<'a> {
        let vantage = match self.scheme {
            Scheme::Https => Vantage::GatewayTls,
            Scheme::Http => Vantage::GatewayClear,
        };
        let header = |name: &str| self.headers.get(name);
        let mut facts = RequestFacts::bare(ClientKey::Ip(self.client), self.time, vantage);
        facts.method = Fact::Known(self.method);
        facts.target = Fact::Known(self.target);
        facts.version = Fact::Known(self.version);
        facts.scheme = Fact::Known(self.scheme);
        facts.host = Fact::seen(self.authority.or_else(|| header("host")));
        facts.user_agent = Fact::seen(header("user-agent"));
        facts.referrer = Fact::seen(header("referer"));
        facts.fingerprint = Fact::seen(header("x-fingerprint"));
        facts.headers = Fact::Known(self.headers);
        facts.ja4 = match self.scheme {
            Scheme::Https => Fact::seen(self.ja4),
            Scheme::Http => Fact::Unseen,
        };
        facts.body =
            self.body.map_or(Fact::Unseen, |(bytes, complete)| body(header("content-type"), bytes, complete));
        facts
    }
}

fn body<'a>(content_type: Option<&str>, bytes: &'a [u8], complete: bool) -> Fact<BodyPrefix<'a>> {
    if bytes.is_empty() && complete {
        return Fact::Absent;
    }
    let Some(kind) = body_kind(content_type.unwrap_or("")) else { return Fact::Unseen };
    let held = bytes.len().min(BodyPrefix::BYTES_MAX);
    Fact::Known(BodyPrefix { kind, bytes: &bytes[..held], complete: complete && held == bytes.len() })
}

/// The kind of a body that may be held for looking at; `None` for all others (gRPC, octet streams, media), which
/// stream on unseen.
pub fn body_kind(content_type: &str) -> Option<BodyKind> {
    let media = content_type.split(';').next().unwrap_or("").trim();
    let is = |name: &str| media.eq_ignore_ascii_case(name);
    let ends = |suffix: &str| {
        media.len() >= suffix.len()
            && media.as_bytes()[media.len() - suffix.len()..].eq_ignore_ascii_case(suffix.as_bytes())
    };
    if is("application/x-www-form-urlencoded") {
        Some(BodyKind::Form)
    } else if is("multipart/form-data") {
        Some(BodyKind::Multipart)
    } else if is("application/json") || ends("+json") {
        Some(BodyKind::Json)
    } else if media.len() > 5 && media.as_bytes()[..5].eq_ignore_ascii_case(b"text/") {
        Some(BodyKind::Text)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head;

    fn check(bytes: &[u8], scheme: Scheme, f: impl FnOnce(RequestFacts<'_>)) {
        let head = head::parse(bytes).unwrap();
        let rest = &bytes[head.bytes..];
        head.with_list(|headers| {
            let live = LiveRequest {
                client: "192.0.2.1".parse().unwrap(),
                time: Timestamp(5),
                scheme,
                version: head.version,
                method: head.method,
                target: head.target,
                authority: None,
                headers,
                ja4: None,
                body: Some((rest, true)),
            };
            f(live.facts());
        });
    }

    #[test]
    fn a_head_becomes_facts() {
        let bytes = b"POST /login?x=1 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: x/1\r\n\
                      Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n\r\nuser=a";
        check(bytes, Scheme::Http, |facts| {
            assert_eq!((facts.vantage, facts.host), (Vantage::GatewayClear, Fact::Known("shop.example")));
            assert_eq!((facts.path(), facts.query()), (Fact::Known("/login"), Fact::Known("x=1")));
            assert_eq!((facts.user_agent, facts.referrer), (Fact::Known("x/1"), Fact::Absent));
            assert_eq!((facts.ja4, facts.session), (Fact::Unseen, Fact::Unseen));
            let body = facts.body.known().unwrap();
            assert_eq!((body.kind, body.bytes, body.complete), (BodyKind::Form, &b"user=a"[..], true));
        });
    }

    #[test]
    fn without_a_body_it_is_absent_and_of_other_kinds_unseen() {
        check(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", Scheme::Https, |facts| {
            assert_eq!((facts.body, facts.ja4), (Fact::Absent, Fact::Absent));
        });
        check(
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\n\r\n\0\0",
            Scheme::Https,
            |facts| {
                assert_eq!(facts.body, Fact::Unseen);
            },
        );
    }

    #[test]
    fn no_more_than_the_prefix_is_looked_at() {
        let mut bytes = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n\r\n".to_vec();
        bytes.resize(bytes.len() + 40_000, b'a');
        check(&bytes, Scheme::Http, |facts| {
            let body = facts.body.known().unwrap();
            assert_eq!((body.bytes.len(), body.complete), (BodyPrefix::BYTES_MAX, false));
        });
    }

    #[test]
    fn media_types_are_read_whatever_their_case() {
        assert_eq!(body_kind("Application/JSON"), Some(BodyKind::Json));
        assert_eq!(body_kind("application/problem+json; charset=utf-8"), Some(BodyKind::Json));
        assert_eq!(body_kind("multipart/form-data; boundary=x"), Some(BodyKind::Multipart));
        assert_eq!(body_kind("image/png"), None);
        assert_eq!(body_kind("é"), None);
    }
}
