//! What the pages say to type is typed, and what they promise has to come: every marked block of docs/deploying.md and of
//! the README, word for word.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is tests; helpers of tests are not known as such"
)]

mod blocks;
mod deploying;
mod place;
mod readme;
