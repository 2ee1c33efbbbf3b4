//! `/api/store` and `/api/update`.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use palisade_api::routes::interactions::StoreResponse;
use palisade_challenge::challenges::{Challenges, Settings};
use palisade_challenge::claims::Claims;
use palisade_challenge::site_key::{SiteKey, automatic_key};
use palisade_challenge::token::{Algorithm, Keyring, SigningKey};
use palisade_domain::TenantId;
use palisade_store::{
    InteractionId, InteractionSource, LabelSource, LabelSubject, LabelVerdict, NewInteraction, Page, Scope,
    StoredInteraction,
};
use ring::rand::SystemRandom;
use serde_json::{Value, json};

use crate::bench::{Bench, Call, START};

const TENANT: TenantId = TenantId(0);

/// What seed 000's client sends, passwords and all.
fn data() -> Value {
    json!({
        "interactions": {
            "mouseMovements": [{"x": 1, "y": 2, "time": 1000}, {"x": 9, "y": 9, "time": 1100}],
            "keyPresses": [{"key": "hunter2", "time": 2000}, {"key": "Enter", "time": 2100}],
            "scrollEvents": [],
            "formInteractions": [{"field": "my-secret-field", "time": 3000}],
        },
        "duration": 4000, "viewport": {"width": 800, "height": 600}, "loadTimestamp": 0, "userAgent": "x/1",
    })
}

async fn stored(bench: &Bench, body: &Value) -> StoredInteraction {
    let answer = bench.post("/api/store", Scope::Store, body.to_string()).await;
    assert_eq!(answer.status, 200, "{body}: {}", answer.text());
    let answer: StoreResponse = answer.parsed();
    let id = answer.interaction_id.parse().unwrap();
    bench.api.store.interaction(TENANT, id).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_interaction_is_kept_without_keys_and_names() {
    let bench = Bench::new().await;
    let object = stored(&bench, &json!({"data": data(), "session_id": "s-1"})).await;
    let encoded = STANDARD.encode(data().to_string());
    let text = stored(&bench, &json!({"data": encoded, "session_id": "s-1"})).await;
    assert_ne!(object.interaction.id, text.interaction.id);
    assert_eq!(object.interaction.data, text.interaction.data, "both spellings are the same");
    for secret in ["hunter2", "Enter", "my-secret-field", "x/1"] {
        assert!(!object.interaction.data.contains(secret), "{}", object.interaction.data);
    }
    let kept: Value = serde_json::from_str(&object.interaction.data).unwrap();
    assert_eq!(kept["interactions"]["keyPresses"], json!([{"time": 2000}, {"time": 2100}]));
    assert_eq!((&kept["group"], &kept["device"]), (&json!("s-1"), &json!("desktop")));
    let row = object.interaction;
    assert_eq!((row.time, row.source, row.label), (START, InteractionSource::Application, None));
    assert!(row.score.is_some_and(|score| (0.0..=1.0).contains(&score)));
    assert_eq!(bench.api.store.count_labels(TENANT).await.unwrap(), 0);
}

#[tokio::test]
async fn labels_have_three_spellings_and_stand_with_all_others() {
    let bench = Bench::new().await;
    let mut id = String::new();
    for (label, expect) in [
        (json!(1), LabelVerdict::Human),
        (json!("bot"), LabelVerdict::Bot),
        (json!(true), LabelVerdict::Human),
        (json!(0), LabelVerdict::Bot),
    ] {
        let mut data = data();
        data["label"] = label;
        let row = stored(&bench, &json!({"data": data})).await.interaction;
        assert_eq!(row.label, Some(expect));
        id = row.id.to_string();
    }
    for (label, expect) in [
        (json!("human"), LabelVerdict::Human),
        (json!(false), LabelVerdict::Bot),
        (json!(1.0), LabelVerdict::Human),
    ] {
        let body = json!({"interaction_id": id, "label": label}).to_string();
        let answer = bench.post("/api/update", Scope::Store, body).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"message": "label updated"})));
        let id: InteractionId = id.parse().unwrap();
        let row = bench.api.store.interaction(TENANT, id).await.unwrap().unwrap();
        assert_eq!(row.interaction.label, Some(expect));
        let labels = bench.api.store.labels(TENANT, Page::FIRST).await.unwrap();
        let label = labels.last().unwrap();
        assert_eq!((labels.len(), label.verdict, label.source), (4, expect, LabelSource::Application));
        assert_eq!((&label.subject, label.weight.value()), (&LabelSubject::Interaction(id), 1.0));
    }
    let lines = bench.api.store.audit_lines(TENANT, Page::FIRST).await.unwrap();
    let last = lines.last().unwrap();
    assert_eq!(
        (lines.len(), last.action.as_str(), &last.detail),
        (7, "interaction.label", &"human".to_owned())
    );
    assert_eq!(last.object, format!("interaction:{id}"));
}

