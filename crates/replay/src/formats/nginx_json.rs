//! nginx with a JSON `log_format`. nginx has no names of its own for the keys, so the usual ones are known: its
//! variables' names, and what Logstash, Envoy and Fastly templates call the same things.
//!
//! With `escape=json` a line is JSON. Without it nginx writes `\xHH` into strings, which is not: such lines are
//! mended and their strings unescaped as in the combined format.

use std::borrow::Cow;

use palisade_domain::{ClientIp, Fact, HttpVersion, Resolution};

use super::Format;
use super::clock::{self, Moment};
use super::draft::{Draft, Text, Who};
use super::json::{self, Scalar};
use super::text::{self, address, behind_proxy, owned};

/// Reads one line.
pub(super) fn parse(line: &str) -> Option<Draft<'_>> {
    let mut columns = Columns::default();
    if json::each(line, |key, value| columns.take(&key, value)).is_some() {
        return columns.draft();
    }
    memchr::memmem::find(line.as_bytes(), b"\\x")?;
    let mended = line.replace("\\x", "\\\\x");
    let mut columns = Columns::default();
    json::each(&mended, |key, value| columns.take(&key, unescaped(value)))?;
    columns.into_owned().draft()
}

fn unescaped(value: Scalar<'_>) -> Scalar<'_> {
    match value {
        Scalar::Text(text) => Scalar::Text(Cow::Owned(text::unescape(&text).into_owned())),
        other => other,
    }
}

/// What a line may hold, by meaning.
#[derive(Default)]
struct Columns<'a> {
    peer: Text<'a>,
    forwarded: Text<'a>,
    moment: Option<Moment>,
    request: Text<'a>,
    method: Text<'a>,
    uri: Text<'a>,
    path: Text<'a>,
    args: Text<'a>,
    protocol: Text<'a>,
    scheme: Text<'a>,
    host: Text<'a>,
    server: Text<'a>,
    referrer: Text<'a>,
    user_agent: Text<'a>,
    status: Fact<u64>,
    bytes: Fact<u64>,
    duration_ms: Fact<u64>,
}

impl<'a> Columns<'a> {
    fn take(&mut self, key: &str, value: Scalar<'a>) {
        let slot = match key {
            "remote_addr"
            | "remote_ip"
            | "client_ip"
            | "clientip"
            | "client"
            | "realip_remote_addr"
            | "downstream_remote_address" => &mut self.peer,
            "http_x_forwarded_for" | "x_forwarded_for" | "xff" | "forwarded_for" => &mut self.forwarded,
            "request" => &mut self.request,
            "request_method" | "method" | "verb" => &mut self.method,
            "request_uri" | "url" | "x-envoy-origin-path" | "x-envoy-original-path" => &mut self.uri,
            "uri" | "path" | "document_uri" => &mut self.path,
            "args" | "query_string" | "query" => &mut self.args,
            "server_protocol" | "request_protocol" | "protocol" | "http_version" => &mut self.protocol,
            "scheme" => &mut self.scheme,
            "http_host" | "host" | ":authority" | "authority" => &mut self.host,
            "server_name" | "vhost" => &mut self.server,
            "http_referer" | "http_referrer" | "referer" | "referrer" | "request_referer" => {
                &mut self.referrer
            }
            "http_user_agent" | "user_agent" | "agent" | "user-agent" | "request_user_agent" => {
                &mut self.user_agent
            }
            _ => return self.take_number(key, &value),
        };
        if !slot.is_known() {
            *slot = value.text();
        }
    }

    fn take_number(&mut self, key: &str, value: &Scalar<'_>) {
        match key {
            "time_iso8601" | "time_local" | "msec" | "time" | "timestamp" | "@timestamp" | "ts" | "date"
            | "start_time" => self.take_time(value),
            "status" | "response_code" | "response_status" | "status_code" => self.status = value.count(),
            "body_bytes_sent" | "response_body_size" => self.bytes = value.count(),
            "bytes_sent" | "bytes" | "size" if self.bytes == Fact::Unseen => self.bytes = value.count(),
            "request_time" => {
                self.duration_ms =
                    Fact::seen(value.number().map(|secs| (secs.max(0.0) * 1e3).round() as u64));
            }
            _ => {}
        }
    }

