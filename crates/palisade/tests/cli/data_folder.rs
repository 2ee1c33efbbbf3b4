//! `--data`: what is kept there between runs, and what happens where it is damaged, full or not to be written.

use std::fs;

use serde_json::{Value, json};

use crate::desk::{Desk, FIREFOX, SAMPLE};

/// A login guesser's tries, from the `first` on.
fn tries(first: i64, count: i64) -> String {
    let body = |n: i64| {
        json!({"ip": "192.0.2.1", "user_agent": FIREFOX, "endpoint": "/login", "method": "POST", "status": 401,
               "time_ms": 1_778_803_200_000_i64 + n * 1_310, "request_id": n.to_string(), "observe": true})
    };
    (first..first + count).map(|n| format!("{}\n", body(n))).collect()
}

fn assessed(desk: &Desk, input: &str) -> String {
    desk.run_with("assess --batch --data d", input, &[]).fine()
}

#[test]
fn two_runs_say_what_one_would_have_said() {
    let (desk, other) = (Desk::new(), Desk::new());
    let at_once = assessed(&desk, &tries(0, 60));
    let in_two = assessed(&other, &tries(0, 25)) + &assessed(&other, &tries(25, 35));
    assert_eq!(at_once, in_two);
    let forgotten = Desk::new().run_with("assess --batch", tries(25, 35), &[]).fine();
    assert!(!at_once.ends_with(&forgotten), "it matters that the first are remembered");
}

#[test]
fn nothing_is_kept_where_no_folder_is_named() {
    let desk = Desk::new();
    desk.run_with("assess", tries(0, 1), &[]).fine();
    assert_eq!(fs::read_dir(desk.path(".")).unwrap().count(), 0);
}

#[test]
fn the_seed_is_made_once_and_is_nobodys_business() {
    let desk = Desk::new();
    assessed(&desk, &tries(0, 1));
    let seed = desk.read("d/hash.seed");
    assessed(&desk, &tries(0, 1));
    assert_eq!(desk.read("d/hash.seed"), seed);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |name| fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("d/hash.seed"), mode("d")), (0o600, 0o700));
    }
    desk.file("d/hash.seed", "12");
    let done = desk.run_with("assess --data d", tries(0, 1), &[]);
    done.refused(3, &["d/hash.seed: is no hash seed", "restore it"]);
}

#[test]
fn a_seed_of_its_own_changes_no_verdict() {
    let desk = Desk::new();
    let digest = |line: String| desk.run(&line).json()["digest"].clone();
    assert_eq!(digest(format!("replay {SAMPLE} --json")), digest(format!("replay {SAMPLE} --json --data d")));
}

#[test]
fn a_snapshot_that_cannot_be_used_is_moved_aside() {
    let check = |spoil: &dyn Fn(&Desk), word: &str| {
        let desk = Desk::new();
        let fresh = assessed(&desk, &tries(0, 20));
        spoil(&desk);
        let spoiled = fs::read(desk.path("d/history.snapshot")).unwrap();
        let done = desk.run_with("assess --batch --data d", tries(0, 20), &[]);
        assert_eq!((done.code, done.err.lines().count()), (0, 1), "one clear line: {}", done.err);
        done.said(&[
            "d/history.snapshot",
            word,
            "moved to",
            "history.snapshot.corrupt",
            "starting without it",
        ]);
        assert_eq!(done.out, fresh, "the run begins empty");
        assert_eq!(fs::read(desk.path("d/history.snapshot.corrupt")).unwrap(), spoiled, "nothing is lost");
        assessed(&desk, "");
    };
    let write = |desk: &Desk, content: &str| fs::write(desk.path("d/history.snapshot"), content).unwrap();
    check(&|desk| write(desk, "rubbish"), "not a snapshot");
    check(&|desk| write(desk, ""), "damaged");
    let flip = |desk: &Desk, at: usize| {
        let mut bytes = fs::read(desk.path("d/history.snapshot")).unwrap();
        bytes[at] ^= 1;
        desk.file("d/history.snapshot", bytes);
    };
    check(&move |desk| flip(desk, 60), "check sum differs");
    check(&move |desk| flip(desk, 8), "version 3");
    check(&|desk| fs::remove_file(desk.path("d/hash.seed")).unwrap(), "another hash seed");
}

#[test]
fn a_folder_that_cannot_be_written_loses_nothing() {
    let desk = Desk::new();
    desk.file("file", "a regular file");
    let input = tries(0, 3);
    desk.run_with("assess --data file", &input, &[]).refused(3, &["file: is not a folder", "--data"]);
    desk.run_with("assess --data file/d", &input, &[]).refused(3, &["file/d", "cannot be made", "--data"]);
    desk.run("list add 192.0.2.1 --data file").refused(3, &["file: is not a folder"]);
    desk.run(&format!("replay {SAMPLE} --data file")).refused(3, &["file: is not a folder"]);
    assert_eq!(desk.read("file"), "a regular file");
}

/// A folder in the way of the temporary file stands for a disk that is full at the end.
#[test]
fn a_snapshot_that_cannot_be_saved_keeps_the_old_one_and_the_answers() {
    let desk = Desk::new();
    assessed(&desk, &tries(0, 20));
    let old = fs::read(desk.path("d/history.snapshot")).unwrap();
    fs::create_dir(desk.path("d/history.snapshot.tmp")).unwrap();
    let done = desk.run_with("assess --batch --data d", tries(20, 5), &[]);
    assert_eq!((done.code, done.out.lines().count()), (3, 5), "{}", done.err);
    done.said(&["d/history.snapshot", "could not be written", "previous one is untouched"]);
    assert_eq!(fs::read(desk.path("d/history.snapshot")).unwrap(), old);
}

#[test]
fn a_damaged_database_is_left_alone_and_named() {
    let desk = Desk::new();
    fs::create_dir(desk.path("d")).unwrap();
    let rubbish = "this is no database ".repeat(300);
    desk.file("d/palisade.db", &rubbish);
    let lines = [format!("replay {SAMPLE} --data d"), "list show --data d".into(), "assess --data d".into()];
    for line in lines {
        desk.run_with(&line, tries(0, 1), &[])
            .refused(3, &["d/palisade.db", "not a sound database", "backup"]);
        assert_eq!(desk.read("d/palisade.db"), rubbish, "nothing is deleted");
    }
}

#[test]
fn the_log_says_what_was_restored_and_kept() {
    let desk = Desk::new();
    let env = [("PALISADE_LOG", "info"), ("PALISADE_LOG_FORMAT", "json")];
    assessed(&desk, &tries(0, 2));
    let done = desk.run_with("assess --data d", tries(2, 1), &env);
    let lines: Vec<Value> = done.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let fields =
        |message: &str| lines.iter().find(|line| line["fields"]["message"] == message).map(|l| &l["fields"]);
    assert_eq!(fields("history restored").unwrap()["history.clients"], 1);
    assert!(fields("history saved").unwrap()["history.bytes"].as_u64().unwrap() > 100);
    assert_eq!(fields("store opened").unwrap()["store.kind"], "sqlite");
    assert!(!done.err.contains("192.0.2.1") && !done.err.contains("/login") && !done.err.contains("Firefox"));
}
