//! What a row costs, one at a time: `make bench B=rows`. The files are those of the tests, of eight features.

#![allow(clippy::panic, reason = "a bench that cannot go on has failed")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_model::{Expect, Foreign as _};
use palisade_onnx::OnnxModel;

const NAMES: [&str; 8] = [
    "request_rate",
    "user_agent",
    "pages",
    "assets",
    "gap_median",
    "header_count",
    "path_length",
    "evidence.ua_program",
];

fn rows(criterion: &mut Criterion) {
    let expect = Expect { schema_id: "http-1", features: &NAMES, vantages: &["log"] };
    let files: [(&str, &[u8]); 5] = [
        ("lr", include_bytes!("../testdata/scaled.onnx")),
        ("forest", include_bytes!("../testdata/forest.onnx")),
        ("lightgbm", include_bytes!("../testdata/lightgbm.onnx")),
        ("mlp", include_bytes!("../testdata/mlp.onnx")),
        ("net", include_bytes!("../testdata/net.onnx")),
    ];
    for (name, bytes) in files {
        let model = OnnxModel::read(name, bytes, &expect).unwrap_or_else(|why| panic!("{name}: {why}"));
        let row = [0.3, -0.2, 1.5, f32::NAN, 0.1, -1.0, 0.7, 2.0];
        criterion.bench_function(&format!("onnx/{name}"), |bencher| {
            bencher.iter(|| model.probability(black_box(&row)));
        });
    }
}

criterion_group!(benches, rows);
criterion_main!(benches);