    /// Of several times the finest counts.
    fn take_time(&mut self, value: &Scalar<'_>) {
        let moment = match value {
            Scalar::Number(number) => clock::epoch(*number),
            Scalar::Text(text) => clock::moment(text),
            Scalar::Null | Scalar::Other => None,
        };
        let finest = |known: &Moment| known.1 >= moment.map_or(Resolution::Second, |moment| moment.1);
        if !self.moment.as_ref().is_some_and(finest) {
            self.moment = moment;
        }
    }

    fn draft(self) -> Option<Draft<'a>> {
        let who = Who::Ip(client(self.peer.as_ref().known()?, self.forwarded.as_ref().known())?);
        let is_access = self.request.is_seen() || self.status.is_seen();
        let mut draft = Draft::new(Format::NginxJson, self.moment.filter(|_| is_access)?, who);
        draft.host = if self.host.is_known() { self.host } else { server(self.server, self.host) };
        draft.scheme = text::scheme(&self.scheme);
        draft.referrer = self.referrer;
        draft.user_agent = self.user_agent;
        draft.response.status = text::status(self.status);
        draft.response.bytes = self.bytes;
        draft.response.duration_ms = self.duration_ms;
        request(&mut draft, self.request, self.protocol.map(|text| text::version(&text)));
        if self.method.is_seen() {
            draft.method = self.method;
        }
        if !draft.target.is_known() {
            draft.target = if self.uri.is_seen() { self.uri } else { joined(self.path, self.args) };
        }
        draft.target.is_seen().then_some(draft)
    }

    fn into_owned(self) -> Columns<'static> {
        Columns {
            peer: owned(self.peer),
            forwarded: owned(self.forwarded),
            moment: self.moment,
            request: owned(self.request),
            method: owned(self.method),
            uri: owned(self.uri),
            path: owned(self.path),
            args: owned(self.args),
            protocol: owned(self.protocol),
            scheme: owned(self.scheme),
            host: owned(self.host),
            server: owned(self.server),
            referrer: owned(self.referrer),
            user_agent: owned(self.user_agent),
            status: self.status,
            bytes: self.bytes,
            duration_ms: self.duration_ms,
        }
    }
}

fn client(peer: &str, forwarded: Option<&Cow<'_, str>>) -> Option<ClientIp> {
    Some(behind_proxy(address(peer)?, forwarded.map(AsRef::as_ref)))
}

/// A server's name stands in for the host where only that is logged; nginx's catch-all `_` says nothing.
fn server<'a>(server: Text<'a>, host: Text<'a>) -> Text<'a> {
    match server {
        Fact::Known(name) if name != "_" => Fact::Known(name),
        _ => host,
    }
}

/// `$request` holds method, target and version, or is empty where nothing that can be read came.
fn request<'a>(draft: &mut Draft<'a>, request: Text<'a>, version: Fact<HttpVersion>) {
    let line = match request {
        Fact::Unseen => {
            draft.version = version;
            return;
        }
        Fact::Absent => text::request_line(""),
        Fact::Known(Cow::Borrowed(raw)) => text::plain_request_line(raw),
        Fact::Known(Cow::Owned(raw)) => text::plain_request_line(&raw).into_owned(),
    };
    draft.method = line.method;
    draft.target = line.target;
    draft.version = line.version;
}

