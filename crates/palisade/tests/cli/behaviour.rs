//! `palisade train` and `evaluate` with `--kind behaviour`: a model of what hands do, from labelled interactions.

use palisade_domain::{TenantId, Timestamp};
use palisade_store::{
    InteractionId, InteractionSource, Interactions, LabelBasis, LabelSource, LabelSubject, LabelVerdict,
    Labels, NewInteraction, NewLabel, SqliteStore, Weight,
};
use palisade_testkit::hands::visits;
use serde_json::Value;

use crate::desk::Desk;

/// Eighty visits, one a line.
fn interactions() -> String {
    visits().iter().map(|visit| format!("{visit}\n")).collect()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A desk with interactions, and a model of them.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("visits.ndjson", interactions());
    let done = desk.run("train visits.ndjson --kind behaviour --out hands.model --json");
    assert_eq!(done.code, 0, "{}", done.err);
    let found = parsed(&done.out);
    assert_eq!((&found["n"], &found["groups"], &found["kind"]), (&80.into(), &60.into(), &"additive".into()));
    assert!(found["auc"].as_f64().unwrap() > 0.95, "{found}");
    desk
}

#[test]
fn a_model_of_hands_is_trained_and_used() {
    let desk = desk();
    assert_eq!(desk.run("train visits.ndjson --kind behaviour --out again.model --id hands").code, 0);
    assert_eq!(desk.read("hands.model"), desk.read("again.model"), "the same visits give the same model");
    let line = "evaluate visits.ndjson --kind behaviour --model hands.model --json --scores scores.csv --report report.html";
    let done = desk.run(line);
    assert_eq!(done.code, 0, "{}", done.err);
    let found = parsed(&done.out);
    assert!(found["auc"].as_f64().unwrap() > 0.95 && found["per_family"]["even"]["n"] == 20, "{found}");
    assert_eq!(desk.read("scores.csv").lines().count(), 81);
    assert!(desk.read("report.html").contains("Each visit is scored by its whole trace"));
    let rules = desk.run("evaluate visits.ndjson --kind behaviour");
    assert!(
        rules.code == 0 && rules.out.contains("interactions  80") && rules.out.contains("AUC"),
        "{}",
        rules.out
    );
    let family = desk.run("train visits.ndjson --kind behaviour --split family --out family.model --json");
    assert!(
        family.code == 0 && parsed(&family.out)["auc"].as_f64().unwrap() > 0.9,
        "{}{}",
        family.out,
        family.err
    );
}

#[test]
fn a_folder_of_stored_files_trains_as_well() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("stored")).unwrap();
    for (at, line) in interactions().lines().enumerate() {
        desk.file(&format!("stored/{at:02}.json"), line.replace("interactions", "interaction_data"));
    }
    let done = desk.run("train stored --kind behaviour --model lr --out stored.model --json");
    assert!(done.code == 0 && parsed(&done.out)["n"] == 80, "{}{}", done.out, done.err);
    desk.file("visits.ndjson", interactions());
    assert_eq!(
        desk.run("train visits.ndjson --kind behaviour --model lr --out lines.model --id stored").code,
        0
    );
    let digest = |name: &str| {
        let text = desk.read(name);
        let at = text.find("data_sha256").unwrap();
        text[at..at + 80].to_owned()
    };
    assert_eq!(digest("stored.model"), digest("lines.model"), "the same rows");
}

#[test]
fn the_net_is_seed_000_s_and_kinds_are_compared() {
    let desk = Desk::new();
    desk.file("visits.ndjson", interactions());
    let done = desk.run("train visits.ndjson --kind behaviour --model mlp --out net.model --json");
    assert!(done.code == 0 && parsed(&done.out)["kind"] == "mlp", "{}{}", done.out, done.err);
    assert!(desk.read("net.model").contains("\"layers\":\"64,32\""));
    let done = desk.run("train visits.ndjson --kind behaviour --compare --model lr --json");
    let found = parsed(&done.out);
    let kinds: Vec<_> =
        found["models"].as_array().unwrap().iter().map(|model| model["kind"].clone()).collect();
    assert_eq!(kinds, ["rules", "thirteen", "lr"]);
    let done = desk.run("train visits.ndjson --kind behaviour --compare --model lr");
    assert!(done.out.contains("`thirteen` learns from seed 000's thirteen features"), "{}", done.out);
}

