//! `palisade list`, and what its entries do to a replay.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::desk::{Desk, FIREFOX, line};

/// What becomes of the requests of `a.log`: the one action, and the rule where it is shown.
fn judged(desk: &Desk) -> (String, String) {
    let found = desk.run("replay a.log --json --data d").json();
    let counts = found["by_action"].as_object().unwrap();
    let actions: Vec<&String> =
        counts.iter().filter(|(_, count)| **count != 0).map(|(name, _)| name).collect();
    assert_eq!(actions.len(), 1, "{counts:?}");
    (actions[0].clone(), found["clients_top"][0]["rule"].as_str().unwrap_or_default().to_owned())
}

fn verdict(action: &str, rule: &str) -> (String, String) {
    (action.to_owned(), rule.to_owned())
}

fn person() -> String {
    let page = |n| format!("GET /article/{n} HTTP/1.1");
    (0..5).map(|n| line("203.0.113.7", n * 9 + n * n % 7 * 5, &page(n), 200, FIREFOX)).collect()
}

#[test]
fn a_listed_network_is_blocked_and_an_allowed_one_passes() {
    let desk = Desk::new();
    desk.file("a.log", person());
    assert_eq!(judged(&desk).0, "allow");
    desk.run("list add 203.0.113.0/24 --reason guessing --data d").fine();
    assert_eq!(judged(&desk), verdict("block", "operator: block"));
    desk.run("list add 203.0.113.7 --effect allow --data d").fine();
    assert_eq!(judged(&desk).0, "allow");
    desk.run("list remove 203.0.113.7 --data d").fine();
    assert_eq!(judged(&desk).0, "block");
    desk.run("list remove 203.0.113.0/24 --data d").fine();
    desk.run("list add 203.0.113.0/24 --effect throttle --per-minute 2 --data d").fine();
    let found = desk.run("replay a.log --json --data d").json();
    // Two at once, and one more after each half minute: of five within 36 s, the third and the fourth are too many.
    assert_eq!(found["by_action"]["throttle"], 2, "what is above the rate: {}", found["by_action"]);
    assert_eq!(found["clients_top"][0]["rule"], "list: throttle");
}

#[test]
fn an_attack_from_a_listed_friend_is_still_shown() {
    let desk = Desk::new();
    desk.file("a.log", line("203.0.113.7", 1, "GET /?q=1'+UNION+SELECT+1-- HTTP/1.1", 200, FIREFOX));
    desk.run("list add 203.0.113.7 --effect allow --data d").fine();
    let found = desk.run("replay a.log --json --data d").json();
    assert_eq!(found["by_action"]["allow"], 1);
    assert_eq!(found["signals"]["payload.sql"], 1, "{}", found["signals"]);
}

#[test]
fn without_the_folder_named_no_list_is_read() {
    let desk = Desk::new();
    desk.file("a.log", person());
    desk.run("list add 203.0.113.0/24").fine();
    assert!(desk.path("palisade-data/palisade.db").exists(), "the default folder of list");
    assert_eq!(desk.run("replay a.log --json").json()["by_action"]["block"], 0);
    assert_eq!(desk.run("replay a.log --json --data palisade-data").json()["by_action"]["block"], 5);
}

/// An entry counts for requests before its end, whenever the log is read.
#[test]
fn an_entry_ends_at_the_time_of_the_log() {
    let desk = Desk::new();
    desk.run("list add 203.0.113.0/24 --for 1h --data d").fine();
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let request = |ip: &str, time_ms: i64| {
        let agent = FIREFOX;
        format!(
            "{}\n",
            json!({"time_ms": time_ms, "client": ip, "method": "GET", "path": "/", "user_agent": agent})
        )
    };
    let (before, after) = (now_ms - 60_000, now_ms + 7_200_000);
    desk.file("a.log", request("203.0.113.7", before) + &request("203.0.113.8", after));
    let found = desk.run("replay a.log --json --data d").json();
    assert_eq!((&found["by_action"]["block"], &found["by_action"]["allow"]), (&1.into(), &1.into()));
    assert_eq!(found["clients_top"][0]["client"], "203.0.113.7");
    let body = |time_ms: i64| json!({"ip": "203.0.113.7", "endpoint": "/", "user_agent": FIREFOX, "time_ms": time_ms});
    let input = format!("{}\n{}\n", body(before), body(after));
    let answers = desk.run_with("assess --batch --data d", input, &[]).fine();
    let rules: Vec<Value> =
        answers.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["rule"].clone()).collect();
    assert_eq!(rules, ["operator: block", "band: allow"]);
}

#[test]
fn entries_are_shown_exported_and_removed() {
    let desk = Desk::new();
    assert!(desk.run("list show").fine().contains("the list is empty"));
    let made = desk.run("list add 203.0.113.9/24 2001:db8::/48 --for 24h --reason guessing --json").json();
    assert_eq!((&made[0]["network"], &made[1]["effect"]), (&"203.0.113.0/24".into(), &"block".into()));
    assert!(desk.run("list show 203.0.113.77").fine().contains("guessing"));
    let done = desk.run("list show 198.51.100.1");
    assert_eq!((done.code, done.out.trim()), (1, "198.51.100.1 is on no list"));
    assert_eq!(desk.run("list export").fine().lines().filter(|line| !line.starts_with('#')).count(), 2);
    assert!(desk.run("list export --format nginx").fine().contains("deny 203.0.113.0/24;"));
    assert!(desk.run("list export --format nft").fine().contains("2001:db8::/48"));
    assert!(desk.run("list export --format ipset").fine().contains("203.0.113.0/24"));
    assert!(desk.run("list remove 203.0.113.0/24").fine().contains("removed 1 entry"));
    let done = desk.run("list remove 203.0.113.0/24");
    assert_eq!(done.code, 1);
    assert!(done.out.contains("palisade list show"), "{}", done.out);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let desk = Desk::new();
    desk.run("list add 0.0.0.0/0").refused(2, &["everybody", "--effect throttle"]);
    desk.run("list add example.org").refused(2, &["example.org", "203.0.113.0/24"]);
    desk.run("list add 192.0.2.1 --for soon").refused(2, &["soon", "24h"]);
    desk.run("list add 192.0.2.1 --effect forgive").refused(2, &["forgive", "throttle"]);
    assert!(
        !desk.path("palisade-data/palisade.db").exists() || desk.run("list show").fine().contains("empty")
    );
}
