//! Forward-auth: a proxy asks before it passes a request on. For nginx `auth_request`, Caddy `forward_auth`, Traefik
//! `ForwardAuth`, and whoever sends the request's own path behind `/auth`.
//!
//! What passes is answered 200 with what the upstream may want to know. What does not is answered with the very page or
//! JSON the gateway would send, which Caddy and Traefik hand on. nginx can only hear yes (200), 401 and 403, and hands
//! nothing on: for `?shape=nginx` the rest is in `X-Palisade-Action` and `X-Palisade-Location`, where the page lies.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use palisade_challenge::Challenges;
use palisade_challenge::challenges::Occasion;
use palisade_detect::Observe;
use palisade_domain::{
    Action, BlockReason, ClientKey, Decision, Fact, HeaderCase, HeaderList, HeaderOrder, RequestFacts,
    ResponseFacts, Scheme, Vantage,
};
use palisade_guard::Ruling;
use palisade_visitor::visit::Base;
use palisade_visitor::{Reply, Wants, challenge};

use super::visitor::{Seen, with_visit, written};
use crate::call::Call;
use crate::limit::Group;
use crate::problem::{Code, ErrorBody, Problem};

/// What a proxy says about the request it holds: nginx (by configuration), Caddy, Traefik.
const METHODS: [&str; 2] = ["x-forwarded-method", "x-original-method"];
const TARGETS: [&str; 3] = ["x-forwarded-uri", "x-original-uri", "x-original-url"];
const HOSTS: [&str; 2] = ["x-forwarded-host", "x-original-host"];

/// Headers that the proxy made or changed: no part of what the visitor sent. A body is never sent here, so neither is what
/// frames it.
const OF_THE_PROXY: [&str; 18] = [
    "connection",
    "content-length",
    "forwarded",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-method",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-forwarded-uri",
    "x-original-method",
    "x-original-uri",
    "x-real-ip",
];

/// May this request pass?
///
/// Judges the request that a trusted proxy holds; any method, also below `/auth/`. 200 lets it pass, with
/// `X-Palisade-Score`, `X-Palisade-Action` and `X-Palisade-Identity`; all else is the answer for the visitor. With
/// `shape=nginx` a refusal is 403 without body, and `X-Palisade-Location` says where its page lies.
#[utoipa::path(
    get, path = "/auth", tag = "verdicts", security(()),
    params(("shape" = Option<String>, Query, description = "`nginx`: answers that `auth_request` understands")),
    responses(
        (status = 200, description = "It may pass"),
        (status = 402, description = "It is to be paid for"),
        (status = 403, description = "It is refused, or the caller is no trusted proxy", body = ErrorBody),
        (status = 429, description = "Too many requests"),
    )
)]
pub async fn judge(call: Call) -> Result<Response, Problem> {
    if !call.origin.trusted && !call.origin.peer.addr().is_loopback() {
        let line = call.settings.trusted_proxies.line_with(call.origin.peer);
        let message =
            format!("forward-auth answers trusted proxies only; if {} is yours: {line}", call.origin.peer);
        return Err(Problem::new(Code::Forbidden, message));
    }
    call.admit_anybody(Group::Check)?;
    let headers = &call.parts.headers;
    if says_two_things(headers) {
        // One of them is the visitor's own header, handed on: it must not choose what is judged.
        let message =
            "X-Forwarded-Uri and X-Original-URI (or -URL) differ: let the proxy set both, or clear the other";
        return Err(Problem::new(Code::Forbidden, message));
    }
    let values = sent_by_the_visitor(headers);
    let host = first(headers, &HOSTS);
    let mut entries: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, &**value)).collect();
    entries.extend(host.as_deref().map(|host| ("host", host)));
    let list = HeaderList { entries: &entries, order: HeaderOrder::Lost, case: HeaderCase::Lost };
    let (method, target) = (first(headers, &METHODS), target_of(&call));
    let now = call.api.clock.now();
    let mut facts = RequestFacts::bare(ClientKey::Ip(call.origin.client), now, Vantage::ForwardAuth);
    facts.method = Fact::Known(method.as_deref().unwrap_or(call.parts.method.as_str()));
    facts.target = Fact::Known(&target);
    facts.host = Fact::seen(host.as_deref());
    facts.scheme = scheme_of(headers);
    facts.user_agent = Fact::seen(list.get("user-agent"));
    facts.referrer = Fact::seen(list.get("referer"));
    facts.fingerprint = Fact::seen(list.get("x-fingerprint"));
    facts.headers = Fact::Known(list);
    facts.client_hidden = call.origin.hidden || !says_who(headers);
    let (ruling, _) = super::ruled(&call, &mut facts, Observe::Note);
    let wants = Wants {
        accept: list.get("accept"),
        language: list.get("accept-language"),
        head_only: facts.method == Fact::Known("HEAD"),
    };
    let decision = ruling.judged.verdict.decision;
    let reply = match guard_challenges(&call, &decision) {
        Some(challenges) => {
            let seen = Seen {
                method: facts.method.known().unwrap_or("GET"),
                target: &target,
                host: host.as_deref().unwrap_or(""),
                scheme: facts.scheme.known().unwrap_or(Scheme::Http),
                id: ruling.id,
                occasion: Occasion {
                    score: ruling.judged.verdict.assessment.score.value(),
                    load: ruling.load,
                    ..Occasion::default()
                },
            };
            // The proxy holds the body: a form cannot be sealed from here.
            with_visit(&call, Base::Prefix(&call.settings.visitor_prefix), None, &seen, |visit| {
                challenge::reply(challenges, visit)
            })
        }
        None => Reply::to_decision(&decision, &wants, ruling.id),
    };
    let response = match reply {
        None => passed(&ruling),
        Some(_) if is_nginx(&call) => refused_for_nginx(&call.settings.visitor_prefix, &decision, &ruling),
        Some(reply) => refused(reply, &ruling),
    };
    // What the site answers is not seen from here; a refusal is ours.
    let is_ours = response.status() != StatusCode::OK;
    let status = if is_ours { Fact::Known(response.status().as_u16()) } else { Fact::Unseen };
    call.api.guard.response(ruling, &ResponseFacts { status, is_ours, ..ResponseFacts::default() }, now);
    Ok(response)
}

