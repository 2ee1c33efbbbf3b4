//! Forms that need a token are asked for it before they go on.

use http::Method;
use http::header::CONTENT_TYPE;
use palisade_guard::vouching::Posted;
use palisade_intel::providers::field;
use palisade_visitor::visit::hostname;
use palisade_visitor::{Notice, Reply};

use super::rule::{Place, Ruled};
use super::{Exchange, text, wants};
use crate::body::RequestBody;
use crate::bounds::{TOKEN_PREFIX_BYTES_MAX, VISIT_BODY_TIMEOUT};

impl Exchange {
    /// The refusal of a form that needs a token and has no good one; `None` where it may go on.
    pub(super) async fn require_token(
        &self,
        place: &Place,
        ruled: Option<&Ruled>,
        body: &mut RequestBody,
    ) -> Option<Reply> {
        if self.parts.method != Method::POST {
            return None;
        }
        let guard = &self.worker().guard;
        let vouching = guard.vouching();
        let rule = vouching.rule(self.parts.uri.path())?;
        let Some(_seat) = self.seat(place) else {
            return Some(Reply::notice(Notice::Busy, &wants(&self.parts), self.id(ruled)));
        };
        let held = body.hold_up_to(TOKEN_PREFIX_BYTES_MAX, VISIT_BODY_TIMEOUT).await.ok();
        let kind = text(&self.parts.headers, CONTENT_TYPE).unwrap_or("");
        let given = held.map(|held| field::extract(kind, &held.bytes, held.complete)).unwrap_or_default();
        let host = text(&self.parts.headers, http::header::HOST).unwrap_or("");
        let authority = self.parts.uri.authority().map(http::uri::Authority::as_str);
        let posted = Posted {
            tenant: place.tenant(),
            host: hostname(place.host().or(authority).unwrap_or(host)),
            client: place.client(),
            now: self.time,
        };
        let codes = guard.vouched(&vouching, rule, &given, &posted).await.err()?;
        Some(Reply::token_required(&codes, &wants(&self.parts), self.id(ruled)))
    }
}
