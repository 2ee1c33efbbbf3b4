//! Promises of [`Lists`](crate::Lists).

use palisade_domain::{ClientIp, NetPrefix, Rate, TenantId, Timestamp};

use super::{ONE, TWO, at};
use crate::{Effect, EffectKind, EntrySource, ListEntry, NewEntry, Page, Store, Watched};

pub(super) fn entry(network: &str, effect: Effect, expires_at: Option<Timestamp>) -> NewEntry {
    NewEntry {
        network: net(network),
        effect,
        expires_at,
        source: EntrySource::Operator,
        reason: format!("{network} because"),
        created_at: at(0),
    }
}

fn net(network: &str) -> NetPrefix {
    network.parse().expect("a network of this suite")
}

fn ip(client: &str) -> ClientIp {
    client.parse().expect("an address of this suite")
}

async fn put(store: &dyn Store, tenant: TenantId, entries: &[NewEntry]) -> Vec<ListEntry> {
    store.put(tenant, entries).await.expect("put")
}

async fn find(store: &dyn Store, tenant: TenantId, client: &str, secs: i64) -> Vec<(String, EffectKind)> {
    let found = store.find(tenant, ip(client), at(secs)).await.expect("find");
    found.iter().map(|entry| (entry.network.to_string(), entry.effect.kind())).collect()
}

async fn all(store: &dyn Store, tenant: TenantId) -> Vec<ListEntry> {
    store.entries(tenant, Page::FIRST).await.expect("entries")
}

async fn clear(store: &dyn Store) {
    for tenant in [ONE, TWO] {
        for entry in all(store, tenant).await {
            store.remove(tenant, entry.network, None).await.expect("remove");
        }
        assert_eq!(store.count_entries(tenant).await.expect("count"), 0);
    }
}

pub(super) async fn put_replaces_the_same_key(store: &dyn Store) {
    let first = put(store, ONE, &[entry("192.0.2.0/24", Effect::Throttle(Rate(30)), Some(at(9)))]).await;
    let other = put(store, TWO, &[entry("192.0.2.0/24", Effect::Throttle(Rate(99)), None)]).await;
    assert_eq!(first[0].id, other[0].id, "tenants count on their own");

    let mut changed = entry("192.0.2.0/24", Effect::Throttle(Rate(7)), None);
    changed.source = EntrySource::Import;
    changed.reason = "changed".into();
    let second = put(store, ONE, &[changed, entry("192.0.2.0/24", Effect::Flag, None)]).await;
    assert_eq!(second[0].id, first[0].id, "the same key keeps its number");
    assert_eq!(second[0].effect, Effect::Throttle(Rate(7)));
    assert_ne!(second[1].id, first[0].id, "another effect is another entry");
    assert_eq!(all(store, ONE).await, second, "what is listed is what was acknowledged");
    assert_eq!(all(store, TWO).await, other, "the other tenant's entry stays");
    clear(store).await;
}

pub(super) async fn find_knows_networks_and_time(store: &dyn Store) {
    let entries = [
        entry("0.0.0.0/0", Effect::Flag, None),
        entry("198.51.100.0/24", Effect::Block, Some(at(10))),
        entry("198.51.100.7", Effect::Flag, None),
        entry("198.51.100.7", Effect::Allow, None),
        entry("2001:db8::/32", Effect::Block, None),
        entry("2001:db8:0:1::/64", Effect::Allow, None),
    ];
    put(store, ONE, &entries).await;
    put(store, TWO, &[entry("198.51.100.7", Effect::Block, None)]).await;
    let found = |list: &[(&str, EffectKind)]| -> Vec<_> {
        list.iter().map(|(network, kind)| ((*network).to_owned(), *kind)).collect()
    };
    use EffectKind::{Allow, Block, Flag};
    let narrow_first = [
        ("198.51.100.7/32", Allow),
        ("198.51.100.7/32", Flag),
        ("198.51.100.0/24", Block),
        ("0.0.0.0/0", Flag),
    ];
    assert_eq!(find(store, ONE, "198.51.100.7", 9).await, found(&narrow_first));
    assert_eq!(find(store, ONE, "::ffff:198.51.100.8", 9).await, found(&narrow_first[2..]), "mapped is IPv4");
    assert_eq!(find(store, ONE, "198.51.100.8", 10).await, found(&narrow_first[3..]), "over at its end");
    let v6 = [("2001:db8:0:1::/64", Allow), ("2001:db8::/32", Block)];
    assert_eq!(find(store, ONE, "2001:db8:0:1::9", 0).await, found(&v6));
    assert_eq!(find(store, ONE, "2001:db9::1", 0).await, found(&[]), "IPv4's everyone is not IPv6's");
    assert_eq!(find(store, TWO, "198.51.100.7", 0).await, found(&[("198.51.100.7/32", Block)]));
    assert_eq!(find(store, TenantId(3), "198.51.100.7", 0).await, found(&[]));
    clear(store).await;
}

