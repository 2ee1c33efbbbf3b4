//! Caddy's access log: JSON with the whole header map.
//!
//! Caddy (like Go) keeps names in a map and in canonical case: order and case of the wire are lost. It takes `Host`
//! out of the map, so it is put back. `Cookie`, `Authorization` and their like are logged as `REDACTED` or as an
//! empty list: that they were sent is known, their value is not.
//!
//! A site's log filter may delete single headers, and no line says so. The list counts as complete only where it
//! holds `Accept`, `Accept-Encoding` or `Connection`, one of which nearly every client sends: browsers all, curl
//! `Accept`, Go `Accept-Encoding`; or where it is empty, as raw scanners send it and no filter of single headers
//! leaves it. Otherwise the list is unseen, and only the headers that are there are known; so is that of the rare
//! client that sends `Host` and `User-Agent` alone, which is judged by what else it does.

use std::borrow::Cow;
use std::fmt;

use palisade_domain::{Fact, HeaderCase, HeaderOrder, Scheme};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Format;
use super::clock;
use super::draft::{Draft, Pairs, Rich, Who, find};
use super::json::{Scalar, Str};
use super::text::{self, address, behind_proxy};

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    ts: Scalar<'a>,
    #[serde(borrow)]
    request: Request<'a>,
    #[serde(default)]
    status: Option<u64>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(borrow, default)]
    duration: Option<Scalar<'a>>,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow, default)]
    client_ip: Option<Str<'a>>,
    #[serde(borrow, default)]
    remote_ip: Option<Str<'a>>,
    #[serde(borrow, default)]
    remote_addr: Option<Str<'a>>,
    #[serde(borrow)]
    proto: Str<'a>,
    #[serde(borrow)]
    method: Str<'a>,
    #[serde(borrow)]
    host: Str<'a>,
    #[serde(borrow)]
    uri: Str<'a>,
    #[serde(borrow, default)]
    headers: Option<HeaderMap<'a>>,
    #[serde(default)]
    tls: Option<IgnoredAny>,
}

/// Reads one line.
pub(super) fn parse(line: &str) -> Option<Draft<'_>> {
    let line: Line<'_> = serde_json::from_str(line).ok()?;
    let moment = match &line.ts {
        Scalar::Number(number) => clock::epoch(*number)?,
        Scalar::Text(text) => clock::moment(text)?,
        Scalar::Null | Scalar::Other => return None,
    };
    let request = line.request;
    let peer = request.client_ip.or(request.remote_ip).or(request.remote_addr)?;
    let headers = request.headers.map(|map| with_host(map.0, &request.host.0));
    let forwarded = headers.as_ref().and_then(|headers| find(headers, "x-forwarded-for"));
    let client = behind_proxy(address(&peer.0)?, forwarded);
    let mut draft = Draft::new(Format::CaddyJson, moment, Who::Ip(client));
    draft.method = Fact::Known(request.method.0);
    draft.target = Fact::Known(request.uri.0);
    draft.version = Fact::Known(text::version(&request.proto.0));
    draft.scheme = match request.tls {
        Some(_) => Fact::Known(Scheme::Https),
        None => scheme_before(headers.as_ref()),
    };
    draft.host = Fact::Known(request.host.0);
    draft.response.status = text::status(Fact::seen(line.status));
    draft.response.bytes = line.size.map_or(Fact::Unseen, Fact::Known);
    draft.response.duration_ms = line
        .duration
        .and_then(|it| it.number())
        .map_or(Fact::Unseen, |seconds| Fact::Known((seconds.max(0.0) * 1e3).round() as u64));
    if let Some(headers) = headers {
        let is_complete = is_complete(&headers);
        let header = |name| match find(&headers, name) {
            Some(value) => Fact::Known(Cow::Owned(value.to_owned())),
            None if is_complete => Fact::Absent,
            None => Fact::Unseen,
        };
        draft.user_agent = header("user-agent");
        draft.referrer = header("referer");
        if is_complete {
            let headers = Fact::Known((headers, HeaderOrder::Lost, HeaderCase::Lost));
            draft.rich = Some(Box::new(Rich { headers, ..Rich::default() }));
        }
    }
    Some(draft)
}

/// Headers of which a complete list holds one. `Host` is none of them: it is put back from elsewhere.
const BASICS: [&str; 3] = ["accept", "accept-encoding", "connection"];

fn is_complete(headers: &Pairs<'_>) -> bool {
    headers.iter().all(|(name, _)| name.eq_ignore_ascii_case("host"))
        || BASICS.iter().any(|name| find(headers, name).is_some())
}

/// Clear text, unless a proxy before Caddy says what the client saw.
fn scheme_before(headers: Option<&Pairs<'_>>) -> Fact<Scheme> {
    match headers.and_then(|headers| find(headers, "x-forwarded-proto")) {
        Some(scheme) => text::scheme(&Fact::Known(Cow::Borrowed(scheme))),
        None => Fact::Known(Scheme::Http),
    }
}

