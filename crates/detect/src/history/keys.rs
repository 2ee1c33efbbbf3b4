//! The one key scheme of history: keyed hashes, tenant and site first.

use std::hash::Hasher;

use palisade_domain::{ClientKey, Fact, HeaderCase, NetPrefix, RequestFacts};
use siphasher::sip::SipHasher13;

use crate::conduct::CountKeys;
use crate::gather::Gathered;
use crate::headers::Headers;

/// The installation's hash seed: 128 secret bits, so that nobody outside can aim at a bucket. It travels with
/// exported events, so that a replay falls into the same buckets.
#[derive(Clone, Copy)]
pub struct HashSeed(pub [u64; 2]);

impl std::fmt::Debug for HashSeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashSeed(secret)")
    }
}

/// Makes keys from facts.
#[derive(Clone, Copy, Debug)]
pub struct HistoryKeys {
    seed: HashSeed,
}

/// All keys of one request.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// Tenant and site.
    pub(super) site: u64,
    /// The narrowest network, or the opaque client.
    pub(super) network: u64,
    /// Wider IPv6 networks.
    pub(super) parents: arrayvec::ArrayVec<u64, 2>,
    /// The signed session, else the sub-history.
    pub(super) client: u64,
    /// The signed session.
    pub(super) session: Option<u64>,
    /// The user agent's text.
    pub(super) agent: Option<u64>,
    /// The client's own claimed fingerprint.
    pub(super) fingerprint: Option<u64>,
}

impl Keys {
    /// Those that a policy counts by.
    pub(super) fn to_count(&self) -> CountKeys {
        CountKeys { client: self.client, network: self.network, session: self.session, site: self.site }
    }
}

/// First word of every hashed key: two kinds of key never collide by having equal parts.
#[derive(Clone, Copy)]
enum Space {
    Site = 1,
    Network,
    Opaque,
    Session,
    SubHistory,
    Agent,
    Fingerprint,
}

impl HistoryKeys {
    /// Keys under `seed`.
    pub fn new(seed: HashSeed) -> Self {
        HistoryKeys { seed }
    }

    /// A 32-bit hash of a text.
    pub fn short(&self, text: &str) -> u32 {
        self.short_bytes(text.as_bytes())
    }

    /// A 32-bit hash of bytes.
    pub fn short_bytes(&self, bytes: &[u8]) -> u32 {
        let mut hasher = SipHasher13::new_with_keys(self.seed.0[0], self.seed.0[1]);
        hasher.write(bytes);
        hasher.finish() as u32
    }

    /// The key of a user agent's text.
    pub(crate) fn agent(&self, text: &str) -> u64 {
        self.text(Space::Agent, text)
    }

    fn text(&self, space: Space, text: &str) -> u64 {
        self.hash(space, |h| h.write(text.as_bytes()))
    }

    pub(super) fn of(&self, facts: &RequestFacts<'_>, gathered: &Gathered<'_>) -> Keys {
        let site = self.hash(Space::Site, |h| {
            h.write_u32(facts.tenant.0);
            h.write_u32(facts.site.0);
        });
        let network = self.network(site, facts.client);
        let session = facts.session.known().map(|id| {
            self.hash(Space::Session, |h| {
                h.write_u64(site);
                h.write_u128(id.0);
            })
        });
        Keys {
            site,
            network,
            parents: self.parents(site, facts.client),
            client: session.unwrap_or_else(|| self.sub_history(network, facts, gathered)),
            session,
            agent: gathered.agent_key,
            fingerprint: facts.fingerprint.known().map(|text| self.text(Space::Fingerprint, text)),
        }
    }

    fn network(&self, site: u64, client: ClientKey<'_>) -> u64 {
        match client {
            ClientKey::Ip(ip) => self.prefix(site, ip.network()),
            ClientKey::Opaque(name) => self.hash(Space::Opaque, |h| {
                h.write_u64(site);
                h.write(name.as_bytes());
            }),
        }
    }

    fn parents(&self, site: u64, client: ClientKey<'_>) -> arrayvec::ArrayVec<u64, 2> {
        client.ip().into_iter().flat_map(|ip| ip.parents()).map(|net| self.prefix(site, net)).collect()
    }

    fn prefix(&self, site: u64, network: NetPrefix) -> u64 {
        self.hash(Space::Network, |h| {
            h.write_u64(site);
            h.write_u8(network.len());
            match network.addr() {
                std::net::IpAddr::V4(v4) => h.write_u32(v4.into()),
                std::net::IpAddr::V6(v6) => h.write_u128(v6.into()),
            }
        })
    }

    /// Divides a network's clients by what cannot be changed without becoming another client: user-agent family and
    /// header class.
    fn sub_history(&self, network: u64, facts: &RequestFacts<'_>, gathered: &Gathered<'_>) -> u64 {
        self.hash(Space::SubHistory, |h| {
            h.write_u64(network);
            h.write_u32(gathered.user_agent.map_or(0, |agent| u32::from(agent.family_key())));
            h.write(gathered.claim.name.unwrap_or("").as_bytes());
            h.write_u8(header_class(facts, &gathered.headers));
        })
    }

    fn hash(&self, space: Space, feed: impl FnOnce(&mut SipHasher13)) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.seed.0[0], self.seed.0[1]);
        hasher.write_u8(space as u8);
        feed(&mut hasher);
        hasher.finish()
    }
}

/// Which of the headers that a client sends always or never are there; 0 where headers are unseen. Headers that come
/// and go between the requests of one browser (cookies, conditions, origin) do not count.
fn header_class(facts: &RequestFacts<'_>, headers: &Headers<'_>) -> u8 {
    let Fact::Known(list) = facts.headers else { return 0 };
    let has = |name: &str| headers.get(name).is_known();
    let capital = list.case == HeaderCase::Wire
        && list.entries.first().is_some_and(|(name, _)| name.starts_with(|c: char| c.is_ascii_uppercase()));
    1 + u8::from(has("accept-language"))
        + 2 * u8::from(has("accept-encoding"))
        + 4 * u8::from(has("sec-ch-ua"))
        + 8 * u8::from(has("sec-fetch-mode"))
        + 16 * u8::from(capital)
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::{SiteId, TenantId, Timestamp, Vantage};

    fn key(ip: &str, tenant: u32, site: u32) -> u64 {
        let keys = HistoryKeys::new(HashSeed([1, 2]));
        let mut facts =
            RequestFacts::bare(ClientKey::Ip(ip.parse().unwrap()), Timestamp::default(), Vantage::Log);
        (facts.tenant, facts.site) = (TenantId(tenant), SiteId(site));
        let gathered = crate::gather::gather(&facts, Default::default(), &Default::default());
        keys.of(&facts, &gathered).client
    }

    #[test]
    fn tenants_and_sites_never_meet() {
        let all =
            [key("192.0.2.1", 0, 0), key("192.0.2.1", 1, 0), key("192.0.2.1", 0, 1), key("192.0.2.2", 0, 0)];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one));
        }
    }

    #[test]
    fn a_v6_customer_is_one_client_in_its_64() {
        assert_eq!(key("2001:db8::1", 0, 0), key("2001:db8::ffff", 0, 0));
        assert_ne!(key("2001:db8::1", 0, 0), key("2001:db8:0:1::1", 0, 0));
    }
}
