use std::io;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::*;
use crate::init::{Format, subscriber};

/// A writer that remembers.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `emit` leaves on the paper.
fn written(format: Format, filter: &str, emit: impl FnOnce()) -> String {
    let paper = Paper::default();
    let copy = paper.clone();
    let subscriber = subscriber(format, filter, move || copy.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, emit);
    String::from_utf8(paper.0.lock().unwrap().clone()).unwrap()
}

fn check(emit: impl FnOnce(), level: &str, message: &str, fields: &Value) {
    let line = written(Format::Json, "trace", emit);
    let mut line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    assert!(line["timestamp"].is_string());
    assert_eq!(line["level"], level);
    assert_eq!(line["fields"]["message"], message);
    line["fields"].as_object_mut().unwrap().remove("message");
    assert_eq!(&line["fields"], fields);
}

#[test]
fn each_event_is_one_line_with_its_fields() {
    check(|| ReplayStarted { files: 2 }.emit(), "INFO", "replay started", &json!({"replay.files": 2}));
    let finished = ReplayFinished { requests: 9_000, skipped: 3, clients: 17, elapsed_ms: 1_500 };
    let fields = json!({
        "replay.requests": 9_000, "replay.skipped": 3, "replay.clients": 17, "replay.elapsed_ms": 1_500,
        "replay.requests_per_second": 6_000,
    });
    check(|| finished.emit(), "INFO", "replay finished", &fields);
    let fields = json!({"lines.reason": "torn line", "lines.count": 4});
    check(|| LinesSkipped { reason: "torn line", count: 4 }.emit(), "INFO", "lines skipped", &fields);
    let fields = json!({"store.kind": "sqlite", "store.list_entries": 8});
    check(|| StoreOpened { store: "sqlite", list_entries: 8 }.emit(), "INFO", "store opened", &fields);
    let fields = json!({"history.clients": 5});
    check(|| HistoryRestored { clients: 5 }.emit(), "INFO", "history restored", &fields);
    let fields = json!({"history.clients": 5, "history.bytes": 999});
    check(|| HistorySaved { clients: 5, bytes: 999 }.emit(), "INFO", "history saved", &fields);
    let discarded = HistoryDiscarded { reason: Discard::OtherSeed, error: "d/history.snapshot: other seed" };
    let fields = json!({"history.reason": "other-seed"});
    check(|| discarded.emit(), "WARN", "d/history.snapshot: other seed", &fields);
    let odd = RobotsLineOdd { file: Path::new("robots.txt"), line: 7, problem: "no colon" };
    check(|| odd.emit(), "WARN", "robots.txt:7: no colon", &json!({"robots.line": 7}));
}

#[test]
fn a_configuration_says_where_it_is_from() {
    let defaults = ConfigLoaded { source: ConfigSource::Defaults, settings_changed: 0 };
    let fields = json!({"config.source": "defaults", "config.settings_changed": 0});
    check(|| defaults.emit(), "DEBUG", "configuration loaded", &fields);
    let file = ConfigLoaded { source: ConfigSource::File(Path::new("p.toml")), settings_changed: 2 };
    let fields = json!({"config.source": "file", "config.file": "p.toml", "config.settings_changed": 2});
    check(|| file.emit(), "DEBUG", "configuration loaded", &fields);
}

#[test]
fn people_read_plain_lines() {
    let text = written(Format::Human, "info", || {
        ReplayStarted { files: 2 }.emit();
        HistoryDiscarded { reason: Discard::Damaged, error: "d/history.snapshot: damaged" }.emit();
        ConfigLoaded { source: ConfigSource::Defaults, settings_changed: 0 }.emit();
    });
    assert_eq!(
        text,
        "palisade: info: replay started replay.files=2\npalisade: d/history.snapshot: damaged\n"
    );
}

#[test]
fn control_characters_of_a_file_name_do_not_reach_the_terminal() {
    let odd = RobotsLineOdd { file: Path::new("a\u{1b}[31m\nb"), line: 1, problem: "x" };
    let text = written(Format::Human, "warn", || odd.emit());
    assert_eq!(text, "palisade: a.[31m.b:1: x\n");
}

#[test]
fn nothing_is_written_below_the_filter() {
    let text = written(Format::Human, "warn", || {
        ReplayStarted { files: 2 }.emit();
        ReplayFinished { requests: u64::MAX, skipped: 0, clients: 0, elapsed_ms: 0 }.emit();
    });
    assert_eq!(text, "");
}

#[test]
fn libraries_are_heard_when_they_warn_or_are_asked_for() {
    let library = || {
        tracing::warn!(target: "sqlx", rows = 3, "slow");
        tracing::debug!(target: "sqlx", "a statement");
    };
    assert_eq!(written(Format::Human, "debug", library), "palisade: warn: slow rows=3\n");
    assert_eq!(written(Format::Human, "off", library), "");
    assert!(written(Format::Human, "warn,sqlx=debug", library).contains("a statement"));
}
