use super::*;
use crate::file::ViewFile;
use crate::shape::{Direction, Shape};
use crate::{Model, bounds, testing};

/// What [`Model::new`] says of a valid file after one change.
fn refused(change: impl FnOnce(&mut ModelFile)) -> ModelError {
    let mut file = testing::file();
    change(&mut file);
    Model::new(file, &testing::EXPECT).expect_err("the change is a fault")
}

/// As [`refused`], of a change in the second view, as people read it.
fn view_refused(change: impl FnOnce(&mut ViewFile)) -> String {
    refused(|file| change(&mut file.views[1])).to_string()
}

fn check(found: &str, place: &str, what: &str) {
    assert!(found.starts_with(&format!("{place}: ")), "{found}");
    assert!(found.contains(what), "{found}");
}

#[test]
fn the_model_for_tests_is_valid() {
    let model = testing::model();
    assert_eq!(model.views().len(), 2);
    assert_eq!(model.view_for("gateway-clear").map(|view| view.name()), Some("gateway"));
    assert!(model.view_for("check").is_none());
}

#[test]
fn schemas_have_one_id_and_known_features() {
    let error = refused(|file| file.schema.id = "testing-0".to_owned());
    let expect = "schema.id: the model was made for `testing-0`, this release reads `testing-1`; train again";
    assert_eq!(error.to_string(), expect);
    let unknown = |found: &str, more| ModelError::UnknownNames { found: found.to_owned(), more };
    assert_eq!(refused(|file| file.schema.features.push("new".to_owned())), unknown("`new`", 0));
    let many = |file: &mut ModelFile| file.schema.features.extend((0..9).map(|at| format!("new.{at}")));
    let error = refused(many);
    assert_eq!(error, unknown("`new.0`, `new.1`, `new.2`, `new.3`, `new.4`", 4));
    assert!(error.to_string().contains("`new.4` and 4 more, which this release does not make"), "{error}");
    // Views of a thinner schema speak of features that it does not have.
    let error = refused(|file| file.schema.features.truncate(3)).to_string();
    check(&error, "views[0].features[3]", "feature 3 is none of the schema");
}

#[test]
fn a_release_with_a_feature_twice_reads_no_model() {
    let mut file = testing::file();
    file.schema.features[1] = "rate.pages".to_owned();
    let features: Vec<&str> = file.schema.features.iter().map(String::as_str).collect();
    let expect = Expect { features: &features, ..testing::EXPECT };
    let error = Model::new(file.clone(), &expect).unwrap_err().to_string();
    check(&error, "schema.features[1]", "`rate.pages` is there twice");
}

#[test]
fn names_and_texts_are_harmless() {
    check(&refused(|file| file.id = "../etc".to_owned()).to_string(), "id", "`../etc` is no name");
    check(&refused(|file| file.id.clear()).to_string(), "id", "`` is no name");
    check(&refused(|file| file.id = "x".repeat(129)).to_string(), "id", "is no name");
    check(&refused(|file| file.card.trust = "\u{1b}[2J".to_owned()).to_string(), "card.trust", "control");
    let error = refused(|file| file.card.weaknesses[0] = "x".repeat(8_193));
    check(&error.to_string(), "card.weaknesses[0]", "8193 bytes, more than 8192");
    let error = refused(|file| file.trained.data_sha256.truncate(63));
    check(&error.to_string(), "trained.data_sha256", "64 lower-case hex digits");
    let error = refused(|file| file.trained.sources[0].sha256.make_ascii_uppercase());
    check(&error.to_string(), "trained.sources[0].sha256", "64 lower-case hex digits");
    let error = refused(|file| file.trained.sources[0].licence.clear());
    check(&error.to_string(), "trained.sources[0].licence", "empty");
    let sources = |file: &mut ModelFile| {
        file.trained.sources = vec![file.trained.sources[0].clone(); bounds::SOURCES_MAX + 1];
    };
    check(&refused(sources).to_string(), "trained.sources", "1001 sources, more than 1000");
}

#[test]
fn metrics_are_bounded() {
    let deep = (0..bounds::FIGURE_DEPTH_MAX).fold(serde_json::Value::from(1), |inner, _| vec![inner].into());
    let error = refused(|file| drop(file.metrics.insert("deep".to_owned(), deep)));
    check(&error.to_string(), "metrics.`deep`", "17 levels, more than 16");
    let many = vec![0; bounds::FIGURES_MAX].into();
    let error = refused(|file| drop(file.metrics.insert("many".to_owned(), many)));
    check(&error.to_string(), "metrics", "10001 values, more than 10000");
    let error = refused(|file| drop(file.metrics.insert("\n".to_owned(), 1.into())));
    check(&error.to_string(), "metrics", "control");
}

