//! What scoring costs: 60 features of 32 bins and 4 pairs, over 1,024 requests in turn. Budget: 1 µs.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_model::{Contributions, Direction, Expect, Model, Pair, Shape, testing};

const FEATURES: u16 = 60;
const BINS: u16 = 32;
const REQUESTS: usize = 1_024;

fn model(bins: u16) -> Model {
    let names: Vec<String> = (0..FEATURES).map(|n| format!("feature.{n}")).collect();
    let features: Vec<&str> = names.iter().map(String::as_str).collect();
    let edges = |bins: u16| (1..bins).map(|n| f32::from(n) / f32::from(bins)).collect::<Vec<_>>();
    let shapes = (0..FEATURES).map(|feature| Shape {
        feature,
        edges: edges(bins),
        weights: (0..bins).map(|n| f32::from(n) / 300.0).collect(),
        unseen: 0.05,
        direction: Direction::Rising,
    });
    let pairs = (0..4).map(|n| Pair {
        first: n,
        second: n + 20,
        first_edges: edges(8),
        second_edges: edges(8),
        weights: (0..64u16).map(|cell| f32::from(cell / 8 + cell % 8) / 50.0).collect(),
        unseen: 0.0,
    });
    let mut file = testing::file();
    file.views = vec![testing::view("log", &["log"], shapes.collect(), pairs.collect())];
    file.views[0].features = (0..FEATURES).collect();
    file.schema.features = names.clone();
    let expect = Expect { features: &features, ..testing::EXPECT };
    Model::new(file, &expect).expect("it keeps every rule")
}

/// Values between 0 and 1 of a small generator, each tenth unseen: no two requests take the same way.
fn requests() -> Vec<Vec<f32>> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let value = (state >> 8) as f32 / (1 << 24) as f32;
        if value < 0.1 { f32::NAN } else { value }
    };
    (0..REQUESTS).map(|_| (0..FEATURES).map(|_| next()).collect()).collect()
}

fn score(criterion: &mut Criterion) {
    let requests = requests();
    for bins in [8, BINS, 64, 256] {
        let model = model(bins);
        let view = &model.views()[0];
        let mut contributions = Contributions::new();
        let mut turn = requests.iter().cycle();
        criterion.bench_function(&format!("score 60 features of {bins} bins"), |bench| {
            bench.iter(|| {
                let features = turn.next().map_or(&[][..], Vec::as_slice);
                view.score_into(black_box(features), &mut contributions)
            });
        });
    }
}

fn read(criterion: &mut Criterion) {
    let model = model(BINS);
    let bytes = model.to_bytes();
    let names: Vec<&str> = model.file().schema.features.iter().map(String::as_str).collect();
    let expect = Expect { features: &names, ..testing::EXPECT };
    criterion.bench_function(&format!("read {} bytes", bytes.len()), |bench| {
        bench.iter(|| Model::read(black_box(&bytes), &expect).is_ok());
    });
}

criterion_group!(benches, score, read);
criterion_main!(benches);
