use super::*;
use crate::testing;

fn read(bytes: &[u8]) -> Result<Model, ModelError> {
    Model::read(bytes, &testing::EXPECT)
}

/// What is said of a valid document in which one text was replaced, under a checksum that is right.
fn refused(from: &str, to: &str) -> String {
    let document = serde_json::to_string(&testing::file()).expect("it is valid");
    assert!(document.contains(from), "{from}");
    let error = read(&frame::framed(document.replacen(from, to, 1).as_bytes())).expect_err("it is a fault");
    error.to_string()
}

#[test]
fn what_was_written_is_read() {
    let model = testing::model();
    let bytes = model.to_bytes();
    let again = read(&bytes).expect("it was just written");
    assert_eq!(again, model);
    assert_eq!(again.to_bytes(), bytes);
}

#[test]
fn numbers_are_kept_to_the_last_bit() {
    let mut file = testing::file();
    let edges = [f32::MIN, -f32::MIN_POSITIVE, -1e-45, 0.1, 16_777_217.0, 1.000_000_1e10, f32::MAX];
    file.views[0].shapes[0].edges = edges.to_vec();
    file.views[0].shapes[0].weights = (0..8).map(|n| n as f32 / 7.0).collect();
    file.views[0].anchors.block.fpr = f64::from_bits(0x3f50_624d_d2f1_a9fd);
    file.trained.seed = u64::MAX;
    file.trained.at_ms = i64::MIN;
    file.contribution_max = 0.1 + 0.2;
    let model = Model::new(file, &testing::EXPECT).expect("it is valid");
    let again = read(&model.to_bytes()).expect("it was just written");
    assert_eq!(again, model);
}

#[test]
fn without_end_is_null() {
    let model = testing::model();
    assert!(String::from_utf8_lossy(&model.to_bytes()).contains(r#""contribution_max":null,"#));
    assert_eq!(read(&model.to_bytes()).expect("it was just written").contribution_max(), f32::INFINITY);
    assert!(refused(r#""contribution_max":null,"#, "").contains("missing field `contribution_max`"));
}

#[test]
fn faults_of_the_document_have_a_place() {
    let error = refused(r#"{"id""#, "{\n  \"ids\"");
    assert!(error.starts_with("line 3, column 7: unknown field `ids`, expected one of `id`, "), "{error}");
    let check = |from: &str, to: &str, what: &str| {
        let error = refused(from, to);
        assert!(error.starts_with("line 2, column ") && error.contains(what), "{error}");
    };
    check(
        r#""kind":"additive""#,
        r#""kind":"forest""#,
        "unknown variant `forest`, expected one of `additive`, `lr`",
    );
    check(r#""subject":"traffic""#, r#""subject":7"#, "expected value");
    check(r#""intercept":-3.0"#, r#""intercept":NaN"#, "expected value");
    check(r#""intercept":-3.0"#, r#""intercept":1e39"#, "number out of range");
    check(r#""intercept":-3.0"#, r#""intercept":null"#, "invalid type: null, expected f32");
    check(r#""intercept":-3.0"#, r#""intercept":-3.0,"intercept":-3.0"#, "duplicate field `intercept`");
    check(r#""features":[0,"#, r#""features":[-1,"#, "invalid value: integer `-1`, expected u16");
    check(r#""features":[0,"#, r#""features":[65536,"#, "expected u16");
    check(r#"{"id""#, r#"[{"id""#, "invalid");
}

#[test]
fn foreign_words_in_a_message_are_cut_and_harmless() {
    let error = refused(r#"{"id""#, &format!("{{\"\\u001b[2J{}\"", "x".repeat(5_000)));
    assert!(error.len() < 400 && !error.contains('\u{1b}'), "{error}");
}

#[test]
fn two_documents_or_none_are_no_model() {
    let document = serde_json::to_string(&testing::file()).expect("it is valid");
    let error = read(&frame::framed(format!("{document}{document}").as_bytes())).unwrap_err();
    assert!(error.to_string().contains("trailing characters"), "{error}");
    let error = read(&frame::framed(b"")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2, column 0: EOF while parsing a value; train again with this release"
    );
}

#[test]
fn nesting_ends() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let error = read(&frame::framed(deep.as_bytes())).unwrap_err();
    assert!(matches!(error, ModelError::Document { .. }), "{error}");
    let error = refused(r#""roc_auc":0.9731"#, &format!("\"roc_auc\":{deep}"));
    assert!(error.contains("recursion limit exceeded"), "{error}");
}

#[test]
fn a_model_of_another_schema_is_told_so_before_all_else() {
    let mut file = testing::file();
    file.schema.id = "testing-0".to_owned();
    file.views.clear();
    let document = serde_json::to_vec(&file).expect("it is JSON");
    assert!(matches!(read(&frame::framed(&document)), Err(ModelError::OtherSchema { .. })));
}
