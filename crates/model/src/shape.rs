//! Shapes and pairs: what one feature says, and what two say together.
//!
//! A value falls into the bin whose number is the count of edges that are not above it: `edges [2, 5]` makes the bins
//! *below 2*, *2 to below 5* and *5 and more*. A feature that is no number was unseen, and has a weight of its own.

use serde::{Deserialize, Serialize};

/// Log-odds by the value of one feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// The feature, as a position in the schema; one of its view.
    pub feature: u16,
    /// Finite and strictly ascending, at most 255, in the feature's own unit.
    pub edges: Vec<f32>,
    /// Log-odds of each bin, one more than edges; 0.0 and up.
    pub weights: Vec<f32>,
    /// Log-odds where the feature is no number; 0.0 and up.
    pub unseen: f32,
    /// How the weights run. Pairs of the feature in the same view must run likewise.
    pub direction: Direction,
}

/// How weights run along a feature that grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Never down.
    Rising,
    /// Never up.
    Falling,
    /// Either way.
    Free,
}

/// Log-odds by the values of two features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The feature of the rows, as a position in the schema; one of its view.
    pub first: u16,
    /// The feature of the columns, another one.
    pub second: u16,
    /// As [`Shape::edges`], of the first.
    pub first_edges: Vec<f32>,
    /// As [`Shape::edges`], of the second.
    pub second_edges: Vec<f32>,
    /// Log-odds of each cell, row by row: `(first_edges + 1) * (second_edges + 1)`; 0.0 and up.
    pub weights: Vec<f32>,
    /// Log-odds where either feature is no number; 0.0 and up.
    pub unseen: f32,
}

impl Direction {
    /// True where a step from one bin to the next is allowed.
    pub(crate) fn allows(self, from: f32, to: f32) -> bool {
        match self {
            Direction::Rising => from <= to,
            Direction::Falling => from >= to,
            Direction::Free => true,
        }
    }

    /// The word in the file.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Direction::Rising => "rising",
            Direction::Falling => "falling",
            Direction::Free => "free",
        }
    }
}
