//! One call: who makes it, whether it may, and its body within bounds.

use std::borrow::Cow;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use palisade_domain::ClientIp;
use palisade_guard::peer::Forwarding;
use palisade_store::{KeyId, Scope};
use serde::Serialize;

use crate::api::Api;
use crate::bounds::{BODY_BYTES_MAX, BODY_MS_MAX, JSON_DEPTH_MAX};
use crate::limit::{Allowance, Caller, Group};
use crate::place::Place;
use crate::problem::{Code, Problem, json};
use crate::settings::{ApiSettings, RequireKey};

/// One call of this API.
pub struct Call {
    /// The API.
    pub api: Arc<Api>,
    /// The settings as they were when it came.
    pub settings: Arc<ApiSettings>,
    /// Its head.
    pub parts: Parts,
    /// Where it came from.
    pub origin: Origin,
    /// In a mutex that nobody ever locks: it makes a call something that tasks may share.
    body: Mutex<Body>,
}

/// Where a call came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The peer of the connection.
    pub peer: ClientIp,
    /// Whom the call is attributed to, behind proxies that are trusted.
    pub client: ClientIp,
    /// True where the peer itself is trusted.
    pub trusted: bool,
    /// True where the client hides behind a proxy that nobody told us to trust.
    pub hidden: bool,
    /// True for a program on this machine that speaks to us directly.
    pub local: bool,
}

/// A call that may go on.
#[derive(Clone, Copy, Debug)]
pub struct Admitted {
    /// The key it showed, where it did.
    pub key: Option<KeyId>,
    allowance: Option<Allowance>,
}

/// How a caller shows its key.
const KEY_HEADERS: [HeaderName; 2] = [HeaderName::from_static("x-api-key"), HeaderName::from_static("key")];

impl FromRequest<Arc<Api>> for Call {
    type Rejection = Infallible;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, Infallible> {
        let (parts, body) = request.into_parts();
        let settings = api.settings();
        let origin = Origin::of(&parts, &settings);
        if origin.hidden {
            api.guard.health.hidden_behind(origin.peer, &settings.trusted_proxies, api.clock.now());
        }
        let call = Call { api: Arc::clone(api), settings, parts, origin, body: Mutex::new(body) };
        if call.shown_key().is_some_and(|text| api.keys.may_be_new(text, api.clock.now())) {
            // Where the store does not answer, the key stays unknown.
            let _ = api.refresh().await;
        }
        Ok(call)
    }
}

impl Origin {
    fn of(parts: &Parts, settings: &ApiSettings) -> Self {
        // A call without a peer is one of a test in process; the unspecified address is nobody's.
        let nobody = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(nobody, |info| info.0.ip());
        let peer = ClientIp::new(peer);
        let headers = &parts.headers;
        let names = ["x-forwarded-for", "x-real-ip", "x-forwarded-proto", "x-forwarded-host", "forwarded"];
        let [x_forwarded_for, x_real_ip, x_forwarded_proto, x_forwarded_host, forwarded] =
            names.map(|name| joined(headers, name));
        let forwarding = Forwarding {
            x_forwarded_for: x_forwarded_for.as_deref(),
            x_real_ip: x_real_ip.as_deref(),
            x_forwarded_proto: x_forwarded_proto.as_deref(),
            x_forwarded_host: x_forwarded_host.as_deref(),
            forwarded: forwarded.as_deref(),
        };
        let is_forwarded = x_forwarded_for.is_some() || x_real_ip.is_some() || forwarded.is_some();
        let arrival = settings.trusted_proxies.resolve(peer, &forwarding);
        let local = peer.addr().is_loopback()
            && arrival.client.addr().is_loopback()
            && !is_forwarded
            && !is_from_a_page(parts);
        Origin { peer, client: arrival.client, trusted: arrival.trusted, hidden: arrival.hidden, local }
    }
}

