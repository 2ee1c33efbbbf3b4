//! Any sequence of list changes leaves memory and SQLite with the same answers.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use palisade_domain::{ClientIp, NetPrefix, Rate, TenantId, Timestamp};
use palisade_store::{
    Effect, EffectKind, EntrySource, ListEntry, Lists, MemoryStore, NewEntry, Page, SqliteSettings,
    SqliteStore, StoreLimits,
};
use proptest::prelude::*;

/// Nested and neighbouring networks, so that changes meet each other.
const NETWORKS: [&str; 8] = [
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.0.0.0/31",
    "10.0.0.1",
    "::/0",
    "2001:db8::/32",
    "2001:db8::/64",
    "2001:db8::1",
];
const CLIENTS: [&str; 5] = ["10.0.0.0", "10.0.0.1", "192.0.2.1", "2001:db8::1", "2001:db8:1::1"];
/// Small enough to be met.
const LIMITS: StoreLimits =
    StoreLimits { list_entries_max: 8, events_max: 8, labels_max: 8, ..StoreLimits::USUAL };

#[derive(Clone, Debug)]
enum Step {
    Put(TenantId, Vec<NewEntry>),
    Remove(TenantId, NetPrefix, Option<EffectKind>),
    Purge(TenantId, Timestamp),
    Find(TenantId, ClientIp, Timestamp),
}

fn tenant() -> impl Strategy<Value = TenantId> {
    (1u32..=2).prop_map(TenantId)
}

fn network() -> impl Strategy<Value = NetPrefix> {
    prop::sample::select(&NETWORKS[..]).prop_map(|text| text.parse().unwrap())
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (0i64..5).prop_map(Timestamp)
}

fn entry() -> impl Strategy<Value = NewEntry> {
    let effects = [Effect::Allow, Effect::Block, Effect::Throttle(Rate(3)), Effect::Flag];
    let effect = prop::sample::select(effects.to_vec());
    (network(), effect, prop::option::of(moment()), "[a-c]{0,3}").prop_map(
        |(network, effect, expires_at, reason)| NewEntry {
            network,
            effect,
            expires_at,
            source: EntrySource::Rule,
            reason,
            created_at: Timestamp(0),
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop::option::of(prop::sample::select(&EffectKind::ALL[..]));
    let client = prop::sample::select(&CLIENTS[..]).prop_map(|text| text.parse().unwrap());
    prop_oneof![
        3 => (tenant(), prop::collection::vec(entry(), 0..4)).prop_map(|(t, e)| Step::Put(t, e)),
        1 => (tenant(), network(), kind).prop_map(|(t, n, k)| Step::Remove(t, n, k)),
        1 => (tenant(), moment()).prop_map(|(t, now)| Step::Purge(t, now)),
        2 => (tenant(), client, moment()).prop_map(|(t, c, now)| Step::Find(t, c, now)),
    ]
}

/// What a step says, and both lists after it. Numbers may differ, their order may not.
async fn outcome(store: &dyn Lists, step: &Step) -> String {
    let said = match step {
        Step::Put(tenant, entries) => match store.put(*tenant, entries).await {
            Ok(made) => unnumbered(&made),
            Err(error) => error.to_string(),
        },
        Step::Remove(tenant, network, kind) => {
            store.remove(*tenant, *network, *kind).await.unwrap().to_string()
        }
        Step::Purge(tenant, now) => store.purge_expired(*tenant, *now).await.unwrap().to_string(),
        Step::Find(tenant, client, now) => unnumbered(&store.find(*tenant, *client, *now).await.unwrap()),
    };
    let one = store.entries(TenantId(1), Page::FIRST).await.unwrap();
    let two = store.entries(TenantId(2), Page::FIRST).await.unwrap();
    format!("{said}\n{}\n{}", unnumbered(&one), unnumbered(&two))
}

fn unnumbered(entries: &[ListEntry]) -> String {
    let rows = entries
        .iter()
        .map(|entry| format!("{} {:?} {:?} {}", entry.network, entry.effect, entry.expires_at, entry.reason));
    rows.collect::<Vec<_>>().join("; ")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn stores_agree(steps in prop::collection::vec(step(), 1..25)) {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let settings = SqliteSettings { limits: LIMITS, ..SqliteSettings::default() };
            let sqlite = SqliteStore::open_with(&folder.path().join("palisade.db"), settings).await.unwrap();
            let memory = MemoryStore::with_limits(LIMITS);
            for step in &steps {
                assert_eq!(outcome(&memory, step).await, outcome(&sqlite, step).await, "{step:?}");
            }
        });
    }
}
