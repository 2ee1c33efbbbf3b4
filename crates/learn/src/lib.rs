//! Data sets, training, calibration and evaluation of models.
//!
//! ```text
//!   recorded traffic ──► dataset: replayed in time order, each client in numbers after its 1st, 2nd, 3rd, 5th … last request
//!                             │
//!                             ├──► folds: by group, never by row ──► train ──► scores of people and programs never trained on
//!                             │                                                      │
//!                             └──► train on everything ──► model file ◄── calibration and anchors
//!                                                                                    └──► evaluation
//! ```
//!
//! Nothing here is random by itself: every choice follows from a seed.

pub mod behaviour;
pub mod bounds;
pub mod dataset;
pub mod evaluation;
mod fitted;
pub mod folds;
pub mod held;
pub mod interactions;
pub mod labels;
pub mod leaks;
pub mod online;
pub mod parameters;
mod parts;
pub mod promotion;
pub mod random;
mod sight;
pub mod subject;
pub mod traffic;
pub mod train;
pub mod usual;

pub use bounds::BOUNDS;
