//! Who the client is: the peer of the connection, or whom a trusted proxy names.
//!
//! Owns whose forwarding headers are believed ([`TrustedProxies`]) and the walk from the right: every proxy appends the
//! peer it saw, so the right-most hop that we do not trust ourselves is the last address nobody could have made up.
//! What single headers say is read in [`hops`]; both are bounded and total.
//!
//! A trusted proxy vouches for the headers that it sets and for no other: the rest it hands on as the visitor sent them.
//! Which it sets shows in time, because what a proxy sets is on every request it forwards ([`habits`]). Only where
//! headers name different clients does that matter.

mod habits;
pub mod hops;

use std::sync::{Arc, LazyLock};

use palisade_domain::{ClientIp, NetPrefix, RangeSet, Scheme};

pub use habits::HABITS_MAX;
use habits::{Habits, Naming};
use hops::{Hop, Node};

/// Most hops of one request that are looked at, from the right.
pub const HOPS_MAX: usize = 32;

/// Whose forwarding headers are believed. The default is this machine.
#[derive(Clone, Debug)]
pub struct TrustedProxies {
    /// Their networks.
    pub networks: RangeSet,
    /// The same as they stand in `trusted_proxies`, so that advice can repeat the whole line.
    pub words: Vec<String>,
    /// Which headers each of them was seen to do without; shared by clones.
    habits: Arc<Habits>,
}

/// Forwarding headers of one request, as the peer sent them. Repeated headers are joined with commas by the caller.
#[derive(Clone, Copy, Debug, Default)]
pub struct Forwarding<'a> {
    /// `X-Forwarded-For`
    pub x_forwarded_for: Option<&'a str>,
    /// `X-Real-IP`
    pub x_real_ip: Option<&'a str>,
    /// `X-Forwarded-Proto`
    pub x_forwarded_proto: Option<&'a str>,
    /// `X-Forwarded-Host`
    pub x_forwarded_host: Option<&'a str>,
    /// `Forwarded` (RFC 7239)
    pub forwarded: Option<&'a str>,
}

/// How a request arrived, after believing whom we trust and nobody else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival<'a> {
    /// Whom the request is attributed to.
    pub client: ClientIp,
    /// True where the peer itself is trusted.
    pub trusted: bool,
    /// See `RequestFacts::client_hidden`: an untrusted peer that is private or a known CDN sends forwarding headers, a
    /// trusted one forwards without naming an address, or names two and nobody knows which is the visitor's invention.
    /// Everybody behind it would share one.
    pub hidden: bool,
    /// The scheme the client used, where a trusted proxy says so.
    pub scheme: Option<Scheme>,
    /// The host the client asked for, where a trusted proxy says so.
    pub host: Option<&'a str>,
}

/// This machine.
pub fn loopback() -> Vec<NetPrefix> {
    networks("127.0.0.0/8 ::1/128")
}

/// Private networks (RFC 1918, RFC 4193).
pub fn private() -> Vec<NetPrefix> {
    networks("10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7")
}

/// The networks from which Cloudflare forwards requests, as published and shipped with this build.
pub fn cloudflare() -> Vec<NetPrefix> {
    networks(include_str!("../data/cloudflare.txt"))
}

fn networks(text: &str) -> Vec<NetPrefix> {
    text.split_whitespace().filter_map(|network| network.parse().ok()).collect()
}

/// Networks of content delivery networks that we can name without being told.
static KNOWN_CDN: LazyLock<RangeSet> = LazyLock::new(|| RangeSet::new(cloudflare()));

/// True where `peer` belongs to a content delivery network we know.
pub fn is_known_cdn(peer: ClientIp) -> bool {
    KNOWN_CDN.contains(peer)
}

impl Default for TrustedProxies {
    fn default() -> Self {
        TrustedProxies::new(loopback(), vec!["loopback".to_owned()])
    }
}

impl TrustedProxies {
    /// Believes `networks`, which `words` spell as in `trusted_proxies`.
    pub fn new(networks: impl IntoIterator<Item = NetPrefix>, words: Vec<String>) -> Self {
        TrustedProxies { networks: RangeSet::new(networks), words, habits: Arc::default() }
    }

    /// Believes nobody.
    pub fn nobody() -> Self {
        TrustedProxies::new([], Vec::new())
    }

    /// Reads words of `trusted_proxies`: `loopback`, `private`, `cloudflare`, or a network. Returns the first word that is
    /// none of them.
    ///
    /// # Errors
    /// The word that is not understood.
    pub fn from_words<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Result<Self, String> {
        let (mut all, mut spelled) = (Vec::new(), Vec::new());
        for word in words {
            let word = word.as_ref();
            match word {
                "loopback" => all.extend(loopback()),
                "private" => all.extend(private()),
                "cloudflare" => all.extend(cloudflare()),
                network => all.push(network.parse().map_err(|_| network.to_owned())?),
            }
            spelled.push(word.to_owned());
        }
        Ok(TrustedProxies::new(all, spelled))
    }

    /// The line that would believe `peer` as well, ready to be written under `[server]`.
    pub fn line_with(&self, peer: ClientIp) -> String {
        let word = if is_known_cdn(peer) { "cloudflare".to_owned() } else { host_network(peer).to_string() };
        let words = self.words.iter().filter(|held| **held != word).chain(std::iter::once(&word));
        let quoted: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
        format!("trusted_proxies = [{}]", quoted.join(", "))
    }

