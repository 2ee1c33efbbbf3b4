//! `/webhook`.

use palisade_api::routes::webhook::WebhookResponse;
use palisade_api::{ApiSettings, Secret};
use palisade_domain::TenantId;
use palisade_store::{LabelSource, LabelVerdict, Page, Scope};
use ring::hmac;

use crate::bench::{Answer, Bench, Call, SECRET, settings};

const TENANT: TenantId = TenantId(0);

fn sign(secret: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::sign(&key, body.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn send(bench: &Bench, body: &str) -> Answer {
    let call = Call::new("POST", "/webhook").header("x-signature", sign(SECRET, body)).body(body);
    bench.call(call).await
}

async fn status(bench: &Bench, body: &str) -> String {
    let answer = send(bench, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.parsed::<WebhookResponse>().status
}

async fn action(bench: &Bench, ip: &str) -> String {
    let body = format!(r#"{{"ip":"{ip}","user_agent":"Mozilla/5.0","endpoint":"/","observe":false}}"#);
    bench.post("/check", Scope::Check, body).await.json()["action"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_block_is_in_effect_when_it_is_acknowledged() {
    let bench = Bench::new().await;
    assert_ne!(action(&bench, "192.0.2.1").await, "BLOCK");
    let body = r#"{"action":"block_ip","ip":"192.0.2.1","reason":"login guessing"}"#;
    assert_eq!(status(&bench, body).await, "done");
    assert_eq!(action(&bench, "192.0.2.1").await, "BLOCK");
    assert_ne!(action(&bench, "192.0.2.2").await, "BLOCK");
    assert_eq!(status(&bench, r#"{"action":"allow_ip","ip":"192.0.2.1"}"#).await, "done");
    assert_ne!(action(&bench, "192.0.2.1").await, "BLOCK");
    assert_eq!(status(&bench, r#"{"action":"block_ip","ip":"192.0.2.1","reason":"again"}"#).await, "done");
    assert_eq!(action(&bench, "192.0.2.1").await, "BLOCK", "a block takes the place of an allowance");
    bench.pass_secs(24 * 3_600);
    assert_ne!(action(&bench, "192.0.2.1").await, "BLOCK", "it ends");
    let lines = bench.api.store.audit_lines(TENANT, Page::FIRST).await.unwrap();
    let deeds: Vec<&str> = lines.iter().map(|line| line.action.as_str()).collect();
    assert_eq!(deeds, ["list.block", "list.allow", "list.block"]);
    assert_eq!(lines[0].personal[0].value.as_deref(), Some("192.0.2.1"));
    let labels = bench.api.store.labels(TENANT, Page::FIRST).await.unwrap();
    let told: Vec<_> =
        labels.iter().map(|label| (label.source, label.verdict, label.weight.value())).collect();
    assert_eq!(told, [(LabelSource::Webhook, LabelVerdict::Bot, 0.5); 1], "the allowance says nothing");
}

#[tokio::test]
async fn flags_come_and_go() {
    let bench = Bench::new().await;
    let count = async || bench.api.store.count_entries(TENANT).await.unwrap();
    assert_eq!(status(&bench, r#"{"action":"flag_ip","ip":"2001:db8::7","reason":"odd"}"#).await, "done");
    assert_eq!(count().await, 1);
    assert_eq!(status(&bench, r#"{"action":"unflag_ip","ip":"2001:db8::7"}"#).await, "done");
    assert_eq!(count().await, 0);
    assert_eq!(status(&bench, r#"{"action":"unflag_ip","ip":"2001:db8::8"}"#).await, "done", "nothing to do");
}

#[tokio::test]
async fn a_repetition_is_acknowledged_and_not_repeated() {
    let bench = Bench::new().await;
    let block = r#"{"action":"block_ip","ip":"192.0.2.3"}"#;
    assert_eq!(status(&bench, block).await, "done");
    assert_eq!(status(&bench, r#"{"action":"allow_ip","ip":"192.0.2.3"}"#).await, "done");
    bench.pass_secs(599);
    assert_eq!(status(&bench, block).await, "repeated");
    assert_ne!(action(&bench, "192.0.2.3").await, "BLOCK", "a replayed call changes nothing");
    bench.pass_secs(1);
    assert_eq!(status(&bench, block).await, "done");
}

#[tokio::test]
async fn what_was_refused_is_not_remembered_as_done() {
    let bench = Bench::new().await;
    let bad = r#"{"action":"block_ip","ip":"nobody"}"#;
    for _ in 0..2 {
        send(&bench, bad).await.is_error(400, "bad_request");
    }
}

#[tokio::test]
async fn an_event_is_queued_once() {
    let bench = Bench::new().await;
    let event = r#"{"event_type":"suspicious_request","reason":"x","timestamp_utc":"2026-03-01T00:00:00Z",
        "details":{"ip":"192.0.2.4","headers":{"a":["b"]}}}"#;
    assert_eq!(status(&bench, event).await, "queued");
    assert_eq!(status(&bench, event).await, "repeated");
    assert_eq!(bench.api.store.count_escalations(TENANT).await.unwrap(), 1);
}

#[tokio::test]
async fn only_the_signature_of_this_body_under_our_secret_counts() {
    let bench = Bench::new().await;
    let body = r#"{"action":"block_ip","ip":"192.0.2.5"}"#;
    let good = sign(SECRET, body);
    let bad = [
        sign("another secret", body),
        sign(SECRET, "another body"),
        good[..63].to_owned(),
        format!("{good}00"),
        "g".repeat(64),
        String::new(),
    ];
    for signature in bad {
        let call = Call::new("POST", "/webhook").header("x-signature", signature).body(body);
        bench.call(call).await.is_error(401, "unauthorized");
    }
    bench.call(Call::new("POST", "/webhook").body(body)).await.is_error(401, "unauthorized");
    let with_key = Call::new("POST", "/webhook").header("x-api-key", bench.key(Scope::Admin)).body(body);
    bench.call(with_key).await.is_error(401, "unauthorized");
    assert_ne!(action(&bench, "192.0.2.5").await, "BLOCK");
    let call = Call::new("POST", "/webhook").header("x-signature", good.to_uppercase()).body(body);
    assert_eq!(bench.call(call).await.status, 200);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let bench = Bench::new().await;
    let check = async |body: &str, expect: u16| {
        let answer = send(&bench, body).await;
        assert_eq!(answer.status, expect, "{body}: {}", answer.text());
    };
    check("", 400).await;
    check("[]", 422).await;
    check("{}", 422).await;
    check(r#"{"action":"erase_ip","ip":"192.0.2.1"}"#, 422).await;
    check(r#"{"action":"block_ip"}"#, 422).await;
    check(r#"{"action":"block_ip","ip":"192.0.2.0/8"}"#, 400).await;
    check(&format!(r#"{{"action":"block_ip","ip":"192.0.2.1","reason":"{}"}}"#, "x".repeat(257)), 422).await;
    let long = format!(r#"{{"event_type":"x","details":"{}"}}"#, "x".repeat(100_000));
    check(&long, 413).await;
    assert_eq!(bench.api.store.count_entries(TENANT).await.unwrap(), 0);
}

#[tokio::test]
async fn sixty_calls_in_sixty_seconds() {
    let bench = Bench::new().await;
    for n in 0..60 {
        let answer = send(&bench, &format!(r#"{{"action":"unflag_ip","ip":"192.0.2.{n}"}}"#)).await;
        assert_eq!(
            (answer.status, answer.header("x-ratelimit-remaining")),
            (200, (59 - n).to_string().as_str())
        );
    }
    let answer = send(&bench, r#"{"action":"unflag_ip","ip":"192.0.2.99"}"#).await;
    answer.is_error(429, "too_many_requests");
    assert_eq!((answer.header("retry-after"), answer.header("x-ratelimit-limit")), ("1", "60"));
    bench.pass_secs(1);
    let answer = send(&bench, r#"{"action":"unflag_ip","ip":"192.0.2.99"}"#).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn without_a_secret_the_answer_says_which_line_to_add() {
    let bench = Bench::with(ApiSettings { webhook_secret: None, ..settings() }).await;
    let message = send(&bench, "{}").await.is_error(503, "unavailable");
    assert!(message.contains("[api] webhook_secret"), "{message}");
    bench.api.replace_settings(ApiSettings { webhook_secret: Secret::new("other"), ..settings() });
    send(&bench, "{}").await.is_error(401, "unauthorized");
}
