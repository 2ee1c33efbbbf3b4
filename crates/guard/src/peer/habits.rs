//! Which of the headers that name a client each trusted proxy sets itself.
//!
//! A proxy that sets a header sets it on every request it forwards. So one request that names its client and lacks a
//! header proves that the proxy does not set that one, and that whoever sends it through this proxy made it up. A
//! visitor can send any header and cannot take away what a proxy adds, so nobody can forge this proof.

use std::sync::atomic::{AtomicU64, Ordering};

use palisade_domain::ClientIp;

/// Proxies whose habits are remembered at once. They are trusted, so their addresses are no stranger's choice; two that
/// fall on one place take it from each other and are learned anew.
pub const HABITS_MAX: usize = 64;

/// Some of the headers that name a client: `X-Forwarded-For`, `Forwarded`, `X-Real-IP`, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Naming(u64);

const EVERY: u64 = 0b111;
/// They named different clients.
const DIFFERED: u64 = 0b1000;
/// What is left of a place tells its proxies apart.
const WHO: u64 = !0b1111;

impl Naming {
    /// Those that are `true`.
    pub(crate) fn of(which: [bool; 3]) -> Self {
        Naming(which.iter().enumerate().map(|(at, is)| u64::from(*is) << at).sum())
    }

    pub(crate) fn has(self, at: usize) -> bool {
        self.0 >> at & 1 == 1
    }

    pub(crate) fn without(self, others: Naming) -> Self {
        Naming(self.0 & !others.0)
    }

    pub(crate) fn is_nothing(self) -> bool {
        self.0 == 0
    }
}

/// What was seen of each proxy.
#[derive(Debug)]
pub(crate) struct Habits([AtomicU64; HABITS_MAX]);

impl Default for Habits {
    fn default() -> Self {
        Habits(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl Habits {
    /// Notes that `peer` forwarded a request with `sent`; returns what it was ever seen to do without.
    pub(crate) fn noting(&self, peer: ClientIp, sent: Naming) -> Naming {
        let held = self.of(peer);
        // A request that names nobody proves nothing: not each is forwarded.
        if sent.is_nothing() {
            return Naming(held & EVERY);
        }
        let seen = held | (EVERY & !sent.0);
        if seen != held {
            self.keep(peer, seen);
        }
        Naming(seen & EVERY)
    }

    /// What `peer` sent named different clients.
    pub(crate) fn differs(&self, peer: ClientIp) {
        let held = self.of(peer);
        if held & DIFFERED == 0 {
            self.keep(peer, held | DIFFERED);
        }
    }

    /// True where that was so and is not settled: either nothing it sends was ever missing, or everything was.
    pub(crate) fn is_ambiguous(&self, peer: ClientIp) -> bool {
        let held = self.of(peer);
        let missed = held & EVERY;
        held & DIFFERED != 0 && (EVERY & !missed).count_ones() != 1
    }

    fn of(&self, peer: ClientIp) -> u64 {
        let who = hash(peer);
        let held = self.place(who).load(Ordering::Relaxed);
        if held & WHO == who & WHO { held & !WHO } else { 0 }
    }

    /// Two that write at once may lose what one of them saw; the next request shows it again.
    fn keep(&self, peer: ClientIp, seen: u64) {
        let who = hash(peer);
        self.place(who).store(who & WHO | seen, Ordering::Relaxed);
    }

    fn place(&self, who: u64) -> &AtomicU64 {
        &self.0[(who >> 58) as usize]
    }
}

const _: () = assert!(HABITS_MAX == 1 << (64 - 58));

/// Spreads addresses that stand side by side.
fn hash(peer: ClientIp) -> u64 {
    let number = match peer.addr() {
        std::net::IpAddr::V4(v4) => u64::from(u32::from(v4)) + 1,
        std::net::IpAddr::V6(v6) => {
            let [high, low] = [0, 64].map(|by| (u128::from(v6) >> by) as u64);
            high.rotate_left(32) ^ low
        }
    };
    let mixed = (number ^ number >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}
