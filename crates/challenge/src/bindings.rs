//! What a pass is bound to: three things of which two must still be as they were.
//!
//! People change their network (a train, a second address family) and their browser's version; who copies a cookie to
//! another machine changes more than one of the three.

use palisade_domain::{ClientIp, Fact, HeaderList, HeaderOrder, RequestFacts};
use palisade_fingerprint::user_agent;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;

/// How many of the three must match; all that were seen, where fewer were seen when it was given.
pub const MATCHES_MIN: usize = 2;

/// Network, user-agent family and TLS or header-order class of one visitor. `None` is unseen and never matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bindings {
    /// The /24 of an IPv4 address, the /48 of an IPv6 address.
    pub network: Option<u64>,
    /// Family and system of the user agent, whatever its version.
    pub agent: Option<u16>,
    /// The part of JA4 that stays from connection to connection; where TLS is unseen, the order and case of headers that
    /// every request has. A class of software, not one machine.
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
        fn same<T: Copy + PartialEq>(one: Option<T>, other: Option<T>) -> usize {
            usize::from(one.is_some() && one == other)
        }
        same(self.network, other.network) + same(self.agent, other.agent) + same(self.stack, other.stack)
    }

    /// True where `self`, to whom something was given, is `other`, who shows it: enough of the three match. Where one alone
    /// could be seen (a proxy nobody told us to trust hides networks, another one sorts headers), that one is enough: nobody there
    /// could ever keep a pass otherwise. Who showed nothing is nobody.
    pub fn hold(&self, other: &Bindings) -> bool {
        let seen = [self.network.is_some(), self.agent.is_some(), self.stack.is_some()];
        let seen = seen.into_iter().filter(|seen| *seen).count();
        self.matches(other) >= seen.clamp(1, MATCHES_MIN)
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
        // `t13d1516h2_8daaf6152771_02713d6af862`: only the hash of the ciphers stays. In front of it stand the protocol, which
        // is another one for a web socket, and the number of extensions, which grows by one when a session resumes; behind it
        // the extensions themselves.
        (Fact::Known(ja4), _) => Some(hash(1, ja4.split('_').nth(1).unwrap_or(ja4).as_bytes())),
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

#[cfg(test)]
mod tests {
    use palisade_domain::{ClientKey, HeaderCase, Timestamp, Vantage};

    use super::*;

    const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
    const NEWER: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

    fn facts(ip: &str) -> RequestFacts<'static> {
        let client = ClientKey::Ip(ip.parse().unwrap());
        let mut facts = RequestFacts::bare(client, Timestamp(0), Vantage::GatewayTls);
        facts.user_agent = Fact::Known(CHROME);
        facts.ja4 = Fact::Known("t13d1516h2_8daaf6152771_02713d6af862");
        facts
    }

    #[test]
    fn a_network_is_what_a_household_keeps() {
        let network = |ip| Bindings::of(&facts(ip)).network;
        assert_eq!(network("203.0.113.7"), network("203.0.113.200"));
        assert_ne!(network("203.0.113.7"), network("203.0.114.7"));
        assert_eq!(network("2001:db8:1:2::3"), network("2001:db8:1:ffff::9"));
        assert_ne!(network("2001:db8:1::"), network("2001:db8:2::"));
        assert_ne!(network("0.0.0.0"), network("::"));
        let hidden = RequestFacts { client_hidden: true, ..facts("203.0.113.7") };
        assert_eq!(Bindings::of(&hidden).network, None);
    }

    #[test]
    fn an_agent_is_a_family_on_a_system() {
        let agent = |ua| Bindings::of(&RequestFacts { user_agent: Fact::Known(ua), ..facts("::1") }).agent;
        assert_eq!(agent(CHROME), agent(NEWER));
        assert_ne!(agent(CHROME), agent(FIREFOX));
        assert_eq!(Bindings::of(&RequestFacts { user_agent: Fact::Absent, ..facts("::1") }).agent, None);
    }

    #[test]
    fn a_resumed_session_and_a_web_socket_are_of_the_same_stack() {
        let stack = |ja4| Bindings::of(&RequestFacts { ja4: Fact::Known(ja4), ..facts("::1") }).stack;
        let first = stack("t13d1516h2_8daaf6152771_02713d6af862");
        assert_eq!(first, stack("t13d1517h2_8daaf6152771_b1ff8ab2d16f"));
        assert_eq!(first, stack("t13d1516h1_8daaf6152771_02713d6af862"));
        assert_ne!(first, stack("t13d1715h2_5b57614c22b0_3d5424432f57"));
        for odd in ["", "_", "é_", "t13", "___"] {
            assert!(stack(odd).is_some(), "{odd}");
        }
    }

    #[test]
    fn where_tls_is_unseen_the_order_of_headers_tells() {
        let stack = |entries: &'static [(&'static str, &'static str)], order| {
            let headers = HeaderList { entries, order, case: HeaderCase::Wire };
            let unseen = RequestFacts { ja4: Fact::Unseen, ..facts("::1") };
            Bindings::of(&RequestFacts { headers: Fact::Known(headers), ..unseen }).stack
        };
        let page =
            stack(&[("Host", "a"), ("User-Agent", "b"), ("Accept", "c"), ("Cookie", "d")], HeaderOrder::Wire);
        let call = stack(
            &[("Host", "a"), ("User-Agent", "b"), ("X-Own", "e"), ("Accept", "*/*")],
            HeaderOrder::Wire,
        );
        assert!(page.is_some() && page == call, "values and other headers do not matter");
        let other = stack(&[("Host", "a"), ("Accept", "c"), ("User-Agent", "b")], HeaderOrder::Wire);
        let lower = stack(&[("host", "a"), ("user-agent", "b"), ("accept", "c")], HeaderOrder::Wire);
        assert!(other != page && lower != page && lower != other);
        assert_eq!(stack(&[("Host", "a"), ("Accept", "c")], HeaderOrder::Wire), None);
        assert_eq!(stack(&[("Host", "a"), ("User-Agent", "b"), ("Accept", "c")], HeaderOrder::Lost), None);
    }

    #[test]
    fn two_of_three_hold() {
        let all = Bindings { network: Some(1), agent: Some(2), stack: Some(3) };
        for bits in 0..8 {
            let part = |bit: u8, same: u16, other: u16| Some(if bits & bit == 0 { other } else { same });
            let other = Bindings {
                network: part(1, 1, 9).map(u64::from),
                agent: part(2, 2, 9),
                stack: part(4, 3, 9).map(u32::from),
            };
            let matching = u8::count_ones(bits) as usize;
            assert_eq!((all.matches(&other), all.hold(&other)), (matching, matching >= 2), "{bits:03b}");
        }
    }

    #[test]
    fn what_is_unseen_never_matches() {
        let nobody = Bindings::default();
        assert!(!nobody.hold(&nobody));
        let one = Bindings { agent: Some(2), ..nobody };
        assert!(one.hold(&one) && !one.hold(&nobody) && !one.hold(&Bindings { agent: Some(3), ..nobody }));
        let two = Bindings { network: Some(1), ..one };
        assert!(two.hold(&two) && !two.hold(&one), "what was seen when it was given must be shown");
        assert!(two.hold(&Bindings { stack: Some(3), ..two }));
    }
}
