//! One exchange: facts, guard, and then our answer or the upstream's.

use std::convert::Infallible;
use std::rc::Rc;

use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, EXPECT};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use palisade_challenge::Pass;
use palisade_detect::Observe;
use palisade_domain::{Action, HeadFault, RequestId, Timestamp};
use palisade_fingerprint::live::body_kind;
use palisade_visitor::visit::Base;
use palisade_visitor::{Notice, Reply, Wants};

use crate::body::{AnswerBody, Prefix, RequestBody};
use crate::clock;
use crate::connection::Client;
use crate::observe::Seen;
use crate::reply::{self, After};
use crate::wire::Captured;
use crate::worker::Worker;

mod ending;
mod held;
mod pass;
mod preview;
mod resume;
mod rule;
mod token;
mod tunnel;
mod visit;

pub(crate) use ending::Ending;
pub(crate) use held::HeldBodies;
use resume::Reopened;
use rule::{Place, Ruled};
pub(crate) use tunnel::Tunnel;

/// Serves one request.
pub(crate) async fn serve(
    client: Rc<Client>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Infallible> {
    let captured = if client.multiplexed { None } else { client.link.take_head() };
    let _busy = Rc::clone(&client.busy);
    let (parts, incoming) = request.into_parts();
    let exchange = Exchange {
        client: Rc::clone(&client),
        parts,
        time: clock::now(),
        reopened: None,
        picture_only: false,
    };
    let Some(captured) = captured else {
        let body = RequestBody::new(incoming, &exchange.worker().settings.limits);
        return Ok(exchange.run(None, body).await);
    };
    let response = match captured.fault {
        Some(fault) => exchange.refuse_head(&captured.bytes, fault),
        None => {
            let body = RequestBody::new(incoming, &exchange.worker().settings.limits);
            exchange.run(Some(&captured), body).await
        }
    };
    client.link.keep(captured);
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        client.link.no_switch();
    }
    Ok(response)
}

/// One request under way.
struct Exchange {
    client: Rc<Client>,
    parts: Parts,
    time: Timestamp,
    /// The form that came back sealed.
    reopened: Option<Reopened>,
    /// Passes only because it is a picture: nothing else is handed out for it.
    picture_only: bool,
}

impl Exchange {
    fn worker(&self) -> &Rc<Worker> {
        &self.client.worker
    }

    async fn run(mut self, head: Option<&Captured>, mut body: RequestBody) -> Response<AnswerBody> {
        let unopened = self.reopen(head, &mut body).await.err();
        let prefix = self.look_at(head, &mut body).await;
        let unopened = unopened.or_else(|| self.stray(head, prefix.as_ref()));
        let fault = self.client.link.body_fault();
        let (place, ruled) = {
            let seen = self.seen(head);
            let place = self.place(&seen);
            let ruled = self.rule(&seen, &place, prefix.as_ref(), fault, Observe::Note);
            (place, ruled)
        };
        self.picture_only = ruled.as_ref().is_some_and(|ruled| ruled.decision.rule == preview::RULE);
        let id = self.id(ruled.as_ref());
        let answer = match unopened.or_else(|| self.refusal(fault, id)) {
            None => self.own_answer(ruled.as_ref(), &place, &mut body).await,
            refusal => refusal,
        };
        let told = ruled.as_ref().map(|ruled| ruled.told);
        let ending = Ending::new(&self.client, ruled.map(|ruled| ruled.pending), self.time);
        match (answer, place.site) {
            (None, Some(site)) => self.pass(site, place.path, told, head, body, ending, id).await,
            (reply, _) => {
                // Behind a refused CONNECT may stand what was meant for the tunnel: it is no request of this client's.
                let tunnel = self.parts.method == Method::CONNECT;
                let after = if body.is_unread() || tunnel { After::Close } else { After::Keep };
                let reply =
                    reply.unwrap_or_else(|| Reply::notice(Notice::Misdirected, &wants(&self.parts), id));
                let reply = resume::unsent(self.worker(), self.reopened.as_ref(), reply);
                reply::answer(self.worker(), reply, ending, after)
            }
        }
    }

