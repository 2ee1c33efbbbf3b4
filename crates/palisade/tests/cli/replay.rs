//! `palisade replay`: the answer's shape, the same answer every time, the report, labels, formats, anonymity.

use std::io::Write;

use serde_json::Value;

use crate::desk::{Desk, FIREFOX, SAMPLE, line, sample_lines};

fn digest(found: &Value) -> &str {
    found["digest"].as_str().unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// Half a minute of two people, a scanner and a tool.
fn small_log() -> String {
    let mut log = String::new();
    for n in 0..10 {
        // People do not read by the clock.
        let read = n * 9 + n * n % 7 * 5;
        let page = format!("GET /article/{n}?page=2&token=geheim HTTP/1.1");
        log += &line("192.0.2.10", read, &page, 200, FIREFOX);
        log += &line("192.0.2.10", read + 1, "GET /style.css HTTP/1.1", 200, FIREFOX);
        log += &line(
            "198.51.100.7",
            n * 3 + 1,
            "GET /index.php?id=1'+UNION+SELECT+geheim-- HTTP/1.1",
            404,
            "sqlmap/1.8",
        );
        log += &line("2001:db8::5", n * 3 + 2, "GET / HTTP/1.1", 200, "curl/8.5.0");
    }
    log
}

#[test]
fn the_sample_is_read_and_the_answer_has_its_fields() {
    let found = Desk::new().run(&format!("replay {SAMPLE} --json")).json();
    for key in ["requests", "clients", "skipped", "elapsed_ms"] {
        assert!(found[key].is_u64(), "{key}");
    }
    assert!(found["requests"].as_u64().unwrap() > 10_000 && found["clients"].as_u64().unwrap() > 100);
    assert_eq!(
        keys(&found["by_action"]),
        ["allow", "block", "challenge", "charge", "monitor", "tarpit", "throttle"]
    );
    let total: u64 = found["by_action"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(Some(total), found["requests"].as_u64(), "each request has one action");
    assert!(found["signals"].as_object().unwrap().values().all(Value::is_u64));
    for client in found["clients_top"].as_array().unwrap() {
        assert!(client["client"].is_string() && client["requests"].is_u64() && client["action"].is_string());
        let points: i64 =
            client["signals"].as_array().unwrap().iter().filter_map(|line| line["points"].as_i64()).sum();
        assert_eq!(client["base"].as_i64().unwrap() + points, client["score"].as_i64().unwrap(), "{client}");
    }
}

#[test]
fn the_same_log_gives_the_same_verdicts_however_it_is_read() {
    let desk = Desk::new();
    let log = sample_lines();
    let middle = log.len() / 2 + log[log.len() / 2..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    desk.file("first.log", &log[..middle]).file("second.log.gz", gz(&log[middle..]));
    let with_threads =
        |threads, line: &str| desk.run_with(line, "", &[("RAYON_NUM_THREADS", threads)]).json();
    let whole = with_threads("1", &format!("replay --json {SAMPLE}"));
    let again = with_threads("2", &format!("replay --json {SAMPLE}"));
    let parts = with_threads("2", "replay --json first.log second.log.gz");
    let turned = with_threads("1", "replay --json second.log.gz first.log");
    let piped = desk.run_with("replay --json -", &log, &[]).json();
    for other in [&again, &parts, &turned, &piped] {
        assert_eq!(digest(&whole), digest(other));
        for key in ["requests", "clients", "skipped", "by_action", "signals", "clients_top"] {
            assert_eq!(whole[key], other[key], "{key}");
        }
    }
}

#[test]
fn archives_and_streams_are_read_as_they_are() {
    let desk = Desk::new();
    let log = small_log();
    desk.file("plain.log", &log).file("a.log.gz", gz(log.as_bytes()));
    desk.file("a.log.zst", zstd::encode_all(log.as_bytes(), 1).unwrap());
    desk.file("misnamed.txt", gz(log.as_bytes()));
    let plain = desk.run("replay plain.log --json").json();
    for name in ["a.log.gz", "a.log.zst", "misnamed.txt"] {
        assert_eq!(digest(&plain), digest(&desk.run(&format!("replay {name} --json")).json()), "{name}");
    }
    let piped = desk.run_with("replay - --json", gz(log.as_bytes()), &[]).json();
    assert_eq!(digest(&plain), digest(&piped), "gzip on standard input");
}

#[test]
fn a_format_can_be_named() {
    let desk = Desk::new();
    desk.file("plain.log", small_log());
    let found = desk.run("replay plain.log --json").json();
    assert_eq!(digest(&found), digest(&desk.run("replay plain.log --json --format combined").json()));
    let other = desk.run("replay plain.log --json --format caddy-json").json();
    assert_eq!((&other["requests"], &other["skipped"]), (&0.into(), &40.into()));
    desk.run("replay plain.log --format xml").refused(2, &["--format", "xml", "combined", "caddy-json"]);
}

#[test]
fn the_text_names_the_worst_and_a_pipe_gets_no_colours() {
    let desk = Desk::new();
    let out = desk.file("plain.log", small_log()).run("replay plain.log").fine();
    assert!(out.contains("198.51.100.7") && out.contains("40"), "{out}");
    assert!(!out.contains('\u{1b}'), "{out}");
    let out = desk.run_with("replay plain.log", "", &[("NO_COLOR", "1")]).fine();
    assert!(!out.contains('\u{1b}'), "{out}");
}

#[test]
fn a_report_is_one_page_that_loads_nothing() {
    let desk = Desk::new();
    let out = desk.file("plain.log", small_log()).run("replay plain.log --report out.html").fine();
    assert!(out.contains("out.html"), "{out}");
    let page = desk.read("out.html");
    assert!(page.starts_with("<!doctype html>") || page.starts_with("<!DOCTYPE html>"));
    for load in [
        "<link",
        "<iframe",
        "<img",
        "<object",
        " src=",
        "@import",
        "url(http",
        "url(//",
        "fetch(",
        "XMLHttpRequest",
    ] {
        assert!(!page.contains(load), "the page has {load}");
    }
    assert!(page.contains("198.51.100.7") && page.contains("sqlmap"));
    let json = desk.run("replay plain.log --report again.html --json");
    assert!(json.json()["requests"] == 40 && desk.path("again.html").exists());
}

#[test]
fn a_report_never_overwrites_what_is_read() {
    let desk = Desk::new();
    desk.file("x.log", small_log()).file("known.csv", "192.0.2.10,human\n");
    for report in ["x.log", "./x.log", "known.csv"] {
        let done = desk.run(&format!("replay x.log --labels known.csv --report {report}"));
        done.refused(2, &["--report", report, "which is read", "Name another file"]);
    }
    assert_eq!((desk.read("x.log"), desk.read("known.csv").as_str()), (small_log(), "192.0.2.10,human\n"));
}

#[test]
fn what_is_anonymised_names_nobody() {
    let desk = Desk::new();
    let torn = "192.0.2.77 - - [15/May/2026:00:00:01 +0000] \"GET /?token=geheim HT\n";
    let strange = "user=192.0.2.78 said ?token=geheim\n";
    let agent = "Spy/1.0 (+http://203.0.113.9/?token=geheim; 192.0.2.79)";
    let told = line("192.0.2.79", 40, "GET /via/203.0.113.9/.env?token=geheim HTTP/1.1", 404, agent);
    desk.file("plain.log", small_log() + &told + torn + strange);
    desk.file("one.log", line("192.0.2.80", 1, "GET /a HTTP/1.1", 200, FIREFOX).repeat(300));
    let text = desk.run("replay plain.log --anonymise --report out.html").fine();
    let json = desk.run("replay plain.log --anonymise --json").fine();
    let one = desk.run("replay one.log --anonymise").fine();
    for (name, shown) in [("text", text), ("json", json), ("html", desk.read("out.html")), ("one", one)] {
        for secret in ["192.0.2.", "198.51.100.", "203.0.113.", "2001:db8", "geheim", "UNION", "?page", "?id"]
        {
            assert!(!shown.contains(secret), "{name} shows {secret}");
        }
        assert!(name == "one" || shown.contains("client 2"), "{name}: {shown}");
    }
}

#[test]
fn labels_are_held_against_verdicts() {
    let desk = Desk::new();
    let labels = "client,label,family\n192.0.2.10,human\n198.51.100.7,bot,sqlmap\n2001:db8::5,bot,curl\n203.0.113.1,bot\n";
    desk.file("plain.log", small_log()).file("known.csv", labels);
    let out = desk.run("replay plain.log --labels known.csv").fine();
    assert!(
        out.contains("labelled bot") && out.contains("labelled human") && out.contains("sqlmap: 1 of 1"),
        "{out}"
    );
    let found = desk.run("replay plain.log --labels known.csv --json").json();
    let cells = &found["confusion"]["clients"];
    assert_eq!(cells["true_positive"], 2, "{cells}");
    assert_eq!(cells["true_negative"], 1, "{cells}");
    assert_eq!(cells["unseen"], 1, "{cells}");
}

#[test]
fn a_preset_can_be_tried() {
    let desk = Desk::new();
    desk.file("plain.log", small_log());
    let strict = desk.run("replay plain.log --json --preset strict --enforce all").json();
    assert_eq!((&strict["preset"], &strict["enforce"]), (&"strict".into(), &"all".into()));
    desk.run("replay plain.log --preset lenient").refused(2, &["balanced", "strict"]);
    desk.run("replay plain.log --enforce some").refused(2, &["hard", "all"]);
}
