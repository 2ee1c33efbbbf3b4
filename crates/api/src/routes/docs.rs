//! `GET /openapi.json` and `GET /docs`: this API described, for programs and for people.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use crate::call::Call;
use crate::limit::Group;
use crate::page;
use crate::problem::{ErrorBody, Problem};

/// This document
#[utoipa::path(
    get, path = "/openapi.json", tag = "operation", security(()),
    responses(
        (status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object),
        (status = 429, description = "Too many calls", body = ErrorBody),
    )
)]
pub async fn openapi(call: Call) -> Result<Response, Problem> {
    call.admit_anybody(Group::Open)?;
    Ok(document("application/json", crate::openapi::TEXT.as_str()))
}

/// This document as a page
#[utoipa::path(
    get, path = "/docs", tag = "operation", security(()),
    responses(
        (status = 200, description = "A page without scripts", content_type = "text/html", body = String),
        (status = 429, description = "Too many calls", body = ErrorBody),
    )
)]
pub async fn docs(call: Call) -> Result<Response, Problem> {
    call.admit_anybody(Group::Open)?;
    let mut response = document("text/html; charset=utf-8", page::TEXT.as_str());
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&page::POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

fn document(kind: &'static str, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
