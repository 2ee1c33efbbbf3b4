//! The hot path allocates nothing: a verdict and its response, once client, network and user agent are known.
//!
//! A binary of its own, because counting takes the place of the whole process's allocator.

use palisade_detect::{Engine, EngineSettings, HashSeed, Observe};
use palisade_domain::Vantage;
use palisade_policy::{Judge, Policy};
use palisade_testkit::{CaseTable, Mix};

fn judge() -> Judge {
    let settings = EngineSettings::new(HashSeed([3, 4]));
    Judge::new(Engine::new(settings), Policy::default())
}

/// Allocations of this thread during `work`.
fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

/// Requests of the mix, all of them a second time.
fn of_the_mix(vantage: Vantage) -> u64 {
    const REQUESTS: u64 = 3_000;
    let (judge, mix) = (judge(), Mix::new(vantage));
    let pass = || {
        for n in 0..REQUESTS {
            let facts = mix.facts(n);
            let judged = judge.request(&facts, Observe::Note);
            judge.response(judged.ticket, &mix.response(), facts.time);
        }
    };
    pass();
    allocations(pass)
}

/// Bad sessions of the scenarios, where detectors do find something, all of them a second time.
fn of_attacks() -> u64 {
    let table =
        CaseTable::read(include_str!("../testdata/scenarios.json")).expect("the table is well formed");
    let judge = judge();
    let mut counted = 0;
    for case in table.positives.iter().chain(&table.lookalike) {
        let requests = case.expand();
        for pass in 0..2 {
            for request in &requests {
                let headers = request.header_refs();
                let facts = request.facts(&headers);
                let made = allocations(|| {
                    let judged = judge.request(&facts, Observe::Note);
                    judge.response(judged.ticket, &request.response(), facts.time);
                });
                counted += if pass == 0 { 0 } else { made };
            }
        }
    }
    counted
}

#[test]
fn a_verdict_allocates_nothing_once_its_client_is_known() {
    assert_eq!(of_the_mix(Vantage::GatewayTls), 0, "at a gateway");
    assert_eq!(of_the_mix(Vantage::Log), 0, "from a log");
    assert_eq!(of_attacks(), 0, "where detectors find something");
}