#[test]
fn bad_lines_are_named_and_bad_sets_refused() {
    let desk = Desk::new();
    let good = interactions();
    let nan = good.lines().next().unwrap().replace("\"x\":20.0", "\"x\":null");
    desk.file("mixed.ndjson", format!("{good}no json\n\n{nan}\n{{\"interactions\":{{}},\"duration\":9}}\n"));
    let done = desk.run("train mixed.ndjson --kind behaviour --out mixed.model");
    assert_eq!(done.code, 0, "{}", done.err);
    for part in [
        "interactions  80",
        "mixed.ndjson:81: no JSON object",
        "mixed.ndjson:83: a number that is none",
        "mixed.ndjson:84: no label",
    ] {
        assert!(done.out.contains(part), "{part}: {}", done.out);
    }
    let people: String =
        good.lines().filter(|line| line.contains("\"human\"")).map(|line| format!("{line}\n")).collect();
    desk.file("people.ndjson", people)
        .file("visits.ndjson", &good)
        .file("empty.ndjson", "")
        .file("traffic.ndjson", "{\"time_ms\":1,\"client\":\"a\",\"path\":\"/\",\"label\":\"bot\"}\n");
    let refused = |line: &str, why: &str| {
        let done = desk.run(line);
        assert!(done.code == 2 && done.err.contains(why), "{line}: {} {}", done.code, done.err);
    };
    refused("train people.ndjson --kind behaviour --out b.model", "20 groups of people and 0 of programs");
    refused("train empty.ndjson --kind behaviour --out b.model", "none of 0 lines");
    refused("train traffic.ndjson --kind behaviour --out b.model", "traffic.ndjson:1: nothing of a visit");
    refused("train nowhere.ndjson --kind behaviour --out b.model", "no such file");
    refused("train visits.ndjson --kind behaviour --out b.model --split time", "--split group or family");
    refused(
        "train visits.ndjson --kind behaviour --out b.model --bound 3",
        "no model of behaviour is served yet",
    );
    refused("train visits.ndjson --kind behaviour --out b.model --group session", "a row is one visit");
    refused(
        "train visits.ndjson --kind behaviour --out b.model --without burst",
        "no feature of behaviour-1",
    );
    refused("train visits.ndjson --out b.model --without mouse_speed", "no feature of http-1");
    refused("train --from-store --kind behaviour --data d", "POST /api/update says who");
    desk.file("nameless.ndjson", good.replace("\"family\":\"", "\"maker\":\""));
    refused("train nameless.ndjson --kind behaviour --out b.model --split family", "there are 0 families");
    refused("evaluate visits.ndjson --kind behaviour --labels known.csv", "stands on its line");
    assert!(!desk.path("b.model").exists());
}

#[test]
fn a_model_of_one_schema_is_refused_where_the_other_is_wanted() {
    let desk = desk();
    let refused = |line: &str, parts: &[&str]| {
        let done = desk.run(line);
        assert_eq!(done.code, 2, "{line}: {}{}", done.out, done.err);
        parts.iter().for_each(|part| assert!(done.err.contains(part), "{line}: {part}: {}", done.err));
    };
    refused("evaluate visits.ndjson --model hands.model", &["hands.model", "behaviour-1", "http-1"]);
    refused(
        "evaluate visits.ndjson --kind behaviour --model builtin:http",
        &["judges traffic", "behaviour-1", "http-1"],
    );
    std::fs::create_dir(desk.path("models")).unwrap();
    std::fs::copy(desk.path("hands.model"), desk.path("models/hands.model")).unwrap();
    desk.file("palisade.toml", "[model]\nuri = \"hands.model\"\ntrusted_dir = \"models\"\n");
    refused(
        "serve --upstream http://127.0.0.1:9",
        &["judges behaviour", "behaviour-1", "http-1", "no release serves them yet"],
    );
}

#[test]
fn a_version_is_kept_and_shown_and_does_not_get_into_office() {
    let desk = desk();
    let done = desk.run("models import hands.model --data d");
    assert!(
        done.code == 0 && done.out.contains("no release serves models of behaviour yet"),
        "{}{}",
        done.out,
        done.err
    );
    let list = desk.run("models list --data d");
    assert!(list.out.contains("behaviour"), "{}", list.out);
    let shown = desk.run("models show 1 --data d");
    assert!(
        shown.out.contains("judges behaviour") && shown.out.contains("who replays a person's movements"),
        "{}",
        shown.out
    );
    for step in ["promote", "shadow"] {
        let done = desk.run(&format!("models {step} 1 --data d"));
        assert!(done.code == 2 && done.err.contains("no release serves them yet"), "{step}: {}", done.err);
    }
    assert_eq!(desk.run("models export 1 --out out.model --data d").code, 0);
    assert_eq!(desk.read("out.model"), desk.read("hands.model"));
}