/// What gives challenges, where one is meant.
fn guard_challenges<'c>(call: &'c Call, decision: &Decision) -> Option<&'c Challenges> {
    (decision.enforced == Action::Challenge).then(|| call.api.guard.challenges().map(|held| &**held))?
}

fn is_nginx(call: &Call) -> bool {
    call.parts.uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "shape=nginx"))
}

/// The request goes on; the proxy may copy these to the upstream.
fn passed(ruling: &Ruling) -> Response {
    let mut response = StatusCode::OK.into_response();
    tell(response.headers_mut(), ruling);
    response
}

fn refused(reply: Reply, ruling: &Ruling) -> Response {
    let mut response = written(reply);
    tell(response.headers_mut(), ruling);
    response
}

/// nginx passes no other refusal on than 401 and 403, and no body.
fn refused_for_nginx(prefix: &str, decision: &Decision, ruling: &Ruling) -> Response {
    let mut response = StatusCode::FORBIDDEN.into_response();
    tell(response.headers_mut(), ruling);
    let said = match decision.enforced {
        Action::Block(BlockReason::Class) => "automated",
        action => action.name(),
    };
    let location = format!("{prefix}refused/{said}/{}", ruling.id);
    put(response.headers_mut(), "x-palisade-location", &location);
    response
}

/// What the upstream is told by the gateway too.
fn tell(headers: &mut HeaderMap, ruling: &Ruling) {
    let (assessment, decision) = (&ruling.judged.verdict.assessment, &ruling.judged.verdict.decision);
    put(headers, "x-request-id", &ruling.id.to_string());
    put(headers, "x-palisade-score", &assessment.score.value().to_string());
    put(headers, "x-palisade-action", decision.enforced.name());
    let identity = assessment.identity;
    put(headers, "x-palisade-identity", identity.words());
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

fn sent_by_the_visitor(headers: &HeaderMap) -> Vec<(&str, Cow<'_, str>)> {
    headers
        .iter()
        .filter(|(name, _)| {
            let name = name.as_str();
            !OF_THE_PROXY.contains(&name) && !name.starts_with("x-palisade-") && name != "x-original-url"
        })
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect()
}

/// True where the target is said in several ways that differ.
fn says_two_things(headers: &HeaderMap) -> bool {
    let mut said = TARGETS
        .iter()
        .flat_map(|name| headers.get_all(*name))
        .map(|value| without_origin(String::from_utf8_lossy(value.as_bytes())));
    let first = said.next();
    said.any(|other| Some(other) != first)
}

/// The first of `names` that is there.
fn first<'h>(headers: &'h HeaderMap, names: &[&str]) -> Option<Cow<'h, str>> {
    let found = names.iter().find_map(|name| headers.get(*name));
    found.map(|value| String::from_utf8_lossy(value.as_bytes()))
}

/// Some proxies say the whole address: `https://host/path` is `/path`.
fn without_origin(target: Cow<'_, str>) -> Cow<'_, str> {
    let Some((scheme, rest)) = target.split_once("://") else { return target };
    if scheme.starts_with('/') {
        return target;
    }
    Cow::Owned(rest.find('/').map_or("/", |at| &rest[at..]).to_owned())
}

/// The target as the proxy says it, else what stands behind `/auth`.
fn target_of(call: &Call) -> Cow<'_, str> {
    if let Some(target) = first(&call.parts.headers, &TARGETS) {
        return without_origin(target);
    }
    let target = call.parts.uri.path_and_query().map_or("/", |target| target.as_str());
    match target.strip_prefix("/auth") {
        Some(rest) if rest.starts_with('/') => Cow::Borrowed(rest),
        Some(rest) => Cow::Owned(format!("/{rest}")),
        None => Cow::Borrowed(target),
    }
}

fn scheme_of(headers: &HeaderMap) -> Fact<Scheme> {
    match first(headers, &["x-forwarded-proto"]).as_deref() {
        Some("https" | "wss") => Fact::Known(Scheme::Https),
        Some("http" | "ws") => Fact::Known(Scheme::Http),
        _ => Fact::Unseen,
    }
}

/// A proxy that does not say who its visitor is would have everybody share its own address.
fn says_who(headers: &HeaderMap) -> bool {
    ["x-forwarded-for", "forwarded", "x-real-ip"].iter().any(|name| headers.contains_key(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(said: &[(&'static str, &str)]) -> HeaderMap {
        said.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_target_is_a_path_however_it_is_said() {
        let check = |said: &str, expect: &str| assert_eq!(without_origin(said.into()), expect, "{said}");
        check("/a?u=http://b/", "/a?u=http://b/");
        check("https://shop.example/a?b", "/a?b");
        check("https://shop.example", "/");
    }

    #[test]
    fn one_target_said_twice_is_one() {
        assert!(!says_two_things(&headers(&[])));
        assert!(!says_two_things(&headers(&[("x-forwarded-uri", "/a")])));
        assert!(!says_two_things(&headers(&[
            ("x-forwarded-uri", "/a"),
            ("x-original-url", "https://shop.example/a"),
        ])));
        assert!(says_two_things(&headers(&[("x-forwarded-uri", "/a"), ("x-original-uri", "/b")])));
    }
}
