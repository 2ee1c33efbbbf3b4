use palisade_challenge::behaviour::trace::Move;
use palisade_challenge::behaviour::{Interaction, Said, Trace};
use palisade_model::{Card, Model, ModelError, Subject};

use super::*;
use crate::evaluation::{EvaluateOptions, evaluate};
use crate::interactions::Reader;
use crate::random::Random;
use crate::subject;
use crate::train::AdditiveSettings;

/// Visits of as many people and programs: people bend, hesitate and slow down, programs go straight at one speed, one family in
/// whole steps and one in uneven ones.
fn visits(each: u32) -> Dataset {
    let mut reader = Reader::default();
    let mut random = Random::new(7);
    let mut dice = move || random.below(1_000_000) as f64 / 1e6;
    for at in 0..2 * each {
        let is_bot = at % 2 == 1;
        let (mut x, mut y, mut time) = (dice() * 300.0, dice() * 300.0, 1_000.0);
        let mut trace = Trace::default();
        for step in 0..40_u32 {
            trace.moves.push(Move { x, y, time });
            let even = f64::from(step) / 39.0;
            let speed = if is_bot { 9.0 } else { 1.0 + 30.0 * even * (1.0 - even) * (0.6 + dice()) };
            x += speed;
            y += if is_bot { 0.0 } else { (dice() - 0.4) * 9.0 };
            time += if is_bot && at % 4 == 1 { 17.0 } else { 15.0 + (4.0 * dice()).floor() };
        }
        let interaction = Interaction {
            trace,
            label: if is_bot { Said::Bot } else { Said::Human },
            family: is_bot.then(|| if at % 4 == 1 { "even" } else { "uneven" }.to_owned()),
            // Two visits of each person.
            group: Some(if is_bot { format!("program {at}") } else { format!("person {}", at / 4) }),
            ..Interaction::default()
        };
        assert!(reader.add(&format!("visit {at}"), &interaction).is_continue());
    }
    reader.finish().0
}

fn settings(kind: KindSettings) -> TrafficSettings {
    TrafficSettings {
        id: "hands".to_owned(),
        at_ms: 0,
        kind,
        folds: 4,
        repeats: 1,
        sources: Vec::new(),
        without: Vec::new(),
        contribution_max: f32::INFINITY,
        card: Card {
            summary: "for tests".to_owned(),
            data: "made up".to_owned(),
            weaknesses: Vec::new(),
            trust: "none".to_owned(),
        },
    }
}

fn small() -> KindSettings {
    (&AdditiveSettings { rounds: 60, bags: 2, pairs: 0, ..AdditiveSettings::default() }).into()
}

fn auc(rows: &[Scored]) -> f64 {
    evaluate(rows, &EvaluateOptions { resamples: 0, ..EvaluateOptions::default() }).unwrap().auc.unwrap()
}

#[test]
fn a_model_is_made_read_again_and_says_the_same() {
    let data = visits(80);
    let trained = train(&data, &settings(small())).unwrap();
    let bytes = trained.model.to_bytes();
    assert_eq!(train(&data, &settings(small())).unwrap().model.to_bytes(), bytes, "bit for bit");
    let again = subject::expected(Subject::Behaviour, |expect| Model::read(&bytes, expect)).unwrap();
    assert_eq!((again.subject(), again.views().len()), (Subject::Behaviour, 1));
    assert_eq!(score(&again, &data), subject::score(&trained.model, &data));
    assert!(auc(&trained.unseen) > 0.95, "{}", auc(&trained.unseen));
    assert_eq!(trained.unseen.len(), 160);
    let caught = score(&again, &data).into_iter().find(|row| row.is_bot && row.score > 0.5).unwrap();
    assert!(caught.reasons.iter().any(|(name, _)| name.starts_with("mouse_")), "{:?}", caught.reasons);
}

