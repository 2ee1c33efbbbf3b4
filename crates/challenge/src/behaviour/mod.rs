//! What a visitor's hand did, as the widget saw it: a bounded trace, features, a hand-set score.

pub mod trace;

pub use trace::Trace;

use crate::code::Code;

/// What a trace comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Behaviour {
    /// 0.0 (a program, surely) to 1.0 (a person, surely). Hand-set: no model was trained for it yet.
    pub human: f64,
    /// A keyed hash of its shape: two visits with the same one are the same recording.
    pub shape: Option<u64>,
    /// What speaks against it most, where something does.
    pub reason: Option<Code>,
}
