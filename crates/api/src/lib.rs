//! The control plane: what applications, other programs and operators' tools ask over HTTP.
//!
//! Owns the application API of SURFACE (`/check` and what belongs to it), its keys and limits, `/metrics`, the OpenAPI
//! document and the page made from it. It judges nothing itself: every verdict is the guard's. It never sees the data
//! plane, and knows of visitors only what a caller says about them.
//!
//! The stack is thin on purpose: a handler gets one [`call::Call`], which says who calls and reads the body within its
//! bounds. Nothing is logged per request.

pub mod api;
pub mod bounds;
pub mod call;
pub mod clock;
pub mod limit;
pub mod openapi;
pub mod place;
pub mod problem;
pub mod router;
pub mod routes;
pub mod serve;
pub mod settings;

mod audit;
mod health;
mod jobs;
mod keys;
mod lists;
mod page;
mod secret;
mod site_keys;

pub use api::Api;
pub use bounds::BOUNDS;
pub use clock::Clock;
pub use health::Degraded;
pub use jobs::{Job, JobRefusal, JobState, Jobs, TrainKind, TrainWish};
pub use router::router;
pub use secret::Secret;
pub use serve::{ServeSettings, serve, serve_with};
pub use settings::{ApiLimits, ApiSettings, RequireKey};