    /// Answers a head that is refused, and tells the guard who sent it.
    fn refuse_head(self, head: &[u8], fault: HeadFault) -> Response<AnswerBody> {
        let (ruled, reply) = {
            let seen = Seen::garbled(head);
            let place = self.place(&seen).or_any();
            let wants = Wants {
                accept: seen.header("accept"),
                language: seen.header("accept-language"),
                head_only: false,
            };
            let ruled = self.rule(&seen, &place, None, Some(fault), Observe::Note);
            let notice = if fault == HeadFault::TooLong { Notice::HeadTooLarge } else { Notice::BadRequest };
            let reply = Reply::notice(notice, &wants, self.id(ruled.as_ref()));
            (ruled, reply)
        };
        let ending = Ending::new(&self.client, ruled.map(|ruled| ruled.pending), self.time);
        reply::answer(self.worker(), reply, ending, After::Close)
    }

    /// The reference number: the guard's, where it was asked.
    fn id(&self, ruled: Option<&Ruled>) -> RequestId {
        ruled.map_or(RequestId(self.time.0.unsigned_abs()), |ruled| ruled.id)
    }

    /// The answer to what nobody could pass on.
    fn refusal(&self, fault: Option<HeadFault>, id: RequestId) -> Option<Reply> {
        let notice = match fault {
            Some(_) => Notice::BadRequest,
            None if self.parts.method == Method::CONNECT => Notice::NotImplemented,
            None => return None,
        };
        Some(Reply::notice(notice, &wants(&self.parts), id))
    }

    /// Our answer in place of the upstream's, where there is one.
    async fn own_answer(
        &self,
        ruled: Option<&Ruled>,
        place: &Place,
        body: &mut RequestBody,
    ) -> Option<Reply> {
        if let Some(base) = self.base(place.site?) {
            let reply = self.visit(base, place, ruled, body).await;
            // Below our prefix everything is ours; among the older paths only some are, the rest are the site's.
            if reply.is_some() || base != Base::Seed {
                return reply;
            }
        }
        let ruled = ruled?;
        if ruled.decision.enforced == Action::Challenge && self.worker().guard.challenges().is_some() {
            return self.challenge(place, ruled, body).await;
        }
        match Reply::to_decision(&ruled.decision, &wants(&self.parts), ruled.id) {
            None => self.require_token(place, Some(ruled), body).await,
            refusal => refusal,
        }
    }

    /// The pass that the steps of a form without script are worth.
    fn granted(&self) -> Option<&Pass> {
        self.reopened.as_ref()?.granted.as_ref()
    }

    /// The start of the body, where it is of a kind that is looked at. `None` where it streams on unseen.
    ///
    /// A client that waits for `100 Continue` gets it only where the head alone is not refused.
    async fn look_at(&self, head: Option<&Captured>, body: &mut RequestBody) -> Option<Prefix> {
        if body.is_empty() {
            return Some(Prefix { complete: true, ..Prefix::default() });
        }
        let settings = &self.worker().settings;
        let kind = text(&self.parts.headers, CONTENT_TYPE).and_then(body_kind);
        if !settings.judge || kind.is_none() || (self.expects_continue() && self.head_is_refused(head)) {
            return None;
        }
        // What broke off is reported by whoever reads on; a broken chunk is a fact.
        let prefix = body.hold(settings.limits.prefix_timeout).await.ok()?;
        crate::decode::prefix(prefix, &self.parts.headers)
    }

    fn expects_continue(&self) -> bool {
        let expect = self.parts.headers.get(EXPECT);
        self.parts.version == Version::HTTP_11
            && expect.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
    }

    fn head_is_refused(&self, head: Option<&Captured>) -> bool {
        let seen = self.seen(head);
        let place = self.place(&seen);
        let ruled = self.rule(&seen, &place, None, None, Observe::Peek);
        ruled
            .is_some_and(|ruled| Reply::to_decision(&ruled.decision, &wants(&self.parts), ruled.id).is_some())
    }

    fn seen<'a>(&'a self, head: Option<&'a Captured>) -> Seen<'a> {
        let seen = head.map_or_else(|| Seen::parsed(&self.parts), Seen::captured);
        match &self.reopened {
            Some(reopened) => reopened.restore(seen),
            None => seen,
        }
    }
}

fn wants(parts: &Parts) -> Wants<'_> {
    let text = |name| text(&parts.headers, name);
    Wants { accept: text(ACCEPT), language: text(ACCEPT_LANGUAGE), head_only: parts.method == Method::HEAD }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
