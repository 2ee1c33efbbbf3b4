//! Trainings that are killed, and trainings for which there is no room: whole versions only, the live model as it was, a clear
//! message, and the next one completes.

use serde_json::Value;

use crate::desk::Desk;
use crate::life::{desk, known, statuses, store, traffic, trained};
use crate::training::Training;

/// The stages that end before anything of a new model is stored, in their order.
const BEFORE_STORING: [&str; 6] = ["export", "read", "split", "freeze", "train", "calibrate"];

/// A desk with enough to learn from.
fn with_labels(clients: std::ops::Range<u32>) -> Desk {
    let desk = desk();
    later(&desk, clients);
    desk
}

/// More traffic, and labels of it.
fn later(desk: &Desk, clients: std::ops::Range<u32>) {
    store(desk, &traffic(clients.clone()));
    desk.file("known.csv", known(clients));
    desk.run("labels import known.csv --data d").fine();
}

/// That there are versions with these statuses, each of them whole, and that the audit log is sound.
fn versions_are(desk: &Desk, expected: &[&str], when: &str) {
    assert_eq!(statuses(desk), expected, "{when}");
    for id in 1..=expected.len() {
        let shown = desk.run(&format!("models show {id} --json --data d")).json();
        assert_eq!(shown["refused"], Value::Null, "{when}: {shown}");
        assert_eq!(shown["changes"][0]["to"], "candidate", "{when}: {shown}");
    }
    assert!(desk.run("audit verify --data d").fine().contains("sound"), "{when}");
}

/// Lets `training` store its candidate, and no more.
fn stores(desk: &Desk, training: &mut Training) {
    training.reaches("store");
    training.waits_until(|| statuses(desk).iter().any(|status| status == "candidate"));
}

#[test]
fn a_training_killed_in_any_stage_leaves_nothing_half_and_the_next_completes() {
    let desk = with_labels(0..60);
    for stage in BEFORE_STORING {
        let mut training = Training::start(&desk);
        training.reaches(stage);
        training.kill();
        versions_are(&desk, &[], stage);
    }
    // Between the two steps: the version is there, and nobody has said what becomes of it.
    let mut training = Training::start(&desk);
    stores(&desk, &mut training);
    training.kill();
    versions_are(&desk, &["candidate"], "store");

    let done = trained(&desk);
    assert_eq!(done["model_version"], 2, "{done}");
    versions_are(&desk, &["rejected", "shadow"], "the next");
    let orphan = desk.run("models show 1 --json --data d").json();
    assert!(orphan["changes"][1]["reason"].as_str().unwrap().contains("ended before it was judged"));
    let twins = desk.run("models list --json --data d").json();
    assert_eq!(twins[0]["sha256"], twins[1]["sha256"], "begun again it comes to the same");
    assert!(!desk.path("d/training/traffic.ndjson").exists(), "requests of people stay in one place");
}

#[test]
fn a_training_killed_beside_a_live_model_leaves_it_live() {
    let desk = with_labels(0..160);
    trained(&desk);
    desk.run("models promote 1 --data d").fine();
    let before = desk.run("models list --json --data d").json();
    for stage in BEFORE_STORING {
        let mut training = Training::start(&desk);
        training.reaches(stage);
        training.kill();
        assert_eq!(desk.run("models list --json --data d").json(), before, "{stage}");
    }
    // A challenger is to be judged.
    desk.run("models export 1 --out live.model --data d").fine();
    desk.run("models import live.model --data d").fine();
    desk.run("models shadow 2 --data d").fine();
    let mut training = Training::start(&desk);
    training.reaches("judge");
    training.kill();
    versions_are(&desk, &["live", "shadow"], "judge");
    // It is no better than itself, and the training goes on to another.
    let done = trained(&desk);
    versions_are(&desk, &["live", "rejected", "rejected"], &done.to_string());
}

#[test]
fn a_promotion_killed_at_its_stage_is_made_by_the_next_training() {
    let desk = with_labels(0..160);
    trained(&desk);
    later(&desk, 160..200);
    let mut training = Training::start(&desk);
    // The line before that of the step: the training waits there.
    training.reaches("judge");
    training.kill();
    versions_are(&desk, &["shadow"], "judge");
    let mut training = Training::start(&desk);
    training.reaches("promote");
    training.waits_until(|| statuses(&desk) == ["live"]);
    training.kill();
    versions_are(&desk, &["live"], "promote");
    let done = trained(&desk);
    versions_are(&desk, &["live", "rejected"], &done.to_string());
}

#[test]
fn a_training_without_room_says_so_and_the_next_completes() {
    let desk = with_labels(0..60);
    // From each of the points on at which the next thing is to be written: the frozen set, the version.
    for stage in ["split", "calibrate"] {
        let mut training = Training::start_without_signal(&desk);
        training.reaches(stage);
        training.fill_the_disk();
        let done = training.end();
        assert_eq!(done.code, 3, "{stage}: {}", done.err);
        done.said(&["palisade.db", "could not be written", "then repeat", "Nothing stored was lost"]);
        let last: Value = serde_json::from_str(done.out.lines().last().unwrap()).unwrap();
        assert!(last["error"].is_string(), "whoever reads its progress is told: {last}");
        versions_are(&desk, &[], stage);
    }
    let mut training = Training::start_without_signal(&desk);
    stores(&desk, &mut training);
    training.fill_the_disk();
    let done = training.end();
    done.said(&["could not be written"]);
    versions_are(&desk, &["candidate"], "shadow");
    trained(&desk);
    versions_are(&desk, &["rejected", "shadow"], "there is room again");
}

#[test]
fn no_room_for_stored_requests_names_their_file() {
    let desk = with_labels(0..60);
    // Blocks of 512 bytes: as much as the database needs to open, and less than the requests.
    let script = "trap '' XFSZ; ulimit -f 80; exec \"$0\" \"$@\"";
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-c", script]).arg(desk.command().get_program()).current_dir(desk.path(""));
    shell.args(["train", "--from-store", "--data", "d"]);
    let done = crate::desk::feed(&mut shell, b"");
    assert_eq!(done.code, 3, "{}", done.err);
    done.said(&["traffic.ndjson", "free space", "--data", "train again"]);
    assert!(!desk.path("d/training/traffic.ndjson").exists(), "what was written goes");
    versions_are(&desk, &[], "no room");
}
