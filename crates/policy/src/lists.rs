//! The lists as the hot path sees them: an immutable mirror of what the store holds.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use palisade_domain::{ClientIp, NetPrefix, Rate, Timestamp};

/// What an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListEffect {
    /// Let it pass whatever else is known.
    Allow,
    /// Refuse it.
    Block,
    /// Hold it to a rate.
    Throttle(Rate),
    /// Watch it.
    Flag,
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListEntry {
    /// Whom it covers.
    pub network: NetPrefix,
    /// What it does.
    pub effect: ListEffect,
    /// Until when; `None` is for good.
    pub expires_at: Option<Timestamp>,
    /// True for an operator's own entry, which outranks all others.
    pub by_operator: bool,
}

impl ListEntry {
    /// True where this entry of the lists counts rather than `own`, which is younger: an operator's, an allowance, or a
    /// harsher one.
    pub(crate) fn outranks(&self, own: &ListEntry) -> bool {
        self.by_operator || self.effect == ListEffect::Allow || kindness(self.effect) <= kindness(own.effect)
    }
}

/// All entries of one tenant, ready for lookup in a handful of hash probes (one per prefix length in use).
///
/// A clone is cheap and shares everything; a change copies the part it is in, so that one new entry among half a million
/// does not copy them all.
#[derive(Clone, Debug, Default)]
pub struct ListMirror {
    /// None, or [`PARTS`] of them.
    parts: Vec<Arc<HashMap<NetPrefix, Vec<ListEntry>>>>,
    v4_lengths: Vec<u8>,
    v6_lengths: Vec<u8>,
}

impl ListMirror {
    /// A mirror of `entries`.
    pub fn new(entries: impl IntoIterator<Item = ListEntry>) -> Self {
        let mut mirror = ListMirror::default();
        entries.into_iter().for_each(|entry| mirror.put(entry));
        mirror
    }

    /// Adds `entry`; one of the same network and kind of effect gives way to it, as in the store.
    pub fn put(&mut self, entry: ListEntry) {
        let lengths =
            if entry.network.addr().is_ipv4() { &mut self.v4_lengths } else { &mut self.v6_lengths };
        if let Err(at) = lengths.binary_search_by(|len| entry.network.len().cmp(len)) {
            lengths.insert(at, entry.network.len());
        }
        if self.parts.is_empty() {
            self.parts.resize_with(PARTS, Arc::default);
        }
        let part = Arc::make_mut(&mut self.parts[part_of(entry.network)]);
        let held = part.entry(entry.network).or_default();
        held.retain(|other| !same_kind(other.effect, entry.effect));
        held.push(entry);
    }

    /// Removes the entries of exactly `network`: of the kind of one effect (a throttle's rate does not matter), or all.
    pub fn remove(&mut self, network: NetPrefix, effect: Option<ListEffect>) {
        let Some(part) = self.parts.get_mut(part_of(network)).filter(|part| part.contains_key(&network))
        else {
            return;
        };
        let part = Arc::make_mut(part);
        if let Some(held) = part.get_mut(&network) {
            held.retain(|entry| effect.is_some_and(|effect| !same_kind(entry.effect, effect)));
            if held.is_empty() {
                part.remove(&network);
            }
        }
    }

    /// Entries of exactly `network`.
    pub fn of(&self, network: NetPrefix) -> &[ListEntry] {
        self.parts.get(part_of(network)).and_then(|part| part.get(&network)).map_or(&[], Vec::as_slice)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.parts.iter().flat_map(|part| part.values()).map(Vec::len).sum()
    }

    /// The entry that decides for `client` at `now`: the operator's before all others, then the narrowest network,
    /// then the kindest effect.
    pub fn find(&self, client: ClientIp, now: Timestamp) -> Option<&ListEntry> {
        let lengths = if client.addr().is_ipv4() { &self.v4_lengths } else { &self.v6_lengths };
        lengths
            .iter()
            .flat_map(|&len| self.of(NetPrefix::new(client.addr(), len)))
            .filter(|entry| entry.expires_at.is_none_or(|end| now < end))
            .max_by_key(|entry| (entry.by_operator, entry.network.len(), kindness(entry.effect)))
    }

    /// True where there is no entry at all.
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(|part| part.is_empty())
    }
}

/// Parts of a mirror: a change among 500,000 entries copies about 2,000.
const PARTS: usize = 256;

