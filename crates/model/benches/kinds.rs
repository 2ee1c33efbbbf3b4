//! What scoring costs by other kinds than the additive one, over 1,024 requests in turn, without reasons and with.
//! Budgets: 4 µs for 100 trees of depth 6, 10 µs for a net of 94-64-32-16-1.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_model::testing::sized::{Numbers, net, trees};
use palisade_model::{
    Contributions, Expect, Form, Kind, Linear, Model, Seen, Sequence, Step, Term, sequence, testing,
};

const FEATURES: u16 = 94;
const REQUESTS: usize = 1_024;

/// Steps that history keeps of a client.
const STEPS: usize = 24;

fn model(kind: Kind, form: &Form) -> Model {
    let names: Vec<String> = (0..FEATURES).map(|n| format!("feature.{n}")).collect();
    let features: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut file = testing::file_of(kind);
    file.views.truncate(1);
    file.views[0].features = (0..FEATURES).collect();
    file.views[0].form = form.clone();
    file.schema.features = names.clone();
    let expect = Expect { features: &features, ..testing::EXPECT };
    Model::new(file, &expect).expect("it keeps every rule")
}

fn linear(numbers: &mut Numbers) -> Form {
    let terms = (0..FEATURES).map(|feature| Term {
        feature,
        mean: 0.5,
        scale: 0.3,
        weight: numbers.draw() - 0.5,
        unseen: 0.1,
    });
    Form::Linear(Linear { terms: terms.collect() })
}

/// One of eighty ways to one of four hundred places.
fn step(numbers: &mut Numbers) -> Step {
    Step { how: (numbers.draw() * 80.0) as u16, place: (numbers.draw() * 400.0) as u16 }
}

fn markov(numbers: &mut Numbers) -> Form {
    let mut table = std::collections::BTreeMap::new();
    while table.len() < 60_000 {
        let steps: Vec<Step> = (0..3).map(|_| step(numbers)).collect();
        for (track, order) in
            sequence::Track::ALL.into_iter().flat_map(|track| [0, 1, 2].map(|order| (track, order)))
        {
            let Some(context) = sequence::context(track, &steps, 2, order) else { continue };
            let key = sequence::with_symbol(context, track.symbol(steps[2]));
            table.extend([(context, numbers.draw() - 0.5), (key, numbers.draw() - 0.5)]);
        }
    }
    let (keys, weights) = table.into_iter().unzip();
    Form::Sequence(Sequence { steps_full: 8, keys, weights })
}

/// Each tenth value unseen: no two requests take the same way.
fn requests(numbers: &mut Numbers) -> Vec<Vec<f32>> {
    let mut value = || Some(numbers.draw()).filter(|value| *value >= 0.1).unwrap_or(f32::NAN);
    (0..REQUESTS).map(|_| (0..FEATURES).map(|_| value()).collect()).collect()
}

fn score(criterion: &mut Criterion) {
    let mut numbers = Numbers(1);
    let requests = requests(&mut numbers);
    let steps: Vec<Step> = (0..REQUESTS + STEPS).map(|_| step(&mut numbers)).collect();
    for (name, kind, form) in [
        ("lr of 94 features", Kind::Linear, linear(&mut numbers)),
        ("gbdt of 100 trees, depth 6", Kind::Boosted, trees((100, 6), FEATURES, 1.0, &mut numbers)),
        ("rf of 100 trees, depth 8", Kind::Forest, trees((100, 8), FEATURES, 1.0, &mut numbers)),
        ("mlp 94-64-32-16-1", Kind::Neural, net(&[64, 32, 16, 1], FEATURES, &mut numbers)),
        ("markov of 60,000 keys, 24 steps", Kind::Markov, markov(&mut numbers)),
    ] {
        let model = model(kind, &form);
        let view = &model.views()[0];
        let mut turn = requests.iter().zip(steps.windows(STEPS)).cycle();
        let mut next = || turn.next().map_or(Seen::default(), |(numbers, steps)| Seen { numbers, steps });
        criterion.bench_function(&format!("{name}, log-odds"), |bench| {
            bench.iter(|| view.log_odds(black_box(next())));
        });
        let mut contributions = Contributions::new();
        criterion.bench_function(&format!("{name}, with reasons"), |bench| {
            bench.iter(|| view.score_into(black_box(next()), &mut contributions));
        });
    }
}

criterion_group!(benches, score);
criterion_main!(benches);
