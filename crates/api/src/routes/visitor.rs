//! What a visitor's browser asks of us: below `[server] visitor_prefix` where a proxy sends it here, and at the root of this listener, for
//! pages that name it in their script tag.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use palisade_challenge::Bindings;
use palisade_challenge::challenges::Occasion;
use palisade_domain::{
    ClientKey, Fact, HeaderCase, HeaderList, HeaderOrder, RequestFacts, RequestId, Scheme, SiteId, Vantage,
};
use palisade_guard::kept::Kept;
use palisade_visitor::visit::{Base, Served, Visit};
use palisade_visitor::{Reply, Wants, route};

use crate::call::Call;
use crate::limit::Group;
use crate::problem::{Code, ErrorBody, Problem};
use crate::settings::RequireKey;

/// Everything that no other route takes: below the prefix, else at the root.
pub async fn unrouted(call: Call) -> Response {
    let settings = Arc::clone(&call.settings);
    let prefix = &*settings.visitor_prefix;
    let base = if call.parts.uri.path().starts_with(prefix) { Base::Prefix(prefix) } else { Base::Root };
    answer(call, base).await
}

async fn at_root(call: Call) -> Response {
    answer(call, Base::Root).await
}

/// The widget
///
/// One classic script that also works as a module; it carries the host's site key and finds everything else beside itself.
#[utoipa::path(
    get, path = "/captcha.js", tag = "captcha", security(()),
    responses((status = 200, description = "The script", content_type = "text/javascript", body = String))
)]
pub async fn script(call: Call) -> Response {
    at_root(call).await
}

/// The key to check RS256 tokens with
///
/// It stays until `palisade keys rotate`: a server may fetch it once.
#[utoipa::path(
    get, path = "/api/public_key", tag = "captcha", security(()),
    responses(
        (status = 200, description = "`{public_key}`, PEM (SPKI)", body = serde_json::Value),
        (status = 503, description = "It is being made; ask again in a second", body = serde_json::Value),
    )
)]
pub async fn public_key(call: Call) -> Response {
    at_root(call).await
}

/// All keys to check tokens with
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "captcha", security(()),
    responses((status = 200, description = "A JSON Web Key Set (RFC 7517)", body = serde_json::Value))
)]
pub async fn key_set(call: Call) -> Response {
    at_root(call).await
}

/// A challenge for a widget
#[utoipa::path(
    post, path = "/captcha/start", tag = "captcha", security(()), request_body = serde_json::Value,
    responses(
        (status = 200, description = "`{ticket, expires_ms, work}`", body = serde_json::Value),
        (status = 400, description = "Not JSON", body = serde_json::Value),
        (status = 401, description = "No site key, or an unknown one", body = serde_json::Value),
        (status = 403, description = "The site key is not for that host", body = serde_json::Value),
        (status = 429, description = "Too many calls", body = ErrorBody),
    )
)]
pub async fn start(call: Call) -> Response {
    at_root(call).await
}

/// A token for what a widget saw
///
/// `Authorization: Bearer` with the site key; `{data, save?}`. The token's score is 0.0 a program, 1.0 a person.
#[utoipa::path(
    post, path = "/api/challenge", tag = "captcha", security(()), request_body = serde_json::Value,
    responses(
        (status = 200, description = "`{token}`", body = serde_json::Value),
        (status = 400, description = "`{error}`: not what a widget sends", body = serde_json::Value),
        (status = 401, description = "`{error}`: no site key, or an unknown one", body = serde_json::Value),
        (status = 413, description = "More than 256 KiB", body = serde_json::Value),
        (status = 429, description = "Too many calls", body = ErrorBody),
        (status = 503, description = "The key is being made; ask again in a second", body = serde_json::Value),
    )
)]
pub async fn challenge(call: Call) -> Response {
    at_root(call).await
}

async fn answer(mut call: Call, base: Base<'_>) -> Response {
    let path = call.parts.uri.path().to_owned();
    let bytes_max = route::body_bytes_max(base, call.parts.method.as_str(), &path);
    let body = match bytes_max {
        None => Some(axum::body::Bytes::new()),
        Some(bytes_max) => {
            if let Err(problem) = call.admit_anybody(Group::Write) {
                return problem.into_response();
            }
            call.body().await.ok().filter(|body| body.len() <= bytes_max)
        }
    };
    let guard = &call.api.guard;
    let challenges = guard.challenges().map(|challenges| &**challenges);
    let served = with_visit(&call, base, body.as_deref(), &Seen::of_call(&call), |visit| {
        route::route(challenges, visit)
    });
    match served {
        None => Problem::new(Code::NotFound, "there is no such route; /docs lists them").into_response(),
        Some(Served { reply, kept, said }) => {
            let (tenant, time) = (call.settings.tenant, call.api.clock.now());
            if let (Some(said), false) = (said, call.origin.hidden) {
                guard.keep(Kept::Label { tenant, client: call.origin.client, time, said });
            }
            if let Some(kept) = kept {
                guard.keep(Kept::Interaction {
                    tenant,
                    id: kept.id,
                    time,
                    data: kept.data,
                    human: kept.human,
                });
            }
            written(reply)
        }
    }
}