/// Puts every visit into the store of `desk`, with a label of the application, or without where `says` says nothing.
fn store(desk: &Desk, says: impl Fn(usize, LabelVerdict) -> Option<NewLabel>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open(&desk.path("d/palisade.db")).await.unwrap();
        for (at, visit) in visits().iter().enumerate() {
            let verdict = if visit["label"] == "bot" { LabelVerdict::Bot } else { LabelVerdict::Human };
            let new = NewInteraction {
                id: InteractionId(at as u128 + 1),
                time: Timestamp(1),
                data: visit.to_string(),
                label: None,
                source: InteractionSource::Application,
                score: None,
            };
            assert!(store.add_interaction(TenantId(0), &new).await.unwrap());
            if let Some(label) = says(at, verdict) {
                store.put_label(TenantId(0), &label).await.unwrap();
            }
        }
        store.close().await;
    });
}

fn said(at: usize, verdict: LabelVerdict) -> NewLabel {
    NewLabel {
        subject: LabelSubject::Interaction(InteractionId(at as u128 + 1)),
        verdict,
        source: LabelSource::Application,
        author: "key:1".to_owned(),
        basis: LabelBasis::Told,
        weight: Weight::FULL,
        created_at: Timestamp(5),
    }
}

#[test]
fn what_is_stored_trains_a_model_of_hands() {
    let desk = Desk::new();
    desk.run("store stats --data d").fine();
    let line = "train --from-store --kind behaviour --epochs 20 --data d";
    let nothing = desk.run(line);
    assert!(nothing.code == 2 && nothing.err.contains("/api/update says who"), "{}", nothing.err);

    store(&desk, |at, verdict| (at >= 4).then(|| said(at, verdict)));
    let done = desk.run(line).fine();
    for words in ["interactions  76", "skipped: no label  4", "model version 1 learned from 76", "AUC 1.0"] {
        assert!(done.contains(words), "{words}: {done}");
    }
    let again = desk.run(&format!("{line} --json")).fine();
    let last = parsed(again.lines().last().unwrap());
    assert_eq!(last["model_version"], 2, "{again}");
    let listed = desk.run("models list --json --data d").json();
    let told = |key: &str| listed.as_array().unwrap().iter().map(|one| one[key].clone()).collect::<Vec<_>>();
    assert_eq!(
        (told("subject"), told("status")),
        (vec!["behaviour".into(); 2], vec!["rejected".into(), "candidate".into()])
    );
    let shown = desk.run("models show 2 --data d").fine();
    assert!(shown.contains("stored interactions of this installation: 76 with labels"), "{shown}");

    // A label that is withdrawn is not learned from, and it is known which versions were.
    let withdrawn = desk.run("labels withdraw 1 --data d").fine();
    assert!(withdrawn.contains('2'), "{withdrawn}");
    assert!(desk.run(line).fine().contains("learned from 75"));
    let online = desk.run("train --from-store --kind behaviour --online --data d");
    assert!(online.code == 2 && online.err.contains("no model of behaviour is live"), "{}", online.err);
}

#[test]
fn what_repeats_our_own_opinion_of_a_hand_hardly_counts() {
    let desk = Desk::new();
    desk.run("store stats --data d").fine();
    // Ours says of everybody that it is a program; somebody who knows says who it is of all but the first.
    store(&desk, |at, _| {
        let basis = LabelBasis::Decision;
        Some(NewLabel {
            basis,
            author: "key:2".to_owned(),
            created_at: Timestamp(9),
            ..said(at, LabelVerdict::Bot)
        })
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open(&desk.path("d/palisade.db")).await.unwrap();
        for (at, visit) in visits().iter().enumerate().skip(1) {
            let verdict = if visit["label"] == "bot" { LabelVerdict::Bot } else { LabelVerdict::Human };
            store.put_label(TenantId(0), &said(at, verdict)).await.unwrap();
        }
        store.close().await;
    });
    let done = desk.run("train --from-store --kind behaviour --epochs 20 --data d").fine();
    assert!(done.contains("learned from 80") && done.contains("AUC 0.9"), "{done}");
}
