//! Bodies of `POST /check` (SURFACE, "Routes"), as `assess` reads them: with `time_ms` a line of its own.

use std::mem::take;

use palisade_domain::{ClientIp, Fact, Timestamp, Vantage};

use super::Format;
use super::clock::Moment;
use super::draft::{Draft, Who};
use super::fields::Fields;
use super::json::Str;
use super::labelled::moment;
use super::record::Record;
use super::text::address;

/// One parsed body.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckBody {
    /// The request.
    pub record: Record,
    /// The id the caller gave.
    pub request_id: Option<String>,
    /// Does it count into the history? Given, or true unless `request_id` is given.
    pub observe: bool,
    /// `actions: "all"`: answer with the finer actions.
    pub all_actions: bool,
    /// Was `time_ms` given?
    pub has_time: bool,
}

/// The body is not what `/check` takes.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Not JSON, or a field of the wrong type; the text names line and column.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// A field that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// `ip` is not an address.
    #[error("ip: {0:?} is not an address")]
    Address(String),
    /// `time_ms` is out of range.
    #[error("time_ms: {0} is not a time")]
    Time(f64),
}

impl CheckBody {
    /// Reads a body. `now` stands in for a missing `time_ms`, `peer` for a missing `ip`.
    ///
    /// # Errors
    /// Where it is no JSON object of this form, or `endpoint` is missing.
    pub fn parse(text: &str, now: Timestamp, peer: ClientIp) -> Result<CheckBody, CheckError> {
        let body: Fields<'_> = serde_json::from_str(text)?;
        let request_id = body.request_id.as_ref().map(|id| id.0.clone().into_owned());
        let observe = body.observe.unwrap_or(request_id.is_none());
        let all_actions = body.actions.as_ref().is_some_and(|actions| actions.0 == "all");
        let has_time = body.time_ms.is_some();
        let moment = match body.time_ms {
            Some(millis) => moment(millis).ok_or(CheckError::Time(millis))?,
            None => (now, Vantage::Check.finest_resolution()),
        };
        let client = match who(&body) {
            Some(ip) => address(&ip.0).ok_or_else(|| CheckError::Address(short(&ip.0)))?,
            None => peer,
        };
        let record = draft(body, moment, client)?.into_record(&mut String::new());
        Ok(CheckBody { record, request_id, observe, all_actions, has_time })
    }
}

/// Reads a body as a line of a log: it must say when and who, and call its path `endpoint`; labelled traffic says
/// `path`.
pub(super) fn parse(line: &str) -> Option<Draft<'_>> {
    let body: Fields<'_> = serde_json::from_str(line).ok()?;
    let moment = moment(body.time_ms?)?;
    let client = address(&who(&body)?.0)?;
    if body.endpoint.0 == Fact::Unseen {
        return None;
    }
    draft(body, moment, client).ok()
}

/// `ip`, or labelled traffic's name for it.
fn who<'b, 'a>(body: &'b Fields<'a>) -> Option<&'b Str<'a>> {
    body.ip.as_ref().or(body.client.as_ref())
}

fn draft(mut body: Fields<'_>, moment: Moment, client: ClientIp) -> Result<Draft<'_>, CheckError> {
    let mut draft = Draft::new(Format::Check, moment, Who::Ip(client));
    draft.vantage = Vantage::Check;
    draft.target = match (take(&mut body.endpoint).text(), take(&mut body.path).text()) {
        (Fact::Unseen, Fact::Unseen) => return Err(CheckError::Missing("endpoint")),
        (Fact::Unseen, path) => path,
        (endpoint, _) => endpoint,
    };
    body.fill(&mut draft);
    if draft.method == Fact::Unseen {
        draft.method = Fact::Known("GET".into());
    }
    Ok(draft)
}

/// What fits an error message.
fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::address::documentation_ip;
    use palisade_domain::{ClientKey, HeaderOrder, HttpVersion, Scheme};

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    fn read(text: &str) -> Result<CheckBody, CheckError> {
        CheckBody::parse(text, NOW, documentation_ip(9))
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let body = read(r#"{"user_agent":"x/1","endpoint":"/login?a"}"#).unwrap();
        let facts = body.record.facts(&[]);
        assert_eq!((facts.time, facts.vantage), (NOW, Vantage::Check));
        assert_eq!(facts.client, ClientKey::Ip(documentation_ip(9)));
        assert_eq!((facts.method, facts.target), (Fact::Known("GET"), Fact::Known("/login?a")));
        assert_eq!((facts.headers, facts.host), (Fact::Unseen, Fact::Unseen));
        assert_eq!((body.observe, body.all_actions, body.has_time), (true, false, false));
    }

    #[test]
    fn all_fields_are_read() {
        let body = read(
            r#"{"ip":"192.0.2.1","user_agent":null,"endpoint":"/","method":"POST","host":"h.example",
                "headers":{"accept":"*/*"},"body":"{}","status":200,"session":"s","ja4":"t13d","fingerprint":"{}",
                "request_id":"r-1","actions":"all","time_ms":5}"#,
        )
        .unwrap();
        let entries = body.record.header_entries();
        let facts = body.record.facts(&entries);
        assert_eq!((facts.user_agent, facts.referrer), (Fact::Absent, Fact::Absent));
        assert_eq!(facts.headers.known().map(|list| list.order), Some(HeaderOrder::Lost));
        assert_eq!(facts.body.known().map(|body| body.bytes), Some(&b"{}"[..]));
        assert_eq!((facts.ja4, facts.fingerprint), (Fact::Known("t13d"), Fact::Known("{}")));
        assert_eq!(facts.time, Timestamp::from_millis(5));
        assert_eq!(body.record.response().status, Fact::Known(200));
        assert_eq!((body.observe, body.all_actions), (false, true));
        assert_eq!(body.request_id.as_deref(), Some("r-1"));
    }

    #[test]
    fn pseudo_headers_say_version_scheme_and_host() {
        let body = read(
            r#"{"endpoint":"/","headers":[[":method","GET"],[":authority","h.example"],[":scheme","https"],["accept","*/*"]]}"#,
        )
        .unwrap();
        let entries = body.record.header_entries();
        let facts = body.record.facts(&entries);
        assert_eq!(entries, [("accept", "*/*")]);
        assert_eq!((facts.host, facts.version), (Fact::Known("h.example"), Fact::Known(HttpVersion::Http2)));
        assert_eq!(facts.scheme, Fact::Known(Scheme::Https));
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let check = |text: &str, expect: &str| {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(expect), "{text}: {message}");
        };
        check("", "EOF");
        check("{}", "endpoint is missing");
        check(r#"{"endpoint":"/","ip":"nobody"}"#, "\"nobody\" is not an address");
        check(r#"{"endpoint":"/","time_ms":1e300}"#, "not a time");
        check(r#"{"endpoint":"/","headers":5}"#, "list of [name, value] pairs");
    }
}
