//! Steps two and three of a request's life: gather what is known, let detectors look, add up and explain.
//!
//! Owns the client history, the [`Detector`] trait with one file per detector, the feature schema and the scorer.
//! It is pure: no clock, no I/O, no randomness; the same facts in the same order give the same assessments.

pub mod conduct;
pub mod detector;
pub mod detectors;
pub mod engine;
pub mod features;
pub mod gather;
pub mod headers;
pub mod history;
pub mod identity;
pub mod learned;
pub mod route;
pub mod said;
pub mod scene;
pub mod schema;
pub mod scorer;
pub mod site;
pub mod steps;

pub use conduct::{Conduct, CountKeys};
pub use detector::{Card, Detector, Group, Need, Scope, State};
pub use engine::{DetectorSettings, Engine, EngineSettings, Observation, Observe};
pub use history::{BOUNDS, HashSeed};
pub use learned::Learned;
pub use scene::Scene;
pub use site::SiteProfile;
