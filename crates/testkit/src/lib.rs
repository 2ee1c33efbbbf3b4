//! Fake traffic and case tables for tests; never shipped.

pub mod request;
pub mod table;

pub use request::OwnedRequest;
pub use table::{Case, CaseTable};
