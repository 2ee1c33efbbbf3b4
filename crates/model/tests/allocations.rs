//! Scoring is on the hot path: it allocates nothing, whatever the features are.
//!
//! A binary of its own, because counting takes the place of the whole process's allocator.

use palisade_model::{Contributions, testing};

#[test]
fn scoring_allocates_nothing() {
    let model = testing::model();
    let requests = [
        [f32::NAN; 4],
        [0.0, 1.0, 0.2, 3.0],
        [60.0, 2.0, 0.05, f32::INFINITY],
        [f32::MIN, f32::MAX, f32::NEG_INFINITY, -0.0],
    ];
    let work = || {
        let mut contributions = Contributions::new();
        for (view, features) in
            model.views().iter().flat_map(|view| requests.map(|features| (view, features)))
        {
            let scored = view.score_into(&features, &mut contributions);
            assert!(scored.score >= view.base().score && contributions.as_slice().len() == 4);
            assert!(view.score_into(&[], &mut contributions).raw >= view.base().raw);
        }
        assert!(model.view_for("gateway-clear").is_some());
    };
    assert_eq!(allocation_counter::measure(work).count_total, 0);
}
