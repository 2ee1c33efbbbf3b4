use std::io::Write as _;

use proptest::prelude::*;

use super::*;

/// A visit: a mouse that goes to the right at a speed of its own.
fn visit(step: f64, rest: &str) -> String {
    let moves: Vec<String> = (0..12)
        .map(|at| format!("{{\"x\":{},\"y\":9,\"time\":{}}}", f64::from(at) * step, 1_000 + at * 16))
        .collect();
    format!("{{\"interactions\":{{\"mouseMovements\":[{}]}},\"duration\":900{rest}}}", moves.join(","))
}

fn read_lines(lines: &[String]) -> Result<(Dataset, Read), ReadError> {
    let mut file = tempfile::NamedTempFile::with_suffix(".ndjson").expect("a temporary file");
    lines.iter().for_each(|line| writeln!(file, "{line}").expect("it is written"));
    read(&[file.path().to_owned()])
}

#[test]
fn a_line_is_a_row_with_its_label_family_and_group() {
    let lines = [
        visit(8.0, ",\"label\":\"human\",\"group\":\"ann\""),
        visit(9.0, ",\"label\":1,\"group\":\"ann\""),
        visit(10.0, ",\"label\":\"bot\",\"family\":\"line\",\"interaction_id\":\"i-7\""),
    ];
    let (data, read) = read_lines(&lines).unwrap();
    assert_eq!((read.lines, read.interactions, read.skipped.len()), (3, 3, 0));
    assert_eq!((data.schema.as_str(), data.columns.len()), (schema::ID, schema::LEN));
    assert_eq!(data.values.len(), 3 * schema::LEN);
    let is_bot: Vec<bool> = data.rows.iter().map(|row| row.is_bot).collect();
    assert_eq!(is_bot, [false, false, true]);
    assert_eq!(data.rows[0].group, data.rows[1].group, "one person");
    assert_ne!(data.rows[0].group, data.rows[2].group);
    assert_eq!((data.families.as_slice(), data.rows[2].family), (&["line".to_owned()][..], Some(0)));
    assert!(data.clients[0].ends_with(".ndjson:1") && data.clients[2] == "i-7");
    assert_eq!(data.rows[0].requests, 12);
    assert!(data.rows[2].by_rules > 0.0, "a straight line at one speed: {}", data.rows[2].by_rules);
}

#[test]
fn what_is_skipped_is_counted_and_named_with_its_line() {
    let lines = [
        visit(8.0, ",\"label\":\"human\""),
        String::new(),
        "no json".to_owned(),
        visit(f64::NAN, ",\"label\":\"human\""),
        visit(8.0, ""),
        visit(8.0, ",\"label\":\"maybe\""),
        "{\"interactions\":{\"mouseMovements\":[{\"x\":1,\"y\":2}]},\"label\":\"bot\"}".to_owned(),
        "{\"interactions\":{\"mouseMovements\":[{\"x\":1e999,\"y\":2,\"time\":3}]},\"label\":\"bot\"}"
            .to_owned(),
        "{\"time_ms\":1,\"client\":\"a\",\"path\":\"/\",\"label\":\"bot\"}".to_owned(),
        format!("{{\"label\":\"bot\",\"pad\":\"{}\"}}", "x".repeat(TRACE_BYTES_MAX)),
    ];
    let (data, read) = read_lines(&lines).unwrap();
    assert_eq!((data.rows.len(), read.lines), (1, 10));
    let count = |why| read.skipped.get(&why).copied().unwrap_or(0);
    assert_eq!(count(Skip::Blank), 1);
    assert_eq!(count(Skip::NotJson), 2, "NaN is not JSON: {:?}", read.examples);
    assert_eq!((count(Skip::NoLabel), count(Skip::OtherLabel)), (1, 1));
    assert_eq!((count(Skip::Malformed), count(Skip::NoVisit), count(Skip::TooLong)), (2, 1, 1));
    let told = read.examples.join("\n");
    assert!(
        told.contains(":3: no JSON object") && told.contains(":7: ") && told.contains("lacks `time`"),
        "{told}"
    );
    assert_eq!(Skip::ALL.into_iter().map(Skip::name).collect::<std::collections::BTreeSet<_>>().len(), 8);
}

