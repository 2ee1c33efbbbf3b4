//! Training: rows in, a model out. One file for each kind; `kinds` is the list of them.

pub mod additive;
pub mod bins;
mod boosted;
pub mod calibrate;
pub mod cross;
mod forest;
mod isolation;
mod kinds;
mod linear;
mod markov;
mod neural;
pub mod numeric;
mod rows;
mod standard;
mod tree;

pub use additive::{Additive, AdditiveSettings};
pub use boosted::BoostedSettings;
pub use forest::ForestSettings;
pub use isolation::IsolationSettings;
pub use kinds::{Formed, KindSettings, Learned};
pub use linear::LinearSettings;
pub use markov::MarkovSettings;
pub use neural::{LayersError, NeuralSettings};
