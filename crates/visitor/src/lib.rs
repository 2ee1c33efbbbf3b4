//! What a visitor's browser talks to: refusal and challenge pages, scripts and answers, as values.
//!
//! Handlers are `fn(visit, …) -> Reply`: no runtime, no socket, no clock. Both edges serve them: the gateway writes a
//! [`Reply`] to the visitor, the API turns it into what a proxy's sub-request understands.
//!
//! A refused person sees a neutral page in their own language with a reference number; a program sees JSON. Nobody is
//! told which signal gave them away: that stands, under the same number, in the log, the API and the report.

pub mod assets;
pub mod bounds;
pub mod challenge;
pub mod cors;
mod form;
pub mod open_graph;
pub mod page;
pub mod reply;
pub mod route;
pub mod theme;
pub mod visit;
pub mod wants;
pub mod words;

#[cfg(test)]
mod testing;

pub use bounds::BOUNDS;
pub use open_graph::Tags;
pub use reply::{Notice, Reply};
pub use theme::Theme;
pub use visit::{Base, Kept, Served, Visit};
pub use wants::Wants;
