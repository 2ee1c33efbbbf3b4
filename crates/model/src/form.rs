//! What the kinds beside the additive one say in a file.

use serde::{Deserialize, Serialize};

/// How a view computes its sum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// By the shapes and pairs of the view.
    #[default]
    Additive,
    /// By distances from the mean.
    Linear(Linear),
    /// By trees.
    Trees(Trees),
    /// By a net.
    Neural(Neural),
    /// By the order of the steps before.
    Sequence(Sequence),
}

/// Weights of distances from the mean.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linear {
    /// One per feature at most.
    pub terms: Vec<Term>,
}

/// What one feature adds to a linear sum: `weight * (value - mean) / scale`, the fraction held within ±10.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The feature, as a position in the schema; one of its view.
    pub feature: u16,
    /// Mean of the feature in training, in its own unit.
    pub mean: f32,
    /// Its standard deviation, above 0.0.
    pub scale: f32,
    /// Log-odds of one standard deviation.
    pub weight: f32,
    /// Log-odds where the feature is no number.
    pub unseen: f32,
}

/// Trees whose leaves are summed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trees {
    /// At most 1,000.
    pub trees: Vec<Tree>,
}

/// A tree of splits, number 0 the root: a value below the edge goes one way, at or above it the other.
///
/// The lists have an entry for each split, but [`Tree::leaves`] one more. A way is the number of a later split, or
/// -1 - the number of a leaf; each split but the root and each leaf is reached from one split. Without splits, the one
/// leaf is the tree.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    /// The feature that is asked, as a position in the schema; one of its view.
    pub features: Vec<u16>,
    /// Where it is divided, in its own unit; finite.
    pub edges: Vec<f32>,
    /// The way of what is below the edge.
    pub below: Vec<i16>,
    /// The way of all else.
    pub above: Vec<i16>,
    /// Whether what is no number goes the way of what is above.
    pub unseen_above: Vec<bool>,
    /// Mean log-odds of all that came to the split in training; only explanations read them.
    pub means: Vec<f32>,
    /// Log-odds of each leaf.
    pub leaves: Vec<f32>,
}

/// A net of full layers with max(0, x) between them and one output, log-odds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neural {
    /// What goes in, one per feature at most.
    pub inputs: Vec<Input>,
    /// From the inputs to the output.
    pub layers: Vec<Layer>,
}

/// What one feature gives to a net: `(value - mean) / scale`, held within ±10; 0.0 where it is no number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The feature, as a position in the schema; one of its view.
    pub feature: u16,
    /// Mean of the feature in training, in its own unit.
    pub mean: f32,
    /// Its standard deviation, above 0.0.
    pub scale: f32,
}

/// One layer: `output = biases + Σ input * weights`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Input by input, as many as there are outputs each; within ±1,000.
    pub weights: Vec<f32>,
    /// One per output, within ±1,000.
    pub biases: Vec<f32>,
}

/// What each step of a client says after the steps before it: see [`crate::sequence`] for the keys.
///
/// A step adds the weight of its key after the longest context for which there is one, and for each longer context the weight
/// of that context's key without a symbol, where there is one. What no context knows adds nothing. The sum is the mean of all
/// steps, times as many as there are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// From how many steps on there is no more to be sure of, 1..=64: the mean is multiplied by no more than that.
    pub steps_full: u16,
    /// What is known, ascending.
    pub keys: Vec<u64>,
    /// Log-odds of each, within ±20.
    pub weights: Vec<f32>,
}

impl Form {
    /// True where shapes and pairs are all there is.
    pub fn is_additive(&self) -> bool {
        matches!(self, Form::Additive)
    }

    /// Its word in the file.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Form::Additive => "additive",
            Form::Linear(_) => "linear",
            Form::Trees(_) => "trees",
            Form::Neural(_) => "neural",
            Form::Sequence(_) => "sequence",
        }
    }
}
