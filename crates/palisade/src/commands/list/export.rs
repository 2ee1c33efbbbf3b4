//! The list for other programs: plain lines, nginx, ipset, nftables.
//!
//! Only ipset ends entries by itself; for nginx and nftables the end stands in a comment, and the export is made
//! anew from time to time.

use std::fmt::Write;

use palisade_domain::{NetPrefix, Timestamp};
use palisade_store::{EffectKind, ListEntry};

use crate::columns::moment;

/// Who will read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// One network a line
    Plain,
    /// deny and allow lines to include in a server block
    Nginx,
    /// Input of `ipset restore`
    Ipset,
    /// Input of `nft -f`
    Nft,
}

/// `entries`, all of one effect and live at `now`, as `format` wants them.
pub(super) fn write(entries: &[ListEntry], format: Format, now: Timestamp) -> String {
    let mut text = String::new();
    // Writing into a String cannot fail.
    let _ = match format {
        Format::Plain => plain(&mut text, entries),
        Format::Nginx => nginx(&mut text, entries),
        Format::Ipset => ipset(&mut text, entries, now),
        Format::Nft => nft(&mut text, entries),
    };
    text
}

fn plain(text: &mut String, entries: &[ListEntry]) -> std::fmt::Result {
    entries.iter().try_for_each(|entry| writeln!(text, "{}", entry.network))
}

/// The comment that says when an entry ends; nothing where it stays for good.
fn until(entry: &ListEntry) -> String {
    entry.expires_at.map_or_else(String::new, |end| format!(" # until {}", moment(end)))
}

/// What nginx has no word for (throttle, flag) becomes a comment.
fn nginx(text: &mut String, entries: &[ListEntry]) -> std::fmt::Result {
    for entry in entries {
        let until = until(entry);
        match entry.effect.kind() {
            EffectKind::Block => writeln!(text, "deny {};{until}", entry.network)?,
            EffectKind::Allow => writeln!(text, "allow {};{until}", entry.network)?,
            kind => writeln!(text, "# {} {}{until}", kind.name(), entry.network)?,
        }
    }
    Ok(())
}

/// The sets are made when missing and emptied first, so that loading twice gives the same. ipset sets end their
/// entries themselves; they cannot hold /0, which is written as its two halves.
fn ipset(text: &mut String, entries: &[ListEntry], now: Timestamp) -> std::fmt::Result {
    for (set, family) in [("palisade4", "inet"), ("palisade6", "inet6")] {
        writeln!(text, "create {set} hash:net family {family} maxelem 1000000 timeout 0 -exist")?;
        writeln!(text, "flush {set}")?;
    }
    for entry in entries {
        let set = if is_v4(entry.network) { "palisade4" } else { "palisade6" };
        let left = entry.expires_at.map_or(0, |end| seconds_left(end, now));
        for network in halves(entry.network) {
            writeln!(text, "add {set} {network} timeout {left} -exist")?;
        }
    }
    Ok(())
}

/// No `timeout`: `auto-merge`, without which networks may not overlap, gives a neighbour that stays for good the
/// timeout of the one that ends (nftables 1.0.6).
fn nft(text: &mut String, entries: &[ListEntry]) -> std::fmt::Result {
    writeln!(text, "add table inet palisade")?;
    for (set, kind, v4) in [("palisade4", "ipv4_addr", true), ("palisade6", "ipv6_addr", false)] {
        writeln!(text, "add set inet palisade {set} {{ type {kind}; flags interval; auto-merge; }}")?;
        writeln!(text, "flush set inet palisade {set}")?;
        for entry in entries.iter().filter(|entry| is_v4(entry.network) == v4) {
            writeln!(text, "add element inet palisade {set} {{ {} }}{}", entry.network, until(entry))?;
        }
    }
    Ok(())
}

fn is_v4(network: NetPrefix) -> bool {
    network.addr().is_ipv4()
}

/// Whole seconds until `end`, at least 1: 0 would mean for ever. ipset counts no further than 2,147,483.
fn seconds_left(end: Timestamp, now: Timestamp) -> u64 {
    const IPSET_TIMEOUT_MAX: u64 = 2_147_483;
    (end.micros_since(now) / 1_000_000).clamp(1, IPSET_TIMEOUT_MAX)
}

fn halves(network: NetPrefix) -> Vec<NetPrefix> {
    if !network.is_everyone() {
        return vec![network];
    }
    let upper: std::net::IpAddr =
        if is_v4(network) { [128, 0, 0, 0].into() } else { [0x8000u16, 0, 0, 0, 0, 0, 0, 0].into() };
    vec![NetPrefix::new(network.addr(), 1), NetPrefix::new(upper, 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::TenantId;
    use palisade_store::{Effect, EntryId, EntrySource};

    fn entry(network: &str, effect: Effect, expires_at: Option<Timestamp>) -> ListEntry {
        ListEntry {
            id: EntryId(1),
            tenant: TenantId(0),
            network: network.parse().unwrap(),
            effect,
            expires_at,
            source: EntrySource::Operator,
            reason: "never printed".into(),
            created_at: Timestamp(0),
        }
    }

    fn check(format: Format, expect: &str) {
        let entries = [
            entry("203.0.113.0/24", Effect::Block, None),
            entry("2001:db8::/48", Effect::Block, Some(Timestamp::from_secs(90))),
        ];
        assert_eq!(write(&entries, format, Timestamp::from_secs(30)), expect);
    }

    #[test]
    fn every_format_is_written() {
        check(Format::Plain, "203.0.113.0/24\n2001:db8::/48\n");
        check(Format::Nginx, "deny 203.0.113.0/24;\ndeny 2001:db8::/48; # until 1970-01-01T00:01:30Z\n");
        check(
            Format::Ipset,
            "create palisade4 hash:net family inet maxelem 1000000 timeout 0 -exist\n\
             flush palisade4\n\
             create palisade6 hash:net family inet6 maxelem 1000000 timeout 0 -exist\n\
             flush palisade6\n\
             add palisade4 203.0.113.0/24 timeout 0 -exist\n\
             add palisade6 2001:db8::/48 timeout 60 -exist\n",
        );
        check(
            Format::Nft,
            "add table inet palisade\n\
             add set inet palisade palisade4 { type ipv4_addr; flags interval; auto-merge; }\n\
             flush set inet palisade palisade4\n\
             add element inet palisade palisade4 { 203.0.113.0/24 }\n\
             add set inet palisade palisade6 { type ipv6_addr; flags interval; auto-merge; }\n\
             flush set inet palisade palisade6\n\
             add element inet palisade palisade6 { 2001:db8::/48 } # until 1970-01-01T00:01:30Z\n",
        );
    }

    #[test]
    fn nginx_allows_and_mentions() {
        let entries = [entry("203.0.113.7", Effect::Allow, None), entry("203.0.113.8", Effect::Flag, None)];
        let text = write(&entries, Format::Nginx, Timestamp(0));
        assert_eq!(text, "allow 203.0.113.7/32;\n# flag 203.0.113.8/32\n");
    }

    #[test]
    fn everyone_is_two_halves_for_ipset() {
        let text = write(&[entry("::/0", Effect::Allow, None)], Format::Ipset, Timestamp(0));
        assert!(
            text.contains("add palisade6 ::/1 timeout 0") && text.contains("add palisade6 8000::/1"),
            "{text}"
        );
    }
}
