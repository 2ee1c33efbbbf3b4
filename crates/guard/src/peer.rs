//! Who the client is: the peer of the connection, or whom a trusted proxy names.
//!
//! Owns whose forwarding headers are believed ([`TrustedProxies`]) and the walk from the right: every proxy appends the
//! peer it saw, so the right-most hop that we do not trust ourselves is the last address nobody could have made up.
//! What single headers say is read in [`hops`]; both are bounded and total.
//!
//! A trusted proxy vouches for the headers that it sets and for no other: the rest it hands on as the visitor sent them.
//! Which it sets shows in time, because what a proxy sets is on every request it forwards (`habits`). That holds for
//! client, scheme and host alike.

mod habits;
pub mod hops;

use std::sync::{Arc, LazyLock};

use palisade_domain::{ClientIp, NetPrefix, RangeSet, Scheme};

use habits::{FORWARDED, Habits, Headers, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO, X_REAL_IP};
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
    /// Which headers the proxies of each word were seen to do without; shared by clones.
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
    /// See `RequestFacts::client_hidden`: an untrusted peer that is private or a known CDN sends forwarding headers, or a
    /// trusted one forwards without naming an address. Everybody behind it would share one.
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
        TrustedProxies::new(vec![(loopback(), "loopback".to_owned())])
    }
}

impl TrustedProxies {
    /// Believes these networks, each with the word that stands for them in `trusted_proxies`.
    fn new(words: Vec<(Vec<NetPrefix>, String)>) -> Self {
        let (networks, words): (Vec<_>, Vec<_>) = words.into_iter().unzip();
        let habits = Arc::new(Habits::of(&networks));
        TrustedProxies { networks: RangeSet::new(networks.into_iter().flatten()), words, habits }
    }

    /// Believes nobody.
    pub fn nobody() -> Self {
        TrustedProxies::new(Vec::new())
    }

    /// Reads words of `trusted_proxies`: `loopback`, `private`, `cloudflare`, or a network. Returns the first word that is
    /// none of them.
    ///
    /// # Errors
    /// The word that is not understood.
    pub fn from_words<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Result<Self, String> {
        let mut all = Vec::new();
        for word in words {
            let word = word.as_ref();
            let networks = match word {
                "loopback" => loopback(),
                "private" => private(),
                "cloudflare" => cloudflare(),
                network => vec![network.parse().map_err(|_| network.to_owned())?],
            };
            all.push((networks, word.to_owned()));
        }
        Ok(TrustedProxies::new(all))
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
    /// `X-Forwarded-For` is read before `Forwarded` and that before `X-Real-IP`, and the first that names somebody counts:
    /// of those that the proxy is not known to do without, or of all where it sent none of them. Scheme and host are
    /// believed in no header that it is known to do without.
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
        let said = forwarding.said();
        let filled = Headers::of(said.map(|text| text.is_some()));
        let word = self.habits.word_of(peer);
        let missed = match word {
            // A request that names nobody proves nothing: not each is forwarded.
            Some(word) if !filled.naming().is_nothing() => {
                let sent = Headers::of(forwarding.all().map(|text| text.is_some()));
                self.habits.noting(word, sent)
            }
            Some(word) => self.habits.missed(word),
            None => Headers::default(),
        };
        let vouched = filled.without(missed);
        let counting = if vouched.naming().is_nothing() { filled } else { vouched };
        let (walk, differs) = self.walk(peer, &said, counting);
        if let (true, Some(word)) = (differs, word) {
            self.habits.differs(word);
        }
        let own = |of_hop: Option<&'a str>, at: u32| {
            let of_hop = of_hop.filter(|_| vouched.has(FORWARDED));
            of_hop.or_else(|| nth_or_last(said[at as usize].filter(|_| vouched.has(at)), walk.at))
        };
        Arrival {
            client: walk.client,
            hidden: walk.hidden,
            scheme: own(walk.proto, X_FORWARDED_PROTO).and_then(hops::scheme),
            host: own(walk.host, X_FORWARDED_HOST).filter(|host| hops::is_host(host)),
            ..direct
        }
    }

    /// Where the headers in `which` lead: the first that names somebody behind our proxies, else the first that names
    /// nobody readable, else the first that names a proxy of ours. True beside it where they name different clients.
    fn walk<'a>(&self, peer: ClientIp, said: &[Option<&'a str>; 5], which: Headers) -> (Walk<'a>, bool) {
        let start = Walk { client: peer, at: 0, hidden: true, proto: None, host: None };
        let (mut best, mut telling, mut differs) = (None, None, false);
        for at in [X_FORWARDED_FOR, FORWARDED, X_REAL_IP] {
            let Some(text) = said[at as usize].filter(|_| which.has(at)) else { continue };
            let walk = match at {
                X_FORWARDED_FOR => self.follow(start, hops::x_forwarded_for(text)),
                FORWARDED => self.follow(start, hops::forwarded(text)),
                _ => self.follow(start, std::iter::once(Hop::plain(hops::node(text)))),
            };
            // One that names a proxy of ours and nobody behind it leaves the word to the others: `X-Real-IP` of a proxy
            // behind a proxy.
            let weight = match walk.hidden {
                true => 1,
                false if self.networks.contains(walk.client) => 0,
                false => 2,
            };
            if weight > 0 {
                let said = (walk.client, walk.hidden);
                differs |= *telling.get_or_insert(said) != said;
            }
            if best.is_none_or(|(held, _)| weight > held) {
                best = Some((weight, walk));
            }
        }
        (best.map_or(start, |(_, walk)| walk), differs)
    }

    /// True where proxies of the word at this place of [`TrustedProxies::words`] named different clients, and it is still
    /// not known which of the headers they set.
    pub(crate) fn is_ambiguous(&self, word: usize) -> bool {
        self.habits.is_ambiguous(word)
    }

    /// The place of a word whose proxies did so since this was last asked.
    pub(crate) fn take_doubt(&self) -> Option<usize> {
        self.habits.take_doubt()
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

impl<'a> Forwarding<'a> {
    /// True where any of the headers was sent with a value.
    pub fn is_any(&self) -> bool {
        self.all().into_iter().flatten().any(|value| value.bytes().any(|byte| !byte.is_ascii_whitespace()))
    }

    /// All of them, in the order of their places in [`habits`].
    fn all(&self) -> [Option<&'a str>; 5] {
        [self.x_forwarded_for, self.forwarded, self.x_real_ip, self.x_forwarded_proto, self.x_forwarded_host]
    }

    /// Those with something in them.
    fn said(&self) -> [Option<&'a str>; 5] {
        let is_said = |text: &&str| text.bytes().any(|byte| !matches!(byte, b',' | b' ' | b'\t'));
        self.all().map(|text| text.filter(is_said))
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