/// Could a page in a browser on this machine have made this call? Such a page is anybody's: it names its origin, or (where
/// it lets its own name point to this machine) a host that is not this machine.
fn is_from_a_page(parts: &Parts) -> bool {
    let text = |name: HeaderName| parts.headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = parts.uri.authority().map(|authority| authority.as_str()).or_else(|| text(header::HOST));
    let foreign_host = host.is_some_and(|host| !is_this_machine(host));
    let foreign_origin = text(header::ORIGIN)
        .is_some_and(|origin| !origin.split_once("://").is_some_and(|(_, host)| is_this_machine(host)));
    let cross_site = text(HeaderName::from_static("sec-fetch-site")).is_some_and(|site| site == "cross-site");
    foreign_host || foreign_origin || cross_site
}

/// `localhost:8081`, `127.0.0.1`, `[::1]:80`.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// All values of `name`, with commas between.
fn joined<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    let mut values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let first = values.next()?;
    Some(values.fold(first, |all, value| Cow::Owned(format!("{all}, {value}"))))
}

impl Call {
    /// Lets a call in that shows a key with `scope` (or needs none) and is within its rate.
    ///
    /// # Errors
    /// 401, 403, 429.
    pub fn admit(&self, group: Group, scope: Scope) -> Result<Admitted, Problem> {
        let key = match self.shown_key() {
            Some(text) => {
                let holder =
                    self.api.keys.of(text).ok_or_else(|| unauthorized("this API key is not known", scope))?;
                if !holder.scopes.allow(scope) {
                    return Err(forbidden(scope));
                }
                Some(holder.id)
            }
            None if self.settings.require_key == RequireKey::UnlessLoopback && self.origin.local => None,
            None => return Err(unauthorized("an API key is needed", scope)),
        };
        self.count(group, key)
    }

    /// Lets anybody in who is within the rate.
    ///
    /// # Errors
    /// 429.
    pub fn admit_anybody(&self, group: Group) -> Result<Admitted, Problem> {
        self.count(group, None)
    }

    fn count(&self, group: Group, key: Option<KeyId>) -> Result<Admitted, Problem> {
        let caller = key.map_or_else(|| Caller::Network(self.origin.client.network()), Caller::Key);
        let now = self.api.clock.now();
        let allowance = self.api.limiter.take(group, &self.settings.limits, caller, now);
        match allowance {
            Some(spent @ Allowance { retry_secs: Some(secs), .. }) => {
                let message = format!("too many calls: {} at most; try again in {secs} s", spent.limit);
                let mut headers = HeaderMap::new();
                spent.write(&mut headers);
                let problem = Problem::new(Code::TooManyRequests, message);
                Err(headers.into_iter().fold(problem, |problem, (name, value)| match name {
                    Some(name) => problem.header(name, value),
                    None => problem,
                }))
            }
            _ => Ok(Admitted { key, allowance }),
        }
    }

    /// `Authorization: Bearer`, `X-API-Key` or `Key`.
    fn shown_key(&self) -> Option<&str> {
        let headers = &self.parts.headers;
        let bearer = || self.bearer();
        bearer()
            .or_else(|| KEY_HEADERS.iter().find_map(|name| headers.get(name)?.to_str().ok()).map(str::trim))
    }

