//! What a thousand rules cost, of which ten are candidates for a request. Budget: 3 µs and no allocation (DESIGN section
//! 8); `tests/allocations.rs` holds the second.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_detect::scorer;
use palisade_domain::{Assessment, Score};
use palisade_policy::expression::View;
use palisade_policy::{RuleEffect, RuleSource, Ruleset};
use palisade_testkit::Mix;

/// Rules of the set, and rules under each of its paths.
const RULES: usize = 1_000;
const EACH: usize = 10;

/// A hundred paths with ten rules each; what they ask for beside the path is what operators ask for.
fn conditions() -> Vec<String> {
    let of = |n: usize| {
        let path = if n / EACH == 0 { "/products".to_owned() } else { format!("/part-{}", n / EACH) };
        match n % EACH {
            0 => format!("path.startsWith(\"{path}\") && score > 95"),
            1 => format!("path.startsWith(\"{path}\") && user_agent.matches(\"(?i)scrapy|go-http|^java/\")"),
            2 => {
                format!("path.startsWith(\"{path}\") && inNetwork(ip, [\"10.0.0.0/8\", \"192.168.0.0/16\"])")
            }
            3 => format!("path.startsWith(\"{path}\") && \"payload.sql\" in signals"),
            4 => format!("path.startsWith(\"{path}\") && headers[\"x-internal\"] == \"yes\""),
            5 => format!("path.startsWith(\"{path}\") && pages_per_minute > 500"),
            6 => {
                format!("path.startsWith(\"{path}\") && identity.class != \"browser\" && !present(referrer)")
            }
            7 => format!("path.startsWith(\"{path}\") && query.contains(\"debug=1\")"),
            8 => format!("path.startsWith(\"{path}\") && host.endsWith(\".internal\")"),
            _ => format!("path.startsWith(\"{path}\") && size(user_agent) < 10 && score > {n}"),
        }
    };
    (0..RULES).map(of).collect()
}

fn rules() -> Ruleset {
    let conditions = conditions();
    let sources: Vec<_> = conditions.iter().map(|when| RuleSource::new(when, RuleEffect::Block)).collect();
    Ruleset::compile(&sources).expect("the conditions are well formed")
}

fn bench(criterion: &mut Criterion) {
    let (rules, mix) = (rules(), Mix::new(palisade_domain::Vantage::GatewayTls));
    let assessment: Assessment = scorer::blank();
    let challenge_at = Score::new(70).expect("70 is a score");
    let page = (0..1_000)
        .map(|n| mix.facts(n))
        .find(|facts| facts.path().known().is_some_and(|path| path.starts_with("/products")))
        .expect("the mix has products");
    let mut run = |name: &str, facts: &palisade_domain::RequestFacts<'_>| {
        criterion.bench_function(&format!("rules/{name}"), |bencher| {
            bencher.iter(|| {
                let view = View::new(black_box(facts), &assessment, None, challenge_at);
                rules.first_match(&view)
            });
        });
    };
    run("ten candidates of a thousand", &page);
    let other =
        palisade_domain::RequestFacts { target: palisade_domain::Fact::Known("/about/us?x=1"), ..page };
    run("no candidate of a thousand", &other);
}

criterion_group!(benches, bench);
criterion_main!(benches);
