//! The hot path allocates nothing: a verdict and its response, once client, network and user agent are known.
//!
//! A binary of its own, because counting takes the place of the whole process's allocator.

use std::sync::Arc;

use palisade_detect::schema::expected;
use palisade_detect::{Engine, EngineSettings, HashSeed, Learned, Observe};
use palisade_domain::{Enforcement, Rate, Vantage};
use palisade_model::Model;
use palisade_policy::{EntryKind, Judge, Policy, RuleEffect, RuleSource, Ruleset};
use palisade_testkit::{CaseTable, Mix};

fn judge() -> Judge {
    judge_of(Policy::default())
}

fn judge_of(policy: Policy) -> Judge {
    judge_with(policy, None)
}

fn judge_with(policy: Policy, model: Option<Learned>) -> Judge {
    let settings = EngineSettings { model, ..EngineSettings::new(HashSeed([3, 4])) };
    Judge::new(Engine::new(settings), policy)
}

/// The model that ships.
fn model() -> Learned {
    let bytes = include_bytes!("../../../models/http.model");
    Learned::new(Arc::new(expected(|expect| Model::read(bytes, expect)).expect("it fits this release")))
}

/// Rules of every effect, rates and entries among them; some hold for the mix.
fn policy_with_rules() -> Policy {
    let conditions: Vec<String> = (0..150)
        .map(|n| format!("path.startsWith(\"/part-{n}/\") && score > 3 && user_agent.contains(\"bot\")"))
        .collect();
    let mut sources: Vec<RuleSource<'_>> =
        conditions.iter().map(|when| RuleSource::new(when, RuleEffect::Block)).collect();
    let rule = |when, effect| RuleSource::new(when, effect);
    sources.push(RuleSource {
        name: Some("tables"),
        ..rule(r#"path.contains("table")"#, RuleEffect::Weigh(30))
    });
    sources.push(RuleSource { dry_run: true, ..rule(r#"method == "POST""#, RuleEffect::Block) });
    sources.push(RuleSource {
        entry: Some(EntryKind::Flag),
        ..rule(r#"method == "POST" && kind == "navigation""#, RuleEffect::Throttle(Rate(1)))
    });
    sources.push(rule(r#"user_agent.matches("Firefox/1[34]")"#, RuleEffect::Monitor));
    let rules = Ruleset::compile(&sources).expect("the conditions are well formed");
    assert_eq!(rules.warnings(), []);
    Policy { rules: Arc::new(rules), enforcement: Enforcement::All, ..Policy::default() }
}

/// Allocations of this thread during `work`.
fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

/// Requests of the mix, all of them a second time.
fn of_the_mix(vantage: Vantage, judge: &Judge) -> u64 {
    const REQUESTS: u64 = 3_000;
    let mix = Mix::new(vantage);
    let pass = || {
        for n in 0..REQUESTS {
            let facts = mix.facts(n);
            let judged = judge.request(&facts, Observe::Note);
            judge.response(judged.ticket, &mix.response(), facts.time);
        }
    };
    // Twice: what was over its rate at the end is over it from the start then, and remembered as trouble.
    pass();
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
    assert_eq!(of_the_mix(Vantage::GatewayTls, &judge()), 0, "at a gateway");
    assert_eq!(of_the_mix(Vantage::Log, &judge()), 0, "from a log");
    assert_eq!(of_attacks(), 0, "where detectors find something");
    let with_rules = judge_of(policy_with_rules());
    assert_eq!(of_the_mix(Vantage::GatewayTls, &with_rules), 0, "with own rules");
    let with_model = judge_with(Policy::default(), Some(model()));
    assert_eq!(of_the_mix(Vantage::GatewayTls, &with_model), 0, "with a model");
    assert_eq!(of_the_mix(Vantage::Log, &with_model), 0, "with a model, from a log");
}
