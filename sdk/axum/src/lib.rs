//! Palisade in front of an axum application: a tower layer that asks `POST /check` about each request.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use palisade_axum::{Palisade, PalisadeLayer, Settings};
//!
//! # fn app() -> Result<Router, palisade_axum::ClientError> {
//! let palisade = Palisade::new(Settings::new("http://127.0.0.1:8081").key("pal_…"))?;
//! let app = Router::new().route("/", get(|| async { "hello" })).layer(PalisadeLayer::new(palisade));
//! # Ok(app) }
//! ```
//!
//! A request that is to be blocked is answered 403 `{"error": "Access denied"}`, one that is to be challenged 403
//! `{"error": "CAPTCHA required", "captcha_token": …}`. Who solves the challenge sends the request again with the widget's
//! token in the header `X-Captcha-Token`. The verdict is an extension of the request: `Option<Extension<Verdict>>`, which is
//! `None` where Palisade did not answer and requests are let through. The visitor's address is that of
//! `ConnectInfo<SocketAddr>` (`into_make_service_with_connect_info`), or what [`PalisadeLayer::client`] finds.

mod client;
mod layer;
mod rest;
mod shown;

pub use client::{ClientError, OnFailure, Palisade, Question, Settings, Unavailable, Verdict, Verified};
pub use layer::{PalisadeLayer, PalisadeService};
