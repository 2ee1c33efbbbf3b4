//! `/health`, `/ready`, `/metrics`, and what all routes have in common.

use std::sync::Arc;

use palisade_api::routes::health::{Health, Ready};
use palisade_api::{Api, ApiSettings, Clock, Degraded, Secret};
use palisade_challenge::challenges::{Challenges, Settings};
use palisade_challenge::claims::Claims;
use palisade_store::{MemoryStore, Scope};
use palisade_visitor::Tags;
use palisade_visitor::theme::{Theme, ThemeSettings};

use crate::bench::{Bench, Call, START, settings};

#[tokio::test]
async fn it_runs() {
    let bench = Bench::new().await;
    let answer = bench.call(Call::new("GET", "/health")).await;
    assert_eq!(answer.parsed::<Health>().status, "ok");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(bench.call(Call::new("HEAD", "/health")).await.status, 200);
}

async fn ready(bench: &Bench) -> (u16, String, Vec<String>) {
    let answer = bench.call(Call::new("GET", "/ready")).await;
    let ready: Ready = answer.parsed();
    (answer.status, ready.status, ready.degraded.into_iter().map(|one| one.what).collect())
}

#[tokio::test]
async fn what_is_degraded_is_named_and_does_not_take_us_out_of_service() {
    let bench = Bench::new().await;
    assert_eq!(ready(&bench).await, (200, "ready".into(), vec![]));
    bench.api.set_degraded(vec![Degraded::new("testing", "challenges may be passed by a known answer")]);
    assert_eq!(ready(&bench).await, (200, "degraded".into(), vec!["testing".into()]));
    bench.api.set_degraded(Vec::new());
    assert_eq!(ready(&bench).await.1, "ready");
}

#[tokio::test]
async fn challenge_pages_look_as_was_chosen_last() {
    let named = |name: &str| {
        let theme = ThemeSettings { name: Some(name.to_owned()), ..ThemeSettings::default() };
        let tags = Tags::fixed(&[("og:site_name".to_owned(), format!("{name} & sons"))]).unwrap();
        ApiSettings { theme: Theme::new(&theme).unwrap(), tags, ..settings() }
    };
    let bench = Bench::with(named("Corner shop")).await;
    let challenges = Challenges::new(&[7; 32], Claims::default(), Settings::default());
    bench.api.guard.plug_challenges(Arc::new(challenges));
    let page = async || {
        let path = "/.palisade/refused/challenge/0000000000009";
        bench.call(Call::new("GET", path).header("accept", "text/html")).await
    };
    let first = page().await;
    assert!(first.status == 403 && first.text().contains("Corner shop"), "{}", first.text());
    assert!(
        first.text().contains("<meta property=\"og:site_name\" content=\"Corner shop &#38; sons\">"),
        "{}",
        first.text()
    );
    bench.api.replace_settings(named("Harbour shop"));
    let second = page().await.text();
    assert!(second.contains("Harbour shop") && !second.contains("Corner shop"), "{second}");
}

#[tokio::test]
async fn what_visitors_read_lies_below_the_prefix_and_nowhere_else() {
    let bench = Bench::with(ApiSettings { visitor_prefix: "/x-7f3a/".to_owned(), ..settings() }).await;
    let challenges = Challenges::new(&[7; 32], Claims::default(), Settings::default());
    bench.api.guard.plug_challenges(Arc::new(challenges));
    let asked = |path: &'static str| bench.call(Call::new("GET", path).header("accept", "text/html"));
    let page = asked("/x-7f3a/refused/challenge/0000000000009").await;
    assert_eq!(page.status, 403);
    let text = page.text();
    assert!(text.contains("\"/x-7f3a/page.js?v=") && !text.contains("/.palisade/"), "{text}");
    assert_eq!(asked("/x-7f3a/retry.js").await.status, 200);
    assert_eq!(asked("/retry.js").await.status, 200, "at the root, for pages that name this listener");
    for elsewhere in ["/.palisade/retry.js", "/x-7f3a", "/x-7f3a/nothing", "/X-7F3A/retry.js"] {
        assert_eq!(asked(elsewhere).await.status, 404, "{elsewhere}");
    }
    let question = Call::new("GET", "/auth?shape=nginx").from([127, 0, 0, 1]);
    let question = question.header("user-agent", "sqlmap/1.7").header("x-forwarded-uri", "/?q=1");
    let answer = bench.call(question).await;
    let location = answer.header("x-palisade-location");
    assert!(location.starts_with("/x-7f3a/refused/"), "{}: {location}", answer.status);
}

