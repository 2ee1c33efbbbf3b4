//! What follows from an answer. Pure: the time is an argument.

use std::net::IpAddr;
use std::time::Duration;

use super::answer::Answer;
use super::outcome::{Failure, Outcome, Refusal, Verdict};
use super::provider::{Provider, Said, TellsAction, TellsScore};

/// Clocks differ.
const CLOCK_TOLERANCE_MS: u64 = 60_000;

/// What is asked about, and what must be true of it.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What the widget gave the page.
    pub response: &'a str,
    /// Whose it is. Private addresses are not sent: they tell a provider nothing.
    pub remote_ip: Option<IpAddr>,
    /// On whose pages it may have been solved: names without port, `*.shop.example` for all below one, `*` for any.
    /// Empty: on any.
    pub hosts: &'a [&'a str],
    /// What it must have been solved for; `None` for anything.
    pub action: Option<&'a str>,
    /// How long ago at most; `None` for what the provider's responses live.
    pub age_max: Option<Duration>,
    /// The lowest score taken for a person, instead of the setting's.
    pub min_score: Option<f64>,
}

impl<'a> Ask<'a> {
    /// Asks about `response` and nothing else.
    pub fn new(response: &'a str) -> Self {
        Ask { response, remote_ip: None, hosts: &[], action: None, age_max: None, min_score: None }
    }
}

/// Why nobody need be asked about `response`.
pub(super) fn refused_unasked(provider: &Provider, response: &str) -> Option<Refusal> {
    match () {
        () if response.is_empty() => Some(Refusal::MissingResponse),
        () if response.len() > provider.response_bytes_max => Some(Refusal::TooLong),
        () if !response.bytes().all(|byte| byte.is_ascii_graphic()) => Some(Refusal::InvalidResponse),
        () => None,
    }
}

/// What follows from the bytes that came with `status`.
pub(super) fn judge(
    provider: &Provider,
    ask: &Ask<'_>,
    min_score: f64,
    status: u16,
    body: &[u8],
    now_ms: u64,
) -> Outcome {
    let answer = Answer::read(body);
    let verdict = match (&answer, status) {
        (Some(answer), 200..=299) if answer.success => accepted(provider, ask, min_score, answer, now_ms),
        // Some answer a wrong question with 400 and say why, others with 200.
        (Some(answer), _) if !answer.success && (status < 300 || !answer.codes.is_empty()) => {
            refused(provider, &answer.codes)
        }
        (_, 200..=299) => Verdict::Unavailable(Failure::Malformed),
        // What the visitor sent has a part in these, so they must not open doors.
        (_, 400 | 413 | 414 | 422 | 431) => Verdict::No(Refusal::Refused),
        _ => Verdict::Unavailable(Failure::Unavailable),
    };
    let why = matches!(verdict, Verdict::Unavailable(Failure::Malformed | Failure::Unavailable))
        .then(|| format!("status {status}, {} bytes", body.len()));
    let answer = answer.unwrap_or_default();
    Outcome {
        score: score(provider, &answer),
        hostname: answer.hostname,
        action: answer.action,
        challenge_ms: answer.challenge_ms,
        provider_codes: answer.codes,
        why,
        ..Outcome::bare(verdict)
    }
}

/// A yes is one only for what was asked.
fn accepted(provider: &Provider, ask: &Ask<'_>, min_score: f64, answer: &Answer, now_ms: u64) -> Verdict {
    let score = score(provider, answer);
    let fault = host_fault(ask.hosts, answer.hostname.as_deref())
        .or_else(|| action_fault(provider, ask, answer))
        .or_else(|| time_fault(ask.age_max.unwrap_or(provider.age_max), answer.challenge_ms, now_ms))
        .or_else(|| match score {
            Some(score) => (score < ask.min_score.unwrap_or(min_score)).then_some(Refusal::LowScore),
            None => (provider.tells_score == TellsScore::Always).then_some(Refusal::MissingScore),
        });
    fault.map_or(Verdict::Human, Verdict::No)
}

fn score(provider: &Provider, answer: &Answer) -> Option<f64> {
    let tells = provider.tells_score != TellsScore::Never;
    answer.score.filter(|_| tells).map(provider.human_score)
}

fn host_fault(hosts: &[&str], told: Option<&str>) -> Option<Refusal> {
    if hosts.is_empty() || hosts.contains(&"*") {
        return None;
    }
    let Some(told) = told else {
        return Some(Refusal::MissingHostname);
    };
    let told = told.strip_suffix('.').unwrap_or(told);
    let is = |host: &&str| match host.strip_prefix("*.") {
        Some(parent) => told
            .len()
            .checked_sub(parent.len() + 1)
            .filter(|start| *start > 0 && told.as_bytes()[*start] == b'.')
            .and_then(|start| told.get(start + 1..))
            .is_some_and(|end| end.eq_ignore_ascii_case(parent)),
        None => told.eq_ignore_ascii_case(host.strip_suffix('.').unwrap_or(host)),
    };
    (!hosts.iter().any(is)).then_some(Refusal::WrongHostname)
}

