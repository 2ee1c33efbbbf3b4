//! What a visitor's hand did, as the widget saw it: a bounded trace, features, a hand-set score.
//!
//! ```text
//!   bytes ──► Submission / Trace (read.rs) ──► Features ──┐
//!                                         └──► Motion ────┼──► weights.rs, each a line of log-odds ──► human 0..=1
//!                                                         └──► schema, each a number ──► what models learn from
//! ```
//!
//! Everything here is said by the client: a program can send any trace. So a good trace lifts a score a little, a bad one
//! lowers it a lot, a recording counts once ([`crate::novelty`]), and what a trace is worth without a ticket is capped.

pub mod features;
pub mod interaction;
mod motion;
mod read;
pub mod schema;
mod shape;
pub mod submission;
pub mod trace;
pub mod weights;

#[cfg(test)]
mod tests;

use arrayvec::ArrayVec;
use palisade_domain::Timestamp;

pub use features::{Device, Features};
pub use interaction::Interaction;
pub use read::{Said, missing_field};
pub use schema::Numbers;
pub use submission::Submission;
pub use trace::{SolvedBy, Trace, WorkAnswer};

use crate::code::Code;

/// How this score came about, for answers and pages.
pub const EXPLANATION: &str = "hand-set weights: no model was trained for it yet";
/// The most a trace without a ticket is worth: above the half that seed 000's example asks for, below what a page that
/// asks for more should ask for. Clients of seed 000 have none; neither has who sends a recording from nowhere.
pub const NO_TICKET_HUMAN_MAX: f64 = 0.6;
/// The most a trace is worth that was seen before.
pub const REPEATED_HUMAN_MAX: f64 = 0.05;
/// What a score is never below, and never above one minus it.
pub const HUMAN_MIN: f64 = 0.01;
/// How far a visitor's clock may be off, ms, before it says anything.
pub const CLOCK_OFF_MS: f64 = 600_000.0;
/// Most contributions of one trace.
pub const CONTRIBUTIONS_MAX: usize = 32;

/// What surrounds a trace.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// When it arrived.
    pub now: Timestamp,
    /// That of the ticket it came with; `None` without one of ours.
    pub ticket: Option<Lifetime>,
    /// The user agent of the request that brought it, where it is known.
    pub user_agent: Option<&'a str>,
    /// Keys the shape.
    pub key: [u64; 2],
}

/// From when until when something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// Its first moment.
    pub issued: Timestamp,
    /// The first moment after it.
    pub expires: Timestamp,
}

/// One line of an explanation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution {
    /// Which weight, see [`weights`].
    pub name: &'static str,
    /// What it adds; above 0.0 speaks for a person.
    pub log_odds: f64,
}

/// What a trace comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    /// [`HUMAN_MIN`] (a program, surely) to one minus it (a person, surely); 0.5 knows nothing. Hand-set, see
    /// [`EXPLANATION`].
    pub human: f64,
    /// A keyed hash of its shape: two visits with the same one are the same recording. `None` where too little happened.
    pub shape: Option<u64>,
    /// What speaks against it most, where something does.
    pub reason: Option<Code>,
    /// What was measured.
    pub features: Features,
    /// The same and more as a model takes it: training reads these numbers too.
    pub numbers: Numbers,
    /// What makes the score: their sum, before the caps, is the log-odds of `human`.
    pub contributions: ArrayVec<Contribution, CONTRIBUTIONS_MAX>,
}

impl Behaviour {
    /// Log-odds of a person by the hand-set weights, before the caps.
    pub fn log_odds(&self) -> f64 {
        self.contributions.iter().map(|line| line.log_odds).sum()
    }

    /// The same trace, seen before.
    #[must_use]
    pub fn repeated(self) -> Self {
        Behaviour { human: self.human.min(REPEATED_HUMAN_MAX), reason: Some(Code::RepeatedTrace), ..self }
    }
}

/// Judges a trace. Never fails; takes time in proportion to the events.
pub fn judge(trace: &Trace, around: &Around<'_>) -> Behaviour {
    let features = Features::of(trace, around.user_agent);
    let seen = weights::Seen::new(trace, around, &features);
    let mut contributions = ArrayVec::new();
    let mut worst: Option<(f64, Code)> = None;
    let mut sum = 0.0;
    for weight in weights::ALL {
        let Some(log_odds) = (weight.weigh)(&seen) else { continue };
        sum += log_odds;
        if log_odds < worst.map_or(0.0, |(worst, _)| worst) {
            worst = Some((log_odds, weight.code));
        }
        contributions.push(Contribution { name: weight.name, log_odds });
    }
    let max = if around.ticket.is_some() { 1.0 - HUMAN_MIN } else { NO_TICKET_HUMAN_MAX };
    let human = (1.0 / (1.0 + f64::exp(-sum))).clamp(HUMAN_MIN, max);
    let named = worst.map(|(_, code)| code).filter(|code| *code != Code::LowScore);
    let reason = named.or((human < 0.5).then_some(Code::LowScore));
    let numbers = Numbers::of(&seen);
    Behaviour { human, shape: shape::shape(trace, around.key), reason, features, numbers, contributions }
}
