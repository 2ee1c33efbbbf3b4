//! From what was seen to what the guard says. Everything borrowed ends here.

use palisade_detect::Observe;
use palisade_domain::{ClientIp, Decision, Fact, HeadFault, RequestId, Scheme, SiteId, TenantId};
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
    /// What the guard wants back.
    pub pending: Pending,
}

impl Place {
    /// The same, on the first site where there is none: a request that nobody could read is told to somebody.
    pub(super) fn or_any(self) -> Self {
        Place { site: self.site.or(Some(SiteId::default())), ..self }
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
            (facts.tenant, facts.site) = (place.tenant, site);
            facts.scheme = Fact::Known(place.path.scheme);
            facts.client_hidden = place.hidden;
            facts.head_fault = Fact::seen(fault);
            if seen.is_garbled() {
                // Nothing was read as headers: what is missing was not left out.
                facts.headers = Fact::Unseen;
                facts.user_agent = Fact::Unseen;
                facts.referrer = Fact::Unseen;
                facts.fingerprint = Fact::Unseen;
            }
            let mut ruling = Ruling::blank();
            worker.guard.request_into(&facts, observe, None, &mut ruling);
            let verdict = &ruling.judged.verdict;
            let (decision, told) = (verdict.decision, Told::new(ruling.id, verdict));
            Ruled { id: ruling.id, decision, told, pending: ruling.into() }
        });
        Some(ruled)
    }
}
