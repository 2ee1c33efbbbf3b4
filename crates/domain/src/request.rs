//! What is known about one request and its response.

use crate::{ClientIp, Fact, Resolution, SiteId, TenantId, Timestamp, Vantage};

/// The stages of a request's life. A verdict may be set in the first three; the last two only feed history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The connection is open (address, TLS).
    Connection,
    /// The request head is complete.
    RequestHead,
    /// The held prefix of the request body is complete.
    RequestBody,
    /// The response head is known.
    ResponseHead,
    /// The exchange is over.
    End,
}

/// Whom a request is attributed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientKey<'a> {
    /// An address.
    Ip(ClientIp),
    /// A name without an address, as in labelled traffic with pseudonyms.
    Opaque(&'a str),
}

impl ClientKey<'_> {
    /// The address, where there is one.
    pub fn ip(&self) -> Option<ClientIp> {
        match self {
            ClientKey::Ip(ip) => Some(*ip),
            ClientKey::Opaque(_) => None,
        }
    }
}

/// A session id that **we** signed and checked; nothing else is trusted as a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(pub u128);

/// What the bearer of a pass proved. The numbers are stable: they are signed into passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PassKind {
    /// Its hand moved like a person's.
    Behaviour,
    /// It did a little work.
    Work,
    /// It did work that costs memory.
    HardWork,
    /// It took the steps that need no script.
    NoScript,
    /// It read a text.
    Text,
    /// An external provider vouched for it.
    Provider,
}

impl PassKind {
    /// Every kind, mildest first.
    pub const ALL: [PassKind; 6] = [
        PassKind::Behaviour,
        PassKind::Work,
        PassKind::HardWork,
        PassKind::NoScript,
        PassKind::Text,
        PassKind::Provider,
    ];

    /// The name used in logs, metrics and exports.
    pub fn name(self) -> &'static str {
        match self {
            PassKind::Behaviour => "behaviour",
            PassKind::Work => "work",
            PassKind::HardWork => "hard-work",
            PassKind::NoScript => "no-script",
            PassKind::Text => "text",
            PassKind::Provider => "provider",
        }
    }

    /// The kind called `name`.
    pub fn named(name: &str) -> Option<Self> {
        PassKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its number, 1 and up.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The kind of that number.
    pub fn numbered(number: u8) -> Option<Self> {
        PassKind::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// HTTP version of the request line or frame layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HttpVersion {
    /// HTTP/0.9: no version at all.
    Http09,
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
    /// HTTP/2
    Http2,
    /// HTTP/3
    Http3,
    /// A version that does not exist, such as `HTTP/1.7`.
    Other,
}

/// How the request came to the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Clear text.
    Http,
    /// TLS.
    Https,
}

/// Does the list keep the order in which the client sent its headers?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeaderOrder {
    /// As on the wire.
    Wire,
    /// Lost (JSON objects, maps).
    Lost,
}

/// Does the list keep the letter case in which the client wrote names?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeaderCase {
    /// As on the wire. On HTTP/2 and 3 all names are lower case by protocol.
    Wire,
    /// Lost.
    Lost,
}

/// All headers of a request. Where the list is known it is complete: a name that is not in it was not sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeaderList<'a> {
    /// Name and value pairs; values with invalid UTF-8 replaced. HTTP/2 pseudo-headers are not in it.
    pub entries: &'a [(&'a str, &'a str)],
    /// Whether `entries` is in wire order.
    pub order: HeaderOrder,
    /// Whether names are in wire case.
    pub case: HeaderCase,
}

impl<'a> HeaderList<'a> {
    /// The first value of `name` (ASCII case ignored).
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.entries.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

/// What sort of body it is, from `Content-Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// `application/x-www-form-urlencoded`
    Form,
    /// `multipart/form-data`
    Multipart,
    /// JSON of any flavour.
    Json,
    /// Other text.
    Text,
}

/// The held start of a request body: at most 16 KiB, already decoded where it was encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BodyPrefix<'a> {
    /// Its kind.
    pub kind: BodyKind,
    /// The bytes, at most [`BodyPrefix::BYTES_MAX`].
    pub bytes: &'a [u8],
    /// True where the body ends within `bytes`.
    pub complete: bool,
}

impl BodyPrefix<'_> {
    /// Most bytes of a body that are ever looked at: 16 KiB (DESIGN, "Body prefix").
    pub const BYTES_MAX: usize = 16 * 1024;
}

