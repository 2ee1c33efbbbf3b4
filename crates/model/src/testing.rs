//! A small, valid model for tests, here and in the crates below.

pub mod sized;

use std::collections::BTreeMap;

use crate::calibration::Calibration;
use crate::file::{Card, ModelFile, Schema, Source, Subject, Trained, ViewFile};
use crate::form::{Form, Input, Layer, Linear, Neural, Sequence, Term, Tree, Trees};
use crate::kind::Kind;
use crate::model::{Expect, Model};
use crate::score::{Anchor, Anchors};
use crate::shape::{Direction, Pair, Shape};

/// What [`file()`] was made for.
pub const EXPECT: Expect<'static> = Expect {
    schema_id: "testing-1",
    features: &["rate.pages", "header.missing", "clock.spread", "path.depth"],
    vantages: &["log", "gateway-tls", "gateway-clear", "check"],
};

/// Two views: `log` with two shapes, `gateway` with four and a pair. A rate of 60 and two missing headers are a bot.
pub fn file() -> ModelFile {
    ModelFile {
        id: "testing-2026".to_owned(),
        kind: Kind::Additive,
        subject: Subject::Traffic,
        schema: Schema {
            id: EXPECT.schema_id.to_owned(),
            features: EXPECT.features.iter().map(|&name| name.to_owned()).collect(),
        },
        trained: trained(),
        metrics: serde_json::Map::from_iter([("roc_auc".to_owned(), 0.9731.into())]),
        card: Card {
            summary: "For tests.".to_owned(),
            data: "None.".to_owned(),
            weaknesses: vec!["It knows nothing.".to_owned()],
            trust: "Not at all.".to_owned(),
        },
        contribution_max: f32::INFINITY,
        views: vec![
            view("log", &["log"], shapes().into_iter().take(2).collect(), Vec::new()),
            view("gateway", &["gateway-tls", "gateway-clear"], shapes(), vec![pair()]),
        ],
    }
}

/// As [`file()`], of another kind: both views compute by the same small form of it.
pub fn file_of(kind: Kind) -> ModelFile {
    let form = match kind {
        Kind::Additive => return file(),
        Kind::Linear => Form::Linear(linear()),
        Kind::Boosted | Kind::Forest | Kind::Isolation => Form::Trees(trees()),
        Kind::Neural => Form::Neural(neural()),
        Kind::Markov => Form::Sequence(sequence()),
    };
    let of = |name, vantages: &[&str]| ViewFile {
        form: form.clone(),
        ..view(name, vantages, Vec::new(), Vec::new())
    };
    let views = vec![of("log", &["log"]), of("gateway", &["gateway-tls", "gateway-clear"])];
    ModelFile { kind, views, ..file() }
}

/// A rate above 20 and a missing header speak for a bot.
fn linear() -> Linear {
    let term = |feature, mean, scale, weight| Term { feature, mean, scale, weight, unseen: 0.25 };
    Linear { terms: vec![term(0, 20.0, 10.0, 0.5), term(1, 0.5, 0.5, 1.0), term(2, 0.3, 0.1, -0.25)] }
}

/// A tree of four leaves, one of two, and one of nothing else.
fn trees() -> Trees {
    let deep = Tree {
        features: vec![0, 1, 2],
        edges: vec![30.0, 1.0, 0.1],
        below: vec![1, -1, -3],
        above: vec![2, -2, -4],
        unseen_above: vec![false, true, true],
        means: vec![0.1, -0.5, 1.0],
        leaves: vec![-1.0, 0.5, 2.0, 0.75],
    };
    let flat = Tree {
        features: vec![3],
        edges: vec![2.0],
        below: vec![-2],
        above: vec![-1],
        unseen_above: vec![false],
        means: vec![0.0],
        leaves: vec![-0.25, 0.25],
    };
    Trees { trees: vec![deep, flat, Tree { leaves: vec![0.125], ..Tree::default() }] }
}

