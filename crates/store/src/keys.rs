//! The one key scheme. Every key starts with its tenant; every backend builds its keys here.
//!
//! As text a key reads `tenant/table/rest`: `7/list/4:cb007100/24/block`. Networks are written with fixed width so that
//! the keys of one table sort by address.

use std::fmt;
use std::net::IpAddr;

use palisade_domain::{ClientIp, NetPrefix, TenantId};

use crate::bounds::{WORD_BYTES_MAX, cut};
use crate::{
    AuditId, Client, EffectKind, EntryId, EscalationId, EventId, KeyId, LabelId, LabelSource, LabelSubject,
    ModelVersionId,
};

/// One list entry: a tenant holds at most one per network and kind of effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListKey {
    tenant: TenantId,
    network: NetPrefix,
    effect: EffectKind,
}

impl ListKey {
    /// The key of `tenant`'s entry for `network` with an effect of kind `effect`.
    pub fn new(tenant: TenantId, network: NetPrefix, effect: EffectKind) -> Self {
        ListKey { tenant, network, effect }
    }
}

impl fmt::Display for ListKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/list/{}/{}", self.tenant.0, network_text(self.network), self.effect.name())
    }
}

/// A row with a number, counted per tenant: two tenants both have an entry 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey<Id> {
    /// Whose row.
    pub tenant: TenantId,
    /// Its number, 1 and up.
    pub id: Id,
}

/// The number of a list entry, with its tenant.
pub type EntryKey = RowKey<EntryId>;
/// The number of an event, with its tenant.
pub type EventKey = RowKey<EventId>;
/// The number of a label, with its tenant.
pub type LabelKey = RowKey<LabelId>;
/// The number of an API key, with its tenant.
pub type ApiKeyKey = RowKey<KeyId>;
/// The number of an audit line, with its tenant.
pub type AuditKey = RowKey<AuditId>;
/// The number of a model's version, with its tenant.
pub type ModelKey = RowKey<ModelVersionId>;
/// The number of a queued item, with its tenant.
pub type EscalationKey = RowKey<EscalationId>;

impl<Id> RowKey<Id> {
    /// Row `id` of `tenant`.
    pub fn new(tenant: TenantId, id: Id) -> Self {
        RowKey { tenant, id }
    }
}

/// One label: each author says one thing by one way about one subject.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabelSubjectKey {
    tenant: TenantId,
    subject: String,
    source: LabelSource,
    author: String,
}

impl LabelSubjectKey {
    /// The key of what `author` said to `tenant` about `subject` by way of `source`.
    pub fn new(tenant: TenantId, subject: &LabelSubject, source: LabelSource, author: &str) -> Self {
        let author = cut(author, WORD_BYTES_MAX);
        LabelSubjectKey { tenant, subject: subject_text(subject), source, author }
    }
}

/// `network` with fixed width: `4:cb007100/24`, `6:20010db8…/048`.
pub fn network_text(network: NetPrefix) -> String {
    match network.addr() {
        IpAddr::V4(v4) => format!("4:{:08x}/{:02}", u32::from(v4), network.len()),
        IpAddr::V6(v6) => format!("6:{:032x}/{:03}", u128::from(v6), network.len()),
    }
}

/// Reads what [`network_text`] wrote; `None` for anything else.
pub fn parse_network(text: &str) -> Option<NetPrefix> {
    let (family, rest) = text.split_once(':')?;
    let (addr, len) = rest.split_once('/')?;
    let addr = match family {
        "4" => IpAddr::V4(u32::from_str_radix(addr, 16).ok()?.into()),
        "6" => IpAddr::V6(u128::from_str_radix(addr, 16).ok()?.into()),
        _ => return None,
    };
    let network = NetPrefix::new(addr, len.parse().ok()?);
    (network_text(network) == text).then_some(network)
}

/// Every network that holds `client`, narrowest first: 33 of them for IPv4, 129 for IPv6.
pub fn networks_covering(client: ClientIp) -> impl Iterator<Item = NetPrefix> {
    let addr = client.addr();
    let width: u8 = if addr.is_ipv4() { 32 } else { 128 };
    (0..=width).rev().map(move |len| NetPrefix::new(addr, len))
}

