//! `/check`.

use palisade_api::routes::check::CheckResponse;
use palisade_api::{ApiSettings, RequireKey};
use palisade_guard::TrustedProxies;
use palisade_store::Scope;

use crate::bench::{Bench, Call, settings};

async fn check(bench: &Bench, body: &str) -> CheckResponse {
    let answer = bench.post("/check", Scope::Check, body).await;
    assert_eq!(answer.status, 200, "{body}: {}", answer.text());
    answer.parsed()
}

#[tokio::test]
async fn the_seeds_curl_line_is_answered_word_for_word() {
    let bench = Bench::with(ApiSettings { require_key: RequireKey::UnlessLoopback, ..settings() }).await;
    let call = Call::new("POST", "/check")
        .from([127, 0, 0, 1])
        .header("host", "localhost:8000")
        .header("content-type", "application/json")
        .body("{\n\"user_agent\": \"python-requests/2.28.0\",\n\"endpoint\": \"/api/data\"\n}");
    let answer = bench.call(call).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let verdict: CheckResponse = answer.parsed();
    assert!(verdict.is_bot);
    assert_eq!((verdict.identity.class.as_str(), verdict.ml_score), ("library", None));
}

#[tokio::test]
async fn an_answer_holds_what_was_promised_and_adds_up() {
    let bench = Bench::new().await;
    let verdict = check(&bench, r#"{"ip":"192.0.2.1","user_agent":"sqlmap/1.7","endpoint":"/.env"}"#).await;
    assert!(verdict.score <= 100 && verdict.features.iter().all(|feature| (0.0..=1.0).contains(feature)));
    assert_eq!((verdict.features.len(), verdict.captcha_token), (7, None));
    let points: i32 = verdict.signals.iter().map(|line| i32::from(line.points)).sum();
    assert_eq!(i32::from(verdict.base) + points, i32::from(verdict.score));
    assert!((0.0..=1.0).contains(&verdict.coverage) && verdict.request_id.len() == 13);
    assert!(["ALLOW", "MONITOR", "CHALLENGE", "BLOCK"].contains(&verdict.action.as_str()));
    let finer = check(&bench, r#"{"user_agent":"curl/8","endpoint":"/","actions":"all"}"#).await;
    assert_eq!(finer.action, finer.action.to_lowercase());
}

#[tokio::test]
async fn a_request_counts_unless_it_is_only_asked_about() {
    let bench = Bench::new().await;
    let asked = r#"{"ip":"192.0.2.7","user_agent":"x/1","endpoint":"/a","request_id":"mine-1"}"#;
    for _ in 0..3 {
        assert_eq!(check(&bench, asked).await.request_id, "mine-1");
    }
    let rate = |verdict: CheckResponse| verdict.features[0];
    let fresh = rate(check(&bench, asked).await);
    let counted = r#"{"ip":"192.0.2.7","user_agent":"x/1","endpoint":"/a"}"#;
    for _ in 0..30 {
        check(&bench, counted).await;
    }
    assert!(rate(check(&bench, asked).await) > fresh);
}

#[tokio::test]
async fn a_call_judges_itself_and_forwarding_is_believed_from_trusted_peers_only() {
    let bench = Bench::new().await;
    let call = |peer| {
        Call::new("GET", "/check")
            .from(peer)
            .header("user-agent", "curl/8.5.0")
            .header("x-forwarded-for", "198.51.100.4")
            .header("key", bench.key(Scope::Check))
    };
    let verdict: CheckResponse = bench.call(call([203, 0, 113, 9])).await.parsed();
    assert_eq!(verdict.identity.class, "tool");
    // The list decides by address: so it shows which one the call was judged under.
    let blocked = bench.post("/report", Scope::List, r#"{"ip":"198.51.100.4"}"#).await;
    assert_eq!(blocked.status, 200);
    let action = async |peer| bench.call(call(peer)).await.parsed::<CheckResponse>().action;
    assert_ne!(action([203, 0, 113, 9]).await, "BLOCK", "an untrusted peer forwarded");
    assert_eq!(action([127, 0, 0, 1]).await, "BLOCK", "a trusted peer forwarded");
    let trusting = TrustedProxies::from_words(["203.0.113.0/24"]).unwrap();
    bench.api.replace_settings(ApiSettings { trusted_proxies: trusting, ..settings() });
    assert_eq!(action([203, 0, 113, 9]).await, "BLOCK", "trusted since the settings changed");
}

#[tokio::test]
async fn without_an_address_it_is_the_callers() {
    let bench = Bench::new().await;
    bench.post("/report", Scope::List, r#"{"ip":"203.0.113.200"}"#).await;
    let verdict = check(&bench, r#"{"user_agent":"x/1","endpoint":"/"}"#).await;
    assert_eq!(verdict.action, "BLOCK");
    let other = check(&bench, r#"{"ip":"10.0.0.1","user_agent":"x/1","endpoint":"/"}"#).await;
    assert_ne!(other.action, "BLOCK");
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_said_with_its_place() {
    let bench = Bench::new().await;
    let check = async |body: &str, status, field: Option<&str>, line: Option<u64>| {
        let answer = bench.post("/check", Scope::Check, body).await;
        let json = answer.json();
        assert_eq!(answer.status, status, "{body}: {json}");
        assert_eq!((json["field"].as_str(), json["line"].as_u64()), (field, line), "{body}: {json}");
        assert_eq!(json["column"].is_u64(), line.is_some(), "{body}: {json}");
    };
    check("", 400, None, Some(1)).await;
    check("{\n  \"endpoint\": \n}", 400, Some("endpoint"), Some(3)).await;
    check("[]", 422, None, None).await;
    check("[\"/\"]", 422, None, None).await;
    check("5", 422, None, Some(1)).await;
    check("{}", 422, Some("endpoint"), None).await;
    check("{\"endpoint\":5}", 422, Some("endpoint"), Some(1)).await;
    check("{\"endpoint\":\"/\",\n\"user_agent\":[1]}", 422, Some("user_agent"), Some(2)).await;
    check("{\"endpoint\":\"/\",\"headers\":[[\"a\",\"b\"],[\"c\",1]]}", 422, Some("headers[1][1]"), Some(1))
        .await;
    check("{\"endpoint\":\"/\",\"status\":\"two\"}", 422, Some("status"), Some(1)).await;
    check("{\"endpoint\":\"/\",\"observe\":\"yes\"}", 422, Some("observe"), Some(1)).await;
    check("{\"endpoint\":\"/\",\"ip\":\"999.1.1.1\"}", 400, Some("ip"), None).await;
    check("{\"endpoint\":\"/\",\"ip\":\"example.org\"}", 400, Some("ip"), None).await;
    check("{\"endpoint\":\"/\",\"ip\":\"\"}", 400, Some("ip"), None).await;
}

#[tokio::test]
async fn deep_and_broken_bodies_are_refused() {
    let bench = Bench::new().await;
    let deep = format!("{{\"endpoint\":\"/\",\"x\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    bench.post("/check", Scope::Check, deep).await.is_error(400, "bad_request");
    let deep = format!("{{\"endpoint\":\"/\",\"headers\":{}", "{\"a\":".repeat(100_000));
    bench.post("/check", Scope::Check, deep).await.is_error(400, "bad_request");
    let answer = bench.post("/check", Scope::Check, vec![b'{', 0xff, b'}']).await;
    assert!(answer.is_error(400, "bad_request").contains("UTF-8"));
    let answer = bench.post("/check", Scope::Check, vec![b' '; 10 << 20]).await;
    answer.is_error(413, "too_large");
}
