//! One exchange: facts, guard, and then our answer or the upstream's.

use std::convert::Infallible;
use std::rc::Rc;

use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_ENCODING, CONTENT_TYPE, HOST, SET_COOKIE, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use palisade_detect::Observe;
use palisade_domain::{Fact, HeadFault, RequestId, Scheme, SiteId, Timestamp};
use palisade_fingerprint::live::{LiveRequest, body_kind};
use palisade_guard::{Arrival, Ruling};
use palisade_visitor::{Notice, Reply, Wants, route};

use crate::body::{AnswerBody, Passed, Prefix, RequestBody};
use crate::clock;
use crate::connection::Client;
use crate::forward::{self, Path, Told};
use crate::observe::{Forwarded, Seen};
use crate::reply::{self, After};
use crate::upstream::NoAnswer;
use crate::wire::Captured;
use crate::worker::Worker;

mod ending;
mod tunnel;

pub(crate) use ending::Ending;
pub(crate) use tunnel::Tunnel;

/// Serves one request.
pub(crate) async fn serve(
    client: Rc<Client>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Infallible> {
    let time = clock::now();
    let captured = if client.multiplexed { None } else { client.link.take_head() };
    let (parts, incoming) = request.into_parts();
    let mut exchange = Exchange { client, parts, time };
    if let Some(Captured { bytes, fault: Some(fault) }) = &captured {
        return Ok(exchange.refuse_head(bytes, *fault));
    }
    let body = RequestBody::new(incoming, &exchange.worker().settings.limits);
    let response = exchange.run(captured.as_ref(), body).await;
    if let Some(captured) = captured {
        exchange.client.link.give_back(captured);
    }
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        exchange.client.link.no_switch();
    }
    Ok(response)
}

/// One request under way.
struct Exchange {
    client: Rc<Client>,
    parts: Parts,
    time: Timestamp,
}

/// What the guard and the sites say.
struct Ruled {
    ruling: Option<Ruling>,
    site: Option<SiteId>,
    path: Path,
}

impl Exchange {
    fn worker(&self) -> &Rc<Worker> {
        &self.client.worker
    }

    async fn run(&mut self, captured: Option<&Captured>, mut body: RequestBody) -> Response<AnswerBody> {
        let prefix = match self.hold(&mut body).await {
            Ok(prefix) => prefix,
            Err(()) => Prefix::default(),
        };
        let fault = self.client.link.body_fault();
        let Ruled { ruling, site, path } = self.rule(captured, &prefix, fault);
        let id = ruling.as_ref().map_or(RequestId(self.time.0.unsigned_abs()), |ruling| ruling.id);
        let told = ruling.as_ref().map(|ruling| Told::new(ruling.id, &ruling.judged.verdict));
        let answer = self.own_answer(ruling.as_ref(), site, fault, id);
        let ending = Ending::new(Rc::clone(self.worker()), ruling, self.time);
        let after = if body.is_empty() { After::Keep } else { After::Close };
        match (answer, site) {
            (Some(reply), _) => reply::answer(self.worker(), reply, ending, after),
            (None, Some(site)) => self.pass(site, path, told, body, ending, id).await,
            (None, None) => {
                let reply = Reply::notice(Notice::Misdirected, &wants(&self.parts), id);
                reply::answer(self.worker(), reply, ending, after)
            }
        }
    }

    /// Our answer in place of the upstream's, where there is one.
    fn own_answer(
        &self,
        ruling: Option<&Ruling>,
        site: Option<SiteId>,
        fault: Option<HeadFault>,
        id: RequestId,
    ) -> Option<Reply> {
        let wants = wants(&self.parts);
        if fault.is_some() {
            return Some(Reply::notice(Notice::BadRequest, &wants, id));
        }
        if self.parts.method == Method::CONNECT {
            return Some(Reply::notice(Notice::NotImplemented, &wants, id));
        }
        site?;
        let prefix = &self.worker().settings.visitor_prefix;
        let visit = route::route(prefix, self.parts.method.as_str(), self.parts.uri.path(), &wants, id);
        visit.or_else(|| Reply::to_decision(&ruling?.judged.verdict.decision, &wants, id))
    }