fn action_fault(provider: &Provider, ask: &Ask<'_>, answer: &Answer) -> Option<Refusal> {
    let expected = ask.action?;
    let tells = match provider.tells_action {
        TellsAction::Never => false,
        TellsAction::WithScore => answer.score.is_some(),
        TellsAction::Always => true,
    };
    (tells && answer.action.as_deref() != Some(expected)).then_some(Refusal::WrongAction)
}

fn time_fault(age_max: Duration, challenge_ms: Option<u64>, now_ms: u64) -> Option<Refusal> {
    let Some(challenge_ms) = challenge_ms else {
        return Some(Refusal::MissingTime);
    };
    let age_max_ms = u64::try_from(age_max.as_millis()).unwrap_or(u64::MAX);
    match () {
        () if challenge_ms > now_ms.saturating_add(CLOCK_TOLERANCE_MS) => Some(Refusal::FromTheFuture),
        () if now_ms.saturating_sub(challenge_ms) > age_max_ms.saturating_add(CLOCK_TOLERANCE_MS) => {
            Some(Refusal::TooOld)
        }
        () => None,
    }
}

/// What a no means. Where several reasons are told, ours to mend comes first: with a wrong secret nothing else is known.
fn refused(provider: &Provider, codes: &[String]) -> Verdict {
    let said = |wanted| codes.iter().any(|code| provider.said(code) == wanted);
    match () {
        () if said(Said::Misconfigured) => Verdict::Unavailable(Failure::Misconfigured),
        () if said(Said::Spent) => Verdict::No(Refusal::SpentResponse),
        () if said(Said::Invalid) => Verdict::No(Refusal::InvalidResponse),
        () if said(Said::Refused) || codes.is_empty() => Verdict::No(Refusal::Refused),
        () => Verdict::Unavailable(Failure::Unavailable),
    }
}

#[cfg(test)]
mod tests {
    use super::super::named;
    use super::*;

    const NOW_MS: u64 = 1_795_280_400_000; // 2026-11-21T17:00:00Z

    fn verdict(name: &str, ask: &Ask<'_>, status: u16, body: &str) -> Verdict {
        judge(named(name).unwrap(), ask, 0.5, status, body.as_bytes(), NOW_MS).verdict
    }

    #[test]
    fn hosts_are_compared_as_names() {
        let check = |hosts: &[&str], told: Option<&str>, expect| {
            assert_eq!(host_fault(hosts, told), expect, "{hosts:?} {told:?}");
        };
        let wrong = Some(Refusal::WrongHostname);
        check(&[], None, None);
        check(&["*"], None, None);
        check(&["shop.example"], Some("shop.example"), None);
        check(&["shop.example"], Some("Shop.Example."), None);
        check(&["a.example", "shop.example"], Some("shop.example"), None);
        check(&["shop.example"], Some("evil.example"), wrong);
        check(&["shop.example"], Some("www.shop.example"), wrong);
        check(&["shop.example"], Some("shop.example.evil.example"), wrong);
        check(&["shop.example"], None, Some(Refusal::MissingHostname));
        check(&["*.shop.example"], Some("www.shop.example"), None);
        check(&["*.shop.example"], Some("a.b.SHOP.example"), None);
        check(&["*.shop.example"], Some("shop.example"), wrong);
        check(&["*.shop.example"], Some("evilshop.example"), wrong);
        check(&["*.shop.example"], Some(".shop.example"), wrong);
    }

    #[test]
    fn times_are_judged_with_a_minute_to_spare() {
        let check = |challenge_ms, expect| {
            assert_eq!(
                time_fault(Duration::from_secs(120), challenge_ms, NOW_MS),
                expect,
                "{challenge_ms:?}"
            );
        };
        check(None, Some(Refusal::MissingTime));
        check(Some(NOW_MS), None);
        check(Some(NOW_MS - 180_000), None);
        check(Some(NOW_MS - 180_001), Some(Refusal::TooOld));
        check(Some(0), Some(Refusal::TooOld));
        check(Some(NOW_MS + 60_000), None);
        check(Some(NOW_MS + 60_001), Some(Refusal::FromTheFuture));
        check(Some(u64::MAX), Some(Refusal::FromTheFuture));
    }

    #[test]
    fn a_higher_threshold_is_stricter() {
        let check = |name, told: f64, min_score, expect| {
            let body = format!(
                r#"{{"success":true,"score":{told},"action":"a","challenge_ts":"2026-11-21T17:00:00Z"}}"#
            );
            let ask = Ask { min_score, ..Ask::new("r") };
            assert_eq!(verdict(name, &ask, 200, &body), expect, "{name} {told} {min_score:?}");
        };
        let low = Verdict::No(Refusal::LowScore);
        check("recaptcha-v3", 0.5, None, Verdict::Human);
        check("recaptcha-v3", 0.49, None, low);
        check("recaptcha-v3", 0.7, Some(0.9), low);
        check("recaptcha-v3", 0.3, Some(0.3), Verdict::Human);
        check("recaptcha-v3", 0.0, Some(0.0), Verdict::Human);
        check("recaptcha", 0.4, None, low);
        // A risk: 0.9 is a threat.
        check("hcaptcha", 0.9, None, low);
        check("hcaptcha", 0.1, None, Verdict::Human);
        // These have none, whatever an answer holds.
        check("recaptcha-v2", 0.1, None, Verdict::Human);
        check("turnstile", 0.1, None, Verdict::Human);
    }

