//! The data plane: observe, ask the guard, carry out, pass on.
//!
//! One thread per core, each with its own current-thread runtime, its own listener on the shared port and its own
//! connections to the upstreams, so that nothing is handed between threads. Owns connections downstream and upstream, what
//! of them becomes facts (`observe`), which headers pass (`forward`), timeouts and bounds. It never waits for anything
//! but its two sockets, and half a second for the tags of a page that a program wants to show (`previews`): who is refused
//! is the guard's word, what a refused visitor reads is `palisade_visitor`'s.
//!
//! The way of one exchange: `wire` (bytes to one validated head, framing watched) -> hyper -> `exchange` (facts, guard,
//! answer or pass on) -> `upstream` -> back, with the end noted wherever it comes.

mod body;
mod bounds;
mod clock;
mod connection;
mod decode;
mod exchange;
mod forward;
mod gateway;
mod listener;
mod observe;
mod previews;
mod reply;
mod settings;
mod strict;
mod upstream;
mod wire;
mod worker;

pub use bounds::BOUNDS;
pub use gateway::{Gateway, StartError};
pub use settings::{GatewaySettings, Limits, OpenGraph};
