//! Files that scikit-learn, LightGBM, XGBoost and an exporter of nets wrote: the probabilities are those of Python.
//! `testdata/make.py` makes them.

#![allow(clippy::panic, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;

use palisade_model::{Expect, Foreign as _};
use palisade_onnx::{BOUND_USUAL, OnnxError, OnnxModel};
use serde_json::Value;

/// How far a probability may be from Python's.
const TOLERANCE: f64 = 1e-5;

/// The features of the files, in another order and with one more between.
const NAMES: [&str; 9] = [
    "evidence.ua_program",
    "pages",
    "request_rate",
    "new.feature",
    "user_agent",
    "assets",
    "path_length",
    "gap_median",
    "header_count",
];

const EXPECT: Expect<'static> = Expect { schema_id: "http-1", features: &NAMES, vantages: &["log"] };

fn bytes(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
    std::fs::read(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&bytes(name)).expect("it is JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("it is a list")
}

fn read(name: &str) -> Result<OnnxModel, OnnxError> {
    OnnxModel::read(name, &bytes(&format!("{name}.onnx")), &EXPECT)
}

/// Rows of the schema, from rows in the order of the files.
fn rows(holed: bool) -> Vec<Vec<f32>> {
    let all = json("rows.json");
    let names: Vec<&str> = list(&all["features"]).iter().filter_map(Value::as_str).collect();
    let row = |row: &Value| {
        let value = |name: &&str| {
            let at = names.iter().position(|known| known == name)?;
            list(row)[at].as_f64()
        };
        NAMES.iter().map(|name| value(name).map_or(f32::NAN, |value| value as f32)).collect()
    };
    list(&all[if holed { "holed" } else { "rows" }]).iter().map(row).collect()
}

fn same(name: &str) {
    let model = read(name).unwrap_or_else(|why| panic!("{name}: {why}"));
    let expect = json(&format!("{name}.json"));
    let rows = rows(expect["holed"] == true);
    let probabilities = list(&expect["probabilities"]);
    assert!(rows.len() == probabilities.len() && rows.len() > 20);
    for (row, expect) in rows.iter().zip(probabilities) {
        let (found, expect) =
            (model.probability(row).expect("it has an opinion"), expect.as_f64().expect("a number"));
        assert!((f64::from(found) - expect).abs() < TOLERANCE, "{name}: {found} is not {expect}");
    }
    assert_eq!((model.kind(), model.contribution_max(), model.no_opinions()), ("onnx", BOUND_USUAL, 0));
}

#[test]
fn logistic_regressions_of_scikit_learn_say_what_they_said_there() {
    ["lr", "scaled", "ranged", "imputed"].into_iter().for_each(same);
}

#[test]
fn trees_of_scikit_learn_say_what_they_said_there() {
    ["tree", "forest", "extra", "boosted"].into_iter().for_each(same);
}

#[test]
fn boosted_trees_of_lightgbm_and_xgboost_say_what_they_said_there() {
    ["lightgbm", "xgboost"].into_iter().for_each(same);
}

#[test]
fn nets_say_what_they_said_there() {
    ["mlp", "net"].into_iter().for_each(same);
}

#[test]
fn lists_of_maps_are_refused_with_the_way_out() {
    let error = read("zipmap").expect_err("it is no tensor").to_string();
    assert!(error.contains("list of maps; convert again with the option zipmap off"), "{error}");
}

#[test]
fn what_is_unseen_is_filled_unless_the_file_takes_no_number() {
    let holed = vec![f32::NAN; NAMES.len()];
    let zeros = vec![0.0; NAMES.len()];
    let filled = read("lr").expect("it is read");
    assert_eq!(filled.probability(&holed), filled.probability(&zeros));
    assert_eq!(filled.probability(&[]), filled.probability(&zeros), "beyond the end is unseen too");
    let imputing = read("imputed").expect("it is read");
    assert_ne!(imputing.probability(&holed), imputing.probability(&zeros), "it has means of its own");
}

#[test]
fn a_cut_or_changed_file_is_refused_or_sound() {
    for name in ["lr", "forest", "net", "lightgbm"] {
        let whole = bytes(&format!("{name}.onnx"));
        for cut in (0..whole.len()).step_by(37) {
            assert!(OnnxModel::read("cut", &whole[..cut], &EXPECT).is_err(), "{name} of {cut} bytes");
        }
        for at in (0..whole.len()).step_by(29) {
            let mut changed = whole.clone();
            changed[at] ^= 0x11;
            if let Ok(model) = OnnxModel::read("changed", &changed, &EXPECT) {
                let found = model.probability(&[0.5; 9]);
                assert!(found.is_none_or(|found| (0.0..=1.0).contains(&found)), "{name} {at}");
            }
        }
    }
}
