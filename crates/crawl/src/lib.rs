//! Robots rules, crawler names and crawler proofs.

pub mod agents;
pub mod proof;
pub mod published;
pub mod ranges;
pub mod robots;
pub mod shape;
pub mod signature;
pub mod signers;