pub(super) async fn removing_and_purging_touch_one_tenant(store: &dyn Store) {
    let entries = [
        entry("203.0.113.0/24", Effect::Block, Some(at(5))),
        entry("203.0.113.0/24", Effect::Flag, Some(at(6))),
        entry("203.0.113.0/24", Effect::Allow, None),
    ];
    for tenant in [ONE, TWO] {
        put(store, tenant, &entries).await;
    }
    assert_eq!(store.purge_expired(ONE, at(5)).await.expect("purge"), 1, "what ends now is over");
    let flag = store.remove(ONE, net("203.0.113.0/24"), Some(EffectKind::Flag)).await.expect("remove");
    assert_eq!(flag, 1);
    let gone = store.remove(ONE, net("203.0.113.0/24"), Some(EffectKind::Flag)).await.expect("remove");
    assert_eq!(gone, 0, "a second time there is nothing");
    assert_eq!(
        store.remove(ONE, net("203.0.113.0/25"), None).await.expect("remove"),
        0,
        "exactly that network"
    );
    assert_eq!(store.remove(ONE, net("203.0.113.0/24"), None).await.expect("remove"), 1);
    assert_eq!(store.count_entries(ONE).await.expect("count"), 0);
    assert_eq!(store.count_entries(TWO).await.expect("count"), 3);
    clear(store).await;
}

pub(super) async fn pages_join_up(store: &dyn Store) {
    let entries: Vec<_> = (0..7).map(|n| entry(&format!("192.0.2.{n}"), Effect::Block, None)).collect();
    let made = put(store, ONE, &entries).await;
    put(store, TWO, &entries[..2]).await;
    let mut joined = Vec::new();
    let mut after = 0;
    loop {
        let page = store.entries(ONE, Page { after, limit: 3 }).await.expect("entries");
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        after = last.id.0;
        joined.extend(page);
    }
    assert_eq!(joined, made);
    let behind = store.entries(ONE, Page { after: i64::MAX, limit: usize::MAX }).await.expect("entries");
    assert!(behind.is_empty());
    clear(store).await;
}

pub(super) async fn changes_are_counted(store: &dyn Store) {
    let count = async |tenant| store.changes(tenant, Watched::Lists).await.expect("changes");
    let (ones, twos) = (count(ONE).await, count(TWO).await);
    put(store, ONE, &[entry("192.0.2.1", Effect::Block, Some(at(5)))]).await;
    let put_once = count(ONE).await;
    assert!(put_once > ones, "an entry was put");
    put(store, ONE, &[entry("192.0.2.1", Effect::Block, Some(at(6)))]).await;
    let replaced = count(ONE).await;
    assert!(replaced > put_once, "an entry was replaced");
    store.purge_expired(ONE, at(6)).await.expect("purge");
    let purged = count(ONE).await;
    assert!(purged > replaced, "an entry was purged");
    store.purge_expired(ONE, at(6)).await.expect("purge");
    store.remove(ONE, net("192.0.2.1"), None).await.expect("remove");
    assert_eq!(count(ONE).await, purged, "where nothing happened nobody reads again");
    assert_eq!(count(TWO).await, twos, "the other tenant's lists did not change");
}