#[tokio::test]
async fn a_token_names_the_interaction_that_is_kept() {
    let mut bench = Bench::new().await;
    let challenges = Challenges::new(&[7; 32], Claims::default(), Settings::default());
    let key = SigningKey::generate_ed25519(&SystemRandom::new()).unwrap();
    let key = SigningKey::from_pkcs8(Algorithm::EdDsa, &key).unwrap();
    challenges.tokens.replace_keyring(Keyring::new(Algorithm::EdDsa).with(key));
    let hosts = ["shop.example".to_owned()];
    challenges.tokens.set_automatic(vec![SiteKey::automatic(&challenges.secrets, TENANT, &hosts)]);
    let challenges = Arc::new(challenges);
    bench.api.guard.plug_challenges(Arc::clone(&challenges));
    for (save_sample, label, status) in [(1.0, 1, 200), (0.0, 0, 404)] {
        challenges.replace_settings(Settings { save_sample, ..Settings::default() });
        let call = Call::new("POST", "/api/challenge")
            .header("authorization", format!("Bearer {}", automatic_key(&challenges.secrets, TENANT)))
            .header("origin", "https://shop.example")
            .header("content-type", "application/json");
        let answer = bench.call(call.body(json!({"data": data()}).to_string())).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        let name = claims["interaction_id"].as_str().unwrap();
        let id: InteractionId = name.parse().unwrap();
        assert_eq!((id.to_string(), InteractionId::from_random(id.0)), (name.to_owned(), id));
        bench.store_kept().await;
        for spelling in [name.to_owned(), name.replace('-', ""), name.to_uppercase()] {
            let body = json!({"interaction_id": spelling, "label": label}).to_string();
            let answer = bench.post("/api/update", Scope::Store, body).await;
            assert_eq!(answer.status, status, "{spelling}: {}", answer.text());
        }
        let row = bench.api.store.interaction(TENANT, id).await.unwrap();
        let row = row.map(|row| (row.interaction.source, row.interaction.label));
        let kept = (InteractionSource::Widget, Some(LabelVerdict::Human));
        assert_eq!(row, (status == 200).then_some(kept));
    }
}

#[tokio::test]
async fn a_label_that_repeats_our_own_judgement_weighs_little() {
    let bench = Bench::new().await;
    let check = async |n: u128, score, label: &str, weight: f64| {
        let new = NewInteraction {
            id: InteractionId::from_random(n),
            time: START,
            data: "{}".into(),
            label: None,
            source: InteractionSource::Widget,
            score,
        };
        assert!(bench.api.store.add_interaction(TENANT, &new).await.unwrap());
        let body = json!({"interaction_id": new.id.to_string(), "label": label}).to_string();
        assert_eq!(bench.post("/api/update", Scope::Store, body).await.status, 200);
        let labels = bench.api.store.labels(TENANT, Page::FIRST).await.unwrap();
        assert_eq!(labels.last().unwrap().weight.value(), weight, "{score:?} {label}");
    };
    check(1, Some(0.1), "bot", 0.1).await;
    check(2, Some(0.1), "human", 1.0).await;
    check(3, Some(0.9), "bot", 1.0).await;
    check(4, None, "bot", 1.0).await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_reason() {
    let bench = Bench::new().await;
    let check = async |path: &str, body: Value, status, field: Option<&str>| {
        let answer = bench.post(path, Scope::Store, body.to_string()).await;
        assert_eq!(
            (answer.status, answer.json()["field"].as_str()),
            (status, field),
            "{body}: {}",
            answer.text()
        );
    };
    let with = |name: &str, value: Value| {
        let mut data = data();
        data[name] = value;
        json!({ "data": data })
    };
    for bad in
        [json!({}), json!({"data": null}), json!({"data": 5}), json!({"data": []}), json!({"data": "%"})]
    {
        check("/api/store", bad, 400, Some("data")).await;
    }
    check("/api/store", json!({"data": STANDARD.encode("[]")}), 400, Some("data")).await;
    check("/api/store", with("duration", json!(-1)), 400, Some("data")).await;
    check("/api/store", with("interactions", json!({"keyPresses": [{"time": null}]})), 400, Some("data"))
        .await;
    check("/api/store", with("label", json!("maybe")), 400, Some("data.label")).await;
    check("/api/store", with("label", json!(0.5)), 400, Some("data.label")).await;
    check("/api/store", with("padding", json!("x".repeat(300_000))), 413, Some("data")).await;
    let known = "5e6f7a8b-0000-4000-8000-00000000000b";
    check("/api/update", json!({"interaction_id": known, "label": 1}), 404, None).await;
    for unknown in [known.replace('-', "").as_str(), "../../etc/passwd", "", "i-1", &"f".repeat(10_000)] {
        check("/api/update", json!({"interaction_id": unknown, "label": 1}), 404, None).await;
    }
    for bad in [json!(7), Value::Null, json!([known])] {
        check("/api/update", json!({"interaction_id": bad, "label": 1}), 400, Some("interaction_id")).await;
    }
    for bad in [json!("maybe"), json!(2), Value::Null, json!([1])] {
        check("/api/update", json!({"interaction_id": known, "label": bad}), 400, Some("label")).await;
    }
    let body = with("interactions", json!({"keyPresses": [{"time": 1}, {"key": "x"}]})).to_string();
    let told = bench.post("/api/store", Scope::Store, body).await.is_error(400, "bad_request");
    assert_eq!(told, "malformed-trace: data has an event without time");
    assert_eq!(bench.api.store.interactions_size(TENANT).await.unwrap().interactions, 0);
    for path in ["/api/store", "/api/update"] {
        assert_eq!(bench.post(path, Scope::Store, "{").await.status, 400);
        assert_eq!(bench.post(path, Scope::Check, "{}").await.status, 403, "a key of another scope");
    }
}