/// Which part holds `network`. Not keyed: whoever fills one part makes changes in it slower and nothing else.
fn part_of(network: NetPrefix) -> usize {
    let number = match network.addr() {
        IpAddr::V4(v4) => u64::from(u32::from(v4)),
        IpAddr::V6(v6) => (u128::from(v6) >> 64) as u64 ^ u128::from(v6) as u64,
    };
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize
}

fn same_kind(a: ListEffect, b: ListEffect) -> bool {
    std::mem::discriminant(&a) == std::mem::discriminant(&b)
}

fn kindness(effect: ListEffect) -> u8 {
    match effect {
        ListEffect::Allow => 3,
        ListEffect::Flag => 2,
        ListEffect::Throttle(_) => 1,
        ListEffect::Block => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(network: &str, effect: ListEffect, by_operator: bool) -> ListEntry {
        ListEntry { network: network.parse().unwrap(), effect, expires_at: None, by_operator }
    }

    fn check(entries: &[ListEntry], client: &str, expect: Option<ListEffect>) {
        let mirror = ListMirror::new(entries.iter().copied());
        let found = mirror.find(client.parse().unwrap(), Timestamp(0));
        assert_eq!(found.map(|entry| entry.effect), expect, "{client}");
    }

    #[test]
    fn the_operator_then_the_narrowest_decides() {
        let entries = [
            entry("198.51.100.0/24", ListEffect::Block, false),
            entry("198.51.100.7", ListEffect::Allow, false),
            entry("198.51.100.8", ListEffect::Block, false),
            entry("198.51.100.8/31", ListEffect::Allow, true),
            entry("2001:db8::/48", ListEffect::Flag, false),
        ];
        check(&entries, "198.51.100.1", Some(ListEffect::Block));
        check(&entries, "198.51.100.7", Some(ListEffect::Allow));
        check(&entries, "198.51.100.8", Some(ListEffect::Allow));
        check(&entries, "2001:db8::9", Some(ListEffect::Flag));
        check(&entries, "203.0.113.1", None);
    }

    #[test]
    fn an_entry_ends_on_time() {
        let mut ends = entry("192.0.2.0/24", ListEffect::Block, true);
        ends.expires_at = Some(Timestamp::from_secs(10));
        let mirror = ListMirror::new([ends]);
        let client = "192.0.2.1".parse().unwrap();
        assert!(mirror.find(client, Timestamp::from_secs(9)).is_some());
        assert!(mirror.find(client, Timestamp::from_secs(10)).is_none());
    }

    #[test]
    fn changes_come_to_the_same_as_starting_anew() {
        let network =
            |n: u32| NetPrefix::new(IpAddr::V4((0x0a00_0000 + n % 7_000).into()), 24 + (n % 9) as u8);
        let effects = [ListEffect::Allow, ListEffect::Block, ListEffect::Throttle(Rate(5)), ListEffect::Flag];
        let mut mirror = ListMirror::default();
        let mut plain: Vec<ListEntry> = Vec::new();
        for n in 0..9_000_u32 {
            let (network, effect) = (network(n.wrapping_mul(2_654_435_761)), effects[n as usize % 4]);
            if n % 5 == 0 {
                mirror.remove(network, Some(effect));
                plain.retain(|held| held.network != network || !same_kind(held.effect, effect));
            } else {
                let entry = ListEntry { network, effect, expires_at: None, by_operator: n % 3 == 0 };
                mirror.put(entry);
                plain.retain(|held| held.network != network || !same_kind(held.effect, effect));
                plain.push(entry);
            }
        }
        let anew = ListMirror::new(plain.iter().copied());
        assert_eq!((mirror.len(), anew.len()), (plain.len(), plain.len()));
        for n in 0..7_000 {
            let client = ClientIp::new(IpAddr::V4((0x0a00_0000 + n).into()));
            assert_eq!(mirror.find(client, Timestamp(0)), anew.find(client, Timestamp(0)));
        }
        let before = mirror.clone();
        mirror.remove(network(1), None);
        assert!(before.len() >= mirror.len(), "a clone does not change with its origin");
        plain.iter().for_each(|entry| mirror.remove(entry.network, None));
        assert!(mirror.is_empty() && mirror.find("10.0.0.1".parse().unwrap(), Timestamp(0)).is_none());
    }
}