    /// Resolves `peer` and what it forwarded: from the right, the first hop that is not trusted.
    ///
    /// `X-Forwarded-For` is read before `Forwarded` and that before `X-Real-IP`. Where they name different clients, those
    /// count that the peer never did without; where that does not settle it, the client is hidden.
    pub fn resolve<'a>(&self, peer: ClientIp, forwarding: &Forwarding<'a>) -> Arrival<'a> {
        let trusted = self.networks.contains(peer);
        let direct = Arrival { client: peer, trusted, hidden: false, scheme: None, host: None };
        if !forwarding.is_any() {
            return direct;
        }
        if !trusted {
            // DESIGN section 10: one forgotten setting must not take a site down.
            return Arrival { hidden: peer.is_private() || is_known_cdn(peer), ..direct };
        }
        let walk = self.walk(peer, forwarding);
        let proto = walk.proto.or_else(|| nth_or_last(forwarding.x_forwarded_proto, walk.at));
        let host = walk.host.or_else(|| nth_or_last(forwarding.x_forwarded_host, walk.at));
        Arrival {
            client: walk.client,
            hidden: walk.hidden,
            scheme: proto.and_then(hops::scheme),
            host: host.filter(|host| hops::is_host(host)),
            ..direct
        }
    }

    fn walk<'a>(&self, peer: ClientIp, forwarding: &Forwarding<'a>) -> Walk<'a> {
        let start = Walk { client: peer, at: 0, hidden: true, proto: None, host: None };
        let is_said = |text: &&str| text.bytes().any(|byte| !matches!(byte, b',' | b' ' | b'\t'));
        let said = |text: Option<&'a str>| text.filter(is_said);
        let all = [
            said(forwarding.x_forwarded_for).map(|list| self.follow(start, hops::x_forwarded_for(list))),
            said(forwarding.forwarded).map(|list| self.follow(start, hops::forwarded(list))),
            said(forwarding.x_real_ip)
                .map(|text| self.follow(start, std::iter::once(Hop::plain(hops::node(text))))),
        ];
        let sent = Naming::of(all.each_ref().map(Option::is_some));
        let missed = self.habits.noting(peer, sent);
        let vouched = sent.without(missed);
        self.agreed(all, sent).or_else(|| self.agreed(all, vouched)).unwrap_or_else(|| {
            if !sent.is_nothing() {
                self.habits.differs(peer);
            }
            start
        })
    }

    /// What those of `all` come to that are among `which`, in their order; `None` where they name different clients, or
    /// there are none.
    fn agreed<'a>(&self, all: [Option<Walk<'a>>; 3], which: Naming) -> Option<Walk<'a>> {
        let chosen = all.into_iter().enumerate().filter(|(at, _)| which.has(*at));
        let chosen = chosen.filter_map(|(_, walk)| walk);
        // One that names a proxy of ours and nobody behind it leaves the word to the others: `X-Real-IP` of a proxy
        // behind a proxy.
        let names_somebody = |walk: &Walk<'_>| walk.hidden || !self.networks.contains(walk.client);
        let mut naming = chosen.clone().filter(names_somebody);
        let Some(first) = naming.next() else { return chosen.clone().next() };
        naming.all(|other| other.hidden == first.hidden && other.client == first.client).then_some(first)
    }

    /// True where headers of `peer` named different clients and it is still not known which of them it sets.
    pub(crate) fn is_ambiguous(&self, peer: ClientIp) -> bool {
        self.habits.is_ambiguous(peer)
    }

    /// From the right: past every trusted hop, to the first that is not, or to the last readable one.
    fn follow<'a>(&self, mut walk: Walk<'a>, list: impl Iterator<Item = Hop<'a>>) -> Walk<'a> {
        for (at, hop) in list.take(HOPS_MAX).enumerate() {
            let Node::Address(client) = hop.node else {
                // A trusted proxy wrote this and names nobody: the address left is the proxy's own.
                return Walk { hidden: true, ..walk };
            };
            walk = Walk { client, at, hidden: false, proto: hop.proto, host: hop.host };
            if !self.networks.contains(client) {
                break;
            }
        }
        walk
    }
}

/// Where the walk has come to.
#[derive(Clone, Copy)]
struct Walk<'a> {
    /// The last address read.
    client: ClientIp,
    /// Its place from the right.
    at: usize,
    /// True where `client` is a proxy's address and not its client's.
    hidden: bool,
    /// What the same hop says about scheme and host (`Forwarded` only).
    proto: Option<&'a str>,
    host: Option<&'a str>,
}

impl Forwarding<'_> {
    /// True where any of the headers was sent with a value.
    pub fn is_any(&self) -> bool {
        let all = [
            self.x_forwarded_for,
            self.x_real_ip,
            self.x_forwarded_proto,
            self.x_forwarded_host,
            self.forwarded,
        ];
        all.into_iter().flatten().any(|value| value.bytes().any(|byte| !byte.is_ascii_whitespace()))
    }
}

/// The network of exactly `ip`.
fn host_network(ip: ClientIp) -> NetPrefix {
    NetPrefix::new(ip.addr(), 128)
}

/// The element of a list that belongs to the hop at place `at` from the right; where the list is shorter, its left-most.
/// Proxies that append to one list append to the other, and one that writes a single value means the client's.
fn nth_or_last(list: Option<&str>, at: usize) -> Option<&str> {
    list?.rsplit(',').take(at.min(HOPS_MAX) + 1).last().map(str::trim)
}

#[cfg(test)]
mod tests;