/// Everything known about one request, borrowed from wherever it was observed.
///
/// Fields that a vantage cannot see are [`Fact::Unseen`]; nothing is invented.
#[derive(Clone, Copy, Debug)]
pub struct RequestFacts<'a> {
    /// Whose site.
    pub tenant: TenantId,
    /// Which site.
    pub site: SiteId,
    /// Where we looked from.
    pub vantage: Vantage,
    /// When the request arrived.
    pub time: Timestamp,
    /// How finely `time` is known.
    pub resolution: Resolution,
    /// Whom it is attributed to.
    pub client: ClientKey<'a>,
    /// A session that we signed.
    pub session: Fact<SessionId>,
    /// What the valid pass that the request shows was given for; `Absent` where it shows none that holds. Its id is the
    /// session.
    pub pass: Fact<PassKind>,
    /// The method, upper case as sent.
    pub method: Fact<&'a str>,
    /// The `Host` or `:authority`.
    pub host: Fact<&'a str>,
    /// Path and query as sent, not decoded. Garbage request lines are kept here as they are.
    pub target: Fact<&'a str>,
    /// HTTP version.
    pub version: Fact<HttpVersion>,
    /// Clear or TLS, as the client saw it.
    pub scheme: Fact<Scheme>,
    /// `User-Agent`.
    pub user_agent: Fact<&'a str>,
    /// `Referer`.
    pub referrer: Fact<&'a str>,
    /// All headers.
    pub headers: Fact<HeaderList<'a>>,
    /// The start of the body.
    pub body: Fact<BodyPrefix<'a>>,
    /// JA4 TLS client fingerprint.
    pub ja4: Fact<&'a str>,
    /// The client's own fingerprint claim (`X-Fingerprint`): weight only, never identity.
    pub fingerprint: Fact<&'a str>,
    /// The name of the client's address: given by reverse DNS **and** confirmed by forward DNS (RFC 8499 "FCrDNS").
    /// `Absent`: it has none. `Unseen`: nobody asked, or the answer has not come.
    pub host_name: Fact<&'a str>,
    /// What a Web Bot Auth signature (RFC 9421) says; `Absent` where the request carries none.
    pub signature: Fact<Signature<'a>>,
    /// What is ambiguous about the framing of the request head (RFC 9112); `Absent` where nothing is.
    pub head_fault: Fact<HeadFault>,
    /// True where the address is that of a proxy nobody told us to trust: everybody behind it would share one history,
    /// so nothing about the network is noted, held against the request or acted upon.
    pub client_hidden: bool,
    /// True for a picture that belongs to a link preview: the challenge of its page has named it in its tags.
    pub preview: bool,
}

/// The outcome of a signature: it proves, it is wrong, or it cannot be judged (yet).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signature<'a> {
    /// Made with a key that this origin publishes (`https://bot.example`, normal form, no path).
    Verified(&'a str),
    /// It does not fit the request or the key, or its time is over.
    Invalid,
    /// The key is not known (yet); proves nothing.
    Unverified,
}

/// A request head that two readers could read differently, or that no client we know writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeadFault {
    /// Not a request head at all.
    Garbage,
    /// Both `Content-Length` and `Transfer-Encoding`.
    BothLengths,
    /// `Content-Length` repeated, listed, signed, or no number.
    Length,
    /// `Transfer-Encoding` other than exactly `chunked`, or repeated, or on HTTP/1.0.
    TransferEncoding,
    /// Bad chunk size or chunk end in the body.
    Chunk,
    /// A blank before a colon, or a name that is no token.
    HeaderName,
    /// A control character in a value; bare CR or NUL.
    HeaderValue,
    /// A folded header line (obs-fold).
    Folding,
    /// A line that ends in a bare LF.
    BareLineFeed,
    /// No `Host` on HTTP/1.1, several, or one that is no host.
    Host,
    /// Longer than 64 KiB, or too many headers.
    TooLong,
}

impl HeadFault {
    /// Every fault.
    pub const ALL: [HeadFault; 11] = [
        HeadFault::Garbage,
        HeadFault::BothLengths,
        HeadFault::Length,
        HeadFault::TransferEncoding,
        HeadFault::Chunk,
        HeadFault::HeaderName,
        HeadFault::HeaderValue,
        HeadFault::Folding,
        HeadFault::BareLineFeed,
        HeadFault::Host,
        HeadFault::TooLong,
    ];

    /// The name used in events, metrics and explanations.
    pub fn name(self) -> &'static str {
        match self {
            HeadFault::Garbage => "garbage",
            HeadFault::BothLengths => "both-lengths",
            HeadFault::Length => "length",
            HeadFault::TransferEncoding => "transfer-encoding",
            HeadFault::Chunk => "chunk",
            HeadFault::HeaderName => "header-name",
            HeadFault::HeaderValue => "header-value",
            HeadFault::Folding => "folding",
            HeadFault::BareLineFeed => "bare-line-feed",
            HeadFault::Host => "host",
            HeadFault::TooLong => "too-long",
        }
    }

    /// The fault called `name`.
    pub fn named(name: &str) -> Option<Self> {
        HeadFault::ALL.into_iter().find(|fault| fault.name() == name)
    }
}

