//! `palisade config`, and a configuration that is wrong anywhere.

use serde_json::Value;

use crate::desk::{Desk, FIREFOX, line};

const THREE_FAULTS: &str =
    "[policy.bands]\nblock = 120\n[polcy]\nx = 1\n[detection.nonsense]\nenabled = true\n";

#[test]
fn nothing_configured_is_fine() {
    let desk = Desk::new();
    assert!(desk.run("config check").fine().contains("nothing is wrong"));
    assert_eq!(
        desk.run("config check --json").json(),
        serde_json::json!({"valid": true, "errors": [], "warnings": []})
    );
}

#[test]
fn all_faults_are_named_at_once_with_their_place() {
    let desk = Desk::new();
    desk.file("palisade.toml", THREE_FAULTS).file("empty.log", "");
    let places = [
        "palisade.toml:2:9: policy.bands.block: 120 is not in 0..=100",
        "palisade.toml:3:2: polcy: unknown key",
        "palisade.toml:5:12: detection.nonsense: unknown key",
    ];
    for line in ["config check", "config show", "replay empty.log", "assess"] {
        let done = desk.run(line);
        done.refused(2, &places);
        let whole_lines = places.iter().all(|place| done.err.lines().any(|line| line.starts_with(place)));
        assert!(whole_lines, "{line}: a place stands at the start of its line: {}", done.err);
    }
    let done = desk.run("config check --json");
    let found: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((done.code, done.err.as_str(), found["errors"].as_array().unwrap().len()), (2, "", 3));
}

#[test]
fn the_environment_is_checked_too() {
    let desk = Desk::new();
    let done = desk.run_with("config check", "", &[("PALISADE_POLICY__BANDS__BLOCK", "many")]);
    done.refused(2, &["PALISADE_POLICY__BANDS__BLOCK", "policy.bands.block"]);
}

#[test]
fn what_is_no_toml_and_what_is_not_there_is_said() {
    let desk = Desk::new();
    desk.file("bad.toml", "not toml [[[");
    desk.run("config check -c bad.toml").refused(2, &["bad.toml:1:5: not TOML"]);
    desk.run("config check -c nowhere.toml").refused(2, &["nowhere.toml", "cannot be read"]);
    desk.run("replay -c nowhere.toml x.log").refused(2, &["nowhere.toml", "cannot be read"]);
}

#[test]
fn who_set_what_is_shown() {
    let desk = Desk::new();
    desk.file("palisade.toml", "[policy]\npreset = \"strict\"\n");
    let env = [("PALISADE_POLICY__BANDS__BLOCK", "95")];
    let rows = desk.run_with("config show --json", "", &env).json();
    let origin = |key: &str| {
        rows.as_array().unwrap().iter().find(|row| row["key"] == key).unwrap()["origin"].to_string()
    };
    assert!(origin("policy.preset").contains("palisade.toml:2:10"), "{}", origin("policy.preset"));
    assert!(origin("policy.bands.block").contains("PALISADE_POLICY__BANDS__BLOCK"));
    assert!(origin("policy.bands.monitor").contains("default"));
    assert!(desk.run("config show").fine().contains("policy.preset = \"strict\""));
}

#[test]
fn a_first_configuration_is_written_once_and_is_sound() {
    let desk = Desk::new();
    desk.run("config init").fine();
    desk.run("config check").fine();
    desk.run("config init").refused(2, &["palisade.toml", "stays as it is"]);
    desk.run("config init -c no/palisade.toml").refused(3, &["no/palisade.toml", "--config"]);
}

#[test]
fn rules_that_can_never_fire_are_named() {
    let desk = Desk::new();
    desk.file("palisade.toml", "[[policy.rules]]\nwhen = \"true\"\naction = \"block\"\n".repeat(2));
    desk.file("empty.log", "");
    let warning = "palisade.toml:5:8: policy.rules[1].when: the rule at palisade.toml:2:8 decides wherever this one \
                   holds, so it can never fire";
    for (line, input) in [
        ("config check", ""),
        ("replay empty.log", ""),
        ("assess", r#"{"user_agent": "curl/8.5.0", "endpoint": "/"}"#),
    ] {
        let done = desk.run_with(line, input, &[]);
        assert_eq!((done.code, done.err.as_str()), (0, &*format!("{warning}\n")), "{line}: {}", done.out);
    }
    let done = desk.run("config check");
    assert_eq!(done.out, "palisade.toml: one warning; the configuration is taken as it is\n");
    let json = desk.run("config check --json").json();
    assert_eq!(json, serde_json::json!({"valid": true, "errors": [], "warnings": [warning]}));
    let done = desk.run("doctor --api 127.0.0.1:1");
    assert!(done.code == 1 && done.out.contains(warning) && done.err.is_empty(), "{} {}", done.out, done.err);
}

#[test]
fn a_model_that_cannot_be_used_is_refused_with_its_place() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("models")).unwrap();
    desk.file("models/torn.model", "palisade-model 1\n{");
    desk.file("outside.model", "palisade-model 1\n{}\n");
    let check = |uri: &str, words: &[&str]| {
        desk.file("palisade.toml", format!("[model]\nuri = \"{uri}\"\n"));
        desk.run("config check").refused(2, words);
        desk.run_with("assess", "{}", &[]).refused(2, words);
    };
    check("builtin:other", &["palisade.toml:2:7: model.uri", "there is none", "builtin:http"]);
    check("torn.model", &["palisade.toml:2:7: model.uri", "torn.model"]);
    check("none.model", &["cannot be found"]);
    check(&desk.path("outside.model").display().to_string(), &["outside of model.trusted_dir"]);
    check("../outside.model", &["leads out of it"]);
    check("sklearn:///app/rf.joblib", &["skl2onnx.to_onnx(", "\"zipmap\": False", "docs/models.md"]);
    check("openai://gpt", &["[advisor]"]);
}