#[test]
fn where_nothing_is_left_the_first_faults_are_told() {
    let error = read_lines(&["{}".to_owned(), "[]".to_owned()]).unwrap_err().to_string();
    assert!(error.contains("none of 2 lines") && error.contains(":1: nothing of a visit"), "{error}");
    assert!(matches!(read(&["/nowhere/at-all".into()]), Err(ReadError::Source(_))));
    assert!(read_lines(&[]).unwrap_err().to_string().contains("none of 0 lines"));
}

#[test]
fn copies_belong_together_and_contradictions_say_nothing() {
    let twice = [visit(8.0, ",\"label\":\"human\""), visit(8.0, ",\"label\":\"human\"")];
    let (data, _) = read_lines(&twice).unwrap();
    assert_eq!((data.rows.len(), data.groups()), (2, 1), "without groups, copies are one");
    let lines = [
        visit(8.0, ",\"label\":\"human\",\"interaction_id\":\"i\""),
        visit(8.0, ",\"label\":\"bot\",\"interaction_id\":\"i\""),
        visit(9.0, ",\"label\":\"bot\",\"session_id\":\"s\""),
    ];
    let (data, read) = read_lines(&lines).unwrap();
    assert_eq!((data.rows.len(), read.contradicting), (1, 1));
    assert_eq!(read.skipped.get(&Skip::Repeated), Some(&1));
    assert_eq!(data.group_names, ["s"]);
}

#[test]
fn a_folder_of_seed_000_is_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let stored = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    stored(
        "b.json",
        &visit(9.0, ",\"label\":0,\"session_id\":\"s\"").replace("interactions", "interaction_data"),
    );
    stored("a.json", &visit(8.0, ",\"label\":1"));
    stored("readme.txt", "no visit");
    let (data, read) = read(&[folder.path().to_owned()]).unwrap();
    assert_eq!((read.lines, read.interactions), (2, 2));
    assert!(data.clients[0].ends_with("a.json") && !data.rows[0].is_bot && data.rows[1].is_bot);
}

#[test]
fn the_age_of_a_recording_says_nothing() {
    let old = visit(8.0, ",\"label\":\"human\",\"loadTimestamp\":1500000000000")
        .replace("\"time\":1", "\"time\":1500000000");
    let (data, _) = read_lines(&[old, visit(8.0, ",\"label\":\"human\"")]).unwrap();
    assert_eq!(data.started_ms, [1_500_000_000_000, 0]);
    assert_eq!(data.newest_ms, 1_500_000_000_000);
}

proptest! {
    /// Any bytes are read or skipped, every line is accounted for, and what becomes a row has a number for each column.
    #[test]
    fn every_line_is_accounted_for(lines in prop::collection::vec(prop_oneof![
        "\\PC{0,60}",
        "\\{\"interactions\":\\{\"keyPresses\":\\[\\{\"time\":[0-9]{1,9}\\}\\]\\},\"label\":\"(human|bot|x)\"\\}",
    ], 0..20)) {
        let mut reader = Reader::default();
        for (at, line) in lines.iter().enumerate() {
            let _ = reader.take(&format!("line {at}"), Some(line.as_bytes()));
        }
        let (data, read) = reader.finish();
        prop_assert_eq!(read.lines, lines.len() as u64);
        prop_assert_eq!(read.interactions + read.contradicting + read.skipped.values().sum::<u64>(), read.lines);
        prop_assert_eq!(data.values.len(), data.rows.len() * schema::LEN);
        prop_assert!(read.examples.len() <= EXAMPLES_MAX);
    }
}
