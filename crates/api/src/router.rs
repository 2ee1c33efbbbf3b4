//! All routes.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::map_response_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use crate::api::Api;
use crate::openapi;
use crate::problem::{Code, Problem};
use crate::routes::{auth, later, visitor};

/// The API's routes, to be served with peer addresses: [`crate::serve()`], or
/// `into_make_service_with_connect_info::<SocketAddr>()`.
pub fn router(api: Arc<Api>) -> Router {
    let (router, _) = openapi::documented().split_for_parts();
    later::routes(router)
        .route("/auth", any(auth::judge))
        .route("/auth/{*rest}", any(auth::judge))
        .route("/captcha.js", any(visitor::script))
        .route("/api/public_key", any(visitor::public_key))
        .route("/.well-known/jwks.json", any(visitor::key_set))
        .route("/captcha/start", any(visitor::start))
        .route("/api/challenge", any(visitor::challenge))
        .fallback(visitor::unrouted)
        .layer(map_response_with_state(Arc::clone(&api), finish))
        .with_state(api)
}

/// What all answers have in common.
async fn finish(State(api): State<Arc<Api>>, response: Response) -> Response {
    let mut response = match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => wrong_method(&response),
        _ => response,
    };
    api.counts.answer(response.status().as_u16());
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The router's own answer has no body.
fn wrong_method(response: &Response) -> Response {
    let allow = response.headers().get(header::ALLOW).cloned();
    let names = allow.as_ref().and_then(|allow| allow.to_str().ok()).unwrap_or("others");
    let problem = Problem::new(Code::MethodNotAllowed, format!("this route takes {names}"));
    match allow {
        Some(allow) => problem.header(header::ALLOW, allow).into_response(),
        None => problem.into_response(),
    }
}
