//! Challenges as visitors meet them: the real binary in front of a real site, real browsers, real text browsers, plain curl.
//!
//! `docs/complaints.md` names the test of each known complaint about such pages.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is tests; helpers of tests are not known as such"
)]

mod answers;
mod calls;
mod noscript;
mod pages;
mod passes;
mod place;
mod posts;
mod prefix;
mod previews;
mod settings;
mod shims;
mod terminals;
mod visitors;
mod widget;
