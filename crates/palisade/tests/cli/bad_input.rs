//! What logs, labels and sites bring along: a clear answer each time, and nothing lost.

use serde_json::Value;

use crate::desk::{Desk, FIREFOX, line};

fn good(seconds: u32) -> String {
    line("192.0.2.10", seconds, "GET / HTTP/1.1", 200, FIREFOX)
}

/// Replays `log`; its JSON.
fn replayed(log: impl AsRef<[u8]>) -> Value {
    Desk::new().file("a.log", log).run("replay a.log --json").json()
}

/// How many lines were skipped for `reason`, and the first one shown.
fn skipped<'a>(found: &'a Value, reason: &str) -> (u64, &'a str) {
    let skips = found["skips"].as_array().unwrap();
    let skip = skips.iter().find(|skip| skip["reason"] == reason);
    let skip = skip.unwrap_or_else(|| panic!("no {reason:?} in {}", found["skips"]));
    (skip["count"].as_u64().unwrap(), skip["samples"][0].as_str().unwrap())
}

fn with_bad_line(bad: &[u8]) -> Value {
    let log = [good(1).as_bytes(), bad, b"\n", good(2).as_bytes()].concat();
    let found = replayed(log);
    assert_eq!((&found["requests"], &found["skipped"]), (&2.into(), &1.into()), "{}", found["skips"]);
    found
}

#[test]
fn lines_that_cannot_be_read_are_counted_and_shown() {
    let check = |bad: &[u8], reason: &str, shown: &str| {
        let found = with_bad_line(bad);
        let (count, sample) = skipped(&found, reason);
        assert_eq!(count, 1, "{reason}");
        assert!(sample.starts_with("a.log:2: ") && sample.contains(shown), "{reason}: {sample}");
        assert!(sample.len() < 300, "{reason}: an excerpt, not the line");
    };
    check(b"192.0.2.9 - - [15/May/2026:00:00:01 +0000] \"GET /to", "torn", "GET /to");
    check(&[b"x".as_slice(), &b"y".repeat(70_000)].concat(), "too-long", "xyyy");
    check(b"\x00\x01\x02\x03\x80\xff\x00\x00", "binary", "");
    check(b"once upon a time there was a log", "unknown", "once upon");
    let future = good(1).trim_end().replace("2026", "2096");
    check(future.as_bytes(), "future", "2096");
}

#[test]
fn a_line_of_a_gigabyte_is_not_held() {
    let log = [good(1).as_bytes(), &b"a".repeat(20 << 20), b"\n", good(2).as_bytes()].concat();
    assert_eq!(replayed(log)["requests"], 2);
}

#[test]
fn lines_out_of_order_are_sorted() {
    let sorted: String = (0..500).map(good).collect();
    let turned: String = (0..500).rev().map(good).collect();
    let (sorted, turned) = (replayed(sorted), replayed(turned));
    assert_eq!(sorted["digest"], turned["digest"]);
    assert_eq!((&sorted["requests"], &turned["late"]), (&500.into(), &0.into()));
}

#[test]
fn invalid_utf8_is_judged_all_the_same() {
    let mut log = good(1).into_bytes();
    log.extend(
        b"192.0.2.11 - - [15/May/2026:00:00:02 +0000] \"GET /caf\xe9 HTTP/1.1\" 200 5 \"-\" \"Ag\xffnt/1\"\n",
    );
    let found = replayed(log);
    assert_eq!((&found["requests"], &found["skipped"]), (&2.into(), &0.into()));
}

#[test]
fn two_formats_in_one_file_are_both_read() {
    let json = r#"{"time_ms":1778803205000,"client":"192.0.2.12","method":"GET","path":"/","status":200,"user_agent":"curl/8.5.0"}"#;
    let found = replayed(format!("{}{json}\n{}", good(1), good(9)));
    assert_eq!((&found["requests"], &found["clients"]), (&3.into(), &2.into()));
}

#[test]
fn nothing_to_read_is_an_answer() {
    for log in [&b""[..], b"\n\n\n", b"# a comment\n"] {
        let found = replayed(log);
        assert_eq!(found["requests"], 0);
        assert_eq!(found["notes"][0], "No request was found: is this an access log?");
    }
    let desk = Desk::new();
    let out = desk.file("empty.log", "").run("replay empty.log --report out.html").fine();
    assert!(out.contains("the log is empty"), "{out}");
    assert!(desk.read("out.html").contains("empty.log"));
}

