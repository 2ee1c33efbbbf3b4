//! The gateway on real sockets, in front of a real upstream.

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
