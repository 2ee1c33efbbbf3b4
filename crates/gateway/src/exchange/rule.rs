//! From what was seen to what the guard says. Everything borrowed ends here.

use palisade_challenge::Bindings;
use palisade_challenge::ladder::Load;
use palisade_detect::Observe;
use palisade_domain::{
    Action, ClientIp, Decision, Fact, HeadFault, HeaderList, RequestFacts, RequestId, Scheme, SessionId,
    SiteId, TenantId,
};
use palisade_fingerprint::live::LiveRequest;
use palisade_guard::{Pending, Ruling};

use super::Exchange;
use crate::body::Prefix;
use crate::forward::{Path, Told};
use crate::observe::Seen;

/// Who asks, and for what site.
pub(super) struct Place {
    tenant: TenantId,
    /// None where no site answers to that host.
    pub site: Option<SiteId>,
    pub path: Path,
    client: ClientIp,
    hidden: bool,
    host: Option<String>,
}

/// What the guard says, as far as an exchange goes on with it.
pub(super) struct Ruled {
    /// The reference number.
    pub id: RequestId,
    pub decision: Decision,
    /// What the upstream hears of it.
    pub told: Told,
    /// What a pass would be bound to, where one may be given: the request is challenged, or for a path of ours.
    pub bindings: Bindings,
    /// How much the site is under.
    pub load: Load,
    /// What the guard wants back.
    pub pending: Pending,
}

impl Place {
    /// The same, on the first site where there is none: a request that nobody could read is told to somebody.
    pub(super) fn or_any(self) -> Self {
        Place { site: self.site.or(Some(SiteId::default())), ..self }
    }

    pub(super) fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The host that a proxy before us names.
    pub(super) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The client's address, where it is its own.
    pub(super) fn client(&self) -> Option<ClientIp> {
        (!self.hidden).then_some(self.client)
    }
}

impl Exchange {
    /// Finds out client and site.
    pub(super) fn place(&self, seen: &Seen<'_>) -> Place {
        let worker = self.worker();
        let forwarded = seen.forwarded();
        let arrival = worker.guard.arrival(self.client.peer, &forwarded.view());
        let host = arrival.host.or_else(|| seen.host());
        let found = worker.guard.site_of(host.unwrap_or(""));
        let scheme = arrival.scheme.unwrap_or(Scheme::Http);
        Place {
            tenant: found.map_or_else(TenantId::default, |(tenant, _)| tenant),
            site: found.map(|(_, site)| site),
            path: Path { trusted: arrival.trusted, names_host: arrival.host.is_some(), scheme },
            client: arrival.client,
            hidden: arrival.hidden || (arrival.trusted && seen.is_garbled()),
            host: arrival.host.map(str::to_owned),
        }
    }

    /// Asks the guard. `None` where nobody is asked: no site, or a plain proxy.
    pub(super) fn rule(
        &self,
        seen: &Seen<'_>,
        place: &Place,
        prefix: Option<&Prefix>,
        fault: Option<HeadFault>,
        observe: Observe,
    ) -> Option<Ruled> {
        let worker = self.worker();
        let site = place.site.filter(|_| worker.settings.judge)?;
        let ruled = seen.with_list(|headers| {
            let mut facts = self.facts(seen, place, prefix, headers);
            (facts.site, facts.head_fault) = (site, Fact::seen(fault));
            facts.preview = self.is_of_preview(place);
            let mut ruling = Ruling::blank();
            if let Some(pass) = self.granted() {
                (facts.pass, facts.session) = (Fact::Known(pass.kind), Fact::Known(SessionId(pass.id)));
            }
            worker.guard.request_into(&facts, observe, None, &mut ruling);
            let verdict = &ruling.judged.verdict;
            let (decision, told) = (verdict.decision, Told::new(ruling.id, verdict));
            let asked = decision.enforced == Action::Challenge || self.base(site).is_some();
            let bindings = if asked { Bindings::of(&facts) } else { Bindings::default() };
            let load = ruling.load;
            Ruled { id: ruling.id, decision, told, bindings, load, pending: ruling.into() }
        });
        Some(ruled)
    }

    /// What is known of a request before anybody is asked.
    pub(super) fn facts<'a>(
        &self,
        seen: &'a Seen<'_>,
        place: &'a Place,
        prefix: Option<&'a Prefix>,
        headers: HeaderList<'a>,
    ) -> RequestFacts<'a> {
        let live = LiveRequest {
            client: place.client,
            time: self.time,
            // Fixes the vantage: this listener sees no TLS, whatever lies in front of it.
            scheme: Scheme::Http,
            version: seen.version,
            method: seen.method,
            target: &seen.target,
            authority: place.host.as_deref().or_else(|| seen.host()),
            headers,
            ja4: None,
            body: prefix.map(|prefix| (&*prefix.bytes, prefix.complete)),
        };
        let mut facts = live.facts();
        (facts.tenant, facts.site) = (place.tenant, place.site.unwrap_or_default());
        facts.scheme = Fact::Known(place.path.scheme);
        facts.client_hidden = place.hidden;
        if seen.is_garbled() {
            // Nothing was read as headers: what is missing was not left out.
            facts.headers = Fact::Unseen;
            facts.user_agent = Fact::Unseen;
            facts.referrer = Fact::Unseen;
            facts.fingerprint = Fact::Unseen;
        }
        facts
    }
}
