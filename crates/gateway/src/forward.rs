//! Which headers go on to the upstream and back, and what is added. No sockets.

use http::header::{
    CONNECTION, CONTENT_LENGTH, COOKIE, FORWARDED, HOST, HeaderName, HeaderValue, TE, TRANSFER_ENCODING,
    UPGRADE,
};
use http::{HeaderMap, Uri, Version, request, response};
use palisade_domain::{RequestId, Scheme, Verdict};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_SCORE: HeaderName = HeaderName::from_static("x-palisade-score");
const X_ACTION: HeaderName = HeaderName::from_static("x-palisade-action");
const X_IDENTITY: HeaderName = HeaderName::from_static("x-palisade-identity");

/// How a request came, for the upstream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    /// Whether what the other end of the connection forwarded is believed.
    pub trusted: bool,
    /// Whether it names the host the client asked for, and is believed about that.
    pub names_host: bool,
    /// The scheme the client used.
    pub scheme: Scheme,
}

/// What the upstream is told about a verdict.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub id: RequestId,
    pub score: u8,
    pub action: &'static str,
    /// Class and status.
    pub identity: &'static str,
}

impl Told {
    pub(crate) fn new(id: RequestId, verdict: &Verdict) -> Self {
        let score = verdict.assessment.score.value();
        Told {
            id,
            score,
            action: verdict.decision.enforced.name(),
            identity: verdict.assessment.identity.words(),
        }
    }
}

/// Where a request goes, and what goes along.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route<'a> {
    pub path: Path,
    /// The address of the other end of the connection, as text.
    pub peer: &'a str,
    pub told: Option<Told>,
    /// Whether it asks for another protocol.
    pub upgrade: bool,
    /// The upstream's own name, for requests of HTTP/1.0 that name no host.
    pub host: Option<&'a str>,
}

/// Makes the request what the upstream gets: origin form, HTTP/1.1, one hop's headers removed, ours added.
pub(crate) fn to_upstream(parts: &mut request::Parts, route: &Route<'_>, has_body: bool) {
    let Route { path, peer, told, upgrade, host } = *route;
    let multiplexed = parts.version == Version::HTTP_2;
    parts.version = Version::HTTP_11;
    if let Some(authority) = parts.uri.authority() {
        // RFC 9112 section 3.2.2: the authority of an absolute target counts, whatever Host says.
        if let Ok(host) = HeaderValue::from_str(authority.as_str()) {
            parts.headers.insert(HOST, host);
        }
        parts.uri = origin_form(&parts.uri);
    }
    let headers = &mut parts.headers;
    // HTTP/2 frames its bodies by itself; a length that is not known becomes chunks here.
    let unsized_body = multiplexed && has_body && !headers.contains_key(CONTENT_LENGTH);
    let found = Found::of(headers, path.trusted);
    let chunked = unsized_body || found.transfer_encoding;
    let is_trailers = |te: &HeaderValue| te.as_bytes().eq_ignore_ascii_case(b"trailers");
    let trailers = found.te && headers.get(TE).is_some_and(is_trailers);
    let asked = if upgrade { headers.remove(UPGRADE) } else { None };
    remove_hop(headers, found);
    if found.ours {
        strip(headers, path.trusted);
    }
    if multiplexed {
        join_cookies(headers);
    }
    keep_our_cookies(headers);
    if chunked {
        headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    if let Some(asked) = asked {
        headers.insert(UPGRADE, asked);
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    } else if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
    if let (Some(host), false) = (host, headers.contains_key(HOST)) {
        insert(headers, HOST, host);
    }
    add_path(headers, path, peer);
    if let Some(told) = told {
        add_told(headers, told);
    }
}

/// Removes what belongs to the upstream's connection from its answer.
pub(crate) fn to_client(parts: &mut response::Parts, upgraded: bool) {
    let asked = if upgraded { parts.headers.remove(UPGRADE) } else { None };
    parts.version = Version::HTTP_11;
    let found = Found::of(&parts.headers, true);
    if found.transfer_encoding {
        // RFC 9112 section 6.3: chunks count, and a length beside them is not passed on.
        parts.headers.remove(CONTENT_LENGTH);
    }
    remove_hop(&mut parts.headers, found);
    if let Some(asked) = asked {
        parts.headers.insert(UPGRADE, asked);
        parts.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    }
}

fn origin_form(uri: &Uri) -> Uri {
    let target = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    target.parse().unwrap_or_else(|_| Uri::from_static("/"))
}

/// Which headers of one hop a message has, and whether some that only we may say. Found in one pass over the names: most
/// messages have few of them, and asking a map for each costs more.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    connection: bool,
    keep_alive: bool,
    proxy_connection: bool,
    te: bool,
    transfer_encoding: bool,
    upgrade: bool,
    ours: bool,
}