#[test]
fn the_net_is_that_of_seed_000() {
    let trained = train(&visits(80), &settings(settings_of(Kind::Neural))).unwrap();
    let view = &trained.model.file().views[0];
    assert_eq!(view.features, (0..schema::SEED_FEATURES as u16).collect::<Vec<_>>());
    let palisade_model::Form::Neural(net) = &view.form else { panic!("a net") };
    let widths: Vec<usize> = net.layers.iter().map(|layer| layer.biases.len()).collect();
    assert_eq!(widths, [64, 32, 1]);
    assert!(net.inputs.len() <= schema::SEED_FEATURES, "what never varies is no input");
    assert!(auc(&trained.unseen) > 0.8, "{}", auc(&trained.unseen));
}

#[test]
fn every_kind_is_trained_and_read_again() {
    let data = visits(40);
    for kind in Kind::ALL {
        let mut kind = settings_of(kind);
        if let KindSettings::Neural(net) = &mut kind {
            (net.layers, net.epochs) = (vec![8], 10);
        }
        let kind = if kind.kind() == Kind::Additive { small() } else { kind };
        let trained = train(&data, &settings(kind.clone())).unwrap();
        let again =
            subject::expected(Subject::Behaviour, |expect| Model::read(&trained.model.to_bytes(), expect))
                .unwrap();
        assert_eq!((again.kind(), score(&again, &data)), (kind.kind(), score(&trained.model, &data)));
    }
}

#[test]
fn a_family_is_judged_by_a_model_that_never_saw_it() {
    let data = visits(60);
    let found = held_out(&data, &settings(small()), Split::Families).unwrap();
    assert_eq!(found.len(), 120);
    assert!(auc(&found) > 0.9, "{}", auc(&found));
}

#[test]
fn shuffled_labels_score_at_chance() {
    let mut data = visits(150);
    let mut labels: Vec<bool> = data.rows.iter().map(|row| row.is_bot).collect();
    Random::new(5).shuffle(&mut labels);
    for (at, (row, is_bot)) in data.rows.iter_mut().zip(labels).enumerate() {
        (row.is_bot, row.group) = (is_bot, at as u32);
    }
    data.group_names = (0..data.rows.len()).map(|at| format!("visit {at}")).collect();
    let found = auc(&train(&data, &settings(small())).unwrap().unseen);
    assert!((0.38..0.62).contains(&found), "{found}");
}

#[test]
fn a_model_of_one_schema_does_not_pass_for_one_of_the_other() {
    let model = train(&visits(40), &settings(small())).unwrap().model;
    let error = crate::traffic::expected(|expect| Model::read(&model.to_bytes(), expect)).unwrap_err();
    assert!(
        matches!(&error, ModelError::OtherSchema { found, expected }
        if found.contains(schema::ID) && expected == "http-1"),
        "{error}"
    );
    let traffic = Dataset { schema: "http-1".to_owned(), ..Dataset::default() };
    let error = train(&traffic, &settings(small())).unwrap_err().to_string();
    assert!(error.contains("http-1") && error.contains(schema::ID), "{error}");
}

#[test]
fn one_class_and_too_few_are_refused_with_numbers() {
    let mut data = visits(40);
    data.rows.iter_mut().for_each(|row| row.is_bot = false);
    let error = train(&data, &settings(small())).unwrap_err().to_string();
    assert!(error.starts_with("60 groups of people and 0 of programs: at least 10"), "{error}");
}

#[test]
fn what_is_left_out_is_not_looked_at() {
    let without = vec!["mouse_straight".to_owned()];
    let taken = columns(&small(), &without);
    assert_eq!(taken.len(), schema::LEN - 1);
    assert_eq!(columns(&settings_of(Kind::Neural), &[]).len(), schema::SEED_FEATURES);
    assert_eq!(columns(&small(), &all_but_seed()).len(), schema::SEED_FEATURES);
    assert_eq!(directions().len(), schema::LEN);
}