fn joined<'a>(path: Text<'a>, args: Text<'a>) -> Text<'a> {
    match (path, args) {
        (Fact::Known(path), Fact::Known(args)) if !path.contains('?') => {
            Fact::Known(Cow::Owned(format!("{path}?{}", args.trim_start_matches('?'))))
        }
        (path, _) => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::Timestamp;

    const LINE: &str = r#"{"time_local":"10/Oct/2000:13:55:36 -0700","msec":"971211336.125","remote_addr":"10.0.0.1","http_x_forwarded_for":"192.0.2.1","request":"GET /a?b HTTP/2.0","status":"200","body_bytes_sent":"12","request_time":"0.250","http_referer":"","http_user_agent":"x/1 \"é\"","server_name":"_","http_host":"www.example"}"#;

    #[test]
    fn nginx_names_are_known() {
        let draft = parse(LINE).unwrap();
        assert_eq!(draft.moment, (Timestamp::from_millis(971_211_336_125), Resolution::Milli));
        assert_eq!(draft.who, Who::Ip("192.0.2.1".parse().unwrap()));
        assert_eq!(draft.target.known().as_deref(), Some("/a?b"));
        assert_eq!(draft.version, Fact::Known(HttpVersion::Http2));
        assert_eq!(draft.host.known().as_deref(), Some("www.example"));
        assert_eq!(draft.referrer, Fact::Absent);
        assert_eq!(draft.user_agent.known().as_deref(), Some("x/1 \"é\""));
        assert_eq!(draft.response.status, Fact::Known(200));
        assert_eq!(draft.response.duration_ms, Fact::Known(250));
    }

    #[test]
    fn parts_make_a_target() {
        let check = |columns: &str, target: &str| {
            let line = format!(
                r#"{{"time_iso8601":"2000-10-10T20:55:36+00:00","remote_addr":"192.0.2.1","status":200,{columns}}}"#
            );
            let draft = parse(&line).unwrap_or_else(|| panic!("not read: {line}"));
            assert_eq!(draft.target.known().as_deref(), Some(target), "{columns}");
        };
        check(r#""request_method":"GET","request_uri":"/a?b""#, "/a?b");
        check(r#""request_method":"GET","uri":"/a","args":"b=1""#, "/a?b=1");
        check(r#""request_method":"GET","uri":"/a","args":"""#, "/a");
        check(r#""request":"""#, "");
        check(r#""request":"\u0016\u0003\u0001""#, "\u{16}\u{3}\u{1}");
    }

    #[test]
    fn lines_without_json_escapes_are_mended() {
        let line = LINE.replace(r#"\"é\""#, r"\x22\xC3\xA9\x22");
        assert_eq!(parse(&line).unwrap().user_agent.known().as_deref(), Some("x/1 \"é\""));
    }

    #[test]
    fn envoy_and_fastly_names_are_known() {
        let envoy = r#"{"start_time":"2025-12-31T16:37:40.479Z","method":"GET","x-envoy-origin-path":"/admin","response_code":404,"user-agent":"x","downstream_remote_address":"192.0.2.1:59292",":authority":"app.example"}"#;
        assert_eq!(parse(envoy).unwrap().target.known().as_deref(), Some("/admin"));
        let fastly = r#"{ "timestamp": "2021-11-12T16:59:45+0000", "client_ip": "192.0.2.1", "host": "www.example", "url": "/x", "request_method": "GET", "request_protocol": "HTTP/1.1", "request_referer": "", "request_user_agent": "x", "response_status": 404, "response_body_size": 564 }"#;
        let draft = parse(fastly).unwrap();
        assert_eq!(draft.version, Fact::Known(HttpVersion::Http11));
        assert_eq!(draft.response.bytes, Fact::Known(564));
    }

    #[test]
    fn other_json_is_refused() {
        for line in ["{}", r#"{"remote_addr":"192.0.2.1"}"#, r#"{"remote_addr":"x","msec":1,"request":""}"#] {
            assert!(parse(line).is_none(), "{line}");
        }
        for end in 0..LINE.len() {
            assert!(
                LINE.is_char_boundary(end) && parse(&LINE[..end]).is_none() || !LINE.is_char_boundary(end)
            );
        }
    }
}
