//! Servers that are slow, silent, gone, or talk nonsense.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use palisade_intel::providers::{
    Ask, Failure, OnFailure, Outcome, PROVIDERS, Refusal, Secret, Settings, SettingsError, Verdict, Verifier,
    named,
};
use palisade_intel::{Outbound, OutboundSettings};
use tokio::net::TcpListener;

use crate::vendor::{NOW_MS, Reply, Vendor, client, ok, with_status, yes};

const INTERNAL_ERROR: &str = r#"{"success":false,"error-codes":["internal-error"]}"#;

/// Which providers may be asked twice about one response.
fn takes_key(provider: &str) -> bool {
    matches!(provider, "turnstile" | "palisade")
}

/// The outcome at every provider when each of its requests is replied to with `reply`; and how many came, counted at
/// the server.
async fn outcomes(reply: Reply, timeout: Option<Duration>) -> Vec<(&'static str, Outcome, usize)> {
    let mut outcomes = Vec::new();
    for provider in PROVIDERS {
        let vendor = Vendor::start(vec![reply.clone()]).await;
        let verifier = vendor.asked_with(provider.name, |settings| {
            settings.timeout = timeout.unwrap_or(settings.timeout);
        });
        let outcome = verifier.verify(&Ask::new("r"), NOW_MS).await;
        outcomes.push((provider.name, outcome, vendor.count()));
    }
    outcomes
}

/// Fails with `failure` everywhere; only where a key says that it is the same question is it asked twice.
async fn fails(reply: Reply, failure: Failure) {
    for (provider, outcome, count) in outcomes(reply.clone(), None).await {
        assert_eq!(outcome.verdict, Verdict::Unavailable(failure), "{provider} {reply:?}");
        let requests = if takes_key(provider) { 2 } else { 1 };
        assert_eq!((count, outcome.requests), (requests, requests as u8), "{provider} {reply:?}");
        assert!(outcome.passes(OnFailure::Open) && !outcome.passes(OnFailure::Closed));
        assert!(outcome.why.is_some(), "{provider} {reply:?}");
    }
}

