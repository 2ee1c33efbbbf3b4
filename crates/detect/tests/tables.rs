//! Every detector against its own table: it fires in each true session and in none of the lookalikes.

#![allow(clippy::panic, reason = "a table that cannot be read ends the test")]

use std::path::PathBuf;

use palisade_detect::{Detector, Engine, EngineSettings, HashSeed, Observe, SiteProfile, State, detectors};
use palisade_testkit::{Case, CaseTable};

/// The site every case visits.
fn site() -> SiteProfile {
    SiteProfile {
        robots: Some(palisade_crawl::robots::Robots::parse(
            b"User-agent: *\nDisallow: /private/\nAllow: /private/open\n",
        )),
        honeypot_fields: vec!["website".to_owned()],
        trap_paths: vec!["/trap/".to_owned()],
        login_paths: vec!["/account/enter".to_owned()],
        script_token: Some("palisade_token".to_owned()),
    }
}

fn table(name: &str) -> CaseTable {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("testdata/{name}.json"));
    let json = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    CaseTable::read(&json).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Requests of `case` on which the one `detector` fires.
fn hits(detector: Box<dyn Detector>, case: &Case) -> usize {
    let settings = EngineSettings { site: site(), ..EngineSettings::new(HashSeed([1, 2])) };
    let engine = Engine::with_detectors(settings, vec![detector]);
    let mut hits = 0;
    for request in case.expand() {
        let headers = request.header_refs();
        let facts = request.facts(&headers);
        let seen = engine.assess(&facts, Observe::Note);
        hits += seen.assessment.explanation.len();
        engine.finish(seen.ticket, &request.response(), facts.time);
    }
    hits
}

fn fresh(name: &str) -> Box<dyn Detector> {
    detectors::all()
        .into_iter()
        .find(|detector| detector.card().name == name)
        .expect("named by the list itself")
}

#[test]
fn each_detector_sees_its_cases_and_leaves_its_lookalikes_alone() {
    let mut faults = Vec::new();
    for name in detectors::names() {
        let table = table(name);
        let dry = matches!(fresh(name).card().state, State::DryRun(_));
        if table.positives.len() < 5 || table.lookalike.len() < 5 {
            faults.push(format!("{name}: needs at least 5 true and 5 lookalike sessions"));
        }
        for case in &table.positives {
            if hits(fresh(name), case) == 0 {
                faults.push(format!("{name}: does not see {:?}", case.name));
            }
        }
        for case in &table.lookalike {
            let hits = hits(fresh(name), case);
            if hits > 0 && !dry {
                faults.push(format!("{name}: fires {hits} times on the lookalike {:?}", case.name));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_card_is_complete_and_every_name_is_used_once() {
    let mut names = detectors::names();
    for detector in detectors::all() {
        let card = detector.card();
        assert!(card.evidence_max > 0.0 && !card.signals.is_empty(), "{}", card.name);
        for text in [card.summary, card.sees, card.cannot_see, card.errs, card.source] {
            assert!(text.len() > 10, "{}: {text:?} says too little", card.name);
        }
        for signal in card.signals {
            assert!(FAMILIES.contains(&signal.family()), "{}: {signal} is of no known family", card.name);
        }
    }
    let listed = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), listed);
    assert!(listed <= palisade_domain::Signal::PER_REQUEST_MAX);
}

/// Families of signal ids that other programs rely on.
const FAMILIES: [&str; 22] = [
    "ua",
    "headers",
    "tls",
    "h2",
    "method",
    "path",
    "payload",
    "form",
    "rate",
    "timing",
    "repeat",
    "entropy",
    "login",
    "errors",
    "fingerprint",
    "assets",
    "cookie",
    "robots",
    "trap",
    "list",
    "identity",
    "sequence",
];
