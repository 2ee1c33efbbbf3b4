//! `palisade audit`: the log of what the command line changed, and what becomes of a log that somebody changed.

use std::fs;

use serde_json::{Value, json};

use crate::desk::{Desk, Done};

/// A desk whose log has three lines, written by `alice`.
fn desk() -> Desk {
    let desk = Desk::new();
    let alice = [("USER", "alice")];
    desk.run_with("keys create --name one --scope check --data d", "", &alice).fine();
    desk.run_with("keys create --name two --scope list --data d", "", &alice).fine();
    desk.run_with("keys revoke 1 --data d", "", &alice).fine();
    desk
}

fn lines(desk: &Desk) -> Vec<Value> {
    let out = desk.run("audit show --json --data d").fine();
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Replaces `old` by `new`, of the same length, wherever it stands in the database.
fn tamper(desk: &Desk, old: &str, new: &str) {
    let path = desk.path("d/palisade.db");
    let mut bytes = fs::read(&path).unwrap();
    let places: Vec<_> =
        (0..bytes.len() - old.len()).filter(|at| bytes[*at..].starts_with(old.as_bytes())).collect();
    assert!(!places.is_empty(), "{old} is in the database");
    places.iter().for_each(|at| bytes[*at..*at + old.len()].copy_from_slice(new.as_bytes()));
    fs::write(&path, bytes).unwrap();
}

fn answered_no(done: &Done) -> Value {
    assert_eq!(done.code, 1, "{} {}", done.out, done.err);
    serde_json::from_str(&done.out).unwrap()
}

#[test]
fn changes_are_recorded_and_the_chain_is_sound() {
    let desk = desk();
    let lines = lines(&desk);
    let of = |n: usize, name: &str| lines[n][name].as_str().unwrap().to_owned();
    assert_eq!(lines.len(), 3);
    assert_eq!((of(0, "action"), of(0, "object")), ("key.create".into(), "key:1".into()));
    assert_eq!((of(2, "action"), of(2, "actor")), ("key.revoke".into(), "cli".into()));
    assert_eq!(lines[1]["personal"], json!([{"field": "actor", "value": "alice"}]));
    let last = desk.run("audit show --last 1 --data d").fine();
    assert!(last.contains("key.revoke") && !last.contains("key.create"), "{last}");

    let head = desk.run("audit head --data d").fine();
    assert!(head.starts_with("3 ") && head.trim_end().len() == 2 + 64, "{head}");
    let verdict = desk.run("audit verify --json --data d").json();
    assert_eq!((&verdict["sound"], &verdict["lines"]), (&json!(true), &json!(3)));
    assert_eq!(verdict["head"], desk.run("audit head --json --data d").json());
    assert!(desk.run("audit verify --data d").fine().starts_with("sound: 3 lines"));
    assert!(Desk::new().run("audit show").fine().contains("empty"));
    assert_eq!(Desk::new().run("audit verify --json").json()["lines"], 0);
}

#[test]
fn a_changed_line_is_named() {
    let desk = desk();
    tamper(&desk, "scopes list", "scopes lisT");
    let found = answered_no(&desk.run("audit verify --json --data d"));
    assert_eq!((&found["sound"], &found["broken"]["line"]), (&json!(false), &json!(2)));
    let done = desk.run("audit verify --data d");
    assert!(done.code == 1 && done.out.contains("NOT sound: line 2"), "{}", done.out);
}

#[test]
fn a_rewritten_log_misses_its_daily_head() {
    let desk = desk();
    let hash = "0".repeat(64);
    desk.file(
        "d/audit-heads.ndjson",
        format!("{{\"time_ms\":1,\"tenant\":0,\"line\":2,\"hash\":\"{hash}\"}}\n"),
    );
    let found = answered_no(&desk.run("audit verify --json --data d"));
    assert_eq!((&found["broken"]["line"], &found["heads_compared"]), (&json!(2), &json!(1)));
    desk.file("d/audit-heads.ndjson", "garbage\n");
    desk.run("audit verify --data d").refused(3, &["audit-heads.ndjson:1", "no audit head"]);
}

#[test]
fn a_person_is_erased_and_the_chain_stays_sound() {
    let desk = desk();
    desk.run_with("audit erase user:alice --data d", "", &[("USER", "bob")]).fine();
    let shown = lines(&desk);
    assert!(shown[..3].iter().all(|line| line["personal"][0]["value"] == Value::Null), "{shown:?}");
    assert_eq!(shown[3]["personal"][0]["value"], "bob");
    desk.run("audit verify --data d").fine();
    for name in ["d/palisade.db", "d/palisade.db-wal"] {
        let bytes = fs::read(desk.path(name)).unwrap_or_default();
        assert!(!bytes.windows(10).any(|window| window == b"user:alice"), "{name} still names her");
    }
    assert_eq!(desk.run("audit erase user:alice --data d").code, 1, "a second time there is nobody");
}

#[test]
fn changes_of_lists_are_recorded_too() {
    let desk = Desk::new();
    desk.run("list add 203.0.113.7 198.51.100.0/24 --for 1h --data d").fine();
    desk.run("list remove 198.51.100.0/24 --data d").fine();
    desk.run("list remove 198.51.100.0/24 --data d");
    let found = lines(&desk);
    let actions: Vec<_> = found.iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["list.add", "list.add", "list.remove"], "only what changed something");
    desk.run("audit erase ip:203.0.113.7 --data d").fine();
    let shown = desk.run("audit show --data d").fine();
    assert!(shown.contains("network=(erased)") && shown.contains("network=198.51.100.0/24"), "{shown}");
}

#[test]
fn a_database_that_is_none_is_a_runtime_error() {
    let desk = Desk::new();
    fs::create_dir(desk.path("d")).unwrap();
    desk.file("d/palisade.db", "no database, and more than a hundred bytes of it ".repeat(9));
    desk.run("audit verify --data d").refused(3, &["palisade.db", "nothing was deleted"]);
}
