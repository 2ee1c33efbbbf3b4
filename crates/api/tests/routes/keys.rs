//! Who may do what.

use palisade_api::{ApiSettings, RequireKey};
use palisade_store::{ApiKey, KeyId, NewKey, Scope, Scopes};

use crate::bench::{Bench, Call, START, settings};

/// Every route that needs a key, with its scope and a body it takes.
const ROUTES: [(&str, &str, Scope, &str); 9] = [
    ("POST", "/check", Scope::Check, r#"{"user_agent":"x","endpoint":"/"}"#),
    ("GET", "/check", Scope::Check, ""),
    ("POST", "/feedback", Scope::Feedback, r#"{"user_agent":"x","endpoint":"/","is_bot":true}"#),
    ("POST", "/escalate", Scope::Escalate, r#"{"ip":"192.0.2.1"}"#),
    ("GET", "/stats", Scope::Stats, ""),
    ("GET", "/reputation/192.0.2.1", Scope::Stats, ""),
    ("GET", "/list", Scope::List, ""),
    ("GET", "/list/auth", Scope::List, ""),
    ("POST", "/report", Scope::List, r#"{"ip":"192.0.2.1"}"#),
];

#[tokio::test]
async fn each_key_opens_the_routes_of_its_scope_and_no_other() {
    let bench = Bench::new().await;
    for (method, path, needed, body) in ROUTES {
        for shown in Scope::ALL {
            let call = Call::new(method, path).header("x-api-key", bench.key(shown)).body(body);
            let answer = bench.call(call).await;
            if shown == needed || shown == Scope::Admin {
                assert_eq!(answer.status, 200, "{path} {shown:?}: {}", answer.text());
            } else {
                let message = answer.is_error(403, "forbidden");
                assert!(message.contains(&format!("scope {}", needed.name())), "{message}");
            }
        }
    }
}

#[tokio::test]
async fn without_a_known_key_the_answer_names_the_command() {
    let bench = Bench::new().await;
    let unknown = ApiKey::from_random([99; 32]).text();
    for (method, path, scope, body) in ROUTES {
        for key in [None, Some("nonsense"), Some(unknown.as_str()), Some("")] {
            let mut call = Call::new(method, path).body(body);
            if let Some(key) = key {
                call = call.header("authorization", format!("Bearer {key}"));
            }
            let answer = bench.call(call).await;
            let message = answer.is_error(401, "unauthorized");
            let command = format!("palisade keys create --name N --scope {}", scope.name());
            assert!(message.contains(&command), "{message}");
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        }
    }
}

#[tokio::test]
async fn a_key_is_shown_in_one_of_three_headers() {
    let bench = Bench::new().await;
    let key = bench.key(Scope::Stats);
    let shown = [
        ("authorization", format!("Bearer {key}")),
        ("Authorization", format!("bearer  {key} ")),
        ("X-API-Key", key.clone()),
        ("Key", key.clone()),
    ];
    for (name, value) in shown {
        let answer = bench.call(Call::new("GET", "/stats").header(name, value)).await;
        assert_eq!(answer.status, 200, "{name}");
    }
    let answer = bench.call(Call::new("GET", &format!("/stats?key={key}"))).await;
    assert_eq!(answer.status, 401, "never in a URL");
}

#[tokio::test]
async fn a_key_counts_at_once_and_no_longer_than_to_the_next_refresh() {
    let bench = Bench::new().await;
    let tenant = bench.api.settings().tenant;
    let make = async |number: u8| {
        let key = ApiKey::from_random([number; 32]);
        let new = NewKey { name: "later".into(), scopes: Scopes::of(&[Scope::Stats]), created_at: START };
        let made = bench.api.store.create_key(tenant, &key, &new).await.unwrap();
        (key.text(), KeyId(made.id.0))
    };
    let stats = async |key: &str| bench.call(Call::new("GET", "/stats").header("key", key)).await.status;
    let (key, id) = make(77).await;
    assert_eq!(stats(&key).await, 200);
    // In the same moment nobody looks again: whoever makes keys up costs one look.
    let (other, _) = make(78).await;
    assert_eq!(stats(&other).await, 401);
    bench.api.refresh().await.unwrap();
    assert_eq!(stats(&other).await, 200);
    assert!(bench.api.store.revoke_key(tenant, id).await.unwrap());
    bench.api.refresh().await.unwrap();
    assert_eq!(stats(&key).await, 401);
}

#[tokio::test]
async fn programs_on_this_machine_need_none_where_the_operator_says_so() {
    let bench = Bench::with(ApiSettings { require_key: RequireKey::UnlessLoopback, ..settings() }).await;
    let stats = |peer| Call::new("GET", "/stats").from(peer);
    let here = [127, 0, 0, 1];
    assert_eq!(bench.call(stats(here)).await.status, 200);
    assert_eq!(bench.call(stats([192, 0, 2, 1])).await.status, 401);
    assert_eq!(bench.call(stats(here).header("x-forwarded-for", "192.0.2.1")).await.status, 401);
    assert_eq!(bench.call(stats(here).header("x-real-ip", "127.0.0.1")).await.status, 401);
    assert_eq!(bench.call(stats(here).header("host", "rebound.example")).await.status, 401);
    assert_eq!(bench.call(stats(here).header("origin", "https://elsewhere.example")).await.status, 401);
    let wrong = stats(here).header("key", bench.key(Scope::Check));
    assert_eq!(bench.call(wrong).await.status, 403, "a key that is shown counts");
}
