//! One feature path of behaviour: what training reads from labelled interactions is what a live answer computes, number by number.
//! `UPDATE_GOLDEN=1 cargo test -p palisade-learn --test behaviour_vectors` writes the numbers anew.

use std::fmt::Write as _;
use std::path::PathBuf;

use palisade_challenge::behaviour::{Around, Interaction, Lifetime, Submission, Trace, judge, schema};
use palisade_domain::Timestamp;
use palisade_learn::interactions;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/behaviour")
}

fn lines() -> String {
    std::fs::read_to_string(folder().join("interactions.ndjson")).expect("labelled interactions")
}

#[test]
fn training_reads_the_golden_numbers() {
    let (data, read) = interactions::read(&[folder().join("interactions.ndjson")]).expect("interactions");
    assert_eq!((read.lines, read.interactions), (6, 6), "{:?}", read.examples);
    let mut text = format!("{}\n", schema::ID);
    for (at, row) in data.rows.iter().enumerate() {
        let group = &data.group_names[row.group as usize];
        // Writing to memory cannot fail.
        let _ = writeln!(text, "{} of {group}, by rules {:.5}", at + 1, row.by_rules);
        for (feature, value) in schema::FEATURES.iter().zip(data.row(at)).filter(|(_, value)| !value.is_nan())
        {
            let _ = writeln!(text, "  {} {value:.5}", feature.name);
        }
    }
    let path = folder().join("vectors.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).expect("it is written");
    }
    let golden = std::fs::read_to_string(&path).expect("the golden numbers");
    assert_eq!(text, golden, "numbers that differ need another schema id, or UPDATE_GOLDEN=1");
}

#[test]
fn a_live_answer_computes_what_training_reads() {
    let (data, _) = interactions::read(&[folder().join("interactions.ndjson")]).expect("interactions");
    // Another moment, another key, and no ticket: nothing of any is in the numbers.
    let now = Timestamp::from_millis(1_900_000_000_000);
    let around = Around { now, ticket: None, user_agent: None, key: [7, 8] };
    for (at, line) in lines().lines().enumerate() {
        let body = format!("{{\"data\":{line},\"save\":true}}");
        let trace = Submission::read(body.as_bytes()).expect("a body").trace.expect("a trace");
        let served = judge(&trace, &around).numbers;
        let same =
            served.values().iter().zip(data.row(at)).all(|(one, other)| one.to_bits() == other.to_bits());
        assert!(same, "line {}: {served:?}", at + 1);
    }
}

/// What is stored is rounded to thousandths, of moments since 1970 to tenths of a millisecond.
#[test]
fn what_is_stored_says_nearly_the_same() {
    let now = Timestamp::from_millis(0);
    let around =
        Around { now, ticket: Some(Lifetime { issued: now, expires: now }), user_agent: None, key: [1, 2] };
    for line in lines().lines() {
        let interaction = Interaction::read(line.as_bytes()).expect("an interaction");
        let stored = Trace::read(interaction.to_json().as_bytes()).expect("our own spelling");
        let (live, again) = (judge(&interaction.trace, &around).numbers, judge(&stored, &around).numbers);
        for (feature, (one, other)) in schema::FEATURES.iter().zip(live.values().iter().zip(again.values())) {
            let same = (one.is_nan() && other.is_nan()) || (one - other).abs() < 1e-3;
            assert!(same, "{}: {one} {other}", feature.name);
        }
    }
}
