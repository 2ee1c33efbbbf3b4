//! What a pass is bound to: three things of which two must still be as they were.
//!
//! People change their network (a train, a second address family) and their browser's version; who copies a cookie to
//! another machine changes more than one of the three.

use palisade_domain::{ClientIp, Fact, HeaderList, HeaderOrder, RequestFacts};
use palisade_fingerprint::user_agent;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;

/// How many of the three must match.
pub const MATCHES_MIN: usize = 2;

/// Network, user-agent family and TLS or header-order class of one visitor. `None` is unseen and never matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bindings {
    /// The /24 of an IPv4 address, the /48 of an IPv6 address.
    pub network: Option<u64>,
    /// Family and system of the user agent, whatever its version.
    pub agent: Option<u16>,
    /// The part of JA4 that stays from connection to connection; where TLS is unseen, the order and case of headers that
    /// every request has.
    pub stack: Option<u32>,
}

/// Headers that a browser sends with every request, pages, calls and parts alike.
const ALWAYS: [&str; 5] = ["host", "user-agent", "accept", "accept-encoding", "accept-language"];

impl Bindings {
    /// Those of a request.
    pub fn of(facts: &RequestFacts<'_>) -> Self {
        Bindings {
            network: facts.client.ip().filter(|_| !facts.client_hidden).map(network),
            agent: facts.user_agent.known().map(|text| user_agent::parse(text).family_key()),
            stack: stack(facts),
        }
    }

    /// How many of the three are known on both sides and equal.
    pub fn matches(&self, other: &Bindings) -> usize {
        fn same<T: PartialEq>(one: Option<T>, other: Option<T>) -> usize {
            usize::from(one.is_some() && one == other)
        }
        same(self.network, other.network) + same(self.agent, other.agent) + same(self.stack, other.stack)
    }

    /// True where enough of the three match.
    pub fn hold(&self, other: &Bindings) -> bool {
        self.matches(other) >= MATCHES_MIN
    }
}

/// The wider network of an address: what a household or an office keeps.
fn network(ip: ClientIp) -> u64 {
    match ip.addr() {
        std::net::IpAddr::V4(ip) => u64::from(ip.to_bits() >> 8) | 4 << 60,
        std::net::IpAddr::V6(ip) => (ip.to_bits() >> 80) as u64 | 6 << 60,
    }
}

fn stack(facts: &RequestFacts<'_>) -> Option<u32> {
    match (facts.ja4, facts.headers) {
        // `t13d1516h2_8daaf6152771_…`: transport, version, ciphers; the extensions behind change when a session resumes.
        (Fact::Known(ja4), _) => {
            let stable = ja4.rsplit_once('_').map_or(ja4, |(stable, _)| stable);
            Some(hash(1, stable.get(4..).unwrap_or(stable).as_bytes()))
        }
        (_, Fact::Known(headers)) if headers.order == HeaderOrder::Wire => order(&headers),
        _ => None,
    }
}

/// The order and case of [`ALWAYS`]; none where there are fewer than three of them.
fn order(headers: &HeaderList<'_>) -> Option<u32> {
    let mut hasher = hasher(2);
    let mut found = 0;
    for (name, _) in headers.entries {
        let Some(at) = ALWAYS.iter().position(|always| always.eq_ignore_ascii_case(name)) else { continue };
        found += 1;
        let title = name.as_bytes().first().is_some_and(u8::is_ascii_uppercase);
        hasher.write_u8(at as u8 * 2 + u8::from(title));
    }
    (found >= 3).then(|| hasher.finish() as u32)
}

fn hash(kind: u8, bytes: &[u8]) -> u32 {
    let mut hasher = hasher(kind);
    hasher.write(bytes);
    hasher.finish() as u32
}

/// Unkeyed: it names a class of software, as a fingerprint does, and travels in clear.
fn hasher(kind: u8) -> SipHasher13 {
    let mut hasher = SipHasher13::new();
    hasher.write_u8(kind);
    hasher
}
