//! What is typed wrong, and what is piped: exit codes and words.

use std::process::Stdio;

use crate::desk::{Desk, SAMPLE};

#[test]
fn nothing_typed_shows_what_could_be() {
    let done = Desk::new().run("");
    done.refused(
        2,
        &["Usage: palisade", "replay", "assess", "doctor", "list", "config", "--report report.html"],
    );
}

#[test]
fn help_and_version_are_answers() {
    let desk = Desk::new();
    assert!(desk.run("--version").fine().starts_with("palisade "));
    for line in
        ["--help", "help", "replay --help", "assess --help", "doctor --help", "list --help", "config --help"]
    {
        let out = desk.run(line).fine();
        assert!(out.contains("Usage: palisade") && out.contains("--data"), "{line}: {out}");
    }
}

#[test]
fn a_slip_gets_a_suggestion() {
    let desk = Desk::new();
    desk.run("repaly x.log").refused(2, &["'repaly'", "a similar subcommand exists: 'replay'"]);
    desk.run("replay x.log --reprot out.html").refused(2, &["'--reprot'", "'--report'"]);
    desk.run("replay").refused(2, &["<FILE>"]);
    desk.run("assess extra").refused(2, &["'extra'"]);
    desk.run("list ad 192.0.2.1").refused(2, &["'add'"]);
    desk.run("config chekc").refused(2, &["'check'"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let desk = Desk::new();
    for line in [format!("replay {SAMPLE}"), format!("replay {SAMPLE} --json"), "config show".to_owned()] {
        let mut command = desk.command();
        command.args(line.split(' ')).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let done = child.wait_with_output().unwrap();
        assert_eq!((done.status.code(), String::from_utf8(done.stderr).unwrap()), (Some(0), String::new()));
    }
}

#[test]
fn the_log_is_asked_for_by_environment() {
    let desk = Desk::new();
    desk.file("empty.log", "");
    let env = [("PALISADE_LOG", "info"), ("PALISADE_LOG_FORMAT", "json")];
    let done = desk.run_with("replay empty.log --json", "", &env);
    assert!(done.code == 0 && serde_json::from_str::<serde_json::Value>(&done.out).is_ok());
    let lines: Vec<serde_json::Value> =
        done.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let messages: Vec<&str> = lines.iter().filter_map(|line| line["fields"]["message"].as_str()).collect();
    assert_eq!(messages, ["replay started", "replay finished"]);
    assert_eq!(lines[0]["target"], "palisade");
    desk.run_with("replay empty.log", "", &[("PALISADE_LOG", "loud")])
        .refused(2, &["PALISADE_LOG: \"loud\"", "debug"]);
    desk.run_with("replay empty.log", "", &[("PALISADE_LOG_FORMAT", "xml")])
        .refused(2, &["PALISADE_LOG_FORMAT: \"xml\""]);
}
