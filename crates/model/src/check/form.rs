//! What the kinds beside the additive one say: every index leads somewhere, every number is one that scoring can sum.

use std::collections::BTreeSet;

use super::numbers::{any_log_odds, length, range};
use super::view::{known_feature, twice};
use super::{Checked, count};
use crate::bounds::{
    DEPTH_MAX, LAYERS_MAX, LOG_ODDS_MAX, SEQUENCE_KEYS_MAX, SPLITS_MAX, STEP_LOG_ODDS_MAX, STEPS_MAX,
    TREES_MAX, WIDTH_MAX,
};
use crate::error::ModelError;
use crate::form::{Form, Layer, Linear, Neural, Sequence, Tree, Trees};
use crate::sequence::is_key;

/// A form, of a view with these features.
pub(crate) fn form(place: &str, form: &Form, features: &[u16]) -> Checked {
    match form {
        Form::Additive => Ok(()),
        Form::Linear(linear) => self::linear(&format!("{place}.linear"), linear, features),
        Form::Trees(trees) => self::trees(&format!("{place}.trees"), trees, features),
        Form::Neural(neural) => self::neural(&format!("{place}.neural"), neural, features),
        Form::Sequence(sequence) => self::sequence(&format!("{place}.sequence"), sequence),
    }
}

fn linear(place: &str, linear: &Linear, features: &[u16]) -> Checked {
    let place = format!("{place}.terms");
    once_each(&place, linear.terms.iter().map(|term| term.feature), features)?;
    for (at, term) in linear.terms.iter().enumerate() {
        let place = format!("{place}[{at}]");
        standard(&place, term.mean, term.scale)?;
        any_log_odds(&format!("{place}.weight"), term.weight)?;
        any_log_odds(&format!("{place}.unseen"), term.unseen)?;
    }
    Ok(())
}

fn trees(place: &str, trees: &Trees, features: &[u16]) -> Checked {
    let place = format!("{place}.trees");
    count(&place, trees.trees.len(), 0, TREES_MAX, "trees")?;
    trees
        .trees
        .iter()
        .enumerate()
        .try_for_each(|(at, tree)| self::tree(&format!("{place}[{at}]"), tree, features))
}

fn tree(place: &str, tree: &Tree, features: &[u16]) -> Checked {
    let splits = tree.features.len();
    count(&format!("{place}.features"), splits, 0, SPLITS_MAX, "splits")?;
    for (name, found) in [
        ("edges", tree.edges.len()),
        ("below", tree.below.len()),
        ("above", tree.above.len()),
        ("unseen_above", tree.unseen_above.len()),
        ("means", tree.means.len()),
    ] {
        length(&format!("{place}.{name}"), found, splits)?;
    }
    length(&format!("{place}.leaves"), tree.leaves.len(), splits + 1)?;
    for (at, &feature) in tree.features.iter().enumerate() {
        known_feature(&format!("{place}.features[{at}]"), feature, features)?;
    }
    let numbers = |name: &str, values: &[f32], most: f32| {
        let wrong = values.iter().position(|value| !value.is_finite() || value.abs() > most);
        wrong.map_or(Ok(()), |at| {
            let most = f64::from(most);
            range(&format!("{place}.{name}[{at}]"), f64::from(values[at]), -most, most)
        })
    };
    numbers("edges", &tree.edges, f32::MAX)?;
    numbers("means", &tree.means, LOG_ODDS_MAX)?;
    numbers("leaves", &tree.leaves, LOG_ODDS_MAX)?;
    ways(place, tree)
}

