//! Fake traffic and case tables for tests; never shipped.

pub mod hands;
pub mod mix;
pub mod request;
pub mod table;

pub use mix::Mix;
pub use request::OwnedRequest;
pub use table::{Case, CaseTable};
