//! Traefik's JSON access log (its CLF is read by `clf`).
//!
//! Which request headers are in the log is the site's choice (`accessLog.fields.headers`), by default none. A kept
//! `request_User-Agent` is known. The list as a whole is known only where all are kept: that is so where
//! `request_X-Forwarded-Server` is there, which Traefik adds to each request and nobody keeps one by one. The
//! headers Traefik added itself are left out again; order and case of the wire are lost.

use std::borrow::Cow;

use palisade_domain::{Fact, HeaderCase, HeaderOrder, HttpVersion, Scheme};

use super::Format;
use super::clock;
use super::draft::{Draft, Pairs, Rich, Text, Who, find};
use super::json::{self, Scalar};
use super::text::{self, address};

/// Headers that Traefik adds.
const ADDED: [&str; 6] = [
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
    "X-Forwarded-Server",
    "X-Forwarded-For",
    "X-Real-Ip",
];

/// The mark of a log that keeps all headers.
const MARK: &str = "X-Forwarded-Server";

#[derive(Default)]
struct Columns<'a> {
    client_host: Text<'a>,
    client_addr: Text<'a>,
    method: Text<'a>,
    path: Text<'a>,
    host: Text<'a>,
    version: Fact<HttpVersion>,
    scheme: Fact<Scheme>,
    status: Fact<u64>,
    bytes: Fact<u64>,
    duration_ns: Fact<u64>,
    start: Text<'a>,
    end: Text<'a>,
    headers: Pairs<'a>,
}

/// Reads one line.
pub(super) fn parse(line: &str) -> Option<Draft<'_>> {
    let mut columns = Columns::default();
    json::each(line, |key, value| columns.take(key, value))?;
    columns.draft()
}

impl<'a> Columns<'a> {
    fn take(&mut self, key: Cow<'a, str>, value: Scalar<'a>) {
        match key.as_ref() {
            "ClientHost" => self.client_host = value.text(),
            "ClientAddr" => self.client_addr = value.text(),
            "RequestMethod" => self.method = value.text(),
            "RequestPath" => self.path = value.text(),
            "RequestHost" => self.host = value.text(),
            "RequestProtocol" => self.version = value.text().map(|text| text::version(&text)),
            "RequestScheme" => self.scheme = text::scheme(&value.text()),
            "DownstreamStatus" => self.status = value.count(),
            "DownstreamContentSize" => self.bytes = value.count(),
            "Duration" => self.duration_ns = value.count(),
            "StartUTC" => self.start = value.text(),
            "time" => self.end = value.text(),
            _ => self.take_header(key, value),
        }
    }

    fn take_header(&mut self, key: Cow<'a, str>, value: Scalar<'a>) {
        let name = match key {
            Cow::Borrowed(key) => key.strip_prefix("request_").map(Cow::Borrowed),
            Cow::Owned(key) => key.strip_prefix("request_").map(|name| Cow::Owned(name.to_owned())),
        };
        if let (Some(name), Scalar::Text(value)) = (name, value) {
            self.headers.push((name, value));
        }
    }

    fn draft(self) -> Option<Draft<'a>> {
        let client = self.client_host.as_ref().known().and_then(|text| address(text));
        let client = client.or_else(|| self.client_addr.as_ref().known().and_then(|text| address(text)))?;
        let start = self.start.as_ref().known().and_then(|text| clock::iso(text));
        let moment = start.or_else(|| self.end.as_ref().known().and_then(|text| clock::moment(text)))?;
        let mut draft = Draft::new(Format::TraefikJson, moment, Who::Ip(client));
        draft.target = Fact::Known(self.path.known()?);
        draft.method = self.method;
        draft.host = self.host;
        draft.version = self.version;
        draft.scheme = self.scheme;
        draft.response.status = text::status(self.status);
        draft.response.bytes = self.bytes;
        draft.response.duration_ms = self.duration_ns.map(|ns| ns / 1_000_000);
        headers(&mut draft, self.headers);
        Some(draft)
    }
}

fn headers<'a>(draft: &mut Draft<'a>, mut headers: Pairs<'a>) {
    let is_complete = find(&headers, MARK).is_some();
    let header = |name| match find(&headers, name) {
        Some(value) => Fact::Known(Cow::Owned(value.to_owned())),
        None if is_complete => Fact::Absent,
        None => Fact::Unseen,
    };
    draft.user_agent = header("user-agent");
    draft.referrer = header("referer");
    if is_complete {
        headers.retain(|(name, _)| !ADDED.iter().any(|added| added.eq_ignore_ascii_case(name)));
        if let Fact::Known(host) = &draft.host {
            headers.push((Cow::Borrowed("Host"), host.clone()));
        }
        let headers = Fact::Known((headers, HeaderOrder::Lost, HeaderCase::Lost));
        draft.rich = Some(Box::new(Rich { headers, ..Rich::default() }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::{Resolution, Timestamp};

    const LINE: &str = r#"{"ClientAddr":"192.0.2.1:39490","ClientHost":"192.0.2.1","ClientPort":"39490","ClientUsername":"-","DownstreamContentSize":356,"DownstreamStatus":404,"Duration":2155630,"RequestHost":"www.example","RequestMethod":"GET","RequestPath":"/a?b","RequestPort":"-","RequestProtocol":"HTTP/1.1","RequestScheme":"https","ServiceURL":{"Scheme":"http"},"StartUTC":"2021-12-08T14:02:43.464763557Z","level":"info","msg":"","time":"2021-12-08T14:02:43Z"}"#;

    fn with(headers: &str) -> String {
        LINE.replace(r#""level""#, &format!("{headers},\"level\""))
    }

    #[test]
    fn by_default_no_header_is_seen() {
        let draft = parse(LINE).unwrap();
        assert_eq!(draft.moment, (Timestamp(1_638_972_163_464_763), Resolution::Micro));
        assert_eq!(draft.target.known().as_deref(), Some("/a?b"));
        assert_eq!((draft.user_agent, draft.rich), (Fact::Unseen, None));
        assert_eq!(draft.response.duration_ms, Fact::Known(2));
        assert_eq!(draft.scheme, Fact::Known(Scheme::Https));
    }

    #[test]
    fn kept_headers_are_known_and_complete_only_with_the_mark() {
        let line = with(r#""request_User-Agent":"x/1""#);
        let draft = parse(&line).unwrap();
        assert_eq!(draft.user_agent.known().as_deref(), Some("x/1"));
        assert_eq!((draft.referrer, draft.rich), (Fact::Unseen, None));

        let line = with(r#""request_Accept":"*/*","request_X-Forwarded-Server":"a","request_X-Real-Ip":"b""#);
        let draft = parse(&line).unwrap();
        assert_eq!((draft.user_agent, draft.referrer), (Fact::Absent, Fact::Absent));
        let Fact::Known((pairs, ..)) = draft.rich.unwrap().headers else { panic!("headers expected") };
        let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_ref()).collect();
        assert_eq!(names, ["Accept", "Host"]);
    }

    #[test]
    fn torn_lines_are_refused() {
        for end in 0..LINE.len() {
            assert!(parse(&LINE[..end]).is_none());
        }
    }
}