#[test]
fn a_contribution_is_a_number_or_endless() {
    let error = refused(|file| file.contribution_max = f32::NAN);
    assert_eq!(error, ModelError::NotANumber { place: "contribution_max".to_owned() });
    check(
        &refused(|file| file.contribution_max = -0.5).to_string(),
        "contribution_max",
        "-0.5 is not in 0..=",
    );
    let mut file = testing::file();
    file.contribution_max = 0.0;
    assert!(Model::new(file, &testing::EXPECT).is_ok());
}

#[test]
fn views_and_vantages() {
    check(&refused(|file| file.views.clear()).to_string(), "views", "0 entries, 1 are the least");
    let error = refused(|file| file.views = vec![file.views[0].clone(); 17]);
    check(&error.to_string(), "views", "17 views, more than 16");
    check(&view_refused(|view| view.name = "log".to_owned()), "views[1]", "`log` is there twice");
    check(&view_refused(|view| view.vantages.clear()), "views[1].vantages", "0 entries, 1 are the least");
    let error = view_refused(|view| view.vantages.push("moon".to_owned()));
    check(&error, "views[1].vantages", "`moon` is no vantage of this release, which has log, gateway-tls,");
    let error = view_refused(|view| view.vantages.push("log".to_owned()));
    check(&error, "views[1].vantages", "`log` is there twice");
}

#[test]
fn features_of_a_view() {
    check(
        &view_refused(|view| view.features[3] = 4),
        "views[1].features[3]",
        "feature 4 is none of the schema",
    );
    check(&view_refused(|view| view.features.swap(0, 1)), "views[1].features", "entry 1 is not above");
    let error = view_refused(|view| view.features.truncate(3));
    check(&error, "views[1].shapes[3]", "feature 3 is none of the view");
    check(
        &view_refused(|view| view.shapes[1].feature = 0),
        "views[1].shapes[1]",
        "feature [0] is there twice",
    );
    check(
        &view_refused(|view| view.pairs[0].second = 9),
        "views[1].pairs[0]",
        "feature 9 is none of the view",
    );
    check(
        &view_refused(|view| view.pairs[0].second = 0),
        "views[1].pairs[0]",
        "feature [0, 0] is there twice",
    );
    let turned = |view: &mut ViewFile| {
        let mut pair = view.pairs[0].clone();
        std::mem::swap(&mut pair.first, &mut pair.second);
        view.pairs.push(pair);
    };
    check(&view_refused(turned), "views[1].pairs[1]", "feature [0, 2] is there twice");
    let many = |view: &mut ViewFile| view.pairs = vec![view.pairs[0].clone(); bounds::PAIRS_MAX + 1];
    check(&view_refused(many), "views[1].pairs", "65 pairs, more than 64");
}

#[test]
fn numbers_of_a_shape() {
    let at = "views[1].shapes[0]";
    let edges = |edges: &[f32]| {
        let edges = edges.to_vec();
        view_refused(|view| view.shapes[0].edges = edges)
    };
    check(&edges(&[1.0, f32::NAN, 2.0]), &format!("{at}.edges[1]"), "not a finite number");
    check(&edges(&[1.0, 2.0, f32::INFINITY]), &format!("{at}.edges[2]"), "not a finite number");
    check(&edges(&[1.0, 3.0, 3.0]), &format!("{at}.edges"), "entry 2 is not above");
    check(&edges(&[1.0, 2.0]), &format!("{at}.weights"), "4 entries, 3 are needed");
    check(&edges(&[0.0; 256]), &format!("{at}.edges"), "257 bins, more than 256");
    let weight = |weight| view_refused(|view| view.shapes[0].weights[0] = weight);
    check(&weight(f32::NAN), &format!("{at}.weights[0]"), "not a finite number");
    check(&weight(-0.1), &format!("{at}.weights[0]"), "-0.1");
    check(&weight(1_001.0), &format!("{at}.weights[0]"), "1001 is not in 0..=1000");
    check(&weight(0.6), &format!("{at}.weights"), "entry 1 breaks the direction `rising` of feature 0");
    let falls = view_refused(|view| view.shapes[2].weights = vec![0.0, 0.0, 0.1]);
    check(&falls, "views[1].shapes[2].weights", "entry 2 breaks the direction `falling` of feature 2");
    check(
        &view_refused(|view| view.shapes[0].unseen = -1.0),
        &format!("{at}.unseen"),
        "-1 is not in 0..=1000",
    );
    check(&view_refused(|view| view.intercept = f32::NAN), "views[1].intercept", "not a finite number");
}

