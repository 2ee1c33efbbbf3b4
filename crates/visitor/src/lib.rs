//! What a visitor's browser talks to: refusal pages and answers, as values.
//!
//! Handlers are `fn(request, …) -> Reply`: no runtime, no socket, no clock. Both edges serve them: the gateway writes a
//! [`Reply`] to the visitor, the API turns it into what a proxy's sub-request understands.

pub mod reply;

pub use reply::{Reply, Wants};
