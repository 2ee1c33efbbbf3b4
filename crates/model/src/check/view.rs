//! One view: its vantages, its features, and every number that scoring reads.

use std::collections::BTreeSet;

use super::numbers::{any_log_odds, ascending, length, log_odds, range, weights};
use super::{Checked, count, form, once};
use crate::bounds::{BINS_MAX, PAIRS_MAX, POINTS_MAX, VANTAGES_MAX};
use crate::calibration::Calibration;
use crate::error::{ModelError, quoted};
use crate::file::ViewFile;
use crate::kind::Kind;
use crate::score::Anchors;
use crate::shape::{Direction, Pair, Shape};

/// Vantages that there are, each in one view only.
pub(super) fn vantages<'a>(
    place: &str,
    view: &'a ViewFile,
    known: &[&str],
    seen: &mut BTreeSet<&'a str>,
) -> Checked {
    let place = format!("{place}.vantages");
    count(&place, view.vantages.len(), 1, VANTAGES_MAX, "vantages")?;
    for vantage in &view.vantages {
        if !known.contains(&vantage.as_str()) {
            return Err(ModelError::UnknownVantage {
                place,
                found: quoted(vantage),
                known: known.join(", "),
            });
        }
        once(&place, seen, vantage)?;
    }
    Ok(())
}

/// All but name and vantages, of a model of `kind` in a schema of so many features.
pub(super) fn view(place: &str, view: &ViewFile, kind: Kind, features: usize) -> Checked {
    view_features(&format!("{place}.features"), &view.features, features)?;
    any_log_odds(&format!("{place}.intercept"), view.intercept)?;
    let (found, expected) = (view.form.word(), kind.form());
    if found != expected {
        let place = format!("{place}.form");
        return Err(ModelError::OtherForm { place, found, kind: kind.name(), expected });
    }
    if !view.form.is_additive() {
        count(&format!("{place}.shapes"), view.shapes.len(), 0, 0, "shapes of a form that has none")?;
        count(&format!("{place}.pairs"), view.pairs.len(), 0, 0, "pairs of a form that has none")?;
    }
    form::form(&format!("{place}.form"), &view.form, &view.features)?;
    let mut shaped = BTreeSet::new();
    for (at, shape) in view.shapes.iter().enumerate() {
        let place = format!("{place}.shapes[{at}]");
        known_feature(&place, shape.feature, &view.features)?;
        if !shaped.insert(shape.feature) {
            return Err(twice(place, &[shape.feature]));
        }
        self::shape(&place, shape)?;
    }
    count(&format!("{place}.pairs"), view.pairs.len(), 0, PAIRS_MAX, "pairs")?;
    let mut paired = BTreeSet::new();
    for (at, pair) in view.pairs.iter().enumerate() {
        let place = format!("{place}.pairs[{at}]");
        known_feature(&place, pair.first, &view.features)?;
        known_feature(&place, pair.second, &view.features)?;
        let both = [pair.first.min(pair.second), pair.first.max(pair.second)];
        if both[0] == both[1] || !paired.insert(both) {
            return Err(twice(place, &both));
        }
        self::pair(&place, pair, &view.shapes)?;
    }
    calibration(&format!("{place}.calibration.points"), &view.calibration)?;
    anchors(&format!("{place}.anchors"), &view.anchors)
}

fn view_features(place: &str, features: &[u16], of: usize) -> Checked {
    for (at, &feature) in features.iter().enumerate() {
        if usize::from(feature) >= of {
            let (place, among) = (format!("{place}[{at}]"), "schema");
            return Err(ModelError::UnknownFeature { place, feature, among });
        }
    }
    match features.windows(2).position(|two| two[0] >= two[1]) {
        Some(at) => Err(ModelError::NotAscending { place: place.to_owned(), at: at + 1 }),
        None => Ok(()),
    }
}