    #[test]
    fn actions_are_checked_where_they_are_told() {
        let check = |name, action: &str, expect| {
            let body =
                format!(r#"{{"success":true,"score":0.9,{action}"challenge_ts":"2026-11-21T17:00:00Z"}}"#);
            let ask = Ask { action: Some("login"), ..Ask::new("r") };
            let ask = if name == "hcaptcha" { Ask { min_score: Some(0.0), ..ask } } else { ask };
            assert_eq!(verdict(name, &ask, 200, &body), expect, "{name} {action}");
        };
        let wrong = Verdict::No(Refusal::WrongAction);
        for name in ["recaptcha", "recaptcha-v3", "turnstile", "palisade"] {
            check(name, r#""action":"login","#, Verdict::Human);
            check(name, r#""action":"Login","#, wrong);
            check(name, r#""action":"","#, wrong);
            check(name, "", wrong);
        }
        for name in ["recaptcha-v2", "hcaptcha"] {
            check(name, "", Verdict::Human);
        }
    }

    #[test]
    fn every_documented_code_has_its_meaning() {
        let check = |name, codes: &str, expect| {
            let body = format!(r#"{{"success":false,"error-codes":[{codes}]}}"#);
            for status in [200, 400, 403] {
                if status == 200 || !codes.is_empty() {
                    assert_eq!(
                        verdict(name, &Ask::new("r"), status, &body),
                        expect,
                        "{name} {status} {codes}"
                    );
                }
            }
        };
        let no = Verdict::No;
        let misconfigured = Verdict::Unavailable(Failure::Misconfigured);
        for name in ["recaptcha", "recaptcha-v2", "recaptcha-v3", "turnstile", "palisade"] {
            check(name, r#""timeout-or-duplicate""#, no(Refusal::SpentResponse));
        }
        for provider in super::super::PROVIDERS {
            check(provider.name, r#""missing-input-secret""#, misconfigured);
            check(provider.name, r#""invalid-input-secret""#, misconfigured);
            check(provider.name, r#""invalid-input-response","invalid-input-secret""#, misconfigured);
            check(provider.name, r#""missing-input-response""#, no(Refusal::InvalidResponse));
            check(provider.name, r#""invalid-input-response""#, no(Refusal::InvalidResponse));
            check(provider.name, r#""bad-request""#, no(Refusal::Refused));
            check(provider.name, r#""a-code-of-next-year""#, no(Refusal::Refused));
            check(provider.name, "", no(Refusal::Refused));
        }
        for code in ["expired-input-response", "already-seen-response", "invalid-or-already-seen-response"] {
            check("hcaptcha", &format!("\"{code}\""), no(Refusal::SpentResponse));
        }
        check("hcaptcha", r#""sitekey-secret-mismatch""#, no(Refusal::Refused));
        check("hcaptcha", r#""not-using-dummy-passcode""#, no(Refusal::Refused));
        check("hcaptcha", r#""invalid-remoteip""#, misconfigured);
        check("turnstile", r#""internal-error""#, Verdict::Unavailable(Failure::Unavailable));
        // A no beside trouble stays a no.
        check("turnstile", r#""internal-error","invalid-input-response""#, no(Refusal::InvalidResponse));
    }

    #[test]
    fn a_status_never_turns_a_no_into_a_yes() {
        let yes = r#"{"success":true,"challenge_ts":"2026-11-21T17:00:00Z"}"#;
        let check = |status, body, expect| {
            assert_eq!(verdict("turnstile", &Ask::new("r"), status, body), expect, "{status} {body}");
        };
        let down = Verdict::Unavailable(Failure::Unavailable);
        check(200, yes, Verdict::Human);
        for status in [302, 401, 403, 404, 429, 500, 502, 503] {
            check(status, yes, down);
            check(status, "<html>", down);
        }
        for status in [400, 413, 414, 422, 431] {
            check(status, yes, Verdict::No(Refusal::Refused));
            check(status, "", Verdict::No(Refusal::Refused));
        }
        check(200, "<html>", Verdict::Unavailable(Failure::Malformed));
        check(204, "", Verdict::Unavailable(Failure::Malformed));
        check(500, r#"{"success":false,"error-codes":["internal-error"]}"#, down);
        check(500, r#"{"success":false}"#, down);
    }

    #[test]
    fn what_no_provider_gave_is_not_asked_about() {
        let check = |response: &str, expect| {
            assert_eq!(refused_unasked(named("turnstile").unwrap(), response), expect, "{}", response.len());
        };
        check("", Some(Refusal::MissingResponse));
        check("0.a-Token_of.theirs", None);
        check(&"a".repeat(2048), None);
        check(&"a".repeat(2049), Some(Refusal::TooLong));
        for odd in ["a b", "a\r\nb", "é", "\0", " "] {
            check(odd, Some(Refusal::InvalidResponse));
        }
    }
}