    /// What stands behind `Authorization: Bearer`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let text = self.parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The whole body.
    ///
    /// # Errors
    /// 413 beyond the bound, 408 where it does not come in time, 400 where it breaks off.
    pub async fn body(&mut self) -> Result<Bytes, Problem> {
        let too_large =
            || Problem::new(Code::TooLarge, format!("the body is longer than {BODY_BYTES_MAX} bytes"));
        let length = self.parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        if length.and_then(|text| text.parse().ok()).is_some_and(|length: usize| length > BODY_BYTES_MAX) {
            return Err(too_large());
        }
        let body = std::mem::take(self.body.get_mut().unwrap_or_else(PoisonError::into_inner));
        let all = Limited::new(body, BODY_BYTES_MAX).collect();
        match tokio::time::timeout(Duration::from_millis(BODY_MS_MAX), all).await {
            Ok(Ok(all)) => Ok(all.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
            Ok(Err(_)) => Err(Problem::new(Code::BadRequest, "the body broke off")),
            Err(_) => {
                let message = format!("the body was not complete after {BODY_MS_MAX} ms");
                let close = HeaderValue::from_static("close");
                Err(Problem::new(Code::Timeout, message).header(header::CONNECTION, close))
            }
        }
    }
}

/// `body` as text that may be a JSON object.
///
/// # Errors
/// 400 where it is not UTF-8 or nested too deep, 422 where it is a list: that would be read as an object without names.
pub fn text(body: &[u8]) -> Result<&str, Problem> {
    let text = std::str::from_utf8(body).map_err(|error| {
        Problem::new(Code::BadRequest, format!("the body is not UTF-8 from byte {} on", error.valid_up_to()))
    })?;
    if is_deep(body) {
        return Err(Problem::new(
            Code::BadRequest,
            format!("the body is nested deeper than {JSON_DEPTH_MAX}"),
        ));
    }
    if text.trim_start().starts_with('[') {
        return Err(Problem::new(Code::InvalidBody, "the body is a list; it must be a JSON object"));
    }
    Ok(text)
}

/// Is `json` nested beyond the bound? Fields that nobody reads count too.
fn is_deep(json: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b'{' | b'[') => {
                depth += 1;
                if depth > JSON_DEPTH_MAX {
                    return true;
                }
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// Reads a JSON body.
///
/// # Errors
/// 400 where it is no JSON, 422 where it is not of the form, with field, line and column.
pub fn form<'a, T: serde::Deserialize<'a>>(text: &'a str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| json_problem(&error, text))
}

/// What serde_json says, with its place.
pub fn json_problem(error: &serde_json::Error, text: &str) -> Problem {
    let code = match error.classify() {
        serde_json::error::Category::Data => Code::InvalidBody,
        _ => Code::BadRequest,
    };
    Problem::new(code, error.to_string()).at(Place::of(error, text))
}

fn unauthorized(what: &str, scope: Scope) -> Problem {
    let message = format!(
        "{what}: send one as `Authorization: Bearer`, `X-API-Key` or `Key`. `palisade keys create --name N --scope {}` makes one",
        scope.name()
    );
    Problem::new(Code::Unauthorized, message)
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"palisade\""))
}

fn forbidden(scope: Scope) -> Problem {
    let name = scope.name();
    let message = format!(
        "this key lacks the scope {name}: `palisade keys create --name N --scope {name}` makes one that has it"
    );
    Problem::new(Code::Forbidden, message)
}

impl Admitted {
    /// `value` as the answer.
    pub fn json(&self, value: &impl Serialize) -> Response {
        self.status(StatusCode::OK, value)
    }

    /// `value` as an answer with another status.
    pub fn status(&self, status: StatusCode, value: &impl Serialize) -> Response {
        let mut response = json(status, value).into_response();
        if let Some(allowance) = &self.allowance {
            allowance.write(response.headers_mut());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_several_names() {
        for host in ["localhost", "LOCALHOST:8081", "127.0.0.1:80", "127.1.2.3", "[::1]:8081", "[::1]"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in
            ["", "example.org", "localhost.example.org:80", "192.0.2.1", "[2001:db8::1]:80", "10.0.0.1"]
        {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn depth_is_that_outside_of_texts() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(
            !is_deep(nested(JSON_DEPTH_MAX).as_bytes()) && is_deep(nested(JSON_DEPTH_MAX + 1).as_bytes())
        );
        assert!(!is_deep(format!("{{\"a\":\"\\\"{}\"}}", "[".repeat(999)).as_bytes()));
        assert!(!is_deep("[]".repeat(999).as_bytes()));
    }

    fn local(headers: &[(&str, &str)]) -> bool {
        let mut request = Request::new(());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 5))));
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
        }
        Origin::of(&request.into_parts().0, &ApiSettings::default()).local
    }

    #[test]
    fn only_programs_here_that_speak_to_us_directly_are_local() {
        assert!(local(&[]));
        assert!(local(&[("host", "localhost:8000"), ("origin", "http://localhost:3000")]));
        assert!(!local(&[("host", "rebound.example:8000")]));
        assert!(!local(&[("host", "localhost"), ("origin", "https://elsewhere.example")]));
        assert!(!local(&[("origin", "null")]));
        assert!(!local(&[("sec-fetch-site", "cross-site")]));
        assert!(!local(&[("x-forwarded-for", "203.0.113.9")]));
        assert!(!local(&[("forwarded", "for=127.0.0.1")]));
    }
}
