//! Cloudflare Logpush, dataset "HTTP requests": NDJSON with the fields the site chose.
//!
//! Times are RFC 3339 (whole seconds) by default, Unix seconds or nanoseconds by choice. Fields that are not in the
//! line are Unseen; Cloudflare writes an empty string for what the client did not send. `RequestHeaders` holds only
//! the headers the site listed, so the header list stays Unseen.

use palisade_domain::{Fact, HttpVersion, Scheme};

use super::Format;
use super::clock::{self, Moment};
use super::draft::{Draft, Rich, Text, Who};
use super::json::{self, Scalar};
use super::text::{self, address};

#[derive(Default)]
struct Columns<'a> {
    client: Text<'a>,
    start: Option<Moment>,
    end: Option<Moment>,
    method: Text<'a>,
    host: Text<'a>,
    uri: Text<'a>,
    path: Text<'a>,
    user_agent: Text<'a>,
    referrer: Text<'a>,
    ja4: Text<'a>,
    version: Fact<HttpVersion>,
    scheme: Fact<Scheme>,
    status: Fact<u64>,
    bytes: Fact<u64>,
}

/// Reads one line.
pub(super) fn parse(line: &str) -> Option<Draft<'_>> {
    let mut columns = Columns::default();
    json::each(line, |key, value| columns.take(&key, value))?;
    columns.draft()
}

impl<'a> Columns<'a> {
    fn take(&mut self, key: &str, value: Scalar<'a>) {
        match key {
            "ClientIP" => self.client = value.text(),
            "EdgeStartTimestamp" => self.start = moment(&value),
            "EdgeEndTimestamp" => self.end = moment(&value),
            "ClientRequestMethod" => self.method = value.text(),
            "ClientRequestHost" => self.host = value.text(),
            "ClientRequestURI" => self.uri = value.text(),
            "ClientRequestPath" => self.path = value.text(),
            "ClientRequestUserAgent" => self.user_agent = value.text(),
            "ClientRequestReferer" => self.referrer = value.text(),
            "ClientRequestProtocol" => self.version = value.text().map(|text| text::version(&text)),
            "ClientRequestScheme" => self.scheme = text::scheme(&value.text()),
            "JA4" => self.ja4 = value.text(),
            "EdgeResponseStatus" => self.status = value.count(),
            "EdgeResponseBytes" => self.bytes = value.count(),
            _ => {}
        }
    }

    fn draft(self) -> Option<Draft<'a>> {
        let client = self.client.known().and_then(|text| address(&text))?;
        let start = self.start?;
        let mut draft = Draft::new(Format::Cloudflare, start, Who::Ip(client));
        draft.method = self.method;
        draft.host = self.host;
        draft.target = if self.uri.is_seen() { self.uri } else { self.path };
        draft.user_agent = self.user_agent;
        draft.referrer = self.referrer;
        draft.version = self.version;
        draft.scheme = self.scheme;
        draft.response.status = text::status(self.status);
        draft.response.bytes = self.bytes;
        draft.response.duration_ms = duration_ms(start, self.end);
        if self.ja4.is_seen() {
            draft.rich = Some(Box::new(Rich { ja4: self.ja4, ..Rich::default() }));
        }
        draft.target.is_seen().then_some(draft)
    }
}

fn moment(value: &Scalar<'_>) -> Option<Moment> {
    match value {
        Scalar::Number(number) => clock::epoch(*number),
        Scalar::Text(text) => clock::moment(text),
        Scalar::Null | Scalar::Other => None,
    }
}

/// Between whole seconds there is no duration worth the name.
fn duration_ms(start: Moment, end: Option<Moment>) -> Fact<u64> {
    match end {
        Some(end) if start.1.min(end.1) > palisade_domain::Resolution::Second => {
            Fact::Known(end.0.millis_since(start.0))
        }
        _ => Fact::Unseen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::{Resolution, Timestamp};

    const LINE: &str = r#"{"ClientIP":"2001:db8::1","ClientRequestHost":"www.example","ClientRequestMethod":"GET","ClientRequestProtocol":"HTTP/3","ClientRequestScheme":"https","ClientRequestURI":"/a?b","ClientRequestReferer":"","ClientRequestUserAgent":"x/1","EdgeStartTimestamp":1700000000000001000,"EdgeEndTimestamp":1700000000020001000,"EdgeResponseStatus":200,"EdgeResponseBytes":42,"JA4":"t13d1516h2_8daaf6152771_b186095e22b6","RequestHeaders":{"accept":"a"}}"#;

    #[test]
    fn a_line_is_read() {
        let draft = parse(LINE).unwrap();
        assert_eq!(draft.moment, (Timestamp(1_700_000_000_000_001), Resolution::Micro));
        assert_eq!(draft.version, Fact::Known(HttpVersion::Http3));
        assert_eq!(draft.referrer, Fact::Absent);
        assert_eq!(draft.response.duration_ms, Fact::Known(20));
        let rich = draft.rich.unwrap();
        assert_eq!(rich.ja4.known().as_deref(), Some("t13d1516h2_8daaf6152771_b186095e22b6"));
        assert_eq!(rich.headers, Fact::Unseen);
    }

    #[test]
    fn all_three_notations_of_time_are_read() {
        for (text, resolution) in [
            ("\"2023-11-14T22:13:20Z\"", Resolution::Second),
            ("1700000000", Resolution::Second),
            ("1700000000000000000", Resolution::Micro),
        ] {
            let line = LINE.replace("1700000000000001000", text);
            assert_eq!(parse(&line).unwrap().moment, (Timestamp::from_secs(1_700_000_000), resolution));
        }
    }

    #[test]
    fn missing_fields_are_unseen_and_torn_lines_refused() {
        let line = LINE.replace(r#""ClientRequestUserAgent":"x/1","#, "");
        assert_eq!(parse(&line).unwrap().user_agent, Fact::Unseen);
        for end in 0..LINE.len() {
            assert!(parse(&LINE[..end]).is_none());
        }
    }
}
