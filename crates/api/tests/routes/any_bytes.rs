//! Whatever a caller sends to whatever route: an answer that is meant, never 500.

use palisade_api::{ApiLimits, ApiSettings};
use palisade_store::Scope;
use proptest::prelude::*;
use ring::hmac;

use crate::bench::{Bench, Call, SECRET, settings};

const PATHS: [&str; 14] = [
    "/check",
    "/feedback",
    "/webhook",
    "/escalate",
    "/api/store",
    "/api/update",
    "/report",
    "/stats",
    "/list",
    "/ready",
    "/metrics",
    "/docs",
    "/reputation/",
    "/v1/models/",
];

fn method() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE"])
}

/// Bytes, or JSON that is nearly what the routes take.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?[0-9]{1,20}",
        Just("1e999".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("\"192.0.2.1\"".to_owned()),
        Just("\"block_ip\"".to_owned()),
        Just("\"login_failed\"".to_owned()),
        Just("[[\"a\",\"b\"],[\":path\",\"\\u0000\"]]".to_owned()),
        "\"[ -!#-\\[\\]-~]{0,40}\"",
    ];
    let name = prop::sample::select(vec![
        "ip",
        "user_agent",
        "endpoint",
        "method",
        "host",
        "headers",
        "body",
        "status",
        "session",
        "ja4",
        "fingerprint",
        "request_id",
        "observe",
        "actions",
        "time_ms",
        "is_bot",
        "event",
        "action",
        "reason",
        "event_type",
        "details",
        "path",
        "referer",
        "timestamp",
        "data",
        "interaction_id",
        "label",
    ]);
    let object = prop::collection::vec((name, value), 0..8).prop_map(|fields| {
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(",")).into_bytes()
    });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..200), object]
}

fn header_value() -> impl Strategy<Value = String> {
    "[ -~]{0,60}"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn any_bytes_to_any_route_get_an_answer_that_is_meant(
        calls in prop::collection::vec((method(), prop::sample::select(PATHS.to_vec()), "[!-~&&[^?#]]{0,20}", body(), header_value()), 1..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let limits = ApiLimits { check: None, write: None, read: None, webhook: None, open: None };
            let bench = Bench::with(ApiSettings { limits, ..settings() }).await;
            let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
            for (method, path, tail, body, value) in &calls {
                let path = if path.ends_with('/') { format!("{path}{tail}") } else { (*path).to_owned() };
                let Ok(uri) = path.parse::<axum::http::Uri>() else { continue };
                let path = uri.to_string();
                let signature: String =
                    hmac::sign(&key, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
                let call = Call::new(method, &path)
                    .header("x-api-key", bench.key(Scope::Admin))
                    .header("x-signature", signature)
                    .header("user-agent", value)
                    .header("x-forwarded-for", value)
                    .header("host", value)
                    .body(body.clone());
                let answer = bench.call(call).await;
                let meant = [200, 400, 401, 404, 405, 413, 422, 501];
                assert!(meant.contains(&answer.status), "{method} {path}: {}", answer.status);
                if answer.status >= 400 && *method != "HEAD" {
                    assert!(answer.json()["message"].is_string(), "{}", answer.text());
                }
            }
        });
    }
}