/// Each split leads forward, and to what no other leads to: so all is reached, and nothing goes in a circle.
fn ways(place: &str, tree: &Tree) -> Checked {
    let splits = tree.features.len();
    let mut depths = vec![0_usize; splits];
    let (mut reached, mut ended) = (vec![false; splits], vec![false; splits + 1]);
    for split in 0..splits {
        for to in [tree.below[split], tree.above[split]] {
            let wrong = || ModelError::NotATree { place: place.to_owned(), split, to };
            let depth = depths[split] + 1;
            count(place, depth, 0, DEPTH_MAX, "splits one after the other")?;
            let seen = match usize::try_from(to) {
                Ok(next) if next <= split => return Err(wrong()),
                Ok(next) => {
                    *depths.get_mut(next).ok_or_else(wrong)? = depth;
                    &mut reached[next]
                }
                // Of -1 and below.
                Err(_) => ended.get_mut(usize::from(to.unsigned_abs()) - 1).ok_or_else(wrong)?,
            };
            if std::mem::replace(seen, true) {
                return Err(wrong());
            }
        }
    }
    Ok(())
}

fn neural(place: &str, neural: &Neural, features: &[u16]) -> Checked {
    let inputs = format!("{place}.inputs");
    once_each(&inputs, neural.inputs.iter().map(|input| input.feature), features)?;
    for (at, input) in neural.inputs.iter().enumerate() {
        standard(&format!("{inputs}[{at}]"), input.mean, input.scale)?;
    }
    let layers = format!("{place}.layers");
    count(&layers, neural.layers.len(), 1, LAYERS_MAX, "layers")?;
    let mut width = neural.inputs.len();
    for (at, layer) in neural.layers.iter().enumerate() {
        self::layer(&format!("{layers}[{at}]"), layer, width)?;
        width = layer.biases.len();
    }
    length(&format!("{layers}[{}].biases", neural.layers.len() - 1), width, 1)
}

fn layer(place: &str, layer: &Layer, inputs: usize) -> Checked {
    count(&format!("{place}.biases"), layer.biases.len(), 1, WIDTH_MAX, "outputs")?;
    length(&format!("{place}.weights"), layer.weights.len(), inputs * layer.biases.len())?;
    for (name, values) in [("weights", &layer.weights), ("biases", &layer.biases)] {
        let wrong = values.iter().position(|value| !(-LOG_ODDS_MAX..=LOG_ODDS_MAX).contains(value));
        wrong.map_or(Ok(()), |at| any_log_odds(&format!("{place}.{name}[{at}]"), values[at]))?;
    }
    Ok(())
}

fn sequence(place: &str, sequence: &Sequence) -> Checked {
    let Sequence { steps_full, keys, weights } = sequence;
    range(&format!("{place}.steps_full"), f64::from(*steps_full), 1.0, STEPS_MAX as f64)?;
    let keys_place = format!("{place}.keys");
    count(&keys_place, keys.len(), 0, SEQUENCE_KEYS_MAX, "keys")?;
    length(&format!("{place}.weights"), weights.len(), keys.len())?;
    if let Some(at) = keys.iter().position(|key| !is_key(*key)) {
        return Err(ModelError::NotAKey { place: format!("{keys_place}[{at}]"), found: keys[at] });
    }
    if let Some(at) = keys.windows(2).position(|two| two[0] >= two[1]) {
        return Err(ModelError::NotAscending { place: keys_place, at: at + 1 });
    }
    let wrong = weights.iter().position(|weight| !(-STEP_LOG_ODDS_MAX..=STEP_LOG_ODDS_MAX).contains(weight));
    wrong.map_or(Ok(()), |at| {
        let most = f64::from(STEP_LOG_ODDS_MAX);
        range(&format!("{place}.weights[{at}]"), f64::from(weights[at]), -most, most)
    })
}

/// Features of the view, none of them twice.
fn once_each(place: &str, found: impl Iterator<Item = u16>, features: &[u16]) -> Checked {
    let mut seen = BTreeSet::new();
    for (at, feature) in found.enumerate() {
        let place = format!("{place}[{at}]");
        known_feature(&place, feature, features)?;
        if !seen.insert(feature) {
            return Err(twice(place, &[feature]));
        }
    }
    Ok(())
}

fn standard(place: &str, mean: f32, scale: f32) -> Checked {
    let most = f64::from(f32::MAX);
    range(&format!("{place}.mean"), f64::from(mean), -most, most)?;
    range(&format!("{place}.scale"), f64::from(scale), f64::from(f32::MIN_POSITIVE), most)
}

#[cfg(test)]
mod tests;