#[tokio::test]
async fn errors_of_the_server_are_no_word() {
    for status in [302, 404, 429, 500, 502, 503] {
        fails(with_status(status, "<html>"), Failure::Unavailable).await;
    }
    // Not even a yes counts with them.
    fails(with_status(500, r#"{"success":true}"#), Failure::Unavailable).await;
}

#[tokio::test]
async fn nonsense_is_no_word() {
    for body in ["<html>", "", "[]", r#"{"success":"yes"}"#, r#"{"success":true"#, r#"{"ok":true}"#] {
        fails(ok(body), Failure::Malformed).await;
    }
    fails(Reply::Bytes(b"nonsense\r\n\r\n".to_vec()), Failure::Unavailable).await;
}

#[tokio::test]
async fn answers_that_are_cut_off_are_no_word() {
    fails(Reply::Bytes(Vec::new()), Failure::Unavailable).await;
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"success\":true}".to_vec();
    fails(Reply::Bytes(cut), Failure::Unavailable).await;
    fails(Reply::Bytes(b"HTTP/1.1 200 OK\r\nContent-".to_vec()), Failure::Unavailable).await;
}

#[tokio::test]
async fn huge_answers_are_no_word() {
    fails(ok(&format!(r#"{{"success":true,"x":"{}"}}"#, "a".repeat(20_000))), Failure::Malformed).await;
    let told = b"HTTP/1.1 200 OK\r\nContent-Length: 500000000\r\n\r\n".to_vec();
    fails(Reply::Bytes(told), Failure::Malformed).await;
    let untold = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", " ".repeat(1_000_000));
    fails(Reply::Bytes(untold.into_bytes()), Failure::Malformed).await;
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Vendor::start(vec![yes()]).await;
    let away = format!(
        "HTTP/1.1 307 Away\r\nLocation: http://{}/siteverify\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        elsewhere.address
    );
    fails(Reply::Bytes(away.into_bytes()), Failure::Unavailable).await;
    assert_eq!(elsewhere.count(), 0);
}

#[tokio::test]
async fn silence_ends_in_time() {
    for (provider, outcome, count) in outcomes(Reply::Silence, Some(Duration::from_millis(500))).await {
        assert_eq!(outcome.verdict, Verdict::Unavailable(Failure::TooSlow), "{provider}");
        assert!(count <= if takes_key(provider) { 2 } else { 1 }, "{provider}: {count}");
    }
}

#[tokio::test]
async fn whoever_cannot_be_reached_is_tried_twice() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for provider in PROVIDERS {
        let mut settings = Settings::new(provider, Secret::new("s").unwrap());
        settings.url = Some(format!("http://{address}/"));
        let outcome = Verifier::new(client(), settings).unwrap().verify(&Ask::new("r"), NOW_MS).await;
        let expect = (Verdict::Unavailable(Failure::Unavailable), 2);
        assert_eq!((outcome.verdict, outcome.requests), expect, "{}", provider.name);
    }
}

#[tokio::test]
async fn a_repeated_question_carries_its_key() {
    let cut = Reply::Bytes(Vec::new());
    for first in [with_status(503, ""), ok(INTERNAL_ERROR), ok("{"), cut] {
        let vendor = Vendor::start(vec![first.clone(), yes()]).await;
        let verifier = vendor.asked_as("turnstile");
        let outcome = verifier.verify(&Ask::new("r"), NOW_MS).await;
        assert_eq!((outcome.verdict, outcome.requests), (Verdict::Human, 2), "{first:?}");
        let keys: Vec<String> = vendor
            .take()
            .into_iter()
            .map(|mut question| question.form.remove("idempotency_key").unwrap())
            .collect();
        assert_eq!(keys.len(), 2);
        assert_eq!(keys[0], keys[1]);
        let shape: Vec<usize> = keys[0].split('-').map(str::len).collect();
        assert_eq!(shape, [8, 4, 4, 4, 12], "{}", keys[0]);
        // The next question is another one, also about the same response.
        verifier.verify(&Ask::new("r"), NOW_MS).await;
        assert_ne!(vendor.take()[0].form["idempotency_key"], keys[0]);
    }
}

#[tokio::test]
async fn a_slow_first_request_leaves_time_for_a_second() {
    let vendor = Vendor::start(vec![Reply::Silence, yes()]).await;
    let verifier = vendor.asked_with("turnstile", |settings| settings.timeout = Duration::from_secs(4));
    let outcome = verifier.verify(&Ask::new("r"), NOW_MS).await;
    assert_eq!((outcome.verdict, outcome.requests), (Verdict::Human, 2));
}

#[tokio::test]
async fn a_no_is_never_asked_about_again() {
    for body in [r#"{"success":false}"#, r#"{"success":false,"error-codes":["timeout-or-duplicate"]}"#] {
        for (provider, outcome, count) in outcomes(ok(body), None).await {
            assert!(matches!(outcome.verdict, Verdict::No(_)), "{provider}: {outcome:?}");
            assert_eq!((count, outcome.requests), (1, 1), "{provider}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_good_is_not_asked_about() {
    for provider in PROVIDERS {
        let vendor = Vendor::start(vec![yes()]).await;
        let verifier = vendor.asked_as(provider.name);
        for (response, expect) in [
            (String::new(), Refusal::MissingResponse),
            ("a\r\nb".to_owned(), Refusal::InvalidResponse),
            ("a".repeat(100_000), Refusal::TooLong),
        ] {
            let outcome = verifier.verify(&Ask::new(&response), NOW_MS).await;
            assert_eq!((outcome.verdict, outcome.requests), (Verdict::No(expect), 0), "{}", provider.name);
        }
        assert_eq!(vendor.count(), 0, "{}", provider.name);
    }
}

#[tokio::test]
async fn a_provider_that_fails_is_left_alone_until_a_probe_succeeds() {
    let down = with_status(503, "");
    let vendor = Vendor::start(vec![down.clone(), down.clone(), down.clone(), down, yes()]).await;
    let verifier = vendor.asked_as("hcaptcha");
    let ask = Ask::new("r");
    let verdict = async |now_ms| verifier.verify(&ask, now_ms).await.verdict;
    for _ in 0..3 {
        assert!(!verifier.is_resting());
        assert_eq!(verdict(NOW_MS).await, Verdict::Unavailable(Failure::Unavailable));
    }
    assert!(verifier.is_resting());
    for _ in 0..20 {
        assert_eq!(verdict(NOW_MS).await, Verdict::Unavailable(Failure::Resting));
    }
    assert_eq!(vendor.count(), 3, "nobody waits for it");
    // The first probe fails, the second does not; between them there is a pause. The clock is the caller's.
    assert_eq!(verdict(NOW_MS + 60_000).await, Verdict::Unavailable(Failure::Unavailable));
    assert_eq!(verdict(NOW_MS + 60_000).await, Verdict::Unavailable(Failure::Resting));
    assert_eq!(verdict(NOW_MS + 120_000).await, Verdict::Human);
    assert!(!verifier.is_resting());
    assert_eq!(verdict(NOW_MS + 120_000).await, Verdict::Human);
    assert_eq!(vendor.count(), 6);
}

#[tokio::test]
async fn visitors_cannot_make_a_provider_rest() {
    let wrong_secret = r#"{"success":false,"error-codes":["invalid-input-secret"]}"#;
    let no = r#"{"success":false,"error-codes":["invalid-input-response"]}"#;
    for reply in [ok(no), with_status(400, "<html>"), with_status(413, ""), ok(wrong_secret)] {
        let vendor = Vendor::start(vec![reply]).await;
        let verifier = vendor.asked_as("turnstile");
        for _ in 0..10 {
            verifier.verify(&Ask::new("r"), NOW_MS).await;
            verifier.verify(&Ask::new(""), NOW_MS).await;
        }
        assert!(!verifier.is_resting());
        assert_eq!(vendor.count(), 10);
    }
}

/// So many are under way that one more is refused: not let through, whatever the route says.
#[tokio::test]
async fn a_flood_opens_no_door() {
    // Connections are made, and nobody accepts them.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = Settings::new(named("hcaptcha").unwrap(), Secret::new("s").unwrap());
    settings.url = Some(format!("http://{}/", listener.local_addr().unwrap()));
    let verifier = Verifier::new(client(), settings).unwrap();
    let ask = Ask::new("r");
    let mut under_way: Vec<Pin<Box<dyn Future<Output = Outcome> + '_>>> = Vec::new();
    for _ in 0..512 {
        let mut question: Pin<Box<dyn Future<Output = Outcome> + '_>> =
            Box::pin(verifier.verify(&ask, NOW_MS));
        assert!(question.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        under_way.push(question);
    }
    let outcome = verifier.verify(&ask, NOW_MS).await;
    assert_eq!(outcome.verdict, Verdict::No(Refusal::Busy));
    assert!(!outcome.passes(OnFailure::Open));
}

#[test]
fn settings_that_cannot_work_are_named() {
    let verifier = |name: &str, change: fn(&mut Settings)| {
        let mut settings = Settings::new(named(name).unwrap(), Secret::new("s").unwrap());
        change(&mut settings);
        Verifier::new(Outbound::new(OutboundSettings::default()).unwrap(), settings).map(|_| ())
    };
    for provider in PROVIDERS.iter().filter(|provider| provider.url.is_some()) {
        assert!(verifier(provider.name, |_| ()).is_ok(), "{}", provider.name);
    }
    assert!(matches!(verifier("palisade", |_| ()), Err(SettingsError::NoUrl("palisade"))));
    let private = |settings: &mut Settings| settings.url = Some("https://127.0.0.1/siteverify".to_owned());
    assert!(matches!(verifier("turnstile", private), Err(SettingsError::Url(_))));
    let clear = |settings: &mut Settings| settings.url = Some("http://a.example/".to_owned());
    assert!(matches!(verifier("turnstile", clear), Err(SettingsError::Url(_))));
    assert!(matches!(
        verifier("turnstile", |settings| settings.min_score = f64::NAN),
        Err(SettingsError::MinScore(_))
    ));
    assert!(matches!(
        verifier("turnstile", |settings| settings.timeout = Duration::ZERO),
        Err(SettingsError::NoTime)
    ));
}