impl Found {
    fn of(headers: &HeaderMap, trusted: bool) -> Self {
        let mut found = Found::default();
        for name in headers.keys() {
            let name = name.as_str();
            match name.as_bytes().first() {
                Some(b'c') => found.connection |= name == "connection",
                Some(b'k') => found.keep_alive |= name == "keep-alive",
                Some(b'p') => found.proxy_connection |= name == "proxy-connection",
                Some(b't') => {
                    found.te |= name == "te";
                    found.transfer_encoding |= name == "transfer-encoding";
                }
                Some(b'u') => found.upgrade |= name == "upgrade",
                Some(b'f' | b'j' | b'x') => found.ours |= is_ours(name, trusted),
                _ => {}
            }
        }
        found
    }
}

/// RFC 9110 section 7.6.1. What frames or routes a message is never removed on a client's word.
fn remove_hop(headers: &mut HeaderMap, found: Found) {
    if found.connection {
        // What nearly everybody says names no header.
        let is_plain =
            |value: &[u8]| value.eq_ignore_ascii_case(b"keep-alive") || value.eq_ignore_ascii_case(b"close");
        if !headers.get_all(CONNECTION).iter().all(|value| is_plain(value.as_bytes())) {
            remove_named(headers);
        }
        headers.remove(CONNECTION);
    }
    let hop = [
        (found.keep_alive, KEEP_ALIVE),
        (found.proxy_connection, PROXY_CONNECTION),
        (found.te, TE),
        (found.transfer_encoding, TRANSFER_ENCODING),
        (found.upgrade, UPGRADE),
    ];
    hop.into_iter().filter(|(is_there, _)| *is_there).for_each(|(_, name)| drop(headers.remove(name)));
}

/// Removes the headers that `Connection` names.
fn remove_named(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
        .filter(|name| *name != HOST && *name != CONTENT_LENGTH)
        .collect();
    named.iter().for_each(|name| drop(headers.remove(name)));
}

/// Removes what only we, or those we trust, may say.
fn strip(headers: &mut HeaderMap, trusted: bool) {
    let named: Vec<HeaderName> =
        headers.keys().filter(|name| is_ours(name.as_str(), trusted)).cloned().collect();
    named.iter().for_each(|name| drop(headers.remove(name)));
}

/// True for what nobody but us may say; of what proxies say, where the one before us is not `trusted`.
fn is_ours(name: &str, trusted: bool) -> bool {
    if name.contains('_') {
        // Servers that hand headers on as variables (CGI, WSGI) read `_` as `-`: this would stand for ours, or join it.
        return is_told(&name.replace('_', "-"));
    }
    name.starts_with("x-palisade-")
        || matches!(name, "x-request-id" | "x-fingerprint")
        || (!trusted && is_of_a_proxy(name))
}

/// True for what the upstream believes of us or of proxies, whoever sent it. All of it begins with `f`, `j` or `x`.
fn is_told(name: &str) -> bool {
    name.starts_with("x-palisade-")
        || name.starts_with("x-forwarded-")
        || matches!(name, "x-request-id" | "x-fingerprint")
        || is_of_a_proxy(name)
}

/// True for what proxies say beside the headers that we write ourselves.
fn is_of_a_proxy(name: &str) -> bool {
    matches!(name, "x-real-ip" | "forwarded")
        || ["ja3", "ja4", "x-ja3", "x-ja4"].iter().any(|start| name.starts_with(start))
}

/// Removes from trailers what nobody may say behind a body: some servers merge them with the headers that we wrote.
pub(crate) fn strip_trailers(trailers: &mut HeaderMap) {
    strip(trailers, false);
    for name in [X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO] {
        trailers.remove(name);
    }
}

/// RFC 9113 section 8.2.3: a cookie that came in pieces goes on in one.
fn join_cookies(headers: &mut HeaderMap) {
    if headers.get_all(COOKIE).iter().nth(1).is_some() {
        let pieces: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
        if let Ok(joined) = HeaderValue::from_bytes(&pieces.join(&b"; "[..])) {
            headers.insert(COOKIE, joined);
        }
    }
}

/// Removes our own cookies: who finds a pass in a site's log could show it.
fn keep_our_cookies(headers: &mut HeaderMap) {
    let is_ours = |pair: &[u8]| {
        let name = pair.trim_ascii_start();
        name.starts_with(b"palisade_") || name.starts_with(b"__Host-palisade_")
    };
    let names_ours = |value: &HeaderValue| value.as_bytes().split(|byte| *byte == b';').any(is_ours);
    if !headers.get_all(COOKIE).iter().any(names_ours) {
        return;
    }
    let kept: Vec<Vec<u8>> = headers
        .get_all(COOKIE)
        .iter()
        .map(|value| {
            let pairs = value.as_bytes().split(|byte| *byte == b';').filter(|pair| !is_ours(pair));
            pairs.collect::<Vec<_>>().join(&b';').trim_ascii_start().to_vec()
        })
        .filter(|kept| !kept.is_empty())
        .collect();
    headers.remove(COOKIE);
    for value in kept {
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            headers.append(COOKIE, value);
        }
    }
}

