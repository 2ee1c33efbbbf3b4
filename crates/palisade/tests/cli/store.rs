//! `palisade store`: out of the database and into a replay.

use palisade_domain::{Action, ClaimStatus, IdentityClass, RequestId, Score, SiteId, TenantId, Timestamp};
use palisade_store::{Client, Event, Events, IdentityRecord, SqliteStore};
use serde_json::{Value, json};

use crate::desk::{Desk, FIREFOX};

const DAY_SECS: i64 = 86_400;

/// A stored request of 192.0.2.77, `ago` seconds before now, with or without its line.
fn event(ago: i64, with_line: bool) -> Event {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let time = Timestamp::from_secs(now.as_secs() as i64 - ago);
    let line = json!({"time_ms": time.millis(), "client": "192.0.2.77", "method": "GET", "path": "/a",
                      "user_agent": FIREFOX});
    Event {
        time,
        site: SiteId(0),
        client: Client::Ip("192.0.2.77".parse().unwrap()),
        method: Some("GET".into()),
        target: Some("/a".into()),
        user_agent: Some(FIREFOX.into()),
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
        request_id: Some(RequestId(7)),
        facts: with_line.then(|| line.to_string()),
    }
}

fn stored(events: &[Event]) -> Desk {
    let desk = Desk::new();
    desk.run("store stats --data d").fine();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open(&desk.path("d/palisade.db")).await.unwrap();
        store.append(TenantId(0), events).await.unwrap();
        store.close().await;
    });
    desk
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_is_exported_can_be_replayed() {
    let desk = stored(&[event(50, true), event(90, true), event(70, false)]);
    let out = desk.run("store export --data d").fine();
    let lines = lines(&out);
    assert_eq!(lines.len(), 2, "events without a line are left out");
    assert!(lines[0]["time_ms"].as_i64() > lines[1]["time_ms"].as_i64(), "in the order of storing");

    let done = desk.run("store export --out e.ndjson --data d");
    assert_eq!((done.code, done.out.as_str()), (0, ""));
    done.said(&["2 requests", "1 stored without", "--data d", "hash seed"]);
    assert_eq!(desk.read("e.ndjson"), out);
    let replayed = desk.run("replay e.ndjson --json --data d").json();
    assert_eq!((&replayed["requests"], &replayed["skipped"]), (&json!(2), &json!(0)));
    desk.run("store export --out e.ndjson --data d").refused(2, &["e.ndjson", "another file"]);
    desk.run("store export --out none/e.ndjson --data d").refused(3, &["none/e.ndjson"]);
}

#[test]
fn an_export_can_begin_later() {
    let desk = stored(&[event(5 * DAY_SECS, true), event(10, true)]);
    assert_eq!(lines(&desk.run("store export --from 2000-01-01 --data d").fine()).len(), 2);
    let yesterday = event(DAY_SECS, true).time;
    let day = jiff::Timestamp::from_second(yesterday.secs()).unwrap();
    assert_eq!(lines(&desk.run(&format!("store export --from {day} --data d")).fine()).len(), 1);
    assert_eq!(desk.run("store export --from 2999-01-01T00:00:00Z --data d").fine(), "");
    desk.run("store export --from yesterday --data d").refused(2, &["yesterday", "2026-05-15"]);
}

#[test]
fn a_purge_forgets_and_shortens() {
    let desk = stored(&[event(31 * DAY_SECS, true), event(8 * DAY_SECS, true), event(10, true)]);
    desk.run("list add 203.0.113.7 --data d").fine();
    let stats = desk.run("store stats --json --data d").json();
    assert_eq!((&stats["events"], &stats["list_entries"]), (&json!(3), &json!(1)));
    let purged = desk.run("store purge --json --data d").json();
    assert_eq!(
        purged,
        json!({"events": 1, "interactions": 0, "rollups": 0, "list_entries": 0, "shortened": 1})
    );
    let clients: Vec<_> = lines(&desk.run("store export --data d").fine())
        .iter()
        .map(|line| line["client"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(clients, ["192.0.2.0", "192.0.2.77"]);

    assert!(desk.run("store purge --older-than 1h --data d").fine().contains("1 events"));
    assert_eq!(desk.run("store stats --json --data d").json()["events"], 1);
    desk.run("store purge --older-than soon --data d").refused(2, &["soon", "24h"]);
    assert!(desk.run("audit show --data d").fine().contains("store.purge"));
}
