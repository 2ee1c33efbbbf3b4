//! Whole sessions through engine and policy: whom nothing may happen to, and whom something must.
//!
//! `testdata/scenarios.json`: `true` sessions go beyond monitor at least once, `lookalike` sessions never do, as
//! written and again as `/check` would see them (milliseconds instead of seconds).

use palisade_detect::{Engine, EngineSettings, HashSeed, Observe};
use palisade_domain::Enforcement;
use palisade_policy::{Judge, Policy, Preset};
use palisade_testkit::table::CaseVantage;
use palisade_testkit::{Case, CaseTable, OwnedRequest};

fn table() -> CaseTable {
    CaseTable::read(include_str!("../testdata/scenarios.json")).expect("the table is well formed")
}

fn judge() -> Judge {
    let settings = EngineSettings::new(HashSeed([3, 4]));
    let policy = Policy { enforcement: Enforcement::All, ..Policy::preset(Preset::Balanced) };
    Judge::new(Engine::new(settings), policy)
}

/// The session as written, or with milliseconds where it is written as a log.
fn requests(case: &Case, fine_clock: bool) -> Vec<OwnedRequest> {
    let mut case = case.clone();
    if fine_clock && matches!(case.vantage, CaseVantage::Log) {
        case.vantage = CaseVantage::Check;
    }
    case.expand()
}

/// The worst that happens in a session, in words.
fn worst(case: &Case, fine_clock: bool) -> (usize, String) {
    let judge = judge();
    let mut worst = (0, String::new());
    for (at, request) in requests(case, fine_clock).iter().enumerate() {
        let headers = request.header_refs();
        let facts = request.facts(&headers);
        let judged = judge.request(&facts, Observe::Note);
        judge.response(judged.ticket, &request.response(), facts.time);
        let (assessment, decision) = (&judged.verdict.assessment, &judged.verdict.decision);
        assert_eq!(assessment.points_total(), i32::from(assessment.score.value()), "points must add up");
        if decision.action.rank() > worst.0 {
            let signals: Vec<String> = assessment
                .explanation
                .iter()
                .map(|line| format!("{} {:+} ({})", line.id, line.points, line.detail))
                .collect();
            worst = (
                decision.action.rank(),
                format!(
                    "request {at} {}: {} by {}, score {}, {:?}, {}",
                    request.target.as_deref().unwrap_or("-"),
                    decision.action,
                    decision.rule,
                    assessment.score.value(),
                    assessment.identity,
                    signals.join("; ")
                ),
            );
        }
    }
    worst
}

#[test]
fn lookalikes_are_never_treated_beyond_monitor() {
    let mut faults = Vec::new();
    for case in &table().lookalike {
        for fine_clock in [false, true] {
            let (rank, words) = worst(case, fine_clock);
            if rank > 1 {
                faults.push(format!("{:?} (fine clock: {fine_clock}): {words}", case.name));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn bad_bots_are_treated_beyond_monitor() {
    let mut faults = Vec::new();
    for case in &table().positives {
        for fine_clock in [false, true] {
            let (rank, words) = worst(case, fine_clock);
            if rank <= 1 {
                faults.push(format!("{:?} (fine clock: {fine_clock}): at worst {words}", case.name));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