fn with_host<'a>(mut headers: Pairs<'a>, host: &Cow<'a, str>) -> Pairs<'a> {
    if !host.is_empty() && find(&headers, "host").is_none() {
        headers.push((Cow::Borrowed("Host"), host.clone()));
    }
    headers
}

/// Name to list of values, as pairs; an empty list is a redacted value.
struct HeaderMap<'a>(Pairs<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for HeaderMap<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapVisitor;
        impl<'de> Visitor<'de> for MapVisitor {
            type Value = HeaderMap<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of lists of strings")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HeaderMap<'de>, A::Error> {
                let mut pairs = Pairs::new();
                while let Some((name, values)) = map.next_entry::<Str<'de>, Vec<Str<'de>>>()? {
                    if values.is_empty() {
                        pairs.push((name.0.clone(), Cow::Borrowed("")));
                    }
                    pairs.extend(values.into_iter().map(|value| (name.0.clone(), value.0)));
                }
                Ok(HeaderMap(pairs))
            }
        }
        deserializer.deserialize_map(MapVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::{HttpVersion, Resolution, Timestamp};

    const LINE: &str = r#"{"level":"info","ts":1711741827.9626286,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"192.0.2.1","remote_port":"54462","client_ip":"192.0.2.1","proto":"HTTP/2.0","method":"GET","host":"www.example","uri":"/a?b","headers":{"User-Agent":["x/1"],"Cookie":["REDACTED"],"Authorization":[],"Accept":["a","b"]},"tls":{"resumed":false,"version":772}},"bytes_read":0,"user_id":"","duration":0.0129,"size":7,"status":200,"resp_headers":{"Server":["Caddy"]}}"#;

    #[test]
    fn a_line_is_read() {
        let draft = parse(LINE).unwrap();
        assert_eq!(draft.moment, (Timestamp(1_711_741_827_962_629), Resolution::Micro));
        assert_eq!(draft.version, Fact::Known(HttpVersion::Http2));
        assert_eq!(draft.scheme, Fact::Known(Scheme::Https));
        assert_eq!(draft.user_agent.known().as_deref(), Some("x/1"));
        assert_eq!(draft.referrer, Fact::Absent);
        assert_eq!(draft.response.duration_ms, Fact::Known(13));
        let rich = draft.rich.unwrap();
        let Fact::Known((pairs, order, case)) = &rich.headers else { panic!("headers expected") };
        assert_eq!((*order, *case), (HeaderOrder::Lost, HeaderCase::Lost));
        assert_eq!(find(pairs, "host"), Some("www.example"));
        assert_eq!(find(pairs, "authorization"), Some(""));
        assert_eq!(pairs.iter().filter(|(name, _)| name == "Accept").count(), 2);
    }

    #[test]
    fn a_filtered_list_is_not_taken_for_all_that_was_sent() {
        let with = |headers: &str| {
            let from = LINE.find(r#""headers":{"#).unwrap();
            let to = LINE.find(r#","tls":{"#).unwrap();
            format!("{}\"headers\":{headers}{}", &LINE[..from], &LINE[to..])
        };
        let filtered =
            with(r#"{"User-Agent":["Mozilla/5.0 Chrome/126"],"Referer":["/a"],"Cookie":["REDACTED"]}"#);
        let draft = parse(&filtered).unwrap();
        assert_eq!(draft.user_agent.known().as_deref(), Some("Mozilla/5.0 Chrome/126"));
        assert_eq!((draft.referrer.known().as_deref(), draft.rich), (Some("/a"), None));
        let filtered = with(r#"{"X-Custom":["1"]}"#);
        let draft = parse(&filtered).unwrap();
        assert_eq!((draft.user_agent, draft.referrer, draft.rich), (Fact::Unseen, Fact::Unseen, None));
        for bare in [
            r#"{"User-Agent":["curl/8.5.0"],"Accept":["*/*"]}"#,
            r#"{"User-Agent":["Go-http-client/1.1"],"Accept-Encoding":["gzip"]}"#,
            r#"{"Connection":["close"]}"#,
            "{}",
        ] {
            assert!(parse(&with(bare)).unwrap().rich.is_some(), "{bare}");
        }
    }

    #[test]
    fn other_times_and_older_lines_are_read() {
        let line = LINE.replace("1711741827.9626286", "\"2024-03-29T19:50:27.962Z\"");
        assert_eq!(parse(&line).unwrap().moment.1, Resolution::Milli);
        let old = LINE
            .replace(
                r#""remote_ip":"192.0.2.1","remote_port":"54462","client_ip":"192.0.2.1""#,
                r#""remote_addr":"192.0.2.1:54462""#,
            )
            .replace(r#","tls":{"resumed":false,"version":772}"#, "");
        assert_eq!(parse(&old).unwrap().who, Who::Ip("192.0.2.1".parse().unwrap()));
        assert_eq!(parse(&old).unwrap().scheme, Fact::Known(Scheme::Http));
    }

    #[test]
    fn other_lines_are_refused() {
        assert!(
            parse(r#"{"level":"info","ts":1711741827.9,"msg":"serving initial configuration"}"#).is_none()
        );
        for end in 0..LINE.len() {
            assert!(parse(&LINE[..end]).is_none());
        }
    }
}