    /// Waits for the start of the body, where it is of a kind that is looked at.
    async fn hold(&self, body: &mut RequestBody) -> Result<Prefix, ()> {
        let settings = &self.worker().settings;
        if body.is_empty() {
            return Ok(Prefix { complete: true, ..Prefix::default() });
        }
        let headers = &self.parts.headers;
        let kind = headers.get(CONTENT_TYPE).and_then(|value| body_kind(value.to_str().ok()?));
        if !settings.judge || kind.is_none() || headers.contains_key(CONTENT_ENCODING) {
            return Err(());
        }
        body.hold(settings.limits.prefix_timeout).await.map_err(|_| ())
    }

    /// Makes facts and asks the guard. Everything borrowed ends here.
    fn rule(&self, captured: Option<&Captured>, prefix: &Prefix, fault: Option<HeadFault>) -> Ruled {
        let worker = self.worker();
        let headers = &self.parts.headers;
        let seen = captured.and_then(|captured| Seen::captured(&captured.bytes));
        let seen = seen.unwrap_or_else(|| Seen::parsed(&self.parts));
        let forwarded = Forwarded::of(headers);
        let arrival = self.arrival(&forwarded);
        let path = Path {
            peer: self.client.peer,
            trusted: arrival.trusted,
            scheme: arrival.scheme.unwrap_or(Scheme::Http),
        };
        let authority = self.parts.uri.authority().map(http::uri::Authority::as_str);
        let host = arrival.host.or(authority).or_else(|| headers.get(HOST)?.to_str().ok());
        let place = worker.guard.site_of(host.unwrap_or(""));
        let site = place.map(|(_, site)| site);
        let Some((tenant, of_site)) = place.filter(|_| worker.settings.judge) else {
            return Ruled { ruling: None, site, path };
        };
        let ruling = seen.with_list(|list| {
            let live = LiveRequest {
                client: arrival.client,
                time: self.time,
                scheme: Scheme::Http,
                version: seen.version,
                method: seen.method,
                target: &seen.target,
                authority: host,
                headers: list,
                ja4: None,
                body: body_seen(prefix),
            };
            let mut facts = live.facts();
            (facts.tenant, facts.site) = (tenant, of_site);
            facts.scheme = Fact::Known(path.scheme);
            facts.client_hidden = arrival.hidden;
            facts.head_fault = Fact::seen(fault);
            worker.guard.request(&facts, Observe::Note, None)
        });
        Ruled { ruling: Some(ruling), site, path }
    }

    fn arrival<'f>(&self, forwarded: &'f Forwarded<'_>) -> Arrival<'f> {
        palisade_guard::TrustedProxies::default().resolve(self.client.peer, &forwarded.view())
    }

    /// Answers a head that is refused.
    fn refuse_head(&mut self, bytes: &[u8], fault: HeadFault) -> Response<AnswerBody> {
        let _ = bytes;
        let id = RequestId(self.time.0.unsigned_abs());
        let notice = if fault == HeadFault::TooLong { Notice::HeadTooLarge } else { Notice::BadRequest };
        let reply = Reply::notice(notice, &Wants::default(), id);
        let ending = Ending::new(Rc::clone(self.worker()), None, self.time);
        reply::answer(self.worker(), reply, ending, After::Close)
    }

