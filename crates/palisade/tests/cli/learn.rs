//! `palisade train` and `evaluate`: a model from labelled traffic, the same every time, refused where it is no model.

use std::fmt::Write as _;

use serde_json::Value;

use crate::desk::Desk;

/// Forty people who read with pauses and load parts of pages, and forty programs that take page after page.
pub(crate) fn traffic() -> String {
    let mut text = String::new();
    let mut line = |time_ms: u64, client: &str, path: &str, label: &str, family: &str| {
        let _ = writeln!(
            text,
            "{{\"time_ms\":{time_ms}.5,\"client\":\"{client}\",\"method\":\"GET\",\"path\":\"{path}\",\"status\":200,\
             \"label\":\"{label}\",\"family\":\"{family}\"}}"
        );
    };
    for client in 0..40_u64 {
        let begun = 1_700_000_000_000 + client * 7_000;
        for page in 0..6 {
            let at = begun + page * (9_000 + client * 131 + page * page * 777);
            let person = format!("person-{client}");
            line(at, &person, &format!("/article/{}", page * 3 % 7), "human", "people");
            line(at + 200, &person, "/site.css", "human", "people");
            let family = if client % 2 == 0 { "steady" } else { "fast" };
            let pause = if client % 2 == 0 { 1_000 } else { 40 };
            line(
                begun + page * pause,
                &format!("program-{client}"),
                &format!("/article/{page}"),
                "bot",
                family,
            );
        }
    }
    text
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_model_is_trained_shown_and_used() {
    let desk = Desk::new();
    desk.file("traffic.ndjson", traffic());
    let done = desk.run("train traffic.ndjson --out first.model --json");
    assert_eq!(done.code, 0, "{}", done.err);
    let found = json(&done.out);
    assert_eq!((&found["n"], &found["bots"], &found["id"]), (&80.into(), &40.into(), &"first".into()));
    assert!(found["auc"].as_f64().unwrap() > 0.95, "{found}");
    assert_eq!(found["tpr_at"]["0.001"], Value::Null, "40 people cannot show one in a thousand");
    // The same traffic gives the same model.
    assert_eq!(desk.run("train traffic.ndjson --out second.model --id first").code, 0);
    assert_eq!(desk.read("first.model"), desk.read("second.model"));

    let line = "evaluate traffic.ndjson --model first.model --json --scores scores.csv --report report.html";
    let done = desk.run(line);
    assert_eq!(done.code, 0, "{}", done.err);
    let found = json(&done.out);
    for key in [
        "n",
        "groups",
        "auc",
        "auc_interval",
        "ece",
        "tpr_at",
        "threshold",
        "fpr_measured",
        "tpr_measured",
        "per_family",
    ] {
        assert!(found.get(key).is_some(), "{key}: {found}");
    }
    assert_eq!(desk.read("scores.csv").lines().count(), 81);
    assert_eq!(
        (&found["per_vantage"]["log"]["n"], &found["per_vantage"]["log"]["auc"]),
        (&found["n"], &found["auc"])
    );
    assert!(found["cost"]["row_ns"].as_f64().unwrap() > 0.0, "{found}");
    let page = desk.read("report.html");
    assert!(page.contains("first") && page.contains("rules") && !page.contains("<script"), "{page}");
    let shown = desk.run("evaluate traffic.ndjson --model first.model").out;
    assert!(shown.contains("ns a row on this machine") && !shown.contains("By vantage"), "{shown}");
    let rules = desk.run("evaluate traffic.ndjson");
    assert!(rules.code == 0 && rules.out.contains("AUC"), "{}{}", rules.out, rules.err);
}

#[test]
fn what_is_no_model_or_no_traffic_is_told_what_to_do() {
    let desk = Desk::new();
    desk.file("traffic.ndjson", traffic()).file("empty.ndjson", "").file("words.txt", "no traffic\nat all\n");
    let refused = |line: &str, why: &str| {
        let done = desk.run(line);
        assert!(done.code == 2 && done.err.contains(why), "{line}: {} {}", done.code, done.err);
    };
    assert_eq!(desk.run("train traffic.ndjson --out a.model").code, 0);
    desk.file("cut.model", &desk.read("a.model")[..200]);
    desk.file("changed.model", desk.read("a.model").replace("\"log\"", "\"lag\""));
    refused("evaluate traffic.ndjson --model cut.model", "cut off");
    refused("evaluate traffic.ndjson --model changed.model", "changed.model");
    refused("evaluate traffic.ndjson --model words.txt", "no model file");
    refused("evaluate traffic.ndjson --model nowhere.model", "name a file that training wrote");
    refused("train empty.ndjson --out b.model", "empty.ndjson");
    refused("train words.txt --out b.model", "words.txt");
    refused("train traffic.ndjson --out traffic.ndjson", "would be overwritten");
    refused("train traffic.ndjson --out b.model --model forest", "iforest");
    refused("train traffic.ndjson --out b.model --layers 8,4", "only --model mlp has layers");
    refused("train traffic.ndjson --out b.model --model mlp --layers 8,0", "such as 64,32,16");
    refused("train traffic.ndjson --out b.model --model lr,rf", "name one kind");
    refused("train traffic.ndjson", "where is the model written");
    let few: String = traffic().lines().take(60).map(|line| format!("{line}\n")).collect();
    desk.file("few.ndjson", few);
    refused("train few.ndjson --out b.model", "at least 10 of each");
    assert!(!desk.path("b.model").exists());
}

#[test]
fn other_kinds_are_trained_and_used_as_the_first_is() {
    let desk = Desk::new();
    desk.file("traffic.ndjson", traffic());
    for (name, kind) in [("lr", "lr"), ("xgb", "gbdt"), ("mlp --layers 8,4", "mlp"), ("markov", "markov")] {
        let done = desk.run(&format!("train traffic.ndjson --out {kind}.model --json --model {name}"));
        assert_eq!(done.code, 0, "{kind}: {}", done.err);
        let found = json(&done.out);
        assert_eq!(found["kind"], kind);
        assert!(found["auc"].as_f64().unwrap() > 0.9, "{found}");
        let done = desk.run(&format!("evaluate traffic.ndjson --model {kind}.model --json"));
        assert!(done.code == 0 && json(&done.out)["auc"].as_f64().unwrap() > 0.9, "{}{}", done.out, done.err);
    }
    assert!(desk.read("mlp.model").contains("\"layers\":\"8,4\""));
}

#[test]
fn kinds_are_compared_in_one_table() {
    let desk = Desk::new();
    desk.file("traffic.ndjson", traffic());
    let done = desk.run("train traffic.ndjson --model lr,iforest,markov,lr");
    assert_eq!(done.code, 0, "{}", done.err);
    let row = |name: &str| done.out.lines().filter(|line| line.trim_start().starts_with(name)).count();
    let rows = ["rules ", "lr ", "iforest ", "markov "].map(row);
    assert_eq!(rows, [1; 4], "{}", done.out);
    let done = desk.run("train traffic.ndjson --compare --model lr --json");
    let found = json(&done.out);
    let kinds: Vec<_> =
        found["models"].as_array().unwrap().iter().map(|model| model["kind"].clone()).collect();
    assert_eq!(kinds, ["rules", "agents", "seven", "lr"]);
    assert!(
        found["models"][3]["cost"]["row_ns"].is_number() && found["models"][0]["cost"].is_null(),
        "{found}"
    );
}