fn add_path(headers: &mut HeaderMap, path: Path, peer: &str) {
    let mut hops = String::with_capacity(48);
    if path.trusted {
        for value in headers.get_all(X_FORWARDED_FOR) {
            hops.push_str(&String::from_utf8_lossy(value.as_bytes()));
            hops.push_str(", ");
        }
    }
    hops.push_str(peer);
    insert(headers, X_FORWARDED_FOR, &hops);
    let proto = match path.scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(proto));
    if !path.names_host || !headers.contains_key(X_FORWARDED_HOST) {
        match headers.get(HOST).cloned() {
            Some(host) => drop(headers.insert(X_FORWARDED_HOST, host)),
            None => drop(headers.remove(X_FORWARDED_HOST)),
        }
    }
    debug_assert!(path.trusted || (!headers.contains_key(X_REAL_IP) && !headers.contains_key(FORWARDED)));
}

fn add_told(headers: &mut HeaderMap, told: Told) {
    if let Ok(id) = HeaderValue::from_bytes(&told.id.text()) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers.insert(X_SCORE, HeaderValue::from(u16::from(told.score)));
    headers.insert(X_ACTION, HeaderValue::from_static(told.action));
    headers.insert(X_IDENTITY, HeaderValue::from_static(told.identity));
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn passed(
        version: Version,
        uri: &str,
        headers: &[(&'static str, &'static str)],
        has_body: bool,
    ) -> request::Parts {
        let mut request = Request::builder().version(version).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let path = Path { trusted: false, names_host: false, scheme: Scheme::Http };
        let route = Route { path, peer: "192.0.2.1", told: None, upgrade: false, host: Some("10.0.0.1:80") };
        to_upstream(&mut parts, &route, has_body);
        parts
    }

    fn values<'p>(parts: &'p request::Parts, name: &str) -> Vec<&'p str> {
        parts.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }

    #[test]
    fn a_connection_header_names_nothing_that_routes_or_frames() {
        let headers = [
            ("host", "a"),
            ("content-length", "3"),
            ("connection", "host, Content-Length, x-forwarded-for, x-hop"),
            ("x-hop", "1"),
        ];
        let parts = passed(Version::HTTP_11, "/", &headers, true);
        assert_eq!((values(&parts, "host"), values(&parts, "content-length")), (vec!["a"], vec!["3"]));
        assert_eq!(values(&parts, "x-forwarded-for"), ["192.0.2.1"]);
        assert!(values(&parts, "x-hop").is_empty() && values(&parts, "connection").is_empty());
    }

    #[test]
    fn every_request_up_has_one_host_and_one_framing() {
        let parts = passed(Version::HTTP_10, "/", &[], false);
        assert_eq!((values(&parts, "host"), parts.version), (vec!["10.0.0.1:80"], Version::HTTP_11));
        let parts = passed(Version::HTTP_2, "http://b/x?y", &[("host", "a")], true);
        assert_eq!((values(&parts, "host"), parts.uri.to_string()), (vec!["b"], "/x?y".to_owned()));
        assert_eq!(values(&parts, "transfer-encoding"), ["chunked"]);
        let parts = passed(Version::HTTP_2, "http://b", &[("content-length", "3")], true);
        assert_eq!((values(&parts, "transfer-encoding").len(), parts.uri.to_string()), (0, "/".to_owned()));
        let parts = passed(Version::HTTP_11, "/", &[("host", "a"), ("transfer-encoding", "chunked")], false);
        assert_eq!(values(&parts, "transfer-encoding"), ["chunked"]);
    }

    #[test]
    fn what_only_we_may_say_is_not_said_by_others() {
        let headers = [
            ("host", "a"),
            ("x-palisade-score", "0"),
            ("x-request-id", "1"),
            ("x-ja4-raw", "t"),
            ("ja3", "x"),
        ];
        let parts = passed(Version::HTTP_11, "/", &headers, false);
        assert_eq!(parts.headers.len(), 4, "{:?}", parts.headers);
    }

    #[test]
    fn our_cookies_stay_with_us() {
        let check = |cookies: &'static str, expect: &[&str]| {
            let parts = passed(Version::HTTP_11, "/", &[("host", "a"), ("cookie", cookies)], false);
            assert_eq!(values(&parts, "cookie"), expect, "{cookies}");
        };
        check("a=1; b=2", &["a=1; b=2"]);
        check("palisade_pass=x", &[]);
        check("a=1; palisade_pass=x; b=2", &["a=1; b=2"]);
        check("__Host-palisade_pass=x; palisade_try=y; a=1;c", &["a=1;c"]);
        check("my_palisade_pass=x", &["my_palisade_pass=x"]);
    }

    #[test]
    fn nobody_says_it_with_an_underscore_either() {
        let headers = [
            ("host", "a"),
            ("x_palisade_score", "0"),
            ("X-Forwarded_For", "203.0.113.9"),
            ("x_request_id", "1"),
            ("x_real_ip", "203.0.113.9"),
            ("session_id", "kept"),
        ];
        let parts = passed(Version::HTTP_11, "/", &headers, false);
        assert_eq!(
            (parts.headers.len(), values(&parts, "session_id")),
            (5, vec!["kept"]),
            "{:?}",
            parts.headers
        );
    }
}
