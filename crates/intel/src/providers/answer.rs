//! What a provider answers: one JSON object, whose shape all of them share.

use jiff::Timestamp;
use serde::Deserialize;

/// No answer is longer, in bytes.
pub const BYTES_MAX: usize = 16 * 1024;
/// Error codes that are read of one answer.
pub const CODES_MAX: usize = 8;
/// Characters kept of a word.
const WORD_MAX: usize = 64;
/// Characters kept of a host's name (RFC 1035 allows no more).
const HOST_MAX: usize = 253;

/// What it says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Is the response good?
    pub success: bool,
    /// As told: whose 1.0 it is depends on the provider.
    pub score: Option<f64>,
    /// On whose page the widget stood.
    pub hostname: Option<String>,
    /// What the page called what its visitor was about to do.
    pub action: Option<String>,
    /// Unix milliseconds.
    pub challenge_ms: Option<u64>,
    /// Why it is not good.
    pub codes: Vec<String>,
}

/// The object as it comes. What is not listed is not read.
#[derive(Deserialize)]
struct Raw {
    success: bool,
    #[serde(default)]
    score: Option<f64>,
    #[serde(default)]
    hostname: Option<String>,
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    challenge_ts: Option<String>,
    #[serde(default, rename = "error-codes")]
    codes: Option<Vec<String>>,
}

impl Answer {
    /// Reads an answer; `None` where it is none. A yes with a score beyond 0.0..=1.0 or a time that is no time is none.
    pub fn read(body: &[u8]) -> Option<Answer> {
        // A list of values would be read as the object's, in their order.
        if body.len() > BYTES_MAX || body.trim_ascii_start().first() != Some(&b'{') {
            return None;
        }
        let raw: Raw = serde_json::from_slice(body).ok()?;
        let challenge_ms = match raw.challenge_ts.as_deref() {
            // A no may come with an empty one.
            None | Some("") => None,
            Some(text) => Some(unix_ms(text)?),
        };
        if raw.score.is_some_and(|score| !(0.0..=1.0).contains(&score)) {
            return None;
        }
        let codes = raw.codes.unwrap_or_default();
        Some(Answer {
            success: raw.success,
            score: raw.score,
            hostname: raw.hostname.map(|host| kept(&host, HOST_MAX)).filter(|host| !host.is_empty()),
            action: raw.action.map(|action| kept(&action, WORD_MAX)).filter(|action| !action.is_empty()),
            challenge_ms,
            codes: codes.iter().take(CODES_MAX).map(|code| kept(code, WORD_MAX)).collect(),
        })
    }
}

/// RFC 3339, with or without fractions, at any offset; none before 1970.
fn unix_ms(text: &str) -> Option<u64> {
    let time: Timestamp = text.parse().ok()?;
    u64::try_from(time.as_millisecond()).ok()
}

/// What fits a log line: visible ASCII, so many characters of it.
fn kept(text: &str, most: usize) -> String {
    text.chars().filter(char::is_ascii_graphic).take(most).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_of_every_vendor_are_read() {
        let check = |text: &str, expect| assert_eq!(unix_ms(text), expect, "{text}");
        check("2026-11-21T17:00:00Z", Some(1_795_280_400_000));
        check("2026-11-21T17:00:00.250Z", Some(1_795_280_400_250));
        check("2026-11-21T17:00:00.250000Z", Some(1_795_280_400_250));
        check("2026-11-21T19:00:00+02:00", Some(1_795_280_400_000));
        check("1969-12-31T23:59:59Z", None);
        check("2026-11-21 around noon", None);
        check("1795280400", None);
    }

    #[test]
    fn only_an_object_that_says_yes_or_no_is_an_answer() {
        let check = |body: &str, expect: Option<bool>| {
            assert_eq!(Answer::read(body.as_bytes()).map(|answer| answer.success), expect, "{body}");
        };
        check(r#"{"success":true}"#, Some(true));
        check(r#"{"success":false,"error-codes":null,"hostname":null,"challenge_ts":""}"#, Some(false));
        check(r#"{"success":true,"messages":[],"metadata":{"interactive":false},"cdata":"x"}"#, Some(true));
        check(r#"{"success":"true"}"#, None);
        check(r#"{"success":1}"#, None);
        check(r#"{"success":true,"success":true}"#, None);
        check(r#"{"success":true,"score":1.01}"#, None);
        check(r#"{"success":true,"score":-0.1}"#, None);
        check(r#"{"success":true,"score":1e999}"#, None);
        check(r#"{"success":true,"score":"0.9"}"#, None);
        check(r#"{"success":true,"challenge_ts":"yesterday"}"#, None);
        check(r#"{"success":true,"error-codes":"bad-request"}"#, None);
        check(r#"{"success":true"#, None);
        check("[true]", None);
        check("", None);
        check(&format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000)), None);
        check(&format!(r#"{{"success":true,"x":"{}"}}"#, "a".repeat(BYTES_MAX)), None);
    }

    #[test]
    fn words_are_shortened_and_harmless() {
        let codes: Vec<String> = (0..100).map(|n| format!("code-{n}\\n\\u001b[31m")).collect();
        let body = format!(
            r#"{{"success":false,"error-codes":["{}"],"hostname":"{}"}}"#,
            codes.join("\",\""),
            "h".repeat(400)
        );
        let answer = Answer::read(body.as_bytes()).unwrap();
        assert_eq!(answer.codes.len(), CODES_MAX);
        assert_eq!(answer.codes[0], "code-0[31m");
        assert_eq!(answer.hostname.unwrap().len(), HOST_MAX);
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(body: Vec<u8>) {
            if let Some(answer) = Answer::read(&body) {
                prop_assert!(answer.codes.len() <= CODES_MAX);
            }
        }
    }
}