/// Who visits what, where it is not what the call itself says: a proxy asks about its visitor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    /// The method.
    pub method: &'a str,
    /// The target.
    pub target: &'a str,
    /// The host, as in `Host`.
    pub host: &'a str,
    /// How the visitor came.
    pub scheme: Scheme,
    /// The reference number.
    pub id: RequestId,
    /// Score and load, where somebody was asked.
    pub occasion: Occasion,
}

impl<'a> Seen<'a> {
    fn of_call(call: &'a Call) -> Self {
        let text = |name: &str| call.parts.headers.get(name).and_then(|value| value.to_str().ok());
        let (forwarded_host, proto) = match call.origin.trusted {
            true => (text("x-forwarded-host"), text("x-forwarded-proto")),
            false => (None, None),
        };
        Seen {
            method: call.parts.method.as_str(),
            target: call.parts.uri.path_and_query().map_or("/", |target| target.as_str()),
            host: forwarded_host.or_else(|| text("host")).unwrap_or(""),
            scheme: if proto == Some("https") { Scheme::Https } else { Scheme::Http },
            id: RequestId(call.api.clock.now().0.unsigned_abs()),
            occasion: Occasion::default(),
        }
    }
}

/// Runs `f` on what `seen` says as a visit.
pub(crate) fn with_visit<R>(
    call: &Call,
    base: Base<'_>,
    body: Option<&[u8]>,
    seen: &Seen<'_>,
    f: impl FnOnce(&mut Visit<'_>) -> R,
) -> R {
    let headers = &call.parts.headers;
    let cookies = cookies(headers);
    let header = |name: &str| match name {
        "cookie" => cookies.as_deref(),
        name => headers.get(HeaderName::from_bytes(name.as_bytes()).ok()?)?.to_str().ok(),
    };
    let now = call.api.clock.now();
    let (path, query) = seen.target.split_once('?').unwrap_or((seen.target, ""));
    let found = call.api.guard.site_of(seen.host).filter(|(tenant, _)| *tenant == call.settings.tenant);
    let mut random = |bytes: &mut [u8]| {
        // The system's source fails where there is none at all; then the process could not have begun.
        let _ = getrandom::fill(bytes);
    };
    let mut visit = Visit {
        method: seen.method,
        path,
        query,
        header: &header,
        body,
        wants: Wants {
            accept: header("accept"),
            language: header("accept-language"),
            head_only: seen.method == "HEAD",
        },
        id: seen.id,
        tenant: call.settings.tenant,
        site: found.map_or_else(SiteId::default, |(_, site)| site),
        scheme: seen.scheme,
        host: seen.host,
        bindings: bindings(call),
        client: (!call.origin.hidden).then_some(call.origin.client),
        base,
        prefix: &call.settings.visitor_prefix,
        occasion: seen.occasion,
        theme: &call.settings.theme,
        tags: &call.settings.tags,
        local: call.origin.local && call.settings.require_key == RequireKey::UnlessLoopback,
        now,
        random: &mut random,
    };
    f(&mut visit)
}

/// All cookies as one text: HTTP/2 sends them in pieces (RFC 9113, section 8.2.3).
fn cookies(headers: &HeaderMap) -> Option<String> {
    let all: Vec<&str> =
        headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// What a pass would be bound to: behind a proxy the order of headers is the proxy's.
fn bindings(call: &Call) -> Bindings {
    let agent = call.parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let now = call.api.clock.now();
    let mut facts = RequestFacts::bare(ClientKey::Ip(call.origin.client), now, Vantage::ForwardAuth);
    facts.user_agent = Fact::seen(agent);
    facts.client_hidden = call.origin.hidden;
    facts.headers =
        Fact::Known(HeaderList { entries: &[], order: HeaderOrder::Lost, case: HeaderCase::Lost });
    Bindings::of(&facts)
}

/// `reply` as this server writes it.
pub(crate) fn written(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::FORBIDDEN);
    let mut response = Response::new(Body::from(reply.body.into_owned()));
    *response.status_mut() = status;
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    response
}
