//! `POST /check`: a verdict about a request that the caller describes. `GET /check`: about the call itself.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use palisade_challenge::Bindings;
use palisade_challenge::challenges::{Occasion, Visitor};
use palisade_challenge::ticket::Purpose;
use palisade_detect::Observe;
use palisade_domain::{
    Action, ClientKey, Fact, HeaderCase, HeaderList, HeaderOrder, HttpVersion, RequestFacts, ResponseFacts,
    Scheme, Vantage,
};
use palisade_guard::Ruling;
use palisade_replay::answer::{ActionWords, CheckAnswer};
use palisade_replay::formats::{CheckBody, CheckError};
use palisade_store::Scope;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::bounds::REQUEST_ID_BYTES_MAX;
use crate::call::{Call, json_problem, text};
use crate::limit::Group;
use crate::problem::{Code, ErrorBody, Problem};

/// A request, described. A missing field counts as not visible, `null` as not sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"user_agent": "python-requests/2.28.0", "endpoint": "/api/data"}))]
pub struct CheckRequest {
    /// The visitor's address; without it the caller's own. Private addresses are valid.
    #[schema(example = "203.0.113.7")]
    pub ip: Option<String>,
    /// Its `User-Agent`.
    pub user_agent: Option<String>,
    /// Path and query.
    pub endpoint: String,
    /// The method; `GET` where it is missing.
    pub method: Option<String>,
    /// The host it asked for: decides which site's policy counts.
    pub host: Option<String>,
    /// All its headers: a list of `[name, value]` pairs in their order, or an object (the order then counts as not visible).
    #[schema(value_type = Option<HeadersForm>)]
    pub headers: Option<serde_json::Value>,
    /// The start of its body.
    pub body: Option<String>,
    /// The status it was answered with.
    #[schema(minimum = 100, maximum = 599)]
    pub status: Option<u16>,
    /// A session id that the application itself has signed and checked.
    pub session: Option<String>,
    /// Its JA4 TLS fingerprint.
    pub ja4: Option<String>,
    /// What a script in the browser says about it; JSON of at most 4 KiB.
    pub fingerprint: Option<String>,
    /// The request this is about, where it has been judged before. It is repeated in the answer.
    pub request_id: Option<String>,
    /// Does it count into the visitor's history? By default yes, and no where `request_id` is given.
    pub observe: Option<bool>,
    /// `all`: answer with the finer actions, in lower case.
    pub actions: Option<String>,
}

/// Headers in either form.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum HeadersForm {
    /// In their order.
    #[schema(value_type = Vec<Vec<String>>)]
    Pairs(Vec<(String, String)>),
    /// Without order.
    Object(std::collections::BTreeMap<String, String>),
}

/// The verdict.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckResponse {
    /// True where the score reaches the challenge band, or the client says it is a program (which may be welcome).
    pub is_bot: bool,
    /// 0 a person, 100 a bot.
    #[schema(minimum = 0, maximum = 100)]
    pub score: u8,
    /// 0 to 100, of the model; null without one.
    pub ml_score: Option<f64>,
    /// 0 to 1, of the model; null without one.
    pub ml_probability: Option<f64>,
    /// What the policy says: `ALLOW`, `MONITOR`, `CHALLENGE`, `BLOCK`; with `actions: "all"` the finer ones.
    pub action: String,
    /// What would be done now: `allow`, `monitor`, `throttle`, `challenge`, `charge`, `tarpit`, `block`.
    pub enforce: String,
    /// There where a challenge is meant.
    #[serde(default)]
    pub captcha_token: Option<String>,
    /// Seven numbers from 0 to 1 (1 is most like a bot): request rate, user agent, endpoint pattern, timing regularity,
    /// request entropy, failed log-ins, burst.
    #[schema(min_items = 7, max_items = 7)]
    pub features: Vec<f64>,
    /// What a model is given: the features, in order.
    pub feature_vector: Vec<f64>,
    /// Why. With `base`, their points add up to the score.
    pub signals: Vec<SignalLine>,
    /// The score before any signal.
    pub base: u8,
    /// Who it is.
    pub identity: IdentityLine,
    /// The rule that decided.
    pub rule: String,
    /// How much of what could be looked at was visible, 0 to 1.
    pub coverage: f64,
    /// The caller's own number, or ours.
    pub request_id: String,
}

