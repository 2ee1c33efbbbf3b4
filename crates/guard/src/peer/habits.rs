//! Which forwarding headers the proxies of each word of `trusted_proxies` set themselves.
//!
//! A proxy that sets a header sets it on every request it forwards. So a request that names its client and lacks a
//! header shows that the proxy does not set that one, and that whoever sends it through this proxy made it up.
//!
//! One such request proves little: `Connection: X-Forwarded-For` makes some proxies drop a header of their own, and so a
//! visitor can forge a miss. Hence [`MISSES`] of them are needed, and more is not gained by forging them than that a
//! header is passed over: no header of the visitor's gets a word by it that was missed as well.
//!
//! What was learned stays until the configuration is read again. Forgetting it after many requests that had the header
//! would help nobody but visitors: a thousand requests with a made-up header are sent in a second, and through any
//! proxy, while misses are forged through few.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use palisade_domain::{ClientIp, NetPrefix};

/// Requests that named their client without a header, after which it is known that the proxy does not set it.
pub(crate) const MISSES: u64 = 8;

/// Bits of a place per header: a count of misses whose highest bit says that they are enough.
const WIDTH: u32 = 4;
const _: () = assert!(MISSES == 1 << (WIDTH - 1));

/// Places of the headers, those that name a client first and in their order.
pub(crate) const X_FORWARDED_FOR: u32 = 0;
pub(crate) const FORWARDED: u32 = 1;
pub(crate) const X_REAL_IP: u32 = 2;
pub(crate) const X_FORWARDED_PROTO: u32 = 3;
pub(crate) const X_FORWARDED_HOST: u32 = 4;

const NAMING: Headers = Headers(0x111);
const EVERY: Headers = Headers(0x1_1111);
/// They named different clients, and it is not known which of them are the proxy's.
const DIFFERED: u64 = 1 << (5 * WIDTH);

/// Some of the forwarding headers: the lowest bit of each one's place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Headers(u64);

impl Headers {
    /// Those of the five that are `true`, in the order of their places.
    pub(crate) fn of(which: [bool; 5]) -> Self {
        let [xff, forwarded, real_ip, proto, host] = which.map(u64::from);
        Headers(
            xff | forwarded << WIDTH | real_ip << (2 * WIDTH) | proto << (3 * WIDTH) | host << (4 * WIDTH),
        )
    }

    pub(crate) fn has(self, at: u32) -> bool {
        self.0 >> (at * WIDTH) & 1 == 1
    }

    pub(crate) fn without(self, others: Headers) -> Self {
        Headers(self.0 & !others.0)
    }

    /// Those that name a client.
    pub(crate) fn naming(self) -> Self {
        Headers(self.0 & NAMING.0)
    }

    pub(crate) fn is_nothing(self) -> bool {
        self.0 == 0
    }
}

/// What was seen of the proxies of each word.
#[derive(Debug, Default)]
pub(crate) struct Habits {
    networks: Box<[Network]>,
    /// One per word.
    places: Box<[AtomicU64]>,
    /// The word (counted from 1) whose proxies named different clients, until somebody takes note of it.
    doubt: AtomicUsize,
}

/// A network of `trusted_proxies`; sorted by first address, the wider first.
#[derive(Debug)]
struct Network {
    prefix: NetPrefix,
    /// The narrowest other one around it.
    within: Option<usize>,
    word: usize,
}

impl Habits {
    /// Nothing seen yet of the proxies in `words`, each with its networks.
    pub(crate) fn of(words: &[Vec<NetPrefix>]) -> Self {
        let every =
            words.iter().enumerate().flat_map(|(word, networks)| networks.iter().map(move |n| (*n, word)));
        let mut all: Vec<(NetPrefix, usize)> = every.collect();
        all.sort_by_key(|(prefix, word)| (prefix.addr(), prefix.len(), *word));
        all.dedup_by_key(|(prefix, _)| *prefix);
        let (mut networks, mut around) = (Vec::with_capacity(all.len()), Vec::<(usize, NetPrefix)>::new());
        for (at, (prefix, word)) in all.into_iter().enumerate() {
            let first = ClientIp::new(prefix.addr());
            while around.last().is_some_and(|(_, wider)| !wider.contains(first)) {
                around.pop();
            }
            networks.push(Network { prefix, within: around.last().map(|(at, _)| *at), word });
            around.push((at, prefix));
        }
        let places = words.iter().map(|_| AtomicU64::new(0)).collect();
        Habits { networks: networks.into(), places, doubt: AtomicUsize::new(0) }
    }

    /// The word that `peer` is trusted by: of several, the one with the narrowest network.
    pub(crate) fn word_of(&self, peer: ClientIp) -> Option<usize> {
        let addr = peer.addr();
        let after = self.networks.partition_point(|network| network.prefix.addr() <= addr);
        let mut at = after.checked_sub(1)?;
        // Networks are nested or apart: whichever holds `peer` is this one or around it.
        while !self.networks[at].prefix.contains(peer) {
            at = self.networks[at].within?;
        }
        Some(self.networks[at].word)
    }

