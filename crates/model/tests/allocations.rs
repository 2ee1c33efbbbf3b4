//! Scoring is on the hot path: it allocates nothing, whatever the features are.
//!
//! A binary of its own, because counting takes the place of the whole process's allocator.

use palisade_model::{Contributions, Kind, Model, Seen, Step, testing};

#[test]
fn scoring_allocates_nothing() {
    let models =
        Kind::ALL.map(|kind| Model::new(testing::file_of(kind), &testing::EXPECT).expect("it is valid"));
    let requests = [
        [f32::NAN; 4],
        [0.0, 1.0, 0.2, 3.0],
        [60.0, 2.0, 0.05, f32::INFINITY],
        [f32::MIN, f32::MAX, f32::NEG_INFINITY, -0.0],
    ];
    let steps: Vec<Step> = (0..100).map(|at| Step { how: at % 3, place: at % 11 }).collect();
    let work = || {
        let mut contributions = Contributions::new();
        for model in &models {
            let views = model.views().iter();
            for (view, features) in views.flat_map(|view| requests.map(|features| (view, features))) {
                let scored = view.score_into(&features, &mut contributions);
                let is_raised = scored.score >= view.base().score || model.kind() != Kind::Additive;
                assert!(is_raised && contributions.as_slice().len() == 4);
                assert!(view.log_odds(&features) == scored.log_odds && view.score(&[]).raw.is_finite());
                let seen = Seen { numbers: &features, steps: &steps };
                let scored = view.score_into(seen, &mut contributions);
                assert!(view.score(seen) == scored && contributions.total().is_finite());
            }
            assert!(model.view_for("gateway-clear").is_some());
        }
    };
    assert_eq!(allocation_counter::measure(work).count_total, 0);
}
