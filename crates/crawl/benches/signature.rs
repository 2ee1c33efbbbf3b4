//! What a Web Bot Auth signature costs that nobody has seen before: read, bring into the form that was signed, verify
//! (Ed25519). Budget: 60 µs (issue 3). What it costs the second time is a bench of the guard.
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_crawl::signature::{Examined, Key, SignedRequest, examine};
use palisade_domain::{HeaderCase, HeaderList, HeaderOrder, Timestamp};
use serde_json::Value;

const VECTORS: [(&str, &str); 2] = [
    ("second generation", include_str!("../testdata/web-bot-auth/web_bot_auth_architecture_v2.json")),
    ("first generation", include_str!("../testdata/web-bot-auth/web_bot_auth_architecture_v1.json")),
];

fn bench(criterion: &mut Criterion) {
    for (name, text) in VECTORS {
        let all: Vec<Value> = serde_json::from_str(text).expect("the vectors are JSON");
        let is_usual =
            |vector: &&Value| vector["signature_agent"].is_string() && vector["key"]["kty"] == "OKP";
        let vector = all.iter().find(is_usual).expect("one is of Ed25519 and names its agent");
        let text = |name: &str| vector[name].as_str().expect("a text");
        let mut jwk = vector["key"].clone();
        jwk.as_object_mut().expect("an object").remove("kid");
        let key = Key::from_jwk(&jwk.to_string()).expect("a key");
        let now = vector["created_ms"].as_i64().expect("a time") + 1_000;
        let now = Timestamp::from_millis(now);
        let entries = [
            ("signature-agent", text("signature_agent")),
            ("signature-input", text("signature_input")),
            ("signature", text("signature")),
            ("user-agent", "ExampleBot/1.0 (+https://bot.example/)"),
        ];
        let headers = HeaderList { entries: &entries, order: HeaderOrder::Wire, case: HeaderCase::Wire };
        let request = SignedRequest {
            method: "GET",
            scheme: "https",
            authority: "example.com",
            target: "/path/to/resource",
            headers,
        };
        let mut run = |what: &str, with_key: bool| {
            criterion.bench_function(&format!("signature/{what}, {name}"), |bencher| {
                bencher.iter(|| {
                    let Examined::Claim(claim) = examine(black_box(&request), now) else {
                        unreachable!("the vectors are signed")
                    };
                    assert!(!with_key || claim.verify(&key, now));
                });
            });
        };
        run("verified, cold", true);
        run("read only", false);
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
