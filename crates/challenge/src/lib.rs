//! Challenges: what is asked of a doubtful visitor, how its answer is checked, and what it gets for it.
//!
//! Pure: the clock, randomness and keys are arguments. Nothing is stored when a challenge is issued (a [`ticket`] is signed
//! and comes back), and what may be used once is claimed atomically ([`claims`]).
//!
//! ```text
//!   issue ──► ticket + puzzles ──► browser ──► answer ──► redeem ──► pass (a cookie)      challenge page
//!                                                              └──► result token (a JWT)  widget, /siteverify
//! ```

pub mod behaviour;
pub mod bindings;
pub mod bounds;
pub mod canonical;
pub mod challenges;
pub mod claims;
pub mod code;
pub mod ladder;
pub mod noscript;
pub mod novelty;
mod open;
pub mod outcome;
pub mod pass;
pub mod revoked;
pub mod sealed;
pub mod secrets;
pub mod site_key;
pub mod siteverify;
pub mod ticket;
pub mod token;
pub mod work;

pub use bindings::Bindings;
pub use challenges::{Challenges, Settings, Visitor};
pub use code::Code;
pub use pass::Pass;
pub use secrets::Secrets;
pub use ticket::Ticket;
