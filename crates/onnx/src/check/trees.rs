//! Ensembles of trees. Whoever runs them follows their indices without looking: all of them are held here to lead somewhere.

use std::collections::HashMap;

use tract_onnx::pb::NodeProto;

use super::operators::floats_attribute;
use super::{attributes, shapes};

/// How a split compares. `BRANCH_GTE` is read as a leaf by tract 0.23 (its `Cmp` ends before it), so it is none of these.
const MODES: [&[u8]; 5] = [b"BRANCH_LEQ", b"BRANCH_LT", b"BRANCH_GT", b"BRANCH_EQ", b"BRANCH_NEQ"];

const LEAF: &[u8] = b"LEAF";

/// One node of a tree, as its attributes say it.
struct Split<'a> {
    mode: &'a [u8],
    ways: [i64; 2],
}

/// Checks an ensemble over rows of so many columns.
///
/// # Errors
/// With what is wrong.
pub(super) fn check(node: &NodeProto, columns: usize) -> Result<(), String> {
    let ids = |name: &str| attributes::ints(node, name);
    let labels = ids("classlabels_int64s").len() + attributes::words(node, "classlabels_strings").len();
    if labels != 2 {
        return Err(format!("it has {labels} classes, and there are two: people and programs"));
    }
    if !shapes::transforms(node, &["NONE", "LOGISTIC", "SOFTMAX"]) {
        return Err("its post_transform is none of NONE, LOGISTIC, SOFTMAX".to_owned());
    }
    let (trees, numbers, features) = (ids("nodes_treeids"), ids("nodes_nodeids"), ids("nodes_featureids"));
    let (yes, no) = (ids("nodes_truenodeids"), ids("nodes_falsenodeids"));
    let (modes, values) = (attributes::words(node, "nodes_modes"), attributes::floats(node, "nodes_values"));
    let count = trees.len();
    let lengths = [numbers.len(), features.len(), yes.len(), no.len(), modes.len(), values.len()];
    let missing =
        attributes::find(node, "nodes_missing_value_tracks_true").map_or(count, |flags| flags.ints.len());
    if count == 0 || missing != count || lengths.iter().any(|length| *length != count) {
        return Err("its lists of nodes are empty, or of different lengths".to_owned());
    }
    if ids("nodes_missing_value_tracks_true").iter().any(|flag| !matches!(flag, 0 | 1)) {
        return Err("nodes_missing_value_tracks_true is neither 0 nor 1".to_owned());
    }
    if !ascending(trees) {
        return Err("its trees are not numbered 0, 1, 2 and so on".to_owned());
    }
    if let Some(feature) = features.iter().find(|feature| !(0..columns as i64).contains(feature)) {
        return Err(format!("a node looks at column {feature} of {columns}"));
    }
    if values.iter().any(|value| value.is_nan()) {
        return Err("a node compares with what is no number".to_owned());
    }
    let mut splits: HashMap<(i64, i64), Split<'_>> = HashMap::with_capacity(count);
    for at in 0..count {
        let mode = &*modes[at];
        if mode != LEAF && !MODES.contains(&mode) {
            return Err(format!(
                "a node is of mode {}, which is not read",
                crate::error::quoted(&String::from_utf8_lossy(mode))
            ));
        }
        let split = Split { mode, ways: [yes[at], no[at]] };
        if splits.insert((trees[at], numbers[at]), split).is_some() {
            return Err(format!("tree {} has node {} twice", trees[at], numbers[at]));
        }
    }
    ways(trees, &splits)?;
    votes(node, &splits)
}

/// From 0 on, each as the one before it or one more.
fn ascending(trees: &[i64]) -> bool {
    trees.first() == Some(&0)
        && trees.windows(2).all(|two| two[1] == two[0] || Some(two[1]) == two[0].checked_add(1))
}

/// Nodes of each tree are numbered from 0, and each but the first is led to by exactly one way of its tree: then no way leads in a
/// circle.
fn ways(trees: &[i64], splits: &HashMap<(i64, i64), Split<'_>>) -> Result<(), String> {
    let mut sizes: HashMap<i64, i64> = HashMap::new();
    trees.iter().for_each(|tree| *sizes.entry(*tree).or_default() += 1);
    let mut led_to: HashMap<(i64, i64), bool> = HashMap::with_capacity(splits.len());
    for (&(tree, number), split) in splits {
        let size = sizes.get(&tree).copied().unwrap_or(0);
        if !(0..size).contains(&number) {
            return Err(format!("tree {tree} has {size} nodes, and one with the number {number}"));
        }
        for way in split.ways.iter().filter(|_| split.mode != LEAF) {
            // The first node is the root.
            if !(1..size).contains(way) || led_to.insert((tree, *way), true).is_some() {
                return Err(format!(
                    "in tree {tree}, node {number} leads to {way}, which is nowhere, the root or reached twice"
                ));
            }
        }
    }
    Ok(())
}

/// Votes are of leaves and of the two classes; every leaf has one at least.
fn votes(node: &NodeProto, splits: &HashMap<(i64, i64), Split<'_>>) -> Result<(), String> {
    let ids = |name: &str| attributes::ints(node, name);
    let (trees, numbers, classes) = (ids("class_treeids"), ids("class_nodeids"), ids("class_ids"));
    let weights = attributes::floats(node, "class_weights");
    let count = trees.len();
    if count == 0 || [numbers.len(), classes.len(), weights.len()].iter().any(|length| *length != count) {
        return Err("its lists of votes are empty, or of different lengths".to_owned());
    }
    if !ascending(trees) {
        return Err("its votes are not in the order of the trees".to_owned());
    }
    let mut voting: HashMap<(i64, i64), usize> = HashMap::new();
    for at in 0..count {
        let place = (trees[at], numbers[at]);
        if splits.get(&place).is_none_or(|split| split.mode != LEAF) {
            return Err(format!("there is no leaf {} in tree {} that could vote", place.1, place.0));
        }
        if !matches!(classes[at], 0 | 1) || !weights[at].is_finite() {
            return Err("a vote is for a third class, or no number".to_owned());
        }
        *voting.entry(place).or_default() += 1;
    }
    if splits.iter().any(|(place, split)| split.mode == LEAF && !voting.contains_key(place)) {
        return Err("a leaf has no vote".to_owned());
    }
    if voting.values().any(|votes| *votes > 2) {
        return Err("a leaf votes more than once for a class".to_owned());
    }
    let base = attributes::floats(node, "base_values");
    let one_class = classes.iter().all(|class| *class == 0) || classes.iter().all(|class| *class == 1);
    match base.len() {
        _ if base.iter().any(|value| !value.is_finite()) => Err("a base value is no number".to_owned()),
        0 | 2 => Ok(()),
        1 if one_class => Ok(()),
        found => Err(format!("it has {found} base values for two classes")),
    }
}

/// One base value of an ensemble that votes for one class becomes two, as tract wants them.
pub(super) fn mend(node: &mut NodeProto) {
    let votes_for = attributes::ints(node, "class_ids").first().copied();
    let Some(base) = node.attribute.iter().position(|attribute| attribute.name == "base_values") else {
        return;
    };
    match node.attribute[base].floats[..] {
        [] => {
            node.attribute.remove(base);
        }
        [value] => {
            let both = if votes_for == Some(1) { vec![0.0, value] } else { vec![value, 0.0] };
            node.attribute[base] = floats_attribute("base_values", both);
        }
        _ => {}
    }
}
