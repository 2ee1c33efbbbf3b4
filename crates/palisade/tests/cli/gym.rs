//! `palisade gym`: bad arguments, the list, and a run with what nearly every machine has. Where it is missing, that is told.

use serde_json::Value;

use crate::desk::Desk;

#[test]
fn what_cannot_be_is_refused() {
    let desk = Desk::new();
    desk.run("gym --family lynx").refused(2, &["lynx", "known families are", "chrome-headers"]);
    desk.run("gym --requests 0").refused(2, &["--requests"]);
    desk.run("gym --requests 100000").refused(2, &["--requests", "300"]);
    desk.run("gym --clients 0").refused(2, &["--clients"]);
    desk.run("gym --seed many").refused(2, &["--seed"]);
    desk.run("gym --out nowhere/traffic.ndjson").refused(2, &["--out", "folder does not exist"]);
    desk.file("bad.toml", "[policy]\npreset = \"lenient\"\n");
    desk.run("gym -c bad.toml --family curl").refused(2, &["bad.toml:2", "lenient"]);
    desk.file("palisade.toml", "[policy]\npreset = \"observe\"\n");
    desk.run("gym -c palisade.toml --out palisade.toml").refused(2, &["would be overwritten"]);
}

#[test]
fn a_sample_of_the_environment_is_not_taken() {
    let desk = Desk::new();
    let done = desk.run_with("gym --family curl", "", &[("PALISADE_STORE__EVENT_SAMPLE", "0.5")]);
    done.refused(2, &["PALISADE_STORE__EVENT_SAMPLE"]);
}

#[test]
fn the_list_names_every_program_and_what_is_missing() {
    let desk = Desk::new();
    // Without a path and with an empty folder little is found; each of the others says how to get it.
    let empty = desk.path("empty").display().to_string();
    let done = desk.run_with("gym --list --json", "", &[("PATH", ""), ("PALISADE_GYM", &empty)]);
    let list = done.json();
    let list = list.as_array().unwrap();
    let of = |name: &str| list.iter().find(|one| one["program"] == name).unwrap();
    assert!(list.len() > 30, "{}", list.len());
    assert_eq!(of("curl-chrome")["family"], "chrome-headers");
    let missing = |name: &str| of(name)["install"].as_str().unwrap();
    assert!(missing("curl").contains("apt-get install curl"));
    assert!(
        missing("axios").contains("scripts/gym.sh node")
            && missing("scrapy").contains("scripts/gym.sh python")
    );
    let table = desk.run("gym --list").fine();
    assert!(table.starts_with("FAMILY") && table.contains("puppeteer-stealth"), "{table}");
}

/// One client with three requests: the family ran and is told, or it is missing and that is told.
#[test]
fn a_program_that_is_here_runs_and_its_traffic_is_labelled() {
    let desk = Desk::new();
    let listed = desk.run("gym --list --family curl --json").json();
    let is_here = listed[0]["missing"].is_null();
    let done = desk.run("gym --family curl --clients 1 --requests 3 --out traffic.ndjson --json");
    let found: Value =
        serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {}", done.err));
    assert!(found["note"].as_str().unwrap().contains("No false-positive rate"));
    assert!(!desk.path("palisade-data").exists(), "the data folder of whoever asks is left alone");
    if !is_here {
        assert_eq!((done.code, &found["missing"][0]["program"]), (1, &"curl".into()));
        return;
    }
    assert_eq!((done.code, &found["families_ran"]), (0, &1.into()), "{found}");
    let curl = &found["families"][0];
    assert_eq!(
        (&curl["requests"], &curl["clients"], &found["not_recorded"]),
        (&3.into(), &1.into(), &0.into())
    );
    let traffic = desk.read("traffic.ndjson");
    for line in traffic.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&line["label"], &line["family"], &line["group"]),
            (&"bot".into(), &"curl".into(), &"curl-1-0".into())
        );
        let headers: Vec<&str> =
            line["headers"].as_array().unwrap().iter().map(|pair| pair[0].as_str().unwrap()).collect();
        assert!(headers.starts_with(&["Host", "User-Agent"]), "in the order of the wire: {headers:?}");
        assert!(line["client"].as_str().unwrap().starts_with("127.") && line["time_ms"].is_number());
        assert!(line["status"] == 200 || line["status"] == 404, "{line}");
    }
    // What reads labelled traffic reads it, and the replay of it says what was said live.
    let replayed = desk.run("replay traffic.ndjson --json").json();
    assert_eq!((&replayed["requests"], &replayed["skipped"]), (&3.into(), &0.into()), "{replayed}");
}

#[test]
fn too_few_families_fail_and_name_what_is_missing() {
    let desk = Desk::new();
    let empty = desk.path("empty").display().to_string();
    let done = desk.run_with("gym --family axios --family scrapy", "", &[("PALISADE_GYM", &empty)]);
    assert_eq!(done.code, 1, "{}", done.err);
    for part in ["0 families ran; 2 have to.", "axios: ", "scripts/gym.sh node", "scripts/gym.sh python"] {
        assert!(done.out.contains(part), "{part}: {}", done.out);
    }
}
