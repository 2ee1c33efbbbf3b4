//! `/escalate`.

use palisade_api::routes::escalate::EscalateResponse;
use palisade_domain::TenantId;
use palisade_policy::Preset;
use palisade_store::{MemoryStore, Scope, StoreLimits};

use crate::bench::{Bench, settings};

async fn score(bench: &Bench, body: &str) -> EscalateResponse {
    let answer = bench.post("/escalate", Scope::Escalate, body).await;
    assert_eq!(answer.status, 200, "{body}: {}", answer.text());
    answer.parsed()
}

#[tokio::test]
async fn the_score_comes_at_once_and_doubts_are_queued() {
    let bench = Bench::new().await;
    let full = r#"{"timestamp":"2026-03-01T00:00:00Z","ip":"192.0.2.1","user_agent":"curl/8","referer":"",
        "path":"/wp-login.php","method":"POST","headers":{"Accept":"*/*","N":5},"fingerprint_id":"f",
        "tls_ja3":null,"tls_ja4":"t13d1516h2_8daaf6152771_b0da82dd1658","tls_fingerprint_source":"cdn",
        "tls_fingerprint_attestation":null,"source":"nginx"}"#;
    let answer = score(&bench, full).await;
    assert!((0.0..=1.0).contains(&answer.score) && answer.is_bot_decision);
    let doubtful = (0.2..0.8).contains(&answer.score);
    assert_eq!(answer.status, if doubtful { "queued" } else { "processed" });
    let queued = bench.api.store.count_escalations(TenantId(0)).await.unwrap();
    assert_eq!(queued, u64::from(doubtful));
    let sure =
        score(&bench, r#"{"ip":"192.0.2.2","user_agent":"sqlmap/1.7","path":"/x?id=1'+OR+1=1--"}"#).await;
    assert!(sure.score >= answer.score);
}

#[tokio::test]
async fn what_is_not_in_the_seeds_form_is_refused() {
    let bench = Bench::new().await;
    let check = async |body: &str, status: u16, field: Option<&str>| {
        let answer = bench.post("/escalate", Scope::Escalate, body).await;
        assert_eq!(
            (answer.status, answer.json()["field"].as_str()),
            (status, field),
            "{body}: {}",
            answer.text()
        );
    };
    check("{}", 422, None).await;
    check(r#"{"ip":"nobody"}"#, 400, Some("ip")).await;
    check(r#"{"ip":7}"#, 422, Some("ip")).await;
    check(&format!(r#"{{"ip":"192.0.2.1","user_agent":"{}"}}"#, "x".repeat(513)), 422, Some("user_agent"))
        .await;
    check(r#"{"ip":"192.0.2.1","headers":[]}"#, 422, Some("headers")).await;
    check("no", 400, None).await;
}

#[tokio::test]
async fn a_full_queue_costs_nobody_the_score() {
    let limits = StoreLimits { escalations_max: 1, ..StoreLimits::default() };
    let store = std::sync::Arc::new(MemoryStore::with_limits(limits));
    let bench = Bench::over(settings(), store, Preset::Balanced).await;
    // What is known of it is little, and says neither.
    let doubtful = r#"{"ip":"192.0.2.1","path":"/"}"#;
    assert_eq!(score(&bench, doubtful).await.status, "queued");
    let answer = score(&bench, doubtful).await;
    assert_eq!(answer.status, "processed");
    assert!((0.2..0.8).contains(&answer.score), "{}", answer.score);
}
