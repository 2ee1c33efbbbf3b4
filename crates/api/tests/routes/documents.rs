//! `/openapi.json` and `/docs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use palisade_challenge::challenges::{Challenges, Settings};
use palisade_challenge::claims::Claims;

use palisade_store::Scope;
use serde_json::Value;

use crate::bench::{Bench, Call};

async fn document(bench: &Bench) -> Value {
    let answer = bench.call(Call::new("GET", "/openapi.json")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    answer.json()
}

#[tokio::test]
async fn every_route_of_the_document_is_served_and_none_is_left_out() {
    let bench = Bench::new().await;
    let challenges = Challenges::new(&[7; 32], Claims::default(), Settings::default());
    bench.api.guard.plug_challenges(Arc::new(challenges));
    let document = document(&bench).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut paths = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        paths.insert(path.as_str());
        for (method, operation) in item.as_object().unwrap() {
            let called = path.replace("{ip}", "192.0.2.1").replace("{name}", "n").replace("{id}", "1");
            let method = method.to_uppercase();
            let answer = bench.call(Call::new(&method, &called)).await;
            assert!(![404, 405].contains(&answer.status), "{method} {path}: {}", answer.status);
            let described = operation["responses"].as_object().unwrap();
            assert!(described.contains_key(&answer.status.to_string()), "{method} {path}: {}", answer.status);
            for key in ["summary", "tags"] {
                assert!(!operation[key].is_null(), "{method} {path} has no {key}");
            }
        }
    }
    for path in [
        "/auth",
        "/check",
        "/feedback",
        "/stats",
        "/reputation/{ip}",
        "/webhook",
        "/escalate",
        "/list",
        "/list/auth",
        "/report",
        "/health",
        "/ready",
        "/metrics",
        "/openapi.json",
        "/docs",
        "/train",
        "/jobs/{id}",
        "/captcha/verify",
        "/recommendations",
        "/v1/models/{name}:predict",
        "/v1/models/{name}",
        "/captcha.js",
        "/siteverify",
        "/api/public_key",
        "/api/challenge",
        "/api/store",
        "/api/update",
    ] {
        assert!(paths.contains(path), "{path} is not in the document");
    }
}

/// Every `$ref`, every security scheme and every tag that is named is also defined.
#[tokio::test]
async fn the_document_is_closed() {
    let bench = Bench::new().await;
    let document = document(&bench).await;
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        if let Some(path) = value["$ref"].as_str() {
            let pointer = path.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{path}");
        }
        open.extend(value.as_object().into_iter().flat_map(|all| all.values()));
        open.extend(value.as_array().into_iter().flatten());
    }
    let tags: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            assert!(tags.contains(&&operation["tags"][0]));
            for way in operation["security"].as_array().into_iter().flatten() {
                for name in way.as_object().unwrap().keys() {
                    assert!(document["components"]["securitySchemes"][name].is_object(), "{name}");
                }
            }
        }
    }
}

/// The answers as they are have the fields that the document gives them: no more, and none that is always there is missing.
#[tokio::test]
async fn answers_are_as_described() {
    let bench = Bench::new().await;
    let document = document(&bench).await;
    let check = |schema: &str, value: &Value| {
        let schema = &document["components"]["schemas"][schema];
        let properties = schema["properties"].as_object().unwrap();
        for name in value.as_object().unwrap().keys() {
            assert!(properties.contains_key(name), "{name} is not described");
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(value.get(name.as_str().unwrap()).is_some(), "{name} is missing");
        }
    };
    let body = r#"{"ip":"192.0.2.1","user_agent":"sqlmap/1","endpoint":"/.env"}"#;
    check("CheckResponse", &bench.post("/check", Scope::Check, body).await.json());
    check("Stats", &bench.get("/stats", Scope::Stats).await.json());
    check("Reputation", &bench.get("/reputation/192.0.2.1", Scope::Stats).await.json());
    check("BlockedList", &bench.get("/list", Scope::List).await.json());
    check(
        "EscalateResponse",
        &bench.post("/escalate", Scope::Escalate, r#"{"ip":"192.0.2.1"}"#).await.json(),
    );
    check("ErrorBody", &bench.post("/check", Scope::Check, "{\"endpoint\":5}").await.json());
    check("Ready", &bench.call(Call::new("GET", "/ready")).await.json());
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let bench = Bench::new().await;
    let answer = bench.call(Call::new("GET", "/docs")).await;
    let policy = answer.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let page = answer.text();
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains(" style="));
}
