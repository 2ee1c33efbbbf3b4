//! Answers, in each vendor's form.

use palisade_domain::Timestamp;
use serde::Serialize;

use super::test_key::TestSecret;
use super::{Answer, Fault, Flavour};
use crate::token::Statement;

/// `error-codes` is there for reCAPTCHA only where something failed, and always for the others.
#[derive(Serialize)]
struct Success<'a> {
    success: bool,
    #[serde(rename = "error-codes", skip_serializing_if = "Option::is_none")]
    error_codes: Option<[&'static str; 0]>,
    challenge_ts: String,
    hostname: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cdata: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interaction_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
}

#[derive(Serialize)]
struct Failure {
    success: bool,
    #[serde(rename = "error-codes")]
    error_codes: Vec<&'static str>,
    /// Turnstile's answers have it, always empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<[&'static str; 0]>,
}

pub(super) fn success(flavour: Flavour, statement: &Statement) -> Answer {
    let own = flavour == Flavour::Own;
    let body = Success {
        success: true,
        error_codes: (flavour != Flavour::Recaptcha).then_some([]),
        challenge_ts: moment(flavour, statement.issued),
        hostname: &statement.hostname,
        score: Some(statement.score),
        action: Some(&statement.action),
        cdata: Some(statement.cdata.as_str()).filter(|cdata| match flavour {
            Flavour::Turnstile => true,
            Flavour::Own => !cdata.is_empty(),
            Flavour::Recaptcha => false,
        }),
        interaction_id: own.then_some(&statement.interaction_id),
        kind: own.then(|| statement.kind.name()),
    };
    Answer { status: 200, body: written(&body), fault: None }
}

pub(super) fn failure(flavour: Flavour, fault: Fault) -> Answer {
    let body = Failure {
        success: false,
        error_codes: fault.codes(flavour),
        messages: (flavour == Flavour::Turnstile).then_some([]),
    };
    // reCAPTCHA answers 200 whatever it is asked.
    let status = match fault {
        Fault::Malformed(_) if flavour != Flavour::Recaptcha => 400,
        _ => 200,
    };
    Answer { status, body: written(&body), fault: Some(fault) }
}

pub(super) fn test(flavour: Flavour, verdict: Result<TestSecret, Fault>, now: Timestamp) -> Answer {
    let secret = match verdict {
        Ok(secret) => secret,
        Err(fault) => return failure(flavour, fault),
    };
    let turnstile = flavour == Flavour::Turnstile;
    let body = Success {
        success: true,
        error_codes: (flavour != Flavour::Recaptcha).then_some([]),
        challenge_ts: moment(flavour, now),
        hostname: secret.hostname(),
        score: None,
        action: turnstile.then_some(""),
        cdata: turnstile.then_some(""),
        interaction_id: None,
        kind: None,
    };
    Answer { status: 200, body: written(&body), fault: None }
}

fn written(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("texts and finite numbers are always JSON")
}

/// RFC 3339 in UTC: reCAPTCHA's has whole seconds, the others' milliseconds.
fn moment(flavour: Flavour, time: Timestamp) -> String {
    let secs = time.secs();
    let (days, of_day) = (secs.div_euclid(86_400), secs.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    let whole = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    match flavour {
        Flavour::Recaptcha => format!("{whole}Z"),
        _ => format!("{whole}.{:03}Z", time.millis().rem_euclid(1_000)),
    }
}

/// Year, month and day of `days` after 1970-01-01, in the Gregorian calendar continued into the past. Counted from a first of
/// March, so that the day of a leap year is a year's last.
fn civil(days: i64) -> (i64, i64, i64) {
    const ERA_DAYS: i64 = 146_097; // 400 years
    let days = days + 719_468; // from 0000-03-01
    let (era, day) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + next, month, of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_rfc_3339() {
        fn check(ms: i64, expect: &str) {
            assert_eq!(moment(Flavour::Turnstile, Timestamp::from_millis(ms)), expect);
        }
        check(0, "1970-01-01T00:00:00.000Z");
        check(951_782_399_999, "2000-02-28T23:59:59.999Z");
        check(951_782_400_000, "2000-02-29T00:00:00.000Z");
        check(1_772_323_200_123, "2026-03-01T00:00:00.123Z");
        check(4_107_542_400_000, "2100-03-01T00:00:00.000Z");
        check(4_107_542_399_000, "2100-02-28T23:59:59.000Z");
        assert_eq!(
            moment(Flavour::Recaptcha, Timestamp::from_millis(1_646_063_999_999)),
            "2022-02-28T15:59:59Z"
        );
    }

    #[test]
    fn days_follow_each_other() {
        let mut before = civil(-800_000);
        for days in -799_999..800_000 {
            let (year, month, day) = civil(days);
            let follows = (year, month, day) == (before.0, before.1, before.2 + 1)
                || (year, month, day) == (before.0, before.1 + 1, 1)
                || (year, month, day) == (before.0 + 1, 1, 1);
            assert!(
                follows && before.2 <= 31 && (1..=12).contains(&month),
                "{before:?} {year}-{month}-{day}"
            );
            before = (year, month, day);
        }
    }
}
