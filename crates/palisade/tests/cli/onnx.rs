//! `[model] uri` and `evaluate --model` with an ONNX file that scikit-learn wrote.

use serde_json::{Value, json};

use crate::desk::{Desk, FIREFOX};

const FOREST: &[u8] = include_bytes!("../../../onnx/testdata/forest.onnx");

fn desk() -> Desk {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("models")).unwrap();
    std::fs::write(desk.path("models/forest.onnx"), FOREST).unwrap();
    desk.file("palisade.toml", "[model]\nuri = \"forest.onnx\"\n");
    desk
}

fn assessed(desk: &Desk) -> Value {
    let body =
        json!({"ip": "192.0.2.1", "user_agent": FIREFOX, "endpoint": "/", "time_ms": 1_778_803_200_000_i64});
    desk.run_with("assess", body.to_string(), &[]).json()
}

#[test]
fn a_file_of_the_trusted_folder_scores_and_is_told() {
    let desk = desk();
    let answer = assessed(&desk);
    let probability = answer["ml_probability"].as_f64().expect("it has an opinion");
    assert!((0.0..=1.0).contains(&probability), "{answer}");
    let score = answer["ml_score"].as_f64().expect("it has a score");
    assert!((score - 100.0 * probability).abs() < 1.0, "{answer}");
    // It is bounded as long as its file says nothing else: the band is that of the tables.
    desk.file("palisade.toml", "[model]\nuri = \"builtin:rules\"\n");
    let alone = assessed(&desk);
    assert_eq!(answer["action"], alone["action"]);
    assert!(answer["score"].as_f64() >= alone["score"].as_f64() && alone["ml_score"].is_null());
}

#[test]
fn it_is_held_against_labelled_traffic() {
    let desk = desk();
    desk.file("traffic.ndjson", crate::learn::traffic());
    let done = desk.run("evaluate traffic.ndjson --model models/forest.onnx --json --report report.html");
    assert_eq!(done.code, 0, "{}", done.err);
    let found: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(found["n"], 80);
    assert!(desk.read("report.html").contains("forest"));
    std::fs::write(desk.path("cut.onnx"), &FOREST[..500]).unwrap();
    desk.run("evaluate traffic.ndjson --model cut.onnx").refused(2, &["cut.onnx", "this is no ONNX file"]);
    desk.file("net", "not one");
    desk.run("evaluate traffic.ndjson --model onnx:net").refused(2, &["no ONNX file"]);
}
