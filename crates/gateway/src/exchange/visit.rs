//! Requests that we answer ourselves: our own paths, and whoever is challenged.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, COOKIE};
use http::{HeaderName, Method};
use palisade_challenge::Bindings;
use palisade_challenge::challenges::Occasion;
use palisade_domain::{Action, RequestId, SiteId};
use palisade_guard::kept::Kept;
use palisade_visitor::challenge::{self, Kind};
use palisade_visitor::visit::{Base, Visit};
use palisade_visitor::{Notice, Reply, Served, Tags, route};

use super::held::Seat;
use super::rule::{Place, Ruled};
use super::{Exchange, text, wants};
use crate::body::RequestBody;
use crate::bounds::VISIT_BODY_TIMEOUT;

/// Who visits, as far as the head tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct By<'a> {
    /// The reference number.
    pub id: RequestId,
    /// What a pass would be bound to.
    pub bindings: Bindings,
    /// What is known of the request where somebody was asked.
    pub occasion: Option<Occasion>,
    /// What a challenge says of the page, beside what it always says.
    pub tags: Option<&'a Tags>,
}

impl Exchange {
    /// Which of our paths this may be, where it may be one.
    pub(super) fn base(&self, site: SiteId) -> Option<Base<'_>> {
        let prefix = &*self.worker().settings.visitor_prefix;
        let path = self.parts.uri.path();
        if path.starts_with(prefix) {
            return Some(Base::Prefix(prefix));
        }
        let is_seed = path == "/captcha.js" || path.starts_with("/captcha/") || path.starts_with("/api/");
        let seed =
            || self.worker().guard.with_sites(|sites| sites.get(site).is_some_and(|site| site.seed_routes));
        (is_seed && seed()).then_some(Base::Seed)
    }

    /// The answer to a request for one of our paths. Who is refused or slowed anyway may look at pages, and asks for nothing
    /// that costs us work.
    pub(super) async fn visit(
        &self,
        base: Base<'_>,
        place: &Place,
        ruled: Option<&Ruled>,
        body: &mut RequestBody,
    ) -> Option<Reply> {
        let below = self.parts.uri.path().strip_prefix(base.path()).unwrap_or("");
        let sends = self.parts.method == Method::POST || route::is_costly(below);
        let decision = ruled.map(|ruled| ruled.decision);
        let shut_out = decision.filter(|decision| {
            matches!(
                decision.enforced,
                Action::Block(_) | Action::Throttle(_) | Action::Tarpit(_) | Action::Charge(_)
            )
        });
        if let (true, Some(decision)) = (sends, shut_out) {
            return Reply::to_answerer(&decision, &wants(&self.parts), self.id(ruled));
        }
        let bytes_max = route::body_bytes_max(base, self.parts.method.as_str(), self.parts.uri.path());
        let held = match bytes_max {
            Some(bytes_max) => {
                let seat = self.seat(place);
                if seat.is_none() {
                    return Some(Reply::notice(Notice::Busy, &wants(&self.parts), self.id(ruled)));
                }
                drop(seat);
                self.whole(place, body, bytes_max).await
            }
            None => Some(Bytes::new()),
        };
        let guard = &self.worker().guard;
        let served = self.with_visit(base, place, ruled, held.as_deref(), |visit| {
            route::route(guard.challenges().map(|challenges| &**challenges), visit)
        });
        let Served { reply, kept, said } = served?;
        if let Some(kept) = kept {
            guard.keep(Kept::Interaction {
                tenant: place.tenant(),
                id: kept.id,
                time: self.time,
                data: kept.data,
                human: kept.human,
            });
        }
        if let (Some(said), Some(client)) = (said, place.client()) {
            guard.keep(Kept::Label { tenant: place.tenant(), client, time: self.time, said });
        }
        Some(reply)
    }

    /// The answer to a request that is challenged; `None` where it is of a kind that never is.
    pub(super) async fn challenge(
        &self,
        place: &Place,
        ruled: &Ruled,
        body: &mut RequestBody,
    ) -> Option<Reply> {
        let challenges = self.worker().guard.challenges()?;
        let base = Base::Prefix(&self.worker().settings.visitor_prefix);
        let (kind, seals) =
            self.with_visit(base, place, Some(ruled), None, |visit| (Kind::of(visit), Kind::seals(visit)));
        let held = if seals { self.whole(place, body, challenge::SEALED_BYTES_MAX).await } else { None };
        let tags = if kind == Kind::Page { self.tags(place, ruled).await } else { None };
        let by = By { tags: tags.as_ref(), ..self.by(Some(ruled)) };
        self.with_visit_by(base, place, &by, held.as_deref(), |visit| challenge::reply(challenges, visit))
    }

    /// A seat for a body that is held whole.
    pub(super) fn seat(&self, place: &Place) -> Option<Seat> {
        Seat::take(&self.worker().shared, place.client().unwrap_or(self.client.peer))
    }

    /// The whole body; `None` where it is longer than `bytes_max`, too slow, or broke off. One that says it is longer is not
    /// waited for.
    pub(super) async fn whole(
        &self,
        place: &Place,
        body: &mut RequestBody,
        bytes_max: usize,
    ) -> Option<Bytes> {
        let said = self.parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if said.is_some_and(|said: usize| said > bytes_max) {
            return None;
        }
        let _seat = self.seat(place)?;
        // One byte more than is taken: so it shows where there is more.
        let held = body.hold_up_to(bytes_max + 1, VISIT_BODY_TIMEOUT).await.ok()?;
        (held.complete && held.bytes.len() <= bytes_max).then_some(held.bytes)
    }

    /// Runs `f` on this request as a visit.
    fn with_visit<R>(
        &self,
        base: Base<'_>,
        place: &Place,
        ruled: Option<&Ruled>,
        body: Option<&[u8]>,
        f: impl FnOnce(&mut Visit<'_>) -> R,
    ) -> R {
        self.with_visit_by(base, place, &self.by(ruled), body, f)
    }

    /// Who visits, as far as somebody was asked.
    fn by(&self, ruled: Option<&Ruled>) -> By<'static> {
        By {
            id: self.id(ruled),
            bindings: ruled.map(|ruled| ruled.bindings).unwrap_or_default(),
            occasion: ruled.map(|ruled| Occasion {
                score: ruled.told.score,
                load: ruled.load,
                ..Occasion::default()
            }),
            tags: None,
        }
    }

    /// As [`Exchange::with_visit`], before anybody was asked.
    pub(super) fn with_visit_by<R>(
        &self,
        base: Base<'_>,
        place: &Place,
        by: &By<'_>,
        body: Option<&[u8]>,
        f: impl FnOnce(&mut Visit<'_>) -> R,
    ) -> R {
        let headers = &self.parts.headers;
        let cookies = self.cookies();
        let header = |name: &str| match name {
            "cookie" => cookies.as_deref(),
            name => text(headers, HeaderName::from_bytes(name.as_bytes()).ok()?),
        };
        let host = place.host().or_else(|| header("host"));
        let authority = self.parts.uri.authority().map(http::uri::Authority::as_str);
        let mut random = |bytes: &mut [u8]| {
            // The system's source fails where there is none at all; then the process could not have begun.
            let _ = getrandom::fill(bytes);
        };
        let mut visit = Visit {
            method: self.parts.method.as_str(),
            path: self.parts.uri.path(),
            query: self.parts.uri.query().unwrap_or(""),
            header: &header,
            body,
            wants: wants(&self.parts),
            id: by.id,
            tenant: place.tenant(),
            site: place.site.unwrap_or_default(),
            scheme: place.path.scheme,
            host: place.host().or(authority).or(host).unwrap_or(""),
            bindings: by.bindings,
            occasion: by.occasion.unwrap_or_default(),
            client: place.client(),
            base,
            prefix: &self.worker().settings.visitor_prefix,
            theme: &self.worker().settings.theme,
            tags: by.tags.unwrap_or(&self.worker().settings.open_graph.fixed),
            local: false,
            now: self.time,
            random: &mut random,
        };
        f(&mut visit)
    }

    /// All cookies as one text: HTTP/2 sends them in pieces (RFC 9113, section 8.2.3).
    pub(super) fn cookies(&self) -> Option<Cow<'_, str>> {
        let mut values = self.parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let first = values.next()?;
        Some(values.fold(Cow::Borrowed(first), |all, more| Cow::Owned(format!("{all}; {more}"))))
    }
}