    async fn pass(
        &mut self,
        site: SiteId,
        path: Path,
        told: Option<Told>,
        body: RequestBody,
        ending: Ending,
        id: RequestId,
    ) -> Response<AnswerBody> {
        let worker = Rc::clone(self.worker());
        let limits = &worker.settings.limits;
        let upgrade = !self.client.multiplexed && asks_upgrade(&self.parts);
        let bare = body.is_empty();
        let mut request = Request::new(body);
        *request.method_mut() = self.parts.method.clone();
        let mut parts = std::mem::replace(&mut self.parts, Request::new(()).into_parts().0);
        let wanted = Wanted::of(&parts);
        forward::to_upstream(&mut parts, path, told, upgrade);
        let request = Request::from_parts(parts, request.into_body());
        let sites = worker.guard.sites();
        let Some(group) = worker.upstreams.of(&sites, site) else {
            return self.no_answer(&NoAnswer::Unreachable, &wanted, ending, id, bare);
        };
        let (mut answer, lease) = match group.send(request, limits, || None).await {
            Ok(answered) => answered,
            Err(error) => return self.no_answer(&error, &wanted, ending, id, bare),
        };
        let upgraded = upgrade && answer.status() == StatusCode::SWITCHING_PROTOCOLS;
        let mut ending = ending;
        ending.answered(answer.status().as_u16(), answer.headers().contains_key(SET_COOKIE));
        if upgraded {
            let upstream = hyper::upgrade::on(&mut answer);
            let (mut head, _) = answer.into_parts();
            forward::to_client(&mut head, true);
            *self.client.tunnel.borrow_mut() = Some(Tunnel::new(upstream, ending));
            return Response::from_parts(head, AnswerBody::Empty);
        }
        let (mut head, incoming) = answer.into_parts();
        forward::to_client(&mut head, false);
        let passed = Passed::new(incoming, lease, ending, limits.upstream_silence);
        Response::from_parts(head, AnswerBody::Passed(Box::new(passed)))
    }

    fn no_answer(
        &self,
        error: &NoAnswer,
        wanted: &Wanted,
        ending: Ending,
        id: RequestId,
        bare: bool,
    ) -> Response<AnswerBody> {
        let notice = match error {
            NoAnswer::Unreachable | NoAnswer::Broken(_) => Notice::Unreachable,
            NoAnswer::Silent => Notice::TimedOut,
        };
        let after = if bare { After::Keep } else { After::Close };
        reply::answer(self.worker(), Reply::notice(notice, &wanted.view(), id), ending, after)
    }
}

/// What the client can read, kept for an answer after the request went on.
struct Wanted {
    accept: Option<http::HeaderValue>,
    language: Option<http::HeaderValue>,
    head_only: bool,
}

impl Wanted {
    fn of(parts: &Parts) -> Self {
        let get = |name| parts.headers.get(name).cloned();
        Wanted {
            accept: get(ACCEPT),
            language: get(ACCEPT_LANGUAGE),
            head_only: parts.method == Method::HEAD,
        }
    }

    fn view(&self) -> Wants<'_> {
        let accept = self.accept.as_ref().and_then(|value| value.to_str().ok());
        let language = self.language.as_ref().and_then(|value| value.to_str().ok());
        Wants { accept, language, head_only: self.head_only }
    }
}

fn wants(parts: &Parts) -> Wants<'_> {
    let text = |name| text(&parts.headers, name);
    Wants { accept: text(ACCEPT), language: text(ACCEPT_LANGUAGE), head_only: parts.method == Method::HEAD }
}

fn text(headers: &HeaderMap, name: http::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn body_seen(prefix: &Prefix) -> Option<(&[u8], bool)> {
    (prefix.complete || !prefix.bytes.is_empty()).then_some((&*prefix.bytes, prefix.complete))
}

/// True where the client asks for another protocol on this connection (RFC 9110 section 7.8).
fn asks_upgrade(parts: &Parts) -> bool {
    parts.version == Version::HTTP_11
        && parts.headers.contains_key(UPGRADE)
        && parts.headers.get_all(http::header::CONNECTION).iter().any(|value| {
            value
                .as_bytes()
                .split(|byte| *byte == b',')
                .any(|name| name.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
        })
}
