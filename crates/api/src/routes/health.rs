//! `GET /health`: does it run? `GET /ready`: and is everything as it should be?

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::call::Call;
use crate::health::Degraded;
use crate::limit::Group;
use crate::problem::{ErrorBody, Problem};

/// It runs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// `ok`
    pub status: String,
}

/// Whether everything is as it should be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// `ready`; `degraded`: it works, but not all of it; `starting`: not yet.
    pub status: String,
    /// What is not as it should be, and what to do.
    pub degraded: Vec<Degraded>,
}

/// Does it run?
#[utoipa::path(
    get, path = "/health", tag = "operation", security(()),
    responses(
        (status = 200, description = "It runs", body = Health),
        (status = 429, description = "Too many calls", body = ErrorBody),
    )
)]
pub async fn health(call: Call) -> Result<Response, Problem> {
    let admitted = call.admit_anybody(Group::Open)?;
    Ok(admitted.json(&Health { status: "ok".to_owned() }))
}

/// Is everything as it should be?
///
/// 200 wherever verdicts are given, also when something else is degraded: taking a defence out of service because its store
/// is full would help nobody.
#[utoipa::path(
    get, path = "/ready", tag = "operation", security(()),
    responses(
        (status = 200, description = "Verdicts are given", body = Ready),
        (status = 429, description = "Too many calls", body = ErrorBody),
        (status = 503, description = "Not started yet", body = Ready),
    )
)]
pub async fn ready(call: Call) -> Result<Response, Problem> {
    let admitted = call.admit_anybody(Group::Open)?;
    let degraded = call.api.degraded().await;
    let (status, word) = match (call.api.keys.is_read(), degraded.is_empty()) {
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
        (true, true) => (StatusCode::OK, "ready"),
        (true, false) => (StatusCode::OK, "degraded"),
    };
    Ok(admitted.status(status, &Ready { status: word.to_owned(), degraded }))
}