#[test]
fn warnings_are_counted_and_have_their_place() {
    let desk = Desk::new();
    desk.file(
        "palisade.toml",
        "policy.rules = [\n  { when = 'ip == \"192.0.2.1\" && ip == \"192.0.2.2\"', action = \"block\" },\n  \
         { when = 'path == \"/trap\"', action = \"allow\", entry = \"block\" },\n]\npolicy.on_failure = \"closed\"\n",
    );
    let done = desk.run("config check");
    assert!(done.out.contains("3 warnings; the configuration is taken"), "{}", done.out);
    for words in [
        "palisade.toml:2:12: policy.rules[0].when: no request can be all that the condition wants of `ip`",
        "palisade.toml:3:57: policy.rules[1].entry: the request passes, and because of it the client's other requests \
         are refused",
        "policy.on_failure",
    ] {
        assert!(done.err.contains(words), "{words:?} is not in {}", done.err);
    }
}

#[test]
fn what_is_wrong_in_a_condition_has_its_place_to_the_letter() {
    let desk = Desk::new();
    desk.file(
        "palisade.toml",
        "[[policy.rules]]\nwhen = 'is_bot && user_agnet == \"x\"'\naction = \"block\"\n\
         [[policy.rules]]\nwhen = '''\npath == \"/a\" &&\nmethod = \"GET\"'''\naction = \"block\"\n\
         [[policy.rules]]\nwhen = \"path == \\\"/a\\\" && usr\"\naction = \"block\"\n",
    );
    let done = desk.run("config check");
    for line in [
        "palisade.toml:2:19: policy.rules[0].when: there is no `user_agnet`; did you mean `user_agent`?",
        "palisade.toml:7:8: policy.rules[1].when: `= \"GET\"` is not understood; `==` compares",
        "palisade.toml:10:8: policy.rules[2].when: there is no `usr`",
    ] {
        assert!(done.err.lines().any(|found| found.starts_with(line)), "{line:?} is not in {}", done.err);
    }
    assert_eq!(done.code, 2);
}

#[test]
fn a_rule_that_one_site_overrides_is_asked_on_the_others() {
    let desk = Desk::new();
    let site = |rules: &str| {
        format!(
            "[[sites]]\nhosts = [\"{rules}.example\"]\nrules = [{{ when = '{rules}', action = \"allow\" }}]\n"
        )
    };
    let shared = "policy.rules = [{ when = 'is_bot && score > 3', action = \"block\" }]\n";
    desk.file("palisade.toml", format!("{shared}{}{}", site("is_bot"), site("false")));
    let done = desk.run("config check");
    assert_eq!(done.err.lines().count(), 1, "{}", done.err);
    assert!(done.err.contains("sites[1].rules[0].when: the condition is never true"), "{}", done.err);
    desk.file("palisade.toml", format!("{shared}{}{}", site("is_bot"), site("true")));
    assert!(desk.run("config check").err.contains("policy.rules[0].when: the rule at"));
}

#[test]
fn a_rule_is_told_of_once_however_many_sites_there_are() {
    let desk = Desk::new();
    desk.file(
        "palisade.toml",
        "policy.rules = [{ when = \"score > 100\", action = \"block\" }]\n\
         [[sites]]\nhosts = [\"a.example\"]\n[[sites]]\nhosts = [\"b.example\"]\n[[sites]]\nhosts = [\"*\"]\n",
    );
    let done = desk.run("config check");
    assert_eq!((done.code, done.err.matches("never fire").count()), (0, 1), "{}", done.err);
}

#[test]
fn rules_number_the_sites_as_the_file_does() {
    let desk = Desk::new();
    desk.file(
        "palisade.toml",
        "policy.rules = [{ when = \"site == 1\", action = \"block\" }, { when = \"site == 3\", action = \"charge\" }]\n\
         [[sites]]\nhosts = [\"a.example\"]\n[[sites]]\nhosts = [\"b.example\"]\n[[sites]]\nhosts = [\"*\"]\n",
    );
    // What is described without a site is about the one of every host: the third.
    let body = r#"{"user_agent": "curl/8.5.0", "endpoint": "/"}"#;
    assert_eq!(desk.run_with("assess", body, &[]).json()["enforce"], "charge");
}

#[test]
fn settings_change_verdicts() {
    let desk = Desk::new();
    desk.file("plain.log", line("192.0.2.1", 1, "GET /?q=1'+UNION+SELECT+1-- HTTP/1.1", 200, FIREFOX));
    let signals = |line: &str| desk.run(line).json()["signals"].to_string();
    assert!(signals("replay plain.log --json").contains("payload.sql"));
    desk.file("off.toml", "[detection.payload]\nenabled = false\n");
    assert!(!signals("replay plain.log --json -c off.toml").contains("payload.sql"));
}
