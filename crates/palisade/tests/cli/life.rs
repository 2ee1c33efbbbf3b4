//! The life of a model on the command line: stored requests and labels, training, shadow, promotion, the way back.

use palisade_domain::{Action, ClaimStatus, IdentityClass, Score, SiteId, TenantId, Timestamp};
use palisade_store::{Client, Event, Events, IdentityRecord, SqliteStore};
use serde_json::{Value, json};

use crate::desk::Desk;

/// A stored request of `client` at `time_ms`.
fn event(client: &str, time_ms: i64, path: &str) -> Event {
    let line = json!({"time_ms": time_ms, "client": client, "method": "GET", "path": path, "status": 200});
    Event {
        time: Timestamp::from_millis(time_ms),
        site: SiteId(0),
        client: Client::Ip(client.parse().unwrap()),
        method: Some("GET".into()),
        target: Some(path.into()),
        user_agent: None,
        status: Some(200),
        score: Score::rounded(10.0),
        action: Action::Allow,
        enforced: Action::Allow,
        rule: "band: allow".into(),
        identity: IdentityRecord {
            class: IdentityClass::Unknown,
            claimed: None,
            status: ClaimStatus::Unverified,
        },
        signals: Vec::new(),
        request_id: None,
        facts: Some(line.to_string()),
    }
}

fn address(kind: u8, client: u32) -> String {
    format!("10.{kind}.{}.{}", client / 200, client % 200 + 1)
}

/// People who read with pauses and load parts of pages, and programs that take a page every few seconds: too slow for the hand-set
/// tables, and told by nothing but what they do.
pub(crate) fn traffic(clients: std::ops::Range<u32>) -> Vec<Event> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let mut events = Vec::new();
    for client in clients {
        let begun = now - 20 * 3_600_000 + i64::from(client) * 7_000;
        for page in 0..6_i64 {
            let wait = 9_000 + i64::from(client % 40) * 131 + page * page * 777;
            let person = address(1, client);
            events.push(event(&person, begun + page * wait, &format!("/article/{}", page * 3 % 7)));
            events.push(event(&person, begun + page * wait + 200, "/site.css"));
            let pause = 6_000 + i64::from(client % 7) * 900;
            events.push(event(&address(2, client), begun + page * pause, &format!("/article/{page}")));
        }
    }
    events.sort_by_key(|event| event.time);
    events
}

pub(crate) fn known(clients: std::ops::Range<u32>) -> String {
    clients.map(|client| format!("{},human\n{},bot\n", address(1, client), address(2, client))).collect()
}

pub(crate) fn store(desk: &Desk, events: &[Event]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open(&desk.path("d/palisade.db")).await.unwrap();
        store.append(TenantId(0), events).await.unwrap();
        store.close().await;
    });
}

/// The last line of a training's JSON.
pub(crate) fn trained(desk: &Desk) -> Value {
    let out = desk.run("train --from-store --epochs 15 --json --data d").fine();
    serde_json::from_str(out.lines().last().unwrap()).unwrap()
}

pub(crate) fn statuses(desk: &Desk) -> Vec<String> {
    let listed = desk.run("models list --json --data d").json();
    listed.as_array().unwrap().iter().map(|version| version["status"].as_str().unwrap().to_owned()).collect()
}

/// Without the model that ships, which would leave a challenger nothing to be better at.
pub(crate) fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("palisade.toml", "[model]\nuri = \"builtin:rules\"\n");
    desk.run("store stats --data d").fine();
    desk
}

#[test]
fn whoever_asks_hears_which_model_decides_and_reads_its_card() {
    let desk = Desk::new();
    let list = desk.run("models list --data d").fine();
    assert!(list.contains("there are no model versions") && list.contains("builtin:http decides"), "{list}");
    let shown = desk.run("models show builtin:http").fine();
    for words in ["http, additive", "schema http-1", "auc", "It ships with Palisade", "3.8 log-odds", "- "] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert_eq!(desk.run("models show builtin:http --json").json()["schema"], "http-1");
    let none = desk.run("models show shop.model");
    assert!(none.code == 2 && none.err.contains("name a version or a model file"), "{}", none.err);
    desk.file("palisade.toml", "[model]\nuri = \"builtin:rules\"\n");
    assert!(desk.run("models list --data d").fine().contains("The hand-set tables decide alone"));
}