    /// What the proxies of `word` are known not to set.
    pub(crate) fn missed(&self, word: usize) -> Headers {
        self.places.get(word).map_or(Headers::default(), |place| missed(place.load(Ordering::Relaxed)))
    }

    /// The same, after noting that one of them named a client and sent these; an empty header is one too, as a proxy
    /// writes it that tells of a request without `Host`.
    pub(crate) fn noting(&self, word: usize, sent: Headers) -> Headers {
        let Some(place) = self.places.get(word) else { return Headers::default() };
        let held = place.load(Ordering::Relaxed);
        let mut seen = held + EVERY.without(sent).without(missed(held)).0;
        if seen == held {
            return missed(held);
        }
        if missed(seen).naming() != missed(held).naming() {
            // Perhaps that was the one that differed; if not, the next request shows it.
            seen &= !DIFFERED;
        }
        // Of two that count at once one may be lost: more will come.
        let _ = place.compare_exchange(held, seen, Ordering::Relaxed, Ordering::Relaxed);
        missed(seen)
    }

    /// A proxy of `word` named different clients.
    pub(crate) fn differs(&self, word: usize) {
        let Some(place) = self.places.get(word) else { return };
        if place.load(Ordering::Relaxed) & DIFFERED == 0 {
            place.fetch_or(DIFFERED, Ordering::Relaxed);
        }
        self.doubt.store(word + 1, Ordering::Relaxed);
    }

    /// True where that was so, and nothing was learned since.
    pub(crate) fn is_ambiguous(&self, word: usize) -> bool {
        self.places.get(word).is_some_and(|place| place.load(Ordering::Relaxed) & DIFFERED != 0)
    }

    /// A word whose proxies named different clients since this was last asked.
    pub(crate) fn take_doubt(&self) -> Option<usize> {
        // Almost always there is none, and a read is shared by all cores.
        match self.doubt.load(Ordering::Relaxed) {
            0 => None,
            _ => self.doubt.swap(0, Ordering::Relaxed).checked_sub(1),
        }
    }
}

/// Those whose misses are enough.
fn missed(place: u64) -> Headers {
    Headers(place >> (WIDTH - 1) & EVERY.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_belongs_to_the_narrowest_network() {
        let words = [
            vec!["10.0.0.0/8", "fc00::/7", "0.0.0.0/0"],
            vec!["10.1.0.0/16", "10.1.2.3/32", "fd00::1/128"],
            vec!["10.1.2.0/24", "10.0.0.0/8"],
        ];
        let read = |text: &&str| text.parse().expect("a network");
        let habits = Habits::of(&words.map(|word| word.iter().map(read).collect()));
        let check = |peer: &str, expect: Option<usize>| {
            assert_eq!(habits.word_of(peer.parse().expect("an address")), expect, "{peer}");
        };
        check("10.0.0.1", Some(0));
        check("10.1.0.1", Some(1));
        check("10.1.2.1", Some(2));
        check("10.1.2.3", Some(1));
        check("10.1.2.4", Some(2));
        check("10.1.3.0", Some(1));
        check("10.255.255.255", Some(0));
        check("11.0.0.0", Some(0));
        check("fd00::1", Some(1));
        check("fd00::2", Some(0));
        check("fbff::1", None);
        check("2001:db8::1", None);
        assert_eq!(Habits::default().word_of("10.0.0.1".parse().expect("an address")), None);
    }

    #[test]
    fn eight_misses_are_enough_and_stay() {
        let habits = Habits::of(&[Vec::new(), Vec::new()]);
        let (xff, both) = (Headers::of([true, false, false, false, true]), Headers::of([true; 5]));
        for _ in 1..MISSES {
            assert!(habits.noting(1, xff).is_nothing());
            assert!(habits.noting(1, both).is_nothing());
            assert!(habits.missed(1).is_nothing());
        }
        habits.differs(1);
        assert!(habits.is_ambiguous(1) && !habits.is_ambiguous(0));
        let rest = Headers::of([false, true, true, true, false]);
        assert_eq!(
            (habits.noting(1, xff), habits.missed(1), habits.missed(7)),
            (rest, rest, Headers::default())
        );
        assert!(!habits.is_ambiguous(1));
        (0..5_000).for_each(|_| assert_eq!(habits.noting(1, both), rest));
        assert!(habits.noting(0, both).is_nothing());
        assert_eq!((habits.take_doubt(), habits.take_doubt()), (Some(1), None));
        // Words that nobody wrote.
        habits.differs(7);
        assert!(
            habits.noting(7, xff).is_nothing() && !habits.is_ambiguous(7) && habits.take_doubt().is_none()
        );
    }
}