/// One reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignalLine {
    /// Its name, family first.
    #[schema(example = "ua.library")]
    pub id: String,
    /// Score points, positive towards bot.
    pub points: i16,
    /// In words.
    pub detail: String,
    /// True where it is shown but worth nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// Who it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityLine {
    /// `browser`, `unknown`, `search`, `ai`, `feed`, `preview`, `monitor`, `webhook`, `tool`, `library`, `archive`.
    pub class: String,
    /// The name it goes by.
    pub claimed: Option<String>,
    /// `verified`, `unverified`, `forged`.
    pub status: String,
}

/// A verdict about a described request
///
/// The request is judged as the gateway would judge it, with what the caller knows about it.
#[utoipa::path(
    post, path = "/check", tag = "verdicts", request_body = CheckRequest, security(("key" = []), ("x_api_key" = [])),
    responses(
        (status = 200, description = "The verdict", body = CheckResponse),
        (status = 400, description = "Not JSON, or no address", body = ErrorBody),
        (status = 401, description = "No key, or an unknown one", body = ErrorBody),
        (status = 403, description = "The key lacks the scope `check`", body = ErrorBody),
        (status = 408, description = "The body did not come in time", body = ErrorBody),
        (status = 413, description = "The body is longer than 1 MiB", body = ErrorBody),
        (status = 422, description = "A field is missing or of the wrong type", body = ErrorBody),
        (status = 429, description = "Too many calls", body = ErrorBody),
    )
)]
pub async fn check(mut call: Call) -> Result<Response, Problem> {
    let admitted = call.admit(Group::Check, Scope::Check)?;
    let body = call.body().await?;
    let text = text(&body)?;
    let now = call.api.clock.now();
    let asked = CheckBody::parse(text, now, call.origin.client).map_err(|error| problem(&error, text))?;
    let entries = asked.record.header_entries();
    let mut facts = asked.record.facts(&entries);
    // Whoever asks now asks about now: a history with times of somebody's choosing would prove nothing.
    facts.time = now;
    facts.resolution = Vantage::Check.finest_resolution();
    facts.client_hidden = call.origin.hidden && facts.client == ClientKey::Ip(call.origin.client);
    if facts.fingerprint == Fact::Unseen {
        facts.fingerprint = fingerprint(&facts, &call.parts.headers);
    }
    let observe = if asked.observe { Observe::Note } else { Observe::Peek };
    let words = if asked.all_actions { ActionWords::All } else { ActionWords::Four };
    let answer = judge(&call, facts, observe, words, asked.request_id, &asked.record.response());
    Ok(admitted.json(&answer))
}

/// A verdict about this very call
///
/// Judges the request that asks, with its own headers; forwarding headers are believed from trusted proxies only.
#[utoipa::path(
    get, path = "/check", tag = "verdicts", security(("key" = []), ("x_api_key" = [])),
    responses(
        (status = 200, description = "The verdict", body = CheckResponse),
        (status = 401, description = "No key, or an unknown one", body = ErrorBody),
        (status = 403, description = "The key lacks the scope `check`", body = ErrorBody),
        (status = 429, description = "Too many calls", body = ErrorBody),
    )
)]
pub async fn check_self(call: Call) -> Result<Response, Problem> {
    let admitted = call.admit(Group::Check, Scope::Check)?;
    let values = visible(&call.parts.headers);
    let entries: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, &**value)).collect();
    let headers = HeaderList { entries: &entries, order: HeaderOrder::Lost, case: HeaderCase::Lost };
    let target = call.parts.uri.path_and_query().map_or("/check", |target| target.as_str());
    let host = call.parts.uri.authority().map(|authority| authority.as_str());
    let now = call.api.clock.now();
    let mut facts = RequestFacts::bare(ClientKey::Ip(call.origin.client), now, Vantage::Check);
    facts.method = Fact::Known(call.parts.method.as_str());
    facts.target = Fact::Known(target);
    facts.host = Fact::seen(host.or_else(|| headers.get("host")));
    facts.version = Fact::Known(version(call.parts.version));
    facts.user_agent = Fact::seen(headers.get("user-agent"));
    facts.referrer = Fact::seen(headers.get("referer"));
    facts.headers = Fact::Known(headers);
    facts.fingerprint = fingerprint(&facts, &call.parts.headers);
    facts.client_hidden = call.origin.hidden;
    let response = ResponseFacts { status: Fact::Known(StatusCode::OK.as_u16()), ..ResponseFacts::default() };
    let answer = judge(&call, facts, Observe::Note, ActionWords::Four, None, &response);
    Ok(admitted.json(&answer))
}

