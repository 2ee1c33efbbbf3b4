//! The servers of those who use Palisade: the older system's example word for word, FastAPI, Flask, axum, each with the real
//! framework and a real Palisade that gives and checks tokens; and those who leave that to the gateway.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is tests; helpers of tests are not known as such"
)]

mod app;
mod axum_layer;
mod express;
mod fastapi;
mod flask;
mod place;
mod python_sdk;
mod require_token;
mod vendor;