#[test]
fn numbers_of_a_pair() {
    let at = "views[1].pairs[0]";
    let error = view_refused(|view| view.pairs[0].first_edges.push(29.0));
    check(&error, &format!("{at}.first_edges"), "entry 1 is not above");
    let error = view_refused(|view| view.pairs[0].second_edges.push(f32::NAN));
    check(&error, &format!("{at}.second_edges[2]"), "not a finite number");
    let error = view_refused(|view| view.pairs[0].weights.truncate(5));
    check(&error, &format!("{at}.weights"), "5 entries, 6 are needed");
    let error = view_refused(|view| view.pairs[0].unseen = f32::INFINITY);
    check(&error, &format!("{at}.unseen"), "not a finite number");
}

#[test]
fn a_pair_runs_as_the_shapes_of_its_features() {
    let weights = |weights: &[f32]| {
        let mut file = testing::file();
        file.views[1].pairs[0].weights = weights.to_vec();
        Model::new(file, &testing::EXPECT).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(weights(&[0.0; 6]), Ok(()));
    assert_eq!(weights(&[3.0, 2.0, 1.0, 3.0, 2.0, 2.0]), Ok(()));
    let at = "views[1].pairs[0].weights";
    let error = weights(&[3.0, 2.0, 1.0, 3.0, 1.0, 1.0]).unwrap_err();
    check(&error, at, "entry 4 breaks the direction `rising` of feature 0");
    let error = weights(&[3.0, 2.0, 1.0, 3.0, 4.0, 2.0]).unwrap_err();
    check(&error, at, "entry 4 breaks the direction `falling` of feature 2");
    // Where no shape says a direction, a pair is free.
    let mut file = testing::file();
    file.views[1].shapes.retain(|Shape { direction, .. }| *direction == Direction::Free);
    file.views[1].pairs[0].weights = vec![3.0, 1.0, 2.0, 1.0, 2.0, 1.0];
    assert!(Model::new(file, &testing::EXPECT).is_ok());
}

#[test]
fn calibrations_and_anchors() {
    let at = "views[1].calibration.points";
    check(&view_refused(|view| view.calibration.points.clear()), at, "0 entries, 2 are the least");
    check(&view_refused(|view| view.calibration.points.truncate(1)), at, "1 entries, 2 are the least");
    check(&view_refused(|view| view.calibration.points[1].0 = -6.0), at, "entry 1 is not above");
    check(&view_refused(|view| view.calibration.points[2].1 = 0.1), at, "entry 2 is not above");
    let error = view_refused(|view| view.calibration.points[0].1 = f32::NEG_INFINITY);
    check(&error, &format!("{at}[0][1]"), "not a finite number");
    let at = "views[1].anchors";
    check(&view_refused(|view| view.anchors.floor = 0.0), at, "entry 1 is not above");
    check(&view_refused(|view| view.anchors.ceiling = f32::INFINITY), at, "not a finite number");
    check(&view_refused(|view| view.anchors.block.log_odds = 0.5), at, "entry 3 is not above");
    check(
        &view_refused(|view| view.anchors.block.fpr = 1.5),
        &format!("{at}.block.fpr"),
        "1.5 is not in 0..=1",
    );
    let error = view_refused(|view| view.anchors.monitor.fpr = f64::NAN);
    check(&error, &format!("{at}.monitor.fpr"), "not a finite number");
}

#[test]
fn a_file_beyond_its_bound_is_not_made() {
    let names: Vec<String> = (0..bounds::FEATURES_MAX).map(|n| format!("f{n}")).collect();
    let features: Vec<&str> = names.iter().map(String::as_str).collect();
    let vantages = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let expect = Expect { features: &features, vantages: &vantages, ..testing::EXPECT };
    let mut file = testing::file();
    file.schema.features = names.clone();
    let shape = |feature| Shape {
        feature,
        edges: (0..255).map(|n| n as f32 + 0.123_456_7).collect(),
        weights: vec![1.234_567_9e-30; 256],
        unseen: 0.0,
        direction: Direction::Rising,
    };
    let view = |name: &&str| {
        let mut view = testing::view(name, &[name], (0..512).map(shape).collect(), Vec::new());
        view.features = (0..512).collect();
        view
    };
    file.views = vantages[..4].iter().map(view).collect();
    assert!(Model::new(file.clone(), &expect).is_ok());
    file.views = vantages.iter().map(view).collect();
    let error = Model::new(file, &expect).unwrap_err().to_string();
    check(&error, "the file", "bytes, more than 16777216");
}
