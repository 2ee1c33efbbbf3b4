//! The gateway on real sockets, in front of a real upstream.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bodies;
mod faults;
mod fidelity;
mod forwarding;
mod harness;
mod http2;
mod limits;
mod passing;
mod refusals;
mod strictness;
mod upgrades;
