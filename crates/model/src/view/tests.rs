use crate::{Contributions, Scored, testing};

fn score(features: &[f32]) -> (Scored, Vec<f32>) {
    let model = testing::model();
    let mut contributions = Contributions::new();
    let scored = model.views()[1].score_into(features, &mut contributions);
    (scored, contributions.as_slice().to_vec())
}

#[test]
fn shapes_and_halves_of_pairs_add_up() {
    let (scored, contributions) = score(&[60.0, 2.0, 0.05, 3.0]);
    assert_eq!(contributions, [3.0 + 0.55, 2.0, 1.2 + 0.55, 0.0]);
    assert!((scored.raw - (-3.0 + 3.0 + 2.0 + 1.2 + 1.1)).abs() < 1e-5);
    assert!((scored.log_odds - (0.1 + 6.9 * scored.raw / 8.0)).abs() < 1e-5);
    assert!(scored.score > 90.0, "{scored:?}");
}

#[test]
fn where_no_weight_speaks_the_base_does() {
    let model = testing::model();
    let (scored, contributions) = score(&[0.0, 0.0, 0.5, 2.0]);
    assert_eq!(contributions, [0.0; 4]);
    assert_eq!(scored, model.views()[1].base());
    assert_eq!(scored.raw, -3.0);
}

#[test]
fn the_unseen_and_the_absurd() {
    let (unseen, contributions) = score(&[f32::NAN; 4]);
    assert_eq!(contributions, [0.25; 4]);
    assert_eq!(score(&[]).0, unseen, "beyond the end is unseen");
    let (most, _) = score(&[f32::INFINITY, f32::MAX, f32::NEG_INFINITY, f32::MIN]);
    assert!((0.0..=100.0).contains(&most.score) && most.raw > unseen.raw);
    assert_eq!(score(&[1.0; 9]), score(&[1.0; 4]), "what the schema does not have is not looked at");
}

#[test]
fn contributions_are_of_the_last_request_only() {
    let model = testing::model();
    let mut contributions = Contributions::default();
    model.views()[1].score_into(&[60.0, 2.0, 0.0, 0.0], &mut contributions);
    model.views()[0].score_into(&[0.0, 0.0, 0.0, 0.0], &mut contributions);
    assert_eq!(contributions.as_slice(), [0.0; 4]);
    assert_eq!((contributions.of(0), contributions.of(4), contributions.of(u16::MAX)), (0.0, 0.0, 0.0));
}
