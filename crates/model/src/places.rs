//! From the feature positions of a file to those of a release, by the names of the features.
//!
//! It is done once, when a model is read: scoring knows the release's positions only, so that a model of another order or of
//! fewer features costs nothing more for each request.

use serde_json::Value;

use crate::drift;
use crate::file::{ModelFile, ViewFile};
use crate::form::Form;

/// Puts a file that was checked into the schema that has `names`, each of its own features among them. Where both have the
/// same names in the same order, nothing changes.
pub(crate) fn put(file: &mut ModelFile, names: &[&str]) {
    let found = &file.schema.features;
    if found.iter().map(String::as_str).eq(names.iter().copied()) {
        return;
    }
    let place = |name: &String| names.iter().position(|known| known == name).unwrap_or_default() as u16;
    let places: Vec<u16> = found.iter().map(place).collect();
    file.views.iter_mut().for_each(|view| put_view(view, &places));
    if let Some(usual) = file.metrics.get_mut(drift::KEY) {
        put_usual(usual, &places);
    }
    file.schema.features = names.iter().map(|&name| name.to_owned()).collect();
}

fn put_view(view: &mut ViewFile, places: &[u16]) {
    let to = |feature: &mut u16| *feature = places[usize::from(*feature)];
    view.features.iter_mut().for_each(to);
    view.features.sort_unstable();
    // Terms stay in their order: sums are rounded in it.
    view.shapes.iter_mut().for_each(|shape| to(&mut shape.feature));
    for pair in &mut view.pairs {
        to(&mut pair.first);
        to(&mut pair.second);
    }
    match &mut view.form {
        Form::Additive | Form::Sequence(_) => {}
        Form::Linear(linear) => linear.terms.iter_mut().for_each(|term| to(&mut term.feature)),
        Form::Trees(trees) => trees.trees.iter_mut().flat_map(|tree| &mut tree.features).for_each(to),
        Form::Neural(neural) => neural.inputs.iter_mut().for_each(|input| to(&mut input.feature)),
    }
}

/// What was usual while it was trained speaks of features by position too. Figures are kept and never checked: those that are
/// not what they should be stay out, as [`drift::from_metrics`] leaves them out.
fn put_usual(usual: &mut Value, places: &[u16]) {
    let views = usual.as_array_mut().into_iter().flatten();
    for features in views.filter_map(|view| view.get_mut("features")?.as_array_mut()) {
        for feature in features.iter_mut().filter_map(|shares| shares.get_mut("feature")) {
            let place = feature.as_u64().and_then(|at| places.get(usize::try_from(at).ok()?));
            *feature = place.map_or(Value::Null, |place| (*place).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ModelError;
    use crate::{Contributions, Expect, Kind, Model, testing};

    /// A release that has two features more than the file, in another order.
    const NEWER: Expect<'static> = Expect {
        features: &["new.first", "path.depth", "rate.pages", "new.middle", "clock.spread", "header.missing"],
        ..testing::EXPECT
    };

    #[test]
    fn a_newer_release_scores_alike() {
        for kind in Kind::ALL {
            let own = Model::new(testing::file_of(kind), &testing::EXPECT).expect("it is valid");
            let newer = Model::read(&own.to_bytes(), &NEWER).expect("it knows every feature");
            let (mut one, mut other) = (Contributions::new(), Contributions::new());
            for [rate, missing, spread, depth] in
                [[60.0, 2.0, 0.05, 5.0], [0.0, f32::NAN, 0.2, 3.0], [f32::NAN; 4]]
            {
                let old = own.views()[1].score_into(&[rate, missing, spread, depth], &mut one);
                let moved = [7.0, depth, rate, f32::NAN, spread, missing];
                assert_eq!(newer.views()[1].score_into(&moved, &mut other), old, "{kind}");
                let [rate, missing, spread, depth] = [0, 1, 2, 3].map(|at| one.of(at));
                assert_eq!(other.as_slice(), [0.0, depth, rate, 0.0, spread, missing], "{kind}");
            }
        }
    }

    #[test]
    fn a_feature_that_is_no_more_is_named() {
        let older = Expect { features: &["rate.pages", "clock.spread"], ..testing::EXPECT };
        let error = Model::new(testing::file(), &older).expect_err("two features are unknown");
        assert_eq!(
            error,
            ModelError::UnknownNames { found: "`header.missing`, `path.depth`".to_owned(), more: 0 }
        );
        assert!(
            error.to_string().ends_with("train again with this release, or run the release that made it")
        );
    }

    #[test]
    fn what_was_usual_moves_along() {
        let usual =
            |feature: u16| serde_json::json!([{ "view": "log", "features": [{ "feature": feature }] }]);
        let mut file = testing::file();
        file.metrics.insert(drift::KEY.to_owned(), usual(3));
        put(&mut file, NEWER.features);
        assert_eq!(file.metrics[drift::KEY], usual(1));
        let mut file = testing::file();
        file.metrics.insert(drift::KEY.to_owned(), usual(4));
        put(&mut file, NEWER.features);
        assert!(
            file.metrics[drift::KEY][0]["features"][0]["feature"].is_null(),
            "it named none of the file's"
        );
    }
}
