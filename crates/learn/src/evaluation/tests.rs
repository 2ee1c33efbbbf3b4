//! Whole evaluations.

use super::made_up::rows;
use super::*;

fn options(threshold: f64) -> EvaluateOptions {
    EvaluateOptions { threshold, resamples: 100, ..EvaluateOptions::default() }
}

fn keys(value: &serde_json::Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn json_has_the_documented_fields() {
    let mut data = rows(&[(0.9, true), (0.4, true), (0.8, false), (0.1, false)]);
    data[0].family = Some("curl".to_owned());
    let made = evaluate(&data, &EvaluateOptions { nominal_fpr: Some(0.01), ..options(0.7) }).unwrap();
    let json = serde_json::to_value(&made).unwrap();
    let mut expected = vec![
        "n",
        "bots",
        "humans",
        "groups",
        "auc",
        "auc_interval",
        "average_precision",
        "ece",
        "tpr_at",
        "threshold",
        "fpr_nominal",
        "fpr_measured",
        "fpr_interval",
        "tpr_measured",
        "tpr_interval",
        "confusion",
        "per_family",
        "worst",
    ];
    let mut found = keys(&json);
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(json["tpr_at"], serde_json::json!({"0.001": null, "0.005": null, "0.01": null}));
    assert_eq!(json["fpr_nominal"], 0.01);
    assert_eq!(
        json["confusion"],
        serde_json::json!({"true_bots": 1, "missed_bots": 1, "true_humans": 1, "hit_humans": 1})
    );
    assert_eq!(json["per_family"]["curl"]["n"], 1);
    assert_eq!(json["fpr_interval"].as_array().unwrap().len(), 2);
    assert_eq!(
        json["worst"][0],
        serde_json::json!({"name": "row-2", "score": 0.8, "is_bot": false, "family": null, "reasons": []})
    );
}

#[test]
fn one_class_is_no_error() {
    let people = evaluate(&rows(&[(0.1, false), (0.9, false)]), &options(0.5)).unwrap();
    assert_eq!((people.auc, people.auc_interval, people.average_precision), (None, None, None));
    assert_eq!((people.tpr_measured, people.tpr_interval, people.tpr_at), (None, None, TprAt::default()));
    assert_eq!((people.fpr_measured, people.fpr_floor()), (Some(0.5), Some(1.0)));
    let bots = evaluate(&rows(&[(0.1, true), (0.9, true)]), &options(0.5)).unwrap();
    assert_eq!((bots.fpr_measured, bots.fpr_interval, bots.fpr_floor()), (None, None, None));
    assert_eq!(bots.tpr_measured, Some(0.5));
}

#[test]
fn nobody_hit_is_no_promise() {
    let made = evaluate(&rows(&[(0.1, false); 205]), &options(0.7)).unwrap();
    assert_eq!(made.fpr_measured, Some(0.0));
    assert!(made.fpr_interval.unwrap().hi >= 3.0 / 205.0);
}

#[test]
fn constant_scores_say_nothing() {
    let made =
        evaluate(&rows(&[(0.5, true), (0.5, false), (0.5, true), (0.5, false)]), &options(0.7)).unwrap();
    assert_eq!((made.auc, made.auc_interval, made.ece), (Some(0.5), None, Some(0.0)));
}

#[test]
fn rows_of_one_client_do_not_make_people() {
    let mut data = rows(&[(0.1, false); 600]);
    data.extend(rows(&[(0.9, true)]));
    assert_eq!(evaluate(&data, &options(0.7)).unwrap().tpr_at.one_in_200, Some(1.0));
    data.iter_mut().for_each(|row| row.group /= 2);
    assert_eq!(evaluate(&data, &options(0.7)).unwrap().tpr_at.one_in_200, None);
}

#[test]
fn threshold_itself_is_a_hit() {
    let made = evaluate(&rows(&[(0.7, true), (0.699, true)]), &options(0.7)).unwrap();
    assert_eq!(made.confusion.true_bots, 1);
}

#[test]
fn bad_input_is_named() {
    let good = rows(&[(0.5, true), (0.2, false)]);
    let fails = |rows: &[Scored], options: &EvaluateOptions| evaluate(rows, options).unwrap_err().to_string();
    assert_eq!(fails(&[], &options(0.5)), "there is nothing to evaluate: no client or session was scored");
    assert_eq!(
        fails(&rows(&[(0.5, true), (f64::NAN, true)]), &options(0.5)),
        "row 1: score NaN is not in 0..=1"
    );
    assert_eq!(fails(&rows(&[(1.5, true)]), &options(0.5)), "row 0: score 1.5 is not in 0..=1");
    assert_eq!(fails(&good, &options(f64::NAN)), "threshold NaN is not in 0..=1");
    let nominal = EvaluateOptions { nominal_fpr: Some(-0.1), ..options(0.5) };
    assert_eq!(fails(&good, &nominal), "nominal false-positive rate -0.1 is not in 0..=1");
    let many = EvaluateOptions { resamples: 10_001, ..options(0.5) };
    assert_eq!(fails(&good, &many), "10001 resamples are more than 10000");
    let huge = vec![good[0].clone(); ROWS_MAX + 1];
    assert_eq!(evaluate(&huge, &options(0.5)), Err(EvaluateError::TooManyRows { rows: ROWS_MAX + 1 }));
}

#[test]
fn models_are_compared_in_order() {
    let (good, bad) = (rows(&[(0.9, true), (0.1, false)]), rows(&[(0.1, true), (0.9, false)]));
    let made = compare(&[("model", &good), ("baseline", &bad)], &options(0.5)).unwrap();
    let aucs: Vec<_> = made.iter().map(|(name, evaluation)| (name.as_str(), evaluation.auc)).collect();
    assert_eq!(aucs, [("model", Some(1.0)), ("baseline", Some(0.0))]);
    let failed = compare(&[("model", &good), ("none", &[])], &options(0.5)).unwrap_err();
    assert_eq!(failed.to_string(), "none: there is nothing to evaluate: no client or session was scored");
}
