//! Every format against the lines of testdata/logs: what each shows, and that pieces of them and nonsense do no harm.

// Clippy allows these in tests only inside `#[test]`; the helpers below are tests as well.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::{Debug, Write as _};
use std::path::{Path, PathBuf};

use palisade_domain::{Fact, Timestamp};
use palisade_replay::formats::{Format, Record};
use palisade_replay::merge::{Feed, FeedOptions, FeedStats};
use proptest::prelude::*;

/// 2026-01-01: after every line of the test data.
const NOW: Timestamp = Timestamp(1_767_225_600_000_000);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/logs")
}

fn logs() -> Vec<(String, String)> {
    let mut logs: Vec<_> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "log"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    logs.sort();
    logs
}

fn lines() -> Vec<String> {
    let lines = logs().into_iter().flat_map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>());
    lines.filter(|line| !line.starts_with('#')).collect()
}

fn read(line: &str) -> Option<Record> {
    Format::parse_any(line, None, &mut String::new())
}

fn show(out: &mut String, name: &str, fact: &Fact<impl Debug>) {
    match fact {
        Fact::Known(value) => writeln!(out, "  {name}: {value:?}").unwrap(),
        Fact::Absent => writeln!(out, "  {name}: absent").unwrap(),
        Fact::Unseen => {}
    }
}

/// Everything a record says, unseen facts left out.
fn describe(record: &Record) -> String {
    let headers = record.header_entries();
    let facts = record.facts(&headers);
    let response = record.response();
    let mut out = format!("{}\n", record.format);
    writeln!(out, "  time: {} us, {:?}, {}", facts.time.0, facts.resolution, facts.vantage.name()).unwrap();
    writeln!(out, "  client: {:?}", facts.client).unwrap();
    show(&mut out, "method", &facts.method);
    show(&mut out, "host", &facts.host);
    show(&mut out, "target", &facts.target);
    show(&mut out, "version", &facts.version);
    show(&mut out, "scheme", &facts.scheme);
    show(&mut out, "user agent", &facts.user_agent);
    show(&mut out, "referrer", &facts.referrer);
    show(&mut out, "session", &facts.session.map(|session| session.0));
    show(&mut out, "headers", &facts.headers);
    show(
        &mut out,
        "body",
        &facts.body.map(|body| (body.kind, String::from_utf8_lossy(body.bytes), body.complete)),
    );
    show(&mut out, "ja4", &facts.ja4);
    show(&mut out, "fingerprint", &facts.fingerprint);
    show(&mut out, "status", &response.status);
    show(&mut out, "bytes", &response.bytes);
    show(&mut out, "duration ms", &response.duration_ms);
    for (name, value) in [("family", record.family()), ("group", record.group())] {
        show(&mut out, name, &value.map_or(Fact::Unseen, Fact::Known));
    }
    show(&mut out, "host name", &facts.host_name);
    show(&mut out, "signature", &facts.signature);
    show(&mut out, "head fault", &facts.head_fault);
    show(&mut out, "place", &record.place().map_or(Fact::Unseen, Fact::Known));
    show(&mut out, "verdict", &record.verdict().map_or(Fact::Unseen, Fact::Known));
    if record.place().is_some() {
        writeln!(out, "  site: {}, hidden: {}, {:?}", facts.site.0, facts.client_hidden, record.observe())
            .unwrap();
    }
    show(&mut out, "label", &record.label().map_or(Fact::Unseen, Fact::Known));
    out
}

#[test]
fn lines_give_the_facts_they_show() {
    for (name, text) in logs() {
        let mut found = String::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
            let record = read(line).unwrap_or_else(|| panic!("{name}.log:{}: in no format", number + 1));
            write!(found, "{}: {}", number + 1, describe(&record)).unwrap();
        }
        let golden = folder().join(format!("{name}.facts"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &found).unwrap();
        }
        let expect = std::fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(found, expect, "{name}.facts differs; UPDATE_GOLDEN=1 rewrites it");
    }
}

#[test]
fn a_format_reads_its_own_lines_when_it_is_named() {
    for (name, text) in logs() {
        let Ok(format) = name.parse::<Format>() else { continue };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            assert!(format.parse(line, &mut String::new()).is_some(), "{name}: {line}");
        }
    }
    assert_eq!(logs().iter().filter(|(name, _)| name.parse::<Format>().is_ok()).count(), Format::ALL.len());
}

#[test]
fn no_line_is_read_differently_with_a_hint() {
    for line in lines() {
        let expect = read(&line);
        for format in Format::ALL {
            assert_eq!(
                Format::parse_any(&line, Some(format), &mut String::new()),
                expect,
                "{format}: {line}"
            );
        }
    }
}