impl<'a> RequestFacts<'a> {
    /// A request of which nothing but client and time is known.
    pub fn bare(client: ClientKey<'a>, time: Timestamp, vantage: Vantage) -> Self {
        RequestFacts {
            tenant: TenantId::default(),
            site: SiteId::default(),
            vantage,
            time,
            resolution: vantage.finest_resolution(),
            client,
            session: Fact::Unseen,
            pass: Fact::Unseen,
            method: Fact::Unseen,
            host: Fact::Unseen,
            target: Fact::Unseen,
            version: Fact::Unseen,
            scheme: Fact::Unseen,
            user_agent: Fact::Unseen,
            referrer: Fact::Unseen,
            headers: Fact::Unseen,
            body: Fact::Unseen,
            ja4: Fact::Unseen,
            fingerprint: Fact::Unseen,
            host_name: Fact::Unseen,
            signature: Fact::Unseen,
            head_fault: Fact::Unseen,
            client_hidden: false,
            preview: false,
        }
    }

    /// The first value of header `name`: `Unseen` where the headers are.
    pub fn header(&self, name: &str) -> Fact<&'a str> {
        match self.headers {
            Fact::Known(list) => Fact::seen(list.get(name)),
            Fact::Absent => Fact::Absent,
            Fact::Unseen => Fact::Unseen,
        }
    }

    /// The path: `target` without scheme, authority, query and fragment.
    pub fn path(&self) -> Fact<&'a str> {
        self.target.map(|target| split_target(target).0)
    }

    /// The query without its `?`; `Absent` where there is none.
    pub fn query(&self) -> Fact<&'a str> {
        match self.target {
            Fact::Known(target) => Fact::seen(split_target(target).1),
            Fact::Absent => Fact::Absent,
            Fact::Unseen => Fact::Unseen,
        }
    }
}

/// Splits a request target into path and query (RFC 9112 section 3.2; absolute form loses scheme and authority).
///
/// Asked several times about every request; the searches of `str` cost ten times as much on so short a text.
pub fn split_target(target: &str) -> (&str, Option<&str>) {
    // What begins with a slash has no scheme, whatever follows.
    let target = if target.starts_with('/') { target } else { without_authority(target) };
    let Some(at) = memchr::memchr2(b'?', b'#', target.as_bytes()) else { return (target, None) };
    let (path, rest) = target.split_at(at);
    let query = rest.strip_prefix('?').map(|query| {
        let end = memchr::memchr(b'#', query.as_bytes()).unwrap_or(query.len());
        &query[..end]
    });
    (path, query)
}

/// What follows scheme and authority, where `target` begins with them.
fn without_authority(target: &str) -> &str {
    match target.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            rest.find(['/', '?']).map_or("/", |at| &rest[at..])
        }
        _ => target,
    }
}

/// What became of a request; feeds history only.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ResponseFacts {
    /// HTTP status, 100..=599.
    pub status: Fact<u16>,
    /// Bytes of the response body.
    pub bytes: Fact<u64>,
    /// From request to end of response, in milliseconds.
    pub duration_ms: Fact<u64>,
    /// Did the response set a cookie?
    pub set_cookie: Fact<bool>,
    /// What the application says about a login attempt: `true` succeeded, `false` failed.
    pub login_ok: Fact<bool>,
    /// True where the answer was ours, in place of the site's: a refusal, a challenge, a path below our prefix. It says what we
    /// thought, so it is no evidence.
    pub is_ours: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_split() {
        let check = |target, expect| assert_eq!(split_target(target), expect, "{target}");
        check("/a?b=1", ("/a", Some("b=1")));
        check("/a", ("/a", None));
        check("/a?", ("/a", Some("")));
        check("http://h.example/x?y#z", ("/x", Some("y")));
        check("http://h.example", ("/", None));
        check("/r?u=http://x/", ("/r", Some("u=http://x/")));
        check("*", ("*", None));
    }

    #[test]
    fn a_header_that_was_not_listed_is_unseen_only_without_a_list() {
        let entries = [("Accept", "*/*")];
        let mut facts =
            RequestFacts::bare(ClientKey::Opaque("a"), Timestamp::default(), Vantage::GatewayClear);
        assert_eq!(facts.header("accept"), Fact::Unseen);
        facts.headers =
            Fact::Known(HeaderList { entries: &entries, order: HeaderOrder::Wire, case: HeaderCase::Wire });
        assert_eq!(facts.header("accept"), Fact::Known("*/*"));
        assert_eq!(facts.header("accept-language"), Fact::Absent);
    }
}