/// A client as text. Addresses and names are told apart, so nobody can take an address as a name.
pub fn client_text(client: &Client) -> String {
    match client {
        Client::Ip(ip) => format!("ip:{ip}"),
        Client::Opaque(name) => format!("name:{name}"),
    }
}

/// Reads what [`client_text`] wrote; `None` for anything else.
pub fn parse_client(text: &str) -> Option<Client> {
    match text.split_once(':')? {
        ("ip", ip) => ip.parse().ok().map(Client::Ip),
        ("name", name) => Some(Client::Opaque(name.to_owned())),
        _ => None,
    }
}

/// What a label is about, as text: `event:17`, `interaction:5e6f7a8b-…`, `at:1700000000000000:ip:192.0.2.1`.
pub fn subject_text(subject: &LabelSubject) -> String {
    match subject {
        LabelSubject::Event(id) => format!("event:{}", id.0),
        LabelSubject::Interaction(id) => format!("interaction:{id}"),
        LabelSubject::Client { client, time } => format!("at:{}:{}", time.0, client_text(client)),
    }
}

/// Reads what [`subject_text`] wrote; `None` for anything else.
pub fn parse_subject(text: &str) -> Option<LabelSubject> {
    let (kind, rest) = text.split_once(':')?;
    match kind {
        "event" => rest.parse().ok().map(|id| LabelSubject::Event(EventId(id))),
        "interaction" => rest.parse().ok().map(LabelSubject::Interaction),
        "at" => {
            let (time, client) = rest.split_once(':')?;
            let time = palisade_domain::Timestamp(time.parse().ok()?);
            Some(LabelSubject::Client { client: parse_client(client)?, time })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::Timestamp;
    use palisade_domain::address::{documentation_ip, documentation_ip6};
    use proptest::prelude::*;

    #[test]
    fn keys_start_with_their_tenant() {
        let network = "203.0.113.0/24".parse().unwrap();
        let key = ListKey::new(TenantId(7), network, EffectKind::Block);
        assert_eq!(key.to_string(), "7/list/4:cb007100/24/block");
        assert_ne!(key, ListKey::new(TenantId(8), network, EffectKind::Block));
        assert_ne!(EntryKey::new(TenantId(1), EntryId(1)), EntryKey::new(TenantId(2), EntryId(1)));
    }

    #[test]
    fn a_name_never_passes_for_an_address() {
        let name = Client::Opaque("192.0.2.1".into());
        assert_ne!(client_text(&name), client_text(&Client::Ip(documentation_ip(1))));
        assert_eq!(parse_client("name:ip:192.0.2.1"), Some(Client::Opaque("ip:192.0.2.1".into())));
    }

    #[test]
    fn damaged_keys_are_refused() {
        for bad in ["", "4:", "4:xx/24", "5:00000000/08", "4:cb007101/24", "4:cb007100/4", "4:cb007100"] {
            assert_eq!(parse_network(bad), None, "{bad}");
        }
        for bad in ["", "event:", "event:x", "at:1", "at:x:name:a", "at:1:ip:x", "ip:1", "interaction:7"] {
            assert_eq!(parse_subject(bad), None, "{bad}");
        }
    }

    #[test]
    fn all_covering_networks_are_named() {
        assert_eq!(networks_covering(documentation_ip(1)).count(), 33);
        assert_eq!(networks_covering(documentation_ip6(1)).count(), 129);
        assert!(networks_covering(documentation_ip6(9)).all(|net| net.contains(documentation_ip6(9))));
    }

    proptest! {
        #[test]
        fn networks_round_trip(addr in any::<u128>(), v4 in any::<u32>(), len in 0u8..=128) {
            for addr in [IpAddr::V6(addr.into()), IpAddr::V4(v4.into())] {
                let network = NetPrefix::new(addr, len);
                prop_assert_eq!(parse_network(&network_text(network)), Some(network));
            }
        }

        #[test]
        fn subjects_round_trip(name in ".{0,20}", time in any::<i64>(), id in any::<i64>()) {
            let client = Client::Opaque(name);
            for subject in [
                LabelSubject::Event(EventId(id)),
                LabelSubject::Client { client: client.clone(), time: Timestamp(time) },
                LabelSubject::Client { client: Client::Ip(documentation_ip6(3)), time: Timestamp(time) },
            ] {
                prop_assert_eq!(parse_subject(&subject_text(&subject)), Some(subject));
            }
        }
    }
}
