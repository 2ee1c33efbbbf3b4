//! Siteverify: a site's server asks whether a token is good and uses it up. Three paths, three vendors' forms of answer.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use palisade_challenge::siteverify::{self, Answer, Asked, Fault, Flavour, Malformed};
use palisade_domain::TenantId;
use palisade_store::Scope;
use utoipa::ToSchema;

use crate::call::Call;
use crate::limit::Group;
use crate::problem::{Code, ErrorBody, Problem};

/// What is asked: as a form (`application/x-www-form-urlencoded` or `multipart/form-data`), as JSON, or in the query.
#[derive(ToSchema)]
#[schema(example = json!({"secret": "pal_secret_…", "response": "eyJhbGciOiJSUzI1NiIs…"}))]
#[expect(dead_code, reason = "it describes; the crate `challenge` reads")]
pub struct SiteverifyRequest {
    /// The secret beside the site key, or an API key with the scope `check`.
    secret: String,
    /// The token. Also read as `solution`, `cf-turnstile-response`, `h-captcha-response`, `g-recaptcha-response`,
    /// `frc-captcha-solution`, `captcha_token` and `token`.
    response: String,
    /// The visitor's address. Taken and not used: a token is not bound to one.
    remoteip: Option<String>,
    /// The site key that the token must be for.
    sitekey: Option<String>,
    /// Within five minutes the same question under the same key has the same answer.
    idempotency_key: Option<String>,
}

/// The verdict. Which fields are there differs: `/siteverify` has all of them, Turnstile's adds `cdata` and `messages`,
/// reCAPTCHA's leaves out `error-codes` where all is well.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; the crate `challenge` writes")]
pub struct SiteverifyResponse {
    /// Is the token good, and was it not used before?
    success: bool,
    /// What was wrong: the vendors' word first, then a more exact one of ours (`/siteverify` only).
    #[schema(rename = "error-codes")]
    error_codes: Option<Vec<String>>,
    /// When the challenge was met, RFC 3339 in UTC.
    challenge_ts: Option<String>,
    /// The host of the page.
    hostname: Option<String>,
    /// 0.0 a program, 1.0 a person.
    score: Option<f64>,
    /// What the page said it was for.
    action: Option<String>,
    /// What the page wanted its server to be told.
    cdata: Option<String>,
    /// The stored interaction.
    interaction_id: Option<String>,
    /// What was proved: `behaviour`, `work`, `hard-work`, `no-script`, `text`, `provider`.
    kind: Option<String>,
}

/// Is this token good?
///
/// Uses it up: of all who ask, one is told yes. Also answers hCaptcha's calls.
#[utoipa::path(
    method(get, post), path = "/siteverify", tag = "captcha", request_body = SiteverifyRequest,
    responses(
        (status = 200, description = "The verdict, good or bad", body = SiteverifyResponse),
        (status = 400, description = "The question cannot be read", body = SiteverifyResponse),
        (status = 408, description = "The body did not come in time", body = ErrorBody),
        (status = 413, description = "The body is longer than 1 MiB", body = ErrorBody),
        (status = 429, description = "Too many wrong secrets", body = ErrorBody),
        (status = 503, description = "There are no keys to verify with yet", body = ErrorBody),
    )
)]
pub async fn own(call: Call) -> Result<Response, Problem> {
    verify(call, Flavour::Own).await
}

/// Is this token good? In Turnstile's form
#[utoipa::path(
    method(get, post), path = "/turnstile/v0/siteverify", tag = "captcha", request_body = SiteverifyRequest,
    responses(
        (status = 200, description = "The verdict, good or bad", body = SiteverifyResponse),
        (status = 400, description = "The question cannot be read", body = SiteverifyResponse),
        (status = 408, description = "The body did not come in time", body = ErrorBody),
        (status = 413, description = "The body is longer than 1 MiB", body = ErrorBody),
        (status = 429, description = "Too many wrong secrets", body = ErrorBody),
        (status = 503, description = "There are no keys to verify with yet", body = ErrorBody),
    )
)]
pub async fn turnstile(call: Call) -> Result<Response, Problem> {
    verify(call, Flavour::Turnstile).await
}

/// Is this token good? In reCAPTCHA's form
#[utoipa::path(
    method(get, post), path = "/recaptcha/api/siteverify", tag = "captcha", request_body = SiteverifyRequest,
    responses(
        (status = 200, description = "The verdict, good or bad, or that the question cannot be read", body = SiteverifyResponse),
        (status = 408, description = "The body did not come in time", body = ErrorBody),
        (status = 413, description = "The body is longer than 1 MiB", body = ErrorBody),
        (status = 429, description = "Too many wrong secrets", body = ErrorBody),
        (status = 503, description = "There are no keys to verify with yet", body = ErrorBody),
    )
)]
pub async fn recaptcha(call: Call) -> Result<Response, Problem> {
    verify(call, Flavour::Recaptcha).await
}

async fn verify(mut call: Call, flavour: Flavour) -> Result<Response, Problem> {
    let body = call.body().await?;
    let content_type = call.parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let asked = Asked::read(content_type, call.parts.uri.query(), &body);
    if let Ok(asked) = &asked {
        learn(&call, &asked.secret).await;
    }
    let answer = answer(&call, flavour, &asked)?;
    // Who shows a secret of ours asks as often as it has visitors; everybody else is held to a rate.
    let known = !matches!(
        answer.fault,
        Some(Fault::MissingBoth | Fault::MissingSecret | Fault::InvalidSecret | Fault::Malformed(_))
    );
    if !known {
        call.admit_anybody(Group::Open)?;
    }
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A secret that is not known was perhaps made a moment ago, by another process.
async fn learn(call: &Call, secret: &str) {
    let (api, now) = (&call.api, call.api.clock.now());
    let Some(challenges) = api.guard.challenges() else { return };
    let is_held = challenges.tokens.site_keys().of_secret(secret, now).is_some();
    if api.keys.may_be_new(secret, now) || (!is_held && api.site_keys.may_be_new(secret, now)) {
        // Where the store does not answer, it stays unknown.
        let _ = api.refresh().await;
    }
}

fn answer(call: &Call, flavour: Flavour, asked: &Result<Asked, Malformed>) -> Result<Answer, Problem> {
    let challenges = call.api.guard.challenges().ok_or_else(no_keys)?;
    let holder = asked.as_ref().ok().and_then(|asked| holder(call, &asked.secret));
    Ok(siteverify::answer(flavour, asked, &challenges.desk(), holder, call.api.clock.now()))
}

/// The tenant, where `secret` is an API key that may check.
fn holder(call: &Call, secret: &str) -> Option<TenantId> {
    let holder = call.api.keys.of(secret)?;
    holder.scopes.allow(Scope::Check).then_some(call.settings.tenant)
}

/// Only where nothing was set up, as in a program that judges and challenges nobody.
pub(crate) fn no_keys() -> Problem {
    Problem::new(Code::Unavailable, "this server has no keys for result tokens; `palisade serve` makes them")
}