#[tokio::test]
async fn a_proxy_nobody_told_us_to_trust_is_named_with_the_line_to_add() {
    let bench = Bench::new().await;
    let call = Call::new("GET", "/health").from([10, 0, 0, 7]).header("x-forwarded-for", "192.0.2.1");
    bench.call(call).await;
    let answer = bench.call(Call::new("GET", "/ready")).await;
    let ready: Ready = answer.parsed();
    assert_eq!((ready.status.as_str(), ready.degraded[0].what.as_str()), ("degraded", "trusted_proxies"));
    let message = &ready.degraded[0].message;
    assert!(message.contains("10.0.0.7") && message.contains("trusted_proxies"), "{message}");
}

#[tokio::test]
async fn before_the_keys_are_read_it_is_not_ready() {
    let bench = Bench::new().await;
    let store = Arc::new(MemoryStore::new());
    let clock = Clock::new(|| START);
    let api = Api::new(Arc::clone(&bench.api.guard), store, settings(), clock);
    let fresh = bench.serving(api);
    let (status, word, _) = ready(&fresh).await;
    assert_eq!((status, word.as_str()), (503, "starting"));
    fresh.api.refresh().await.unwrap();
    assert_eq!(ready(&fresh).await, (200, "degraded".into(), vec!["no_keys".into()]));
}

#[tokio::test]
async fn metrics_are_for_this_machine_or_with_the_token() {
    let bench = Bench::with(ApiSettings { metrics_token: Secret::new("t0ken"), ..settings() }).await;
    let metrics = |peer| Call::new("GET", "/metrics").from(peer);
    let (here, there) = ([127, 0, 0, 1], [192, 0, 2, 1]);
    assert_eq!(bench.call(metrics(here)).await.status, 200);
    bench.call(metrics(there)).await.is_error(401, "unauthorized");
    bench.call(metrics(here).header("x-forwarded-for", "192.0.2.1")).await.is_error(401, "unauthorized");
    let token = |token: &str| metrics(there).header("authorization", format!("Bearer {token}"));
    assert_eq!(bench.call(token("t0ken")).await.status, 200);
    for wrong in ["", "t0ke", "t0kenn", &bench.key(Scope::Admin)] {
        bench.call(token(wrong)).await.is_error(401, "unauthorized");
    }
    bench.api.replace_settings(settings());
    bench.call(token("t0ken")).await.is_error(401, "unauthorized");
}

#[tokio::test]
async fn metrics_are_in_the_text_format_and_count() {
    let bench = Bench::new().await;
    bench.post("/check", Scope::Check, r#"{"user_agent":"curl/8","endpoint":"/"}"#).await;
    bench.call(Call::new("GET", "/nowhere")).await;
    let answer = bench.call(Call::new("GET", "/metrics").from([127, 0, 0, 1])).await;
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let text = answer.text();
    let mut family = "";
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(["counter", "gauge"].contains(&kind) && name.starts_with("palisade_"), "{line}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
            family = name;
        } else if !line.starts_with("# HELP ") {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert_eq!(series.split('{').next(), Some(family), "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
    for line in [
        "palisade_requests_total 1",
        "palisade_bot_requests_total 1",
        "palisade_identities_total{class=\"tool\"} 1",
        "palisade_api_answers_total{status=\"4xx\"} 1",
    ] {
        assert!(text.lines().any(|held| held == line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn routes_that_are_not_there_and_wrong_methods_are_answered_in_json() {
    let bench = Bench::new().await;
    for path in ["/", "/nowhere", "/check/", "/admin", "/..", "/reputation", "/v1/models"] {
        bench.call(Call::new("GET", path)).await.is_error(404, "not_found");
    }
    for (method, path, allow) in [
        ("DELETE", "/check", "POST,GET,HEAD"),
        ("GET", "/feedback", "POST"),
        ("POST", "/stats", "GET,HEAD"),
        ("BREW", "/health", "GET,HEAD"),
    ] {
        let answer = bench.call(Call::new(method, path)).await;
        answer.is_error(405, "method_not_allowed");
        let mut named: Vec<&str> = answer.header("allow").split(',').collect();
        let mut expect: Vec<&str> = allow.split(',').collect();
        named.sort_unstable();
        expect.sort_unstable();
        assert_eq!(named, expect, "{method} {path}");
    }
}

#[tokio::test]
async fn what_is_not_built_yet_is_named() {
    let bench = Bench::new().await;
    for (method, path, feature) in [
        ("GET", "/recommendations", "recommendations"),
        ("POST", "/v1/models/mine:predict", "text CAPTCHA lab"),
        ("GET", "/v1/models/mine", "text CAPTCHA lab"),
        ("POST", "/register-crawler", "pay per crawl"),
        ("POST", "/pay", "pay per crawl"),
    ] {
        let answer = bench.call(Call::new(method, path).body("{}")).await;
        let message = answer.is_error(501, "not_built");
        assert!(message.contains(feature) && answer.json()["feature"] == feature, "{path}: {message}");
    }
}
