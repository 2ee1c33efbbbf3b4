//! `/list`, `/list/auth`, `/report`.

use palisade_api::ApiSettings;
use palisade_api::routes::list::{BlockedList, ReportResponse};
use palisade_domain::{TenantId, Timestamp};
use palisade_store::{Effect, EntrySource, NewEntry, Scope};

use crate::bench::{Bench, Call, START, settings};

#[tokio::test]
async fn what_is_reported_is_listed_and_in_effect() {
    let bench = Bench::new().await;
    let answer: ReportResponse =
        bench.post("/report", Scope::List, r#"{"ip":"::ffff:192.0.2.9"}"#).await.parsed();
    assert_eq!((answer.status.as_str(), answer.ip.as_str()), ("listed", "192.0.2.9"));
    let listed: BlockedList = bench.get("/list/auth", Scope::List).await.parsed();
    assert_eq!(listed.ips, ["192.0.2.9"]);
    let body = r#"{"ip":"192.0.2.9","user_agent":"x","endpoint":"/"}"#;
    assert_eq!(bench.post("/check", Scope::Check, body).await.json()["action"], "BLOCK");
    bench.post("/report", Scope::List, r#"{"ip":"192.0.2.0/24"}"#).await.is_error(400, "bad_request");
    bench.post("/report", Scope::List, "{}").await.is_error(422, "invalid_body");
}

#[tokio::test]
async fn another_process_changes_the_list_too_and_only_live_blocks_stand_on_it() {
    let bench = Bench::new().await;
    let entry = |network: &str, effect, ends: Option<i64>| NewEntry {
        network: network.parse().unwrap(),
        effect,
        expires_at: ends.map(|secs| Timestamp(START.0 + secs * 1_000_000)),
        source: EntrySource::Operator,
        reason: String::new(),
        created_at: START,
    };
    let entries = [
        entry("198.51.100.0/24", Effect::Block, None),
        entry("198.51.100.7", Effect::Allow, None),
        entry("2001:db8::/48", Effect::Block, Some(60)),
        entry("192.0.2.1", Effect::Block, Some(-1)),
        entry("192.0.2.2", Effect::Flag, None),
    ];
    bench.api.store.put(TenantId(0), &entries).await.unwrap();
    let ips = async || bench.get("/list", Scope::List).await.parsed::<BlockedList>().ips;
    assert_eq!(ips().await, ["198.51.100.0/24", "2001:db8::/48"]);
    bench.pass_secs(60);
    assert_eq!(ips().await, ["198.51.100.0/24"]);
}

#[tokio::test]
async fn the_list_is_open_where_the_operator_says_so() {
    let bench = Bench::with(ApiSettings { public_list: true, ..settings() }).await;
    assert_eq!(bench.call(Call::new("GET", "/list")).await.status, 200);
    assert_eq!(bench.call(Call::new("GET", "/list/auth")).await.status, 401);
}
