//! What a visitor's browser talks to: refusal pages and answers, as values.
//!
//! Handlers are `fn(request, …) -> Reply`: no runtime, no socket, no clock. Both edges serve them: the gateway writes a
//! [`Reply`] to the visitor, the API turns it into what a proxy's sub-request understands.
//!
//! A refused person sees a neutral page in their own language with a reference number; a program sees JSON. Nobody is
//! told which signal gave them away: that stands, under the same number, in the log, the API and the report.

pub mod page;
pub mod reply;
pub mod route;
pub mod wants;
pub mod words;

pub use reply::{Notice, Reply};
pub use wants::Wants;
