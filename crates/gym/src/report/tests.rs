use super::*;
use crate::tools::{Need, Tools};

fn fared(requests: u64, reached: u64, rank: usize, score: u8) -> Fared {
    let mut fared = Fared { requests, ..Fared::default() };
    fared.enforced[rank] = reached;
    fared.enforced[6] += requests - reached;
    fared.reached[rank] = reached;
    fared.scores.insert(format!("127.1.1.{score}"), score);
    fared
}

fn check(programs: &[(&'static str, Fared)], wanted: usize, look: impl Fn(&Report<'_>)) {
    let recording = Recording { programs: programs.iter().cloned().collect(), strangers: 0, too_long: 2 };
    let missing = Tools::new(None, "nowhere".into()).find(Need::Node("axios")).unwrap_err();
    let axios = ALL.iter().find(|program| program.name == "axios").unwrap();
    let ready: Vec<Ready> = ALL
        .iter()
        .filter(|program| recording.programs.contains_key(program.name))
        .map(|program| Ready::of(program, Some("1.2".to_owned())))
        .collect();
    look(&Report {
        ready: &ready,
        missing: &[(axios, missing)],
        runs: &[],
        recording: &recording,
        challenge_from: 70,
        families_wanted: wanted,
        seed: 1,
        lost: 3,
    });
}

#[test]
fn programs_of_one_family_are_added_up() {
    let two = [("curl-agent", fared(10, 10, 0, 5)), ("requests-agent", fared(30, 0, 1, 95))];
    check(&two, 1, |report| {
        let families = report.families();
        assert_eq!(families.len(), 1);
        assert_eq!((families[0].0, families[0].1.requests), ("spoofed-agent", 40));
        assert!(report.is_enough());
        let rows = report.rows();
        assert_eq!((rows.len(), rows[1][12].as_str(), rows[2][12].as_str()), (3, "all at allow", "no"));
        assert_eq!((rows[1][2].as_str(), rows[2][10].as_str(), rows[2][11].as_str()), ("1.2", "30", "95"));
    });
}

#[test]
fn the_words_say_who_gets_through_and_what_is_missing() {
    check(&[("curl", fared(10, 7, 1, 60)), ("wget", fared(10, 2, 0, 80))], 12, |report| {
        let words = report.words();
        for part in [
            "at least half of their requests: curl at monitor.",
            "1 of 2 clients",
            "No false-positive rate",
            "axios: the Node package axios is missing; scripts/gym.sh node",
            "3 requests were judged but not recorded",
            "2 requests are too long",
            "2 families ran; 12 have to.",
        ] {
            assert!(words.contains(part), "{part}: {words}");
        }
        assert!(!report.is_enough());
        assert_eq!(report.rows()[1][12], "70 % at monitor");
    });
}

#[test]
fn nobody_and_nothing_is_told_as_well() {
    check(&[], 12, |report| {
        assert!(report.words().contains("No family gets through"));
        assert_eq!(report.json()["families_ran"], 0);
    });
    check(&[("curl", Fared::default())], 1, |report| assert_eq!(report.rows()[1][12], "-"));
}

#[test]
fn programs_read_the_same() {
    check(&[("curl", fared(10, 7, 1, 60))], 12, |report| {
        let value = report.json();
        let curl = &value["families"][0];
        assert_eq!(
            (&curl["family"], &curl["through_at"], &curl["through"]),
            (&"curl".into(), &"monitor".into(), &0.7.into())
        );
        assert_eq!(
            (&curl["by_action"]["block"], &curl["programs"][0]["version"]),
            (&3.into(), &"1.2".into())
        );
        assert_eq!(
            (&value["missing"][0]["install"], &value["not_recorded"]),
            (&"scripts/gym.sh node".into(), &3.into())
        );
    });
}
