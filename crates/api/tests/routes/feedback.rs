//! `/feedback`.

use palisade_api::routes::feedback::FeedbackResponse;
use palisade_domain::{Action, BlockReason, ClaimStatus, IdentityClass, RequestId, Score, SiteId, TenantId};
use palisade_store::{
    Client, Event, EventId, IdentityRecord, LabelSource, LabelSubject, LabelVerdict, Page, Scope,
};

use crate::bench::{Bench, START};

const TENANT: TenantId = TenantId(0);

async fn told(bench: &Bench, body: &str) -> FeedbackResponse {
    let answer = bench.post("/feedback", Scope::Feedback, body).await;
    assert_eq!(answer.status, 200, "{body}: {}", answer.text());
    answer.parsed()
}

#[tokio::test]
async fn the_seeds_curl_line_makes_a_label() {
    let bench = Bench::new().await;
    let body = "{\n\"user_agent\": \"curl/7.68.0\",\n\"endpoint\": \"/api/data\",\n\"is_bot\": true\n}";
    let answer = told(&bench, body).await;
    assert_eq!((answer.status.as_str(), answer.label_id), ("recorded", Some(1)));
    let labels = bench.api.store.labels(TENANT, Page::FIRST).await.unwrap();
    assert_eq!((labels[0].verdict, labels[0].source), (LabelVerdict::Bot, LabelSource::Application));
    assert_eq!(labels[0].weight.value(), 1.0);
    let lines = bench.api.store.audit_lines(TENANT, Page::FIRST).await.unwrap();
    assert_eq!(
        (lines.len(), lines[0].action.as_str(), lines[0].object.as_str()),
        (1, "feedback.label", "label:1")
    );
    assert!(lines[0].actor.starts_with("key:"));
}

fn refused(id: u64, ip: &str, enforced: Action) -> Event {
    Event {
        time: START,
        site: SiteId(0),
        client: Client::Ip(ip.parse().unwrap()),
        method: Some("GET".into()),
        target: Some("/a".into()),
        user_agent: Some("x/1".into()),
        status: Some(403),
        score: Score::new(95).unwrap(),
        action: Action::Block(BlockReason::Score),
        enforced,
        rule: "band".into(),
        identity: IdentityRecord {
            class: IdentityClass::Unknown,
            claimed: None,
            status: ClaimStatus::Unverified,
        },
        signals: Vec::new(),
        request_id: Some(RequestId(id)),
        facts: None,
    }
}

#[tokio::test]
async fn a_label_that_repeats_our_own_refusal_weighs_little() {
    let bench = Bench::new().await;
    let blocked = Action::Block(BlockReason::Score);
    let events = [
        refused(1, "192.0.2.1", blocked),
        refused(2, "192.0.2.2", Action::Monitor),
        refused(3, "192.0.2.3", blocked),
    ];
    bench.api.store.append(TENANT, &events).await.unwrap();
    let check = async |body: String, weight: f64, subject: LabelSubject| {
        let id = told(&bench, &body).await.label_id.unwrap();
        let labels = bench.api.store.labels(TENANT, Page::FIRST).await.unwrap();
        let label = labels.into_iter().find(|label| label.id.0 == id).unwrap();
        assert_eq!((label.weight.value(), label.subject), (weight, subject), "{body}");
    };
    let by_number = |id: u64, is_bot| format!(r#"{{"request_id":"{}","is_bot":{is_bot}}}"#, RequestId(id));
    check(by_number(1, true), 0.1, LabelSubject::Event(EventId(1))).await;
    check(by_number(1, false), 1.0, LabelSubject::Event(EventId(1))).await;
    check(by_number(2, true), 1.0, LabelSubject::Event(EventId(2))).await;
    let client = |ip: &str| LabelSubject::Client { client: Client::Ip(ip.parse().unwrap()), time: START };
    let described = |ip: &str, path: &str| {
        format!(r#"{{"ip":"{ip}","user_agent":"x/1","endpoint":"{path}","is_bot":true}}"#)
    };
    check(described("192.0.2.3", "/a"), 0.1, client("192.0.2.3")).await;
    check(described("192.0.2.3", "/b"), 1.0, client("192.0.2.3")).await;
    check(described("192.0.2.4", "/a"), 1.0, client("192.0.2.4")).await;
}

#[tokio::test]
async fn failed_logins_are_remembered_with_the_client() {
    let bench = Bench::new().await;
    let described = r#""ip":"192.0.2.9","user_agent":"x/1","endpoint":"/account""#;
    let failed_share = async || {
        let body = format!(r#"{{{described},"observe":false}}"#);
        bench.post("/check", Scope::Check, body).await.json()["features"][5].as_f64().unwrap()
    };
    assert_eq!(failed_share().await, 0.0);
    for _ in 0..8 {
        let answer = told(&bench, &format!(r#"{{{described},"event":"login_failed"}}"#)).await;
        assert_eq!(answer.label_id, None);
    }
    let failed = failed_share().await;
    assert!(failed > 0.0, "{failed}");
    for _ in 0..8 {
        told(&bench, &format!(r#"{{{described},"event":"login_ok"}}"#)).await;
    }
    assert!(failed_share().await < failed);
}

#[tokio::test]
async fn what_says_nothing_is_refused() {
    let bench = Bench::new().await;
    let check = async |body: &str, status, field: Option<&str>| {
        let answer = bench.post("/feedback", Scope::Feedback, body).await;
        assert_eq!(
            (answer.status, answer.json()["field"].as_str()),
            (status, field),
            "{body}: {}",
            answer.text()
        );
    };
    check(r#"{"user_agent":"x","endpoint":"/"}"#, 422, Some("is_bot")).await;
    check(r#"{"user_agent":"x","is_bot":true}"#, 422, Some("endpoint")).await;
    check(r#"{"endpoint":"/","is_bot":true}"#, 422, Some("user_agent")).await;
    check(r#"{"user_agent":null,"endpoint":"/","is_bot":"yes"}"#, 422, Some("is_bot")).await;
    check(r#"{"user_agent":null,"endpoint":"/","event":"login"}"#, 422, Some("event")).await;
    check(r#"{"user_agent":null,"endpoint":"/","is_bot":true,"ip":"x"}"#, 400, Some("ip")).await;
    check("{", 400, None).await;
    assert_eq!(bench.api.store.count_labels(TENANT).await.unwrap(), 0);
}