#[test]
fn a_model_lives_through_training_shadow_promotion_and_the_way_back() {
    let desk = desk();
    store(&desk, &traffic(0..160));
    desk.file("known.csv", known(0..160));
    desk.run("labels import known.csv --data d").fine();
    let first = trained(&desk);
    assert!(first["outcome"].as_str().unwrap().contains("shadows live traffic"), "{first}");
    assert_eq!(statuses(&desk), ["shadow"]);

    // Nobody has said anything since, so nothing can be told.
    let waits = trained(&desk);
    assert!(waits["outcome"].as_str().unwrap().contains("still shadows"), "{waits}");
    store(&desk, &traffic(160..200));
    desk.file("later.csv", known(160..200));
    desk.run("labels import later.csv --data d").fine();
    let judged = trained(&desk);
    let why = judged["outcome"].as_str().unwrap();
    assert!(why.contains("is live: frozen set") && why.contains("recent labels"), "{judged}");
    assert_eq!(statuses(&desk), ["live"]);

    // One that is no better than the live one is put aside, with its reason.
    let next = trained(&desk);
    assert!(next["outcome"].as_str().unwrap().contains("rejected"), "{next}");
    assert_eq!(statuses(&desk), ["live", "rejected"]);
    let shown = desk.run("models show 2 --json --data d").json();
    assert_eq!(shown["changes"][1]["to"], "rejected");
    assert!(shown["changes"][1]["reason"].as_str().unwrap().contains("gain"), "{shown}");
    assert!(shown["labels"].as_u64().unwrap() > 200 && shown["metrics"]["auc"].is_number(), "{shown}");
    assert!(shown["metrics"].get("worst").is_none(), "a version names no client");

    let back = desk.run("models rollback --data d").fine();
    assert!(back.contains("what the configuration names decides"), "{back}");
    assert_eq!(statuses(&desk), ["retired", "rejected"]);
    desk.run("models promote 2 --reason tried --data d").fine();
    desk.run("models promote 1 --data d").fine();
    desk.run("models rollback --data d").fine();
    assert_eq!(statuses(&desk), ["retired", "live"]);
    assert!(desk.run("audit verify --data d").fine().contains("sound"));
}

#[test]
fn what_cannot_be_learned_from_is_said() {
    let desk = desk();
    let done = desk.run("train --from-store --data d");
    assert!(done.code == 2 && done.err.contains("event_sample"), "{}", done.err);
    store(&desk, &traffic(0..3));
    let done = desk.run("train --from-store --data d");
    assert!(done.code == 2 && done.err.contains("palisade labels add"), "{}", done.err);
    desk.file("known.csv", known(0..3));
    desk.run("labels import known.csv --data d").fine();
    let done = desk.run("train --from-store --data d");
    assert!(done.code == 2 && done.err.contains("at least 10 of each"), "{}", done.err);
    assert!(statuses(&desk).is_empty(), "no half version");
    desk.run("train --from-store --out x.model --data d").refused(2, &["--out"]);
    desk.run("train").refused(2, &["<FILE>"]);
}

#[test]
fn files_go_out_and_come_in_whole() {
    let desk = desk();
    store(&desk, &traffic(0..40));
    desk.file("known.csv", known(0..40));
    desk.run("labels import known.csv --data d").fine();
    trained(&desk);
    desk.run("models export 1 --out a.model --data d").fine();
    let made = desk.run("models import a.model --data d --json").json();
    assert_eq!((&made["id"], &made["status"]), (&json!(2), &json!("candidate")));
    let listed = desk.run("models list --json --data d").json();
    assert_eq!(listed[0]["sha256"], listed[1]["sha256"], "the same bytes");
    desk.file("cut.model", &desk.read("a.model")[..500]);
    desk.run("models import cut.model --data d").refused(2, &["cut.model", "cut off"]);
    desk.run("models import nowhere.model --data d").refused(2, &["nowhere.model", "cannot be read"]);
    desk.run("models promote 9 --data d").refused(1, &["no model version 9", "palisade models list"]);
    desk.run("models shadow 1 --data d").refused(1, &["is shadow, and cannot become shadow"]);
    desk.run("models rollback --subject behaviour --data d").refused(1, &["behaviour"]);
    assert!(desk.run("models show 1 --data d").fine().contains("trained on"));
}

#[test]
fn labels_are_said_shown_and_withdrawn() {
    let desk = desk();
    assert!(desk.run("labels list --data d").fine().contains("palisade labels add"));
    desk.run("labels add 203.0.113.7 human --data d").fine();
    let listed = desk.run("labels list --json --data d").json();
    assert_eq!((&listed[0]["source"], &listed[0]["author"]), (&json!("operator"), &json!("cli")));
    assert_eq!(
        desk.run("labels withdraw 1 7 --json --data d").json(),
        json!({"withdrawn": [1], "trained": []})
    );
    assert!(desk.run("labels list --data d").fine().contains("1 withdrawn"));
    assert_eq!(desk.run("labels withdraw 7 --data d").code, 1);
    desk.run("labels add 203.0.113.7 robot --data d").refused(2, &["robot"]);
}
