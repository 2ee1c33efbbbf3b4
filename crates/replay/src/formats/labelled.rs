//! Our own labelled traffic (SURFACE, "Formats"): NDJSON that exports and the gym write and training reads.
//!
//! `time_ms` may have decimals: the gateway knows microseconds. `client` is an address or any name. A line with an
//! `endpoint` is a `/check` body instead.

use std::mem::take;

use palisade_domain::{Resolution, Timestamp};

use super::Format;
use super::clock::Moment;
use super::draft::{Draft, Who};
use super::fields::Fields;
use super::json::Str;
use super::record::Label;

/// Reads one line.
pub(super) fn parse(line: &str) -> Option<Draft<'_>> {
    let mut fields: Fields<'_> = serde_json::from_str(line).ok()?;
    if fields.endpoint.0.is_seen() {
        return None;
    }
    let mut draft = Draft::new(Format::Labelled, moment(fields.time_ms?)?, who(fields.client.take()?));
    draft.target = take(&mut fields.path).text();
    let label = label(fields.label.as_ref())?;
    let (family, group) = (fields.family.take(), fields.group.take());
    fields.fill(&mut draft);
    if label.is_some() || family.is_some() || group.is_some() {
        let rich = draft.rich.get_or_insert_default();
        rich.label = label;
        rich.family = family.map(|text| text.0);
        rich.group = group.map(|text| text.0);
    }
    Some(draft)
}

/// A time in milliseconds; decimals are microseconds. A whole second says no more than that: whoever turns a log of
/// seconds into milliseconds must not be judged by gaps of 0 ms. A finer clock meets one once in a thousand requests.
pub(super) fn moment(millis: f64) -> Option<Moment> {
    let micros = (millis * 1e3).round();
    // Beyond 2^53 a float no longer holds whole microseconds; that is the year 2255.
    let is_exact = micros.is_finite() && micros.abs() <= 9_007_199_254_740_992.0;
    let resolution = match (millis % 1e3 == 0.0, millis.fract() == 0.0) {
        (true, _) => Resolution::Second,
        (false, true) => Resolution::Milli,
        (false, false) => Resolution::Micro,
    };
    is_exact.then_some((Timestamp(micros as i64), resolution))
}

fn who(client: Str<'_>) -> Who<'_> {
    match client.0.parse() {
        Ok(ip) => Who::Ip(ip),
        Err(_) => Who::Name(client.0),
    }
}

/// `None` for a word that is no label.
pub(super) fn label(text: Option<&Str<'_>>) -> Option<Option<Label>> {
    match text.map(|text| text.0.as_ref()) {
        None => Some(None),
        Some("human") => Some(Some(Label::Human)),
        Some("bot") => Some(Some(Label::Bot)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::Fact;

    #[test]
    fn missing_is_unseen_and_null_is_absent() {
        let line = r#"{"time_ms":1700000000123,"client":"visitor-7","method":"GET","path":"/a?b","user_agent":null,"label":"bot","family":"scrapy"}"#;
        let draft = parse(line).unwrap();
        assert_eq!(draft.moment, (Timestamp::from_millis(1_700_000_000_123), Resolution::Milli));
        assert_eq!(draft.who, Who::Name("visitor-7".into()));
        assert_eq!((&draft.user_agent, &draft.referrer), (&Fact::Absent, &Fact::Unseen));
        let rich = draft.rich.unwrap();
        assert_eq!((rich.label, rich.family.as_deref()), (Some(Label::Bot), Some("scrapy")));
    }

    #[test]
    fn a_clock_is_as_fine_as_it_shows() {
        let of = |millis| moment(millis).map(|moment| moment.1);
        assert_eq!(of(1_700_000_000_000.0), Some(Resolution::Second));
        assert_eq!(of(1_700_000_000_010.0), Some(Resolution::Milli));
        assert_eq!(of(1_700_000_000_000.25), Some(Resolution::Micro));
    }

    #[test]
    fn headers_fill_what_is_missing() {
        let line = r#"{"time_ms":1.5,"client":"192.0.2.1","method":"POST","path":"/","user_agent":"x","headers":[["Host","www.example"],["User-Agent","y"]],"body":"a=b"}"#;
        let draft = parse(line).unwrap();
        assert_eq!(draft.moment, (Timestamp(1_500), Resolution::Micro));
        assert_eq!(draft.host.known().as_deref(), Some("www.example"));
        assert_eq!(draft.user_agent.known().as_deref(), Some("x"));
        assert_eq!(draft.referrer, Fact::Absent);
    }

    #[test]
    fn an_authority_is_the_host() {
        let line = r#"{"time_ms":1,"client":"a","path":"/","headers":[[":authority","www.example"],["accept","*/*"]]}"#;
        assert_eq!(parse(line).unwrap().host.known().as_deref(), Some("www.example"));
    }

    #[test]
    fn bad_lines_are_refused() {
        for line in [
            r#"{"client":"192.0.2.1"}"#,
            r#"{"time_ms":1e300,"client":"192.0.2.1"}"#,
            r#"{"time_ms":1,"client":7}"#,
            r#"{"time_ms":1,"client":"a","label":"maybe"}"#,
            r#"{"time_ms":1,"client":"a"#,
        ] {
            assert!(parse(line).is_none(), "{line}");
        }
    }
}
