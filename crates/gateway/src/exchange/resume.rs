//! A form that was challenged comes back sealed, and goes on to the site as it was sent.

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, ORIGIN, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, Method};
use palisade_challenge::{Bindings, Pass, claims, sealed};
use palisade_domain::{RequestId, Scheme, TenantId, Timestamp};
use palisade_visitor::challenge::{self, Resumed};
use palisade_visitor::visit::Base;
use palisade_visitor::{Notice, Reply};

use super::rule::Place;
use super::visit::By;
use super::{Exchange, text, wants};
use crate::body::Prefix;
use crate::body::RequestBody;
use crate::bounds::{SEALED_FORM_BYTES_MAX, VISIT_BODY_TIMEOUT};
use crate::observe::Seen;
use crate::wire::Captured;
use crate::worker::Worker;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What was found in a form that came back.
#[derive(Debug)]
pub(super) struct Reopened {
    /// The headers as the form was first sent; `None` was not sent.
    headers: Vec<(&'static str, Option<String>)>,
    /// The pass that its steps without script are worth.
    pub granted: Option<Pass>,
    /// Cookies to be set with the answer.
    pub cookies: Vec<String>,
    tenant: TenantId,
    /// What its sending on was claimed with, and until when that counts.
    claimed: (u128, Timestamp),
}

impl Exchange {
    /// Where the body is a sealed one of ours: opens it, and makes this the request that was sealed.
    ///
    /// # Errors
    /// With the answer, where it does not open.
    pub(super) async fn reopen(
        &mut self,
        head: Option<&Captured>,
        body: &mut RequestBody,
    ) -> Result<(), Reply> {
        if !self.may_be_sealed() {
            return Ok(());
        }
        let Some(challenges) = self.worker().guard.challenges() else { return Ok(()) };
        // As much as tells, however late it comes: the site must not see one.
        let begun = body.hold_up_to(challenge::SEALED_BEGINNING.len(), VISIT_BODY_TIMEOUT).await.ok();
        if !begun.is_some_and(|begun| challenge::is_sealed_form(&begun.bytes)) {
            return Ok(());
        }
        let (place, by) = self.whom(head);
        // The site never sees one: it is ours to open, or nobody's.
        let Some(held) = self.whole(&place, body, SEALED_FORM_BYTES_MAX).await else {
            return Err(Reply::notice(Notice::Busy, &wants(&self.parts), by.id));
        };
        let base = Base::Prefix(&self.worker().settings.visitor_prefix);
        let resumed =
            self.with_visit_by(base, &place, &by, Some(&held), |visit| challenge::resume(challenges, visit))?;
        let Resumed { request, granted } = resumed;
        let scheme = place.path.scheme;
        let cookies = granted.iter().map(|pass| challenges.pass_cookie(pass, scheme)).collect();
        let (tenant, claimed) = (request.tenant, (request.id, request.expires));
        let length = request.body.len();
        let headers = vec![
            ("content-type", request.content_type),
            ("origin", request.origin),
            ("sec-fetch-site", request.sec_fetch_site),
            ("content-length", Some(length.to_string())),
            ("transfer-encoding", None),
        ];
        for (name, value) in [CONTENT_TYPE, ORIGIN, SEC_FETCH_SITE, CONTENT_LENGTH].into_iter().zip(&headers)
        {
            match value.1.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
                Some(value) => drop(self.parts.headers.insert(name, value)),
                None => drop(self.parts.headers.remove(name)),
            }
        }
        for name in [TRANSFER_ENCODING, CONTENT_ENCODING, EXPECT] {
            self.parts.headers.remove(name);
        }
        *body = RequestBody::of(request.body.into(), &self.worker().settings.limits);
        self.reopened = Some(Reopened { headers, granted, cookies, tenant, claimed });
        Ok(())
    }

    /// The answer to a sealed form that came without what opens it: its cookie ended with its ticket, or it was never ours.
    pub(super) fn stray(&self, head: Option<&Captured>, prefix: Option<&Prefix>) -> Option<Reply> {
        let bytes = &prefix.filter(|_| self.reopened.is_none())?.bytes;
        if !challenge::is_sealed_form(bytes) {
            return None;
        }
        let challenges = self.worker().guard.challenges()?;
        let (place, by) = self.whom(head);
        let base = Base::Prefix(&self.worker().settings.visitor_prefix);
        self.with_visit_by(base, &place, &by, None, |visit| challenge::stray(challenges, visit)).into()
    }

    /// Who sends it, before anybody was asked about it.
    fn whom(&self, head: Option<&Captured>) -> (Place, By<'static>) {
        let seen = self.seen(head);
        let place = self.place(&seen);
        let bindings = seen.with_list(|headers| Bindings::of(&self.facts(&seen, &place, None, headers)));
        let id = RequestId(self.time.0.unsigned_abs());
        (place, By { id, bindings, occasion: None, tags: None })
    }

    /// Cheap to see: a form post that shows the cookie that only challenged forms get.
    fn may_be_sealed(&self) -> bool {
        let headers = &self.parts.headers;
        self.parts.method == Method::POST
            && text(headers, CONTENT_TYPE).is_some_and(|kind| {
                kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
            })
            && self.cookies().is_some_and(|cookies| cookies.contains(sealed::cookie_name(Scheme::Http)))
    }
}

impl Reopened {
    /// `seen` as the form was first sent.
    pub(super) fn restore<'a>(&'a self, mut seen: Seen<'a>) -> Seen<'a> {
        for (name, value) in &self.headers {
            seen.set(name, value.as_deref());
        }
        seen
    }
}

/// `reply`, which the visitor gets in place of the site's answer. A form that had come back may be sent once more, as where a page
/// that says "too many" is loaded again; and the pass is kept.
pub(super) fn unsent(worker: &Worker, reopened: Option<&Reopened>, mut reply: Reply) -> Reply {
    if let (Some(reopened), Some(challenges)) = (reopened, worker.guard.challenges()) {
        let (id, expires) = reopened.claimed;
        challenges.claims.release(reopened.tenant, claims::Kind::Seal, id, expires);
        reply.headers.extend(reopened.cookies.iter().map(|cookie| ("set-cookie", cookie.clone())));
    }
    reply
}