/// Four inputs, three bends, one output.
fn neural() -> Neural {
    let input = |feature, mean, scale| Input { feature, mean, scale };
    Neural {
        inputs: vec![input(0, 20.0, 10.0), input(1, 0.5, 0.5), input(2, 0.3, 0.1), input(3, 3.0, 1.0)],
        layers: vec![
            Layer {
                weights: vec![1.0, 0.5, -0.5, 0.5, 1.0, 0.0, -0.25, 0.5, 1.0, 0.0, 0.125, 0.25],
                biases: vec![0.0, -0.5, 0.25],
            },
            Layer { weights: vec![0.75, 0.5, -0.5], biases: vec![-0.125] },
        ],
    }
}

/// Two ways to go and two places; who goes by 1 twice in a row is a program. A mean of four steps counts in full.
fn sequence() -> Sequence {
    let place = 1 << 50;
    let (after_one, after_two) = (1 << 48 | 1 << 16, 2 << 48 | 1 << 32 | 1 << 16);
    let known = [
        (1, 0.5),
        (2, -0.5),
        (after_one | 1, 1.5),
        (after_one | 0xffff, -0.25),
        (after_two | 1, 2.0),
        (after_two | 0xffff, 0.125),
        (place | 7, 0.25),
        (place | 9, -0.75),
    ];
    let (keys, weights) = known.into_iter().unzip();
    Sequence { steps_full: 4, keys, weights }
}

/// [`file()`] as a model.
///
/// # Panics
/// Never: a test holds that it is valid.
pub fn model() -> Model {
    Model::new(file(), &EXPECT).expect("a test holds that it is valid")
}

/// Anchors at log-odds of -8, 0, 1, 2.5 and 6.
pub fn anchors() -> Anchors {
    let anchor = |log_odds, fpr| Anchor { log_odds, fpr, provisional: true };
    Anchors {
        floor: -8.0,
        monitor: anchor(0.0, 0.05),
        challenge: anchor(1.0, 0.005),
        block: anchor(2.5, 0.001),
        ceiling: 6.0,
    }
}

/// A view that may use all four features.
pub fn view(name: &str, vantages: &[&str], shapes: Vec<Shape>, pairs: Vec<Pair>) -> ViewFile {
    ViewFile {
        name: name.to_owned(),
        vantages: vantages.iter().map(|&vantage| vantage.to_owned()).collect(),
        features: vec![0, 1, 2, 3],
        intercept: -3.0,
        shapes,
        pairs,
        form: Form::Additive,
        calibration: Calibration { points: vec![(-6.0, -5.5), (0.0, 0.1), (8.0, 7.0)] },
        anchors: anchors(),
    }
}

fn shapes() -> Vec<Shape> {
    let shape = |feature, edges: &[f32], weights: &[f32], direction| Shape {
        feature,
        edges: edges.to_vec(),
        weights: weights.to_vec(),
        unseen: 0.25,
        direction,
    };
    vec![
        shape(0, &[10.0, 30.0, 60.0], &[0.0, 0.5, 1.5, 3.0], Direction::Rising),
        shape(1, &[1.0, 2.0], &[0.0, 0.8, 2.0], Direction::Rising),
        shape(2, &[0.1, 0.5], &[1.2, 0.4, 0.0], Direction::Falling),
        shape(3, &[2.0, 4.0], &[0.3, 0.0, 0.1], Direction::Free),
    ]
}

fn pair() -> Pair {
    Pair {
        first: 0,
        second: 2,
        first_edges: vec![30.0],
        second_edges: vec![0.1, 0.5],
        weights: vec![0.2, 0.1, 0.0, 1.1, 0.1, 0.1],
        unseen: 0.0,
    }
}

fn trained() -> Trained {
    let digest = "0123456789abcdef".repeat(4);
    Trained {
        at_ms: 1_795_132_800_000,
        rows: 1_000,
        groups: 100,
        data_sha256: digest.clone(),
        sources: vec![Source {
            name: "invented".to_owned(),
            licence: "CC0-1.0".to_owned(),
            rows: 1_000,
            sha256: digest,
        }],
        seed: 7,
        settings: BTreeMap::from([("rounds".to_owned(), "200".to_owned())]),
    }
}
