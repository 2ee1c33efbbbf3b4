//! What a whole verdict costs: gather, history, detectors, scorer, policy and the response, on DESIGN section 8's mix over
//! 100,000 known clients in random order. Budget: 5 µs median (issue 2) and 600 bytes per known client.
#![allow(clippy::print_stdout, reason = "quantiles and bytes are what this bench is asked for")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_detect::learned::UNPROVEN_BOUND;
use palisade_detect::schema::expected;
use palisade_detect::{Engine, EngineSettings, HashSeed, Learned, Observe};
use palisade_domain::{RequestFacts, Vantage};
use palisade_model::testing::sized::{Numbers, net, trees};
use palisade_model::{Form, Kind, Model, testing};
use palisade_policy::{Judge, Policy};
use palisade_testkit::Mix;
use palisade_testkit::mix::CLIENTS;

/// Requests that make every client known: 20 each on average.
const WARM_UP: u64 = 20 * CLIENTS;

/// Requests timed one by one for the quantiles.
const TIMED: u64 = 400_000;

/// The model that ships.
fn shipped() -> Learned {
    let bytes = include_bytes!("../../../models/http.model");
    let model = expected(|expect| Model::read(bytes, expect)).expect("the model that ships fits");
    Learned::new(Arc::new(model))
}

/// A model of another kind and of the size that its budget speaks of, which looks at every feature; on top of the tables, held to a
/// bound, or in their place.
fn sized(kind: Kind, contribution_max: f32, form: impl Fn(u16, &mut Numbers) -> Form) -> Learned {
    let model = expected(|expect| {
        let features = expect.features.len() as u16;
        let mut file = testing::file_of(kind);
        file.views.truncate(1);
        file.views[0].features = (0..features).collect();
        file.views[0].form = form(features, &mut Numbers(1));
        file.views[0].vantages = expect.vantages.iter().map(|&name| name.to_owned()).collect();
        file.schema.id = expect.schema_id.to_owned();
        file.schema.features = expect.features.iter().map(|&name| name.to_owned()).collect();
        file.contribution_max = contribution_max;
        Model::new(file, expect)
    });
    Learned::new(Arc::new(model.expect("it keeps every rule")))
}

/// With a model, or with the hand-set tables alone.
fn judge(model: Option<Learned>) -> Judge {
    let settings = EngineSettings { model, ..EngineSettings::new(HashSeed([1, 2])) };
    Judge::new(Engine::new(settings), Policy::default())
}

/// One request from facts to the end of its response.
fn verdict(judge: &Judge, mix: &Mix, facts: &RequestFacts<'_>) -> u8 {
    let judged = judge.request(facts, Observe::Note);
    judge.response(judged.ticket, &mix.response(), facts.time);
    judged.verdict.assessment.score.value()
}

/// Warms up and says what a known client weighs.
fn known(judge: &Judge, mix: &Mix) {
    for n in 0..WARM_UP {
        verdict(judge, mix, &mix.facts(n));
    }
    let history = judge.engine().history();
    println!(
        "{:.0} bytes per known client, {} clients",
        history.bytes() as f64 / CLIENTS as f64,
        history.clients()
    );
}

/// Times of single requests from number `first` on, sorted, less what reading the clock costs; in nanoseconds.
fn times(judge: &Judge, mix: &Mix, first: u64, count: u64) -> Vec<u64> {
    let mut clock: Vec<u64> = (0..1_001).map(|_| nanos(|| ())).collect();
    clock.sort_unstable();
    let mut times: Vec<u64> = (first..first + count)
        .map(|n| {
            let facts = mix.facts(n);
            nanos(|| verdict(judge, mix, black_box(&facts))).saturating_sub(clock[500])
        })
        .collect();
    times.sort_unstable();
    times
}

fn quantiles(name: &str, times: &[u64]) {
    let at = |share: f64| times[(times.len() as f64 * share) as usize];
    println!("{name}: median {} ns, p90 {} ns, p99 {} ns", at(0.5), at(0.9), at(0.99));
}

fn nanos<R>(work: impl FnOnce() -> R) -> u64 {
    let start = Instant::now();
    black_box(work());
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Requests of a turn, and turns of each judge.
const TURN: u64 = 1_000;
const TURNS: usize = 400;

/// What a model adds, a judge with it and one without in turn: whatever else the machine does slows both.
fn added(name: &str, vantage: Vantage, model: Learned) {
    let mix = Mix::new(vantage);
    let judges = [None, Some(model)].map(judge);
    for n in 0..WARM_UP {
        let facts = mix.facts(n);
        for judge in &judges {
            black_box(verdict(judge, &mix, &facts));
        }
    }
    let turn = |at: usize, n: u64| {
        nanos(|| {
            (n..n + TURN)
                .map(|n| u64::from(verdict(&judges[at], &mix, black_box(&mix.facts(n)))))
                .sum::<u64>()
        })
    };
    let mut more: Vec<i64> = (0..TURNS)
        .map(|round| {
            let n = WARM_UP + round as u64 * TURN;
            // Each is first as often as second.
            let first = round % 2;
            let (one, other) = (turn(first, n), turn(1 - first, n));
            let [without, with] = if first == 0 { [one, other] } else { [other, one] };
            (with as i64 - without as i64) / TURN as i64
        })
        .collect();
    more.sort_unstable();
    let at = |share: f64| more[(more.len() as f64 * share) as usize];
    println!(
        "{}: {name} adds {} ns a request, quartiles {} and {}",
        vantage.name(),
        at(0.5),
        at(0.25),
        at(0.75)
    );
}

fn bench(criterion: &mut Criterion) {
    for (name, vantage, has_model) in [
        ("gateway", Vantage::GatewayTls, false),
        ("gateway with the model", Vantage::GatewayTls, true),
        ("log", Vantage::Log, false),
        ("log with the model", Vantage::Log, true),
    ] {
        let (judge, mix) = (judge(has_model.then(shipped)), Mix::new(vantage));
        known(&judge, &mix);
        quantiles(name, &times(&judge, &mix, WARM_UP, TIMED));
        let mut n = WARM_UP + TIMED;
        // What the budget speaks of is the median request; criterion's own figure is one of means.
        criterion.bench_function(&format!("assessment/{name}"), |bencher| {
            bencher.iter_custom(|count| {
                n += count;
                let times = times(&judge, &mix, n, count);
                Duration::from_nanos(times[times.len() / 2] * count)
            });
        });
        criterion.bench_function(&format!("assessment mean/{name}"), |bencher| {
            bencher.iter(|| {
                n += 1;
                verdict(&judge, &mix, black_box(&mix.facts(n)))
            });
        });
    }
    for vantage in [Vantage::GatewayTls, Vantage::Log] {
        added("the model that ships", vantage, shipped());
    }
    for (place, bound) in [("within a bound", UNPROVEN_BOUND), ("in the tables' place", f32::INFINITY)] {
        let boosted =
            sized(Kind::Boosted, bound, |features, numbers| trees((100, 6), features, 4.0, numbers));
        added(&format!("100 trees of depth 6 {place}"), Vantage::GatewayTls, boosted);
        let neural = sized(Kind::Neural, bound, |features, numbers| net(&[64, 32, 16, 1], features, numbers));
        added(&format!("a net of 64-32-16-1 {place}"), Vantage::GatewayTls, neural);
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
