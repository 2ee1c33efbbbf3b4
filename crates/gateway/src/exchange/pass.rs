//! The request passes: to the upstream, and its answer back.

use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONNECTION, HeaderName, HeaderValue, SET_COOKIE, UPGRADE};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, Version};
use palisade_domain::{RequestId, SiteId};
use palisade_visitor::{Notice, Reply, Wants};

use super::{Ending, Exchange, Tunnel, preview, resume};
use crate::body::{AnswerBody, BodyError, Passed, RequestBody};
use crate::forward::{self, Path, Told};
use crate::reply::{self, After};
use crate::strict;
use crate::upstream::NoAnswer;
use crate::wire::Captured;

impl Exchange {
    #[expect(clippy::too_many_arguments, reason = "each is one thing found out before, used once")]
    pub(super) async fn pass(
        self,
        site: SiteId,
        path: Path,
        told: Option<Told>,
        head: Option<&Captured>,
        body: RequestBody,
        mut ending: Ending,
        id: RequestId,
    ) -> Response<AnswerBody> {
        let Exchange { client, mut parts, reopened, picture_only, .. } = self;
        let worker = &client.worker;
        let limits = &worker.settings.limits;
        let upgrade = !client.multiplexed && asks_upgrade(&parts);
        let wanted = Wanted::of(&parts);
        let (bare, unread) = (body.is_empty(), body.is_unread());
        let may_repeat = bare && !upgrade && parts.method.is_idempotent();
        // HTTP/2 leaves no bytes to read again.
        let copy = (may_repeat && client.multiplexed).then(|| parts.clone());
        let group = worker.guard.with_sites(|sites| worker.upstreams.of(sites, site));
        let route = forward::Route {
            path,
            peer: &client.peer_text,
            told,
            upgrade,
            host: group.as_ref().and_then(|group| group.name()),
        };
        forward::to_upstream(&mut parts, &route, !bare);
        let again = || {
            let mut parts = may_repeat.then(|| copy.or_else(|| reread(head?)))??;
            forward::to_upstream(&mut parts, &route, false);
            Some(Request::from_parts(parts, RequestBody::default()))
        };
        let sent = match &group {
            Some(group) => group.send(Request::from_parts(parts, body), limits, again).await,
            None => Err(NoAnswer::Unreachable),
        };
        let (mut answer, lease) = match sent {
            Ok(answered) => answered,
            Err(error) => {
                let mut reply = Reply::notice(notice(&error), &wanted.view(), id);
                if matches!(error, NoAnswer::Unreachable) {
                    reply = resume::unsent(worker, reopened.as_ref(), reply);
                }
                let after = if unread { After::Close } else { After::Keep };
                return reply::answer(worker, reply, ending, after);
            }
        };
        if picture_only && !preview::is_picture(answer.headers()) {
            let reply = Reply::notice(Notice::Refused, &wanted.view(), id);
            return reply::answer(worker, reply, ending, After::Keep);
        }
        ending.answered(answer.status().as_u16(), answer.headers().contains_key(SET_COOKIE));
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            if !upgrade {
                let reply = Reply::notice(Notice::Unreachable, &wanted.view(), id);
                return reply::answer(worker, reply, ending, After::Close);
            }
            let upstream = hyper::upgrade::on(&mut answer);
            let (mut head, _) = answer.into_parts();
            forward::to_client(&mut head, true);
            *client.tunnel.borrow_mut() = Some(Tunnel::new(upstream, ending));
            return Response::from_parts(head, AnswerBody::Empty);
        }
        let (mut head, incoming) = answer.into_parts();
        forward::to_client(&mut head, false);
        for cookie in reopened.map(|reopened| reopened.cookies).unwrap_or_default() {
            if let Ok(cookie) = HeaderValue::try_from(cookie) {
                head.headers.append(SET_COOKIE, cookie);
            }
        }
        let passed = Passed::new(incoming, lease, ending, limits.upstream_silence);
        Response::from_parts(head, AnswerBody::Passed(Box::new(passed)))
    }
}

/// The request as its captured bytes say, for sending it a second time.
fn reread(Captured { framed, bytes, .. }: &Captured) -> Option<Parts> {
    let target = strict::readable(framed.target(bytes))?;
    let mut request = Request::builder().method(framed.method(bytes)).uri(&*target);
    for (name, value) in framed.headers(bytes) {
        request = request.header(name, HeaderValue::from_bytes(value).ok()?);
    }
    Some(request.body(()).ok()?.into_parts().0)
}

/// What is said where the upstream gave no answer. A body that broke off on the client's side is the client's fault.
fn notice(error: &NoAnswer) -> Notice {
    match error {
        NoAnswer::Silent => Notice::TimedOut,
        NoAnswer::Unreachable => Notice::Unreachable,
        NoAnswer::Broken(error) => {
            let source = std::error::Error::source(error);
            let of_client = source.is_some_and(|source| source.is::<BodyError>());
            if of_client { Notice::BadRequest } else { Notice::Unreachable }
        }
    }
}

/// True where the client asks for another protocol on this connection (RFC 9110 section 7.8), and for none that carries
/// requests: behind a connection turned into another HTTP they would reach the upstream unseen. Clear-text HTTP/2 begins
/// with prior knowledge anyway (RFC 9113 section 3.1).
fn asks_upgrade(parts: &Parts) -> bool {
    let any = |name: HeaderName, is: fn(&[u8]) -> bool| {
        let mut values = parts.headers.get_all(name).iter();
        values.any(|value| value.as_bytes().split(|byte| *byte == b',').any(|word| is(word.trim_ascii())))
    };
    parts.version == Version::HTTP_11
        && parts.headers.contains_key(UPGRADE)
        && any(CONNECTION, |word| word.eq_ignore_ascii_case(b"upgrade"))
        && !any(UPGRADE, carries_requests)
}

fn carries_requests(protocol: &[u8]) -> bool {
    let name = protocol.split(|byte| *byte == b'/').next().unwrap_or_default();
    [&b"h2c"[..], b"h2", b"h3", b"http", b"tls"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// What the client can read, kept for an answer after the request went on.
struct Wanted {
    accept: Option<HeaderValue>,
    language: Option<HeaderValue>,
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