/// Asks the guard. What counts into history is given back with how it ended.
fn judge(
    call: &Call,
    mut facts: RequestFacts<'_>,
    observe: Observe,
    words: ActionWords,
    request_id: Option<String>,
    response: &ResponseFacts,
) -> CheckAnswer {
    let (ruling, challenge_at) = super::ruled(call, &mut facts, observe);
    let id = request_id.map_or_else(|| ruling.id.to_string(), cut);
    let token = captcha_token(call, &facts, &ruling);
    let answer = CheckAnswer::new(&ruling.judged, challenge_at, words, id).with_captcha_token(token);
    if observe == Observe::Note {
        call.api.guard.response(ruling, response, facts.time);
    }
    answer
}

/// What the caller's visitor may answer, with the widget: only where the policy says challenge, never beside a throttle.
fn captcha_token(call: &Call, facts: &RequestFacts<'_>, ruling: &Ruling) -> Option<String> {
    let verdict = &ruling.judged.verdict;
    let meant = verdict.decision.action == Action::Challenge
        && !matches!(verdict.decision.enforced, Action::Throttle(_));
    let challenges = call.api.guard.challenges().filter(|_| meant)?;
    let visitor = Visitor {
        tenant: facts.tenant,
        site: facts.site,
        bindings: Bindings::of(facts),
        scheme: facts.scheme.known().unwrap_or(Scheme::Http),
    };
    let occasion =
        Occasion { score: verdict.assessment.score.value(), load: ruling.load, ..Occasion::default() };
    let mut id = [0; 16];
    getrandom::fill(&mut id).ok()?;
    let issued = challenges.issue(&visitor, Purpose::Check, &occasion, facts.time, u128::from_be_bytes(id));
    Some(issued.text)
}

fn cut(mut id: String) -> String {
    id.truncate(id.floor_char_boundary(REQUEST_ID_BYTES_MAX));
    id
}

fn problem(error: &CheckError, text: &str) -> Problem {
    match error {
        CheckError::Json(error) => json_problem(error, text),
        CheckError::Missing(name) => Problem::new(Code::InvalidBody, error.to_string()).field(*name),
        CheckError::Address(_) => Problem::new(Code::BadRequest, error.to_string()).field("ip"),
        CheckError::Time(_) => Problem::new(Code::InvalidBody, error.to_string()).field("time_ms"),
    }
}

/// The fingerprint claim: in the described headers, or handed on by the caller as a header of its own.
fn fingerprint<'a>(facts: &RequestFacts<'a>, own: &'a HeaderMap) -> Fact<&'a str> {
    let listed = facts.headers.known().and_then(|list| list.get("x-fingerprint"));
    let handed_on = || own.get("x-fingerprint").and_then(|value| value.to_str().ok());
    match listed.or_else(handed_on).filter(|claim| claim.len() <= FINGERPRINT_BYTES_MAX) {
        Some(claim) => Fact::Known(claim),
        None => Fact::Unseen,
    }
}

/// SURFACE: `X-Fingerprint` holds at most 4 KiB.
const FINGERPRINT_BYTES_MAX: usize = 4 * 1024;

/// The call's headers as a site would see them: what opens this API is no part of them.
fn visible(headers: &HeaderMap) -> Vec<(&str, std::borrow::Cow<'_, str>)> {
    headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "authorization" | "x-api-key" | "key"))
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect()
}

fn version(version: axum::http::Version) -> HttpVersion {
    match version {
        axum::http::Version::HTTP_09 => HttpVersion::Http09,
        axum::http::Version::HTTP_10 => HttpVersion::Http10,
        axum::http::Version::HTTP_11 => HttpVersion::Http11,
        axum::http::Version::HTTP_2 => HttpVersion::Http2,
        axum::http::Version::HTTP_3 => HttpVersion::Http3,
        _ => HttpVersion::Other,
    }
}
