//! Robots rules, crawler names and crawler proofs.

pub mod robots;