#[test]
fn torn_json_is_never_a_record() {
    for line in lines().iter().filter(|line| line.starts_with('{')) {
        for end in (0..line.len()).filter(|end| line.is_char_boundary(*end)) {
            assert!(read(&line[..end]).is_none(), "{}", &line[..end]);
        }
    }
}

/// Hours for a parser that is not linear, milliseconds for one that is.
#[test]
fn the_worst_lines_take_no_longer_than_others() {
    let prefix = r#"192.0.2.1 - - [10/Oct/2023:13:55:36 +0200] "GET / HTTP/1.1" 200 1 "-" "x" "#;
    for piece in ["\"a ", "[", "\\\"", "\" ", "{", "} \"", "::", ",", "- ", " - ", "[Client ", "\\x"] {
        for prefix in ["", prefix, "[10/Oct/2023:13:55:36 +0200] ", "{\"a\":\""] {
            let _ = read(&format!("{prefix}{}", piece.repeat(65_536 / piece.len())));
        }
    }
}

fn feed(paths: &[PathBuf]) -> (Vec<Record>, FeedStats) {
    let mut feed = Feed::open(paths, FeedOptions { format: None, now: NOW }).unwrap();
    let records = std::iter::from_fn(|| feed.next_batch()).flatten().collect();
    (records, feed.finish())
}

#[test]
fn two_formats_in_one_file_are_both_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed.log");
    let all = lines();
    std::fs::write(&path, all.join("\n")).unwrap();
    let (records, stats) = feed(&[path]);
    assert_eq!((records.len(), stats.skipped_total()), (all.len(), 0));
    assert_eq!(stats.formats.len(), Format::ALL.len());
}

#[test]
fn packed_files_are_merged_with_plain_ones() {
    let folder = tempfile::tempdir().unwrap();
    let line = |second: u32, path: &str| {
        format!(
            "192.0.2.1 - - [10/Oct/2023:13:55:{second:02} +0000] \"GET {path} HTTP/1.1\" 200 1 \"-\" \"x\"\n"
        )
    };
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let contents = [
        ("a.log", [line(3, "/3"), line(1, "/1")].concat().into_bytes()),
        // Two members, and a name that says nothing.
        ("b.log", [gzip(&line(0, "/0")), gzip(&line(4, "/4"))].concat()),
        ("c.zst", zstd::encode_all(line(2, "/2").as_bytes(), 1).unwrap()),
        ("d.log", Vec::new()),
    ];
    let paths = contents.map(|(name, bytes)| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    });
    let (records, stats) = feed(&paths);
    let targets: Vec<_> = records.iter().map(|record| record.facts(&[]).target.known().unwrap()).collect();
    assert_eq!(targets, ["/0", "/1", "/2", "/3", "/4"]);
    assert_eq!((stats.records, stats.late, stats.files.len()), (5, 0, 4));
}

#[test]
fn progress_reaches_the_end() {
    let paths: Vec<PathBuf> = logs().iter().map(|(name, _)| folder().join(format!("{name}.log"))).collect();
    let mut feed = Feed::open(&paths, FeedOptions { format: None, now: NOW }).unwrap();
    while feed.next_batch().is_some() {}
    let progress = feed.progress();
    assert_eq!(Some(progress.bytes_read), progress.bytes_total);
}

#[test]
fn a_named_format_is_the_only_one() {
    let path = folder().join("caddy-json.log");
    let options = FeedOptions { format: Some(Format::Combined), now: NOW };
    let mut feed = Feed::open(&[path], options).unwrap();
    assert_eq!(feed.next_batch(), None);
    assert_eq!(feed.finish().skipped_total(), 2);
}

proptest! {
    #[test]
    fn no_text_does_harm(text in "\\PC{0,300}") {
        let _ = read(&text);
    }

    #[test]
    fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn mutated_lines_do_no_harm(
        line in prop::sample::select(lines()),
        edits in prop::collection::vec((any::<prop::sample::Index>(), "[\\PC\"\\\\\\[\\]{}:, -]{0,3}", 0usize..4), 1..6),
    ) {
        let mut chars: Vec<char> = line.chars().collect();
        for (at, insert, remove) in edits {
            let at = at.index(chars.len() + 1);
            let end = (at + remove).min(chars.len());
            chars.splice(at..end, insert.chars());
        }
        let text: String = chars.into_iter().collect();
        if let Some(record) = read(&text) {
            // What is read can be shown, and nothing in it is longer than the line made it.
            prop_assert!(describe(&record).len() < 8 * text.len() + 2_000);
        }
    }
}
