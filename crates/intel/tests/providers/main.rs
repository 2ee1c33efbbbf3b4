//! Providers of CAPTCHAs against local servers that answer as the vendors document it, and in all ways they should not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is tests; helpers of tests are not known as such"
)]

mod faults;
mod shapes;
mod vendor;
