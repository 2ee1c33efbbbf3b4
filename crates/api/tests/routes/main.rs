//! The routes, called as programs call them; one module per route, named as in the URL.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

mod bench;

mod any_bytes;
mod check;
mod documents;
mod escalate;
mod feedback;
mod interactions;
mod jobs;
mod keys;
mod list;
mod operation;
mod siteverify;
mod stats;
mod webhook;
mod wire;
