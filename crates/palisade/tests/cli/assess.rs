//! `palisade assess`: the answer's shape, batches, bad bodies.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::desk::{Desk, FIREFOX};

fn body(agent: &str) -> String {
    json!({"ip": "192.0.2.1", "user_agent": agent, "endpoint": "/?a=b", "time_ms": 1_778_803_200_000_i64})
        .to_string()
}

#[test]
fn one_body_gets_the_answer_of_check() {
    let answer = Desk::new().run_with("assess", body("sqlmap/1.8"), &[]).json();
    let fields = answer.as_object().unwrap();
    let promised = [
        "is_bot",
        "score",
        "ml_score",
        "ml_probability",
        "action",
        "enforce",
        "features",
        "signals",
        "identity",
        "coverage",
        "request_id",
    ];
    for field in promised {
        assert!(fields.contains_key(field), "{field}");
    }
    assert_eq!(
        (&answer["is_bot"], &answer["action"], &answer["enforce"]),
        (&true.into(), &"BLOCK".into(), &"block".into())
    );
    let features = answer["features"].as_array().unwrap();
    assert!(features.len() == 7 && features.iter().all(|one| (0.0..=1.0).contains(&one.as_f64().unwrap())));
    let points: i64 =
        answer["signals"].as_array().unwrap().iter().filter_map(|line| line["points"].as_i64()).sum();
    assert_eq!(answer["base"].as_i64().unwrap() + points, answer["score"].as_i64().unwrap());
    for key in ["class", "claimed", "status"] {
        assert!(answer["identity"].as_object().unwrap().contains_key(key), "{key}");
    }
    assert_eq!(answer["request_id"], "assess-1");
    let model = |field: &str| answer[field].as_f64().unwrap();
    assert!((0.0..=100.0).contains(&model("ml_score")) && (0.0..=1.0).contains(&model("ml_probability")));
    let desk = Desk::new();
    desk.file("palisade.toml", "[model]\nuri = \"builtin:rules\"\n");
    let answer = desk.run_with("assess", body("curl/8.5.0"), &[]).json();
    assert_eq!(
        (&answer["ml_score"], &answer["ml_probability"]),
        (&Value::Null, &Value::Null),
        "the tables alone"
    );
}

#[test]
fn a_person_is_allowed() {
    let answer = Desk::new().run_with("assess", body(FIREFOX), &[]).json();
    assert_eq!((&answer["is_bot"], &answer["action"]), (&false.into(), &"ALLOW".into()), "{answer}");
}

#[test]
fn a_bad_body_is_said_on_standard_error() {
    let desk = Desk::new();
    let check = |input: &[u8], words: &[&str]| {
        desk.run_with("assess", input, &[]).refused(2, words);
    };
    check(b"", &["palisade assess", "EOF"]);
    check(b"{}", &["endpoint is missing"]);
    check(br#"{"endpoint":"/","ip":"nobody"}"#, &["\"nobody\" is not an address"]);
    check(br#"{"endpoint":"/","user_agent":7}"#, &["line 1 column"]);
    check(b"{\"endpoint\":\"/\xff\"}", &["UTF-8"]);
    check(&b" ".repeat(2 << 20), &["longer than 1048576 bytes"]);
}

#[test]
fn a_batch_answers_each_line_in_one_history() {
    let good = json!({"ip": "192.0.2.1", "user_agent": FIREFOX, "endpoint": "/login", "method": "POST", "status": 401});
    let mut input = format!("{good}\nnonsense\n\n{}\n", "x".repeat(2 << 20)).into_bytes();
    input.extend(b"\xff\xfe\n");
    (0..30).for_each(|_| input.extend(format!("{good}\n").bytes()));
    input.extend(good.to_string().bytes());
    let out = Desk::new().run_with("assess --batch", &input, &[]).fine();
    let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 36, "the last line has no end, and counts");
    assert!(answers[1..5].iter().all(|answer| answer["error"].is_string()), "{:?}", &answers[1..5]);
    assert!(answers[3]["error"].as_str().unwrap().contains("longer than"), "{}", answers[3]);
    assert!(answers[35]["score"].as_u64() > answers[0]["score"].as_u64(), "the thirtieth failed login tells");
}

#[test]
fn a_question_leaves_no_trace() {
    let ask = json!({"ip": "192.0.2.1", "user_agent": FIREFOX, "endpoint": "/login", "status": 401, "observe": false});
    let input = format!("{ask}\n").repeat(40);
    let out = Desk::new().run_with("assess --batch", input, &[]).fine();
    let scores: Vec<Value> =
        out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["score"].clone()).collect();
    assert!(scores.iter().all(|score| *score == scores[0]), "{scores:?}");
}

/// A program may hold the batch open, ask, wait for the answer, and ask again.
#[test]
fn an_answer_comes_before_the_next_question() {
    let mut command = Desk::new().command();
    let command = command.args(["assess", "--batch"]).current_dir("/");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut questions = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..3 {
        questions.write_all(format!("{}\n", body(FIREFOX)).as_bytes()).unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        assert!(answer.contains("\"score\""), "{answer}");
    }
    drop(questions);
    assert!(child.wait().unwrap().success());
}
