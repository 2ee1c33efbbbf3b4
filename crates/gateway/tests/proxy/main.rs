//! The gateway on real sockets, in front of a real upstream.

mod bodies;
//MOD faults
//MOD forwarding
mod harness;
//MOD http2
//MOD limits
mod passing;
//MOD refusals
//MOD strictness
//MOD upgrades
