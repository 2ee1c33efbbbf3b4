//! Training: rows in, a model out. One file for each kind.

pub mod additive;
pub mod bins;
pub mod calibrate;
pub mod cross;

pub use additive::{Additive, AdditiveSettings};