#[test]
fn an_archive_that_ends_early_gives_what_it_holds() {
    let desk = Desk::new();
    let log: String = (0..2_000).map(good).collect();
    let whole = zstd::encode_all(log.as_bytes(), 1).unwrap();
    desk.file("cut.zst", &whole[..whole.len() / 2]).file("good.log", good(1));
    let found = desk.run("replay cut.zst good.log --json").json();
    assert!(found["requests"].as_u64().unwrap() >= 1);
    assert!(found["notes"].to_string().contains("cut.zst: the archive is cut off"), "{}", found["notes"]);
}

#[test]
fn files_that_are_none_are_named() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("logs")).unwrap();
    desk.file("good.log", good(1));
    desk.run("replay nowhere.log").refused(2, &["nowhere.log: no such file"]);
    desk.run("replay logs").refused(2, &["logs is a directory", "logs/*.log"]);
    desk.run("replay good.log nowhere.log").refused(2, &["nowhere.log"]);
    desk.run("doctor nowhere.log").refused(2, &["nowhere.log: no such file"]);
}

#[test]
fn a_report_that_cannot_be_written_is_said_before_the_work() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("reports")).unwrap();
    desk.file("good.log", good(1)).file("file", "");
    desk.run("replay good.log --report reports").refused(2, &["reports", "is a directory"]);
    desk.run("replay good.log --report no/out.html").refused(2, &["no/out.html", "folder does not exist"]);
    desk.run("replay good.log --report file/out.html").refused(2, &["file/out.html"]);
    desk.run("replay nowhere.log --report out.html").refused(2, &["nowhere.log"]);
    assert!(!desk.path("out.html").exists(), "nothing is left where nothing was done");
}

/// A device that is always full stands for a full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_takes_the_report_but_not_the_answer() {
    let desk = Desk::new();
    let done = desk.file("good.log", good(1)).run("replay good.log --report /dev/full");
    assert_eq!(done.code, 3);
    done.said(&["--report: /dev/full cannot be written", "No space left"]);
    assert!(done.out.contains("1 request") && !done.out.contains("Report:"), "{}", done.out);
}

#[test]
fn faulty_labels_are_all_named() {
    let desk = Desk::new();
    desk.file("good.log", good(1)).file("known.csv", "192.0.2.1,bot\nonly one\n192.0.2.2,maybe\n1,2,3,4\n");
    let done = desk.run("replay good.log --labels known.csv");
    done.refused(2, &["known.csv: line 2", "known.csv: line 3: label \"maybe\"", "known.csv: line 4"]);
    desk.file("many.csv", "x\n".repeat(30))
        .run("replay good.log --labels many.csv")
        .refused(2, &["and 20 more"]);
    desk.run("replay good.log --labels nowhere.csv").refused(2, &["nowhere.csv", "client,label"]);
}

#[test]
fn a_malformed_robots_txt_is_read_as_far_as_it_goes() {
    let desk = Desk::new();
    desk.file("palisade.toml", "[[sites]]\nrobots_txt = \"robots.txt\"\n");
    desk.file("robots.txt", b"User-agent *\nDisalow: /private\nnonsense\n\xff\xfe\n");
    desk.file("a.log", line("192.0.2.3", 1, "GET /private/x HTTP/1.1", 200, "somebot/1.0"));
    let done = desk.run("replay a.log --json");
    assert_eq!(done.code, 0);
    done.said(&["robots.txt:1: a colon is missing", "robots.txt:2: misspelt field", "robots.txt:3: "]);
    let found: Value = serde_json::from_str(&done.out).unwrap();
    assert!(found["signals"].to_string().contains("robots.disallowed"), "{}", found["signals"]);
    std::fs::remove_file(desk.path("robots.txt")).unwrap();
    for line in ["replay a.log", "config check"] {
        desk.run(line).refused(2, &["sites.robots_txt", "robots.txt", "cannot be read"]);
    }
}

#[test]
fn doctor_says_what_would_make_verdicts_wrong() {
    let desk = Desk::new();
    let people: String = (0..300)
        .map(|n| line(&format!("192.0.2.{}", n % 90 + 1), n, "GET / HTTP/1.1", 200, FIREFOX))
        .collect();
    assert!(desk.file("fine.log", people).run("doctor fine.log").fine().contains("Nothing found"));
    desk.file("proxy.log", line("10.0.0.1", 1, "GET / HTTP/1.1", 200, FIREFOX).repeat(300));
    let done = desk.run("doctor proxy.log");
    assert!(done.code == 1 && done.out.contains("Your proxy hides your clients: 100 %"), "{}", done.out);
    let done = desk.file("prose.log", "some words\n".repeat(9)).run("doctor prose.log --json");
    let found: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((done.code, &found["skipped"]), (1, &9.into()));
    assert!(found["notes"].to_string().contains("9 of 9 lines could not be read: 9 unknown"), "{found}");
}