pub(super) fn known_feature(place: &str, feature: u16, features: &[u16]) -> Checked {
    match features.binary_search(&feature) {
        Ok(_) => Ok(()),
        Err(_) => Err(ModelError::UnknownFeature { place: place.to_owned(), feature, among: "view" }),
    }
}

pub(super) fn twice(place: String, features: &[u16]) -> ModelError {
    ModelError::Twice { place, what: format!("feature {features:?}") }
}

fn shape(place: &str, shape: &Shape) -> Checked {
    let weights_place = format!("{place}.weights");
    edges(&format!("{place}.edges"), &shape.edges)?;
    length(&weights_place, shape.weights.len(), shape.edges.len() + 1)?;
    weights(&weights_place, &shape.weights)?;
    log_odds(&format!("{place}.unseen"), shape.unseen, 0.0)?;
    let steps = (1..shape.weights.len()).map(|at| (at - 1, at));
    along(&weights_place, shape, &shape.weights, steps)
}

fn pair(place: &str, pair: &Pair, shapes: &[Shape]) -> Checked {
    let weights_place = format!("{place}.weights");
    edges(&format!("{place}.first_edges"), &pair.first_edges)?;
    edges(&format!("{place}.second_edges"), &pair.second_edges)?;
    let (rows, columns) = (pair.first_edges.len() + 1, pair.second_edges.len() + 1);
    length(&weights_place, pair.weights.len(), rows * columns)?;
    weights(&weights_place, &pair.weights)?;
    log_odds(&format!("{place}.unseen"), pair.unseen, 0.0)?;
    // Or a rising shape could be undone by a pair that falls.
    let cells = pair.weights.len();
    for shape in shapes.iter().filter(|shape| shape.feature == pair.first) {
        along(&weights_place, shape, &pair.weights, (columns..cells).map(|at| (at - columns, at)))?;
    }
    for shape in shapes.iter().filter(|shape| shape.feature == pair.second) {
        let steps = (1..cells).filter(|at| at % columns != 0).map(|at| (at - 1, at));
        along(&weights_place, shape, &pair.weights, steps)?;
    }
    Ok(())
}

fn edges(place: &str, edges: &[f32]) -> Checked {
    count(place, edges.len() + 1, 1, BINS_MAX, "bins")?;
    ascending(place, edges.iter().copied())
}

/// Every step from one weight to the next goes where the shape goes.
fn along(
    place: &str,
    shape: &Shape,
    weights: &[f32],
    steps: impl Iterator<Item = (usize, usize)>,
) -> Checked {
    let Shape { feature, direction, .. } = *shape;
    let wrong = |&(from, to): &(usize, usize)| !direction.allows(weights[from], weights[to]);
    let mut steps = steps.filter(|_| direction != Direction::Free);
    match steps.find(wrong) {
        Some((_, at)) => {
            Err(ModelError::Direction { place: place.to_owned(), at, direction: direction.word(), feature })
        }
        None => Ok(()),
    }
}

fn calibration(place: &str, calibration: &Calibration) -> Checked {
    let points = &calibration.points;
    count(place, points.len(), 2, POINTS_MAX, "points")?;
    for (at, &(raw, log_odds)) in points.iter().enumerate() {
        any_log_odds(&format!("{place}[{at}][0]"), raw)?;
        any_log_odds(&format!("{place}[{at}][1]"), log_odds)?;
    }
    ascending(place, points.iter().map(|point| point.0))?;
    ascending(place, points.iter().map(|point| point.1))
}

fn anchors(place: &str, anchors: &Anchors) -> Checked {
    let points = anchors.points().map(|point| point.0);
    points.iter().try_for_each(|&log_odds| any_log_odds(place, log_odds))?;
    ascending(place, points.into_iter())?;
    for (name, anchor) in
        [("monitor", anchors.monitor), ("challenge", anchors.challenge), ("block", anchors.block)]
    {
        range(&format!("{place}.{name}.fpr"), anchor.fpr, 0.0, 1.0)?;
    }
    Ok(())
}
