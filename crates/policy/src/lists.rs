//! The lists as the hot path sees them: an immutable mirror of what the store holds.

use std::collections::HashMap;

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
#[derive(Clone, Debug, Default)]
pub struct ListMirror {
    by_network: HashMap<NetPrefix, Vec<ListEntry>>,
    v4_lengths: Vec<u8>,
    v6_lengths: Vec<u8>,
}

impl ListMirror {
    /// A mirror of `entries`.
    pub fn new(entries: impl IntoIterator<Item = ListEntry>) -> Self {
        let mut mirror = ListMirror::default();
        for entry in entries {
            let lengths =
                if entry.network.addr().is_ipv4() { &mut mirror.v4_lengths } else { &mut mirror.v6_lengths };
            if let Err(at) = lengths.binary_search_by(|len| entry.network.len().cmp(len)) {
                lengths.insert(at, entry.network.len());
            }
            mirror.by_network.entry(entry.network).or_default().push(entry);
        }
        mirror
    }

    /// The entry that decides for `client` at `now`: the operator's before all others, then the narrowest network,
    /// then the kindest effect.
    pub fn find(&self, client: ClientIp, now: Timestamp) -> Option<&ListEntry> {
        let lengths = if client.addr().is_ipv4() { &self.v4_lengths } else { &self.v6_lengths };
        lengths
            .iter()
            .filter_map(|&len| self.by_network.get(&NetPrefix::new(client.addr(), len)))
            .flatten()
            .filter(|entry| entry.expires_at.is_none_or(|end| now < end))
            .max_by_key(|entry| (entry.by_operator, entry.network.len(), kindness(entry.effect)))
    }

    /// True where there is no entry at all.
    pub fn is_empty(&self) -> bool {
        self.by_network.is_empty()
    }
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
}
