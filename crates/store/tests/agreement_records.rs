//! Any sequence of counting, queueing and forgetting leaves memory and SQLite with the same answers.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use palisade_domain::{IdentityClass, SiteId, TenantId, Timestamp};
use palisade_store::{
    ActionName, Escalation, MemoryStore, Rollup, RollupQuery, SqliteSettings, SqliteStore, Store, StoreLimits,
};
use proptest::prelude::*;

/// Small enough to be met.
const LIMITS: StoreLimits = StoreLimits { rollups_max: 4, escalations_max: 3, ..StoreLimits::USUAL };
const KINDS: [&str; 2] = ["webhook", "opinion"];

#[derive(Clone, Debug)]
enum Step {
    Count(TenantId, Vec<Rollup>),
    Forget(TenantId, Timestamp),
    Queue(TenantId, &'static str, Timestamp),
    Take(TenantId, &'static str, Timestamp, usize),
    /// The oldest item that is held.
    Done(TenantId),
    Fail(TenantId, Timestamp),
}

fn tenant() -> impl Strategy<Value = TenantId> {
    (1u32..=2).prop_map(TenantId)
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (0i64..300).prop_map(Timestamp::from_secs)
}

fn kind() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&KINDS[..])
}

fn rollup() -> impl Strategy<Value = Rollup> {
    let class = prop::sample::select(&[IdentityClass::Tool, IdentityClass::Unknown][..]);
    let action = prop::sample::select(&ActionName::ALL[..3]);
    (moment(), 1u32..3, action, class, 0u64..9).prop_map(|(minute, site, action, class, requests)| Rollup {
        minute,
        site: SiteId(site),
        action,
        class,
        requests,
        bots: requests / 2,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (tenant(), prop::collection::vec(rollup(), 0..4)).prop_map(|(t, rows)| Step::Count(t, rows)),
        1 => (tenant(), moment()).prop_map(|(t, before)| Step::Forget(t, before)),
        3 => (tenant(), kind(), moment()).prop_map(|(t, k, now)| Step::Queue(t, k, now)),
        4 => (tenant(), kind(), moment(), 0usize..3).prop_map(|(t, k, now, n)| Step::Take(t, k, now, n)),
        1 => tenant().prop_map(Step::Done),
        2 => (tenant(), moment()).prop_map(|(t, retry)| Step::Fail(t, retry)),
    ]
}

/// A store and what was last taken from it.
struct Desk<'a> {
    store: &'a dyn Store,
    held: Vec<(TenantId, Escalation)>,
}

impl Desk<'_> {
    /// What a step says.
    async fn said(&mut self, step: &Step) -> String {
        let store = self.store;
        match step {
            Step::Count(tenant, rows) => format!("{:?}", store.add_rollups(*tenant, rows).await.is_ok()),
            Step::Forget(tenant, before) => {
                store.delete_rollups_before(*tenant, *before).await.unwrap().to_string()
            }
            // Numbers may differ after a refusal; their order may not.
            Step::Queue(tenant, kind, now) => {
                format!(
                    "{:?}",
                    store
                        .put_escalation(*tenant, kind, "{}", *now)
                        .await
                        .map(|_| ())
                        .map_err(|e| e.to_string())
                )
            }
            Step::Take(tenant, kind, now, limit) => {
                let lease = now.plus_millis(60_000);
                let taken = store.take_escalations(*tenant, kind, *now, lease, *limit).await.unwrap();
                let shown = taken.iter().map(|item| (item.kind.clone(), item.created_at, item.attempts));
                let shown = format!("{:?}", shown.collect::<Vec<_>>());
                self.held.extend(taken.into_iter().map(|item| (*tenant, item)));
                shown
            }
            Step::Done(tenant) => match self.first_held(*tenant) {
                Some(item) => store.escalation_done(*tenant, item.id).await.unwrap().to_string(),
                None => String::new(),
            },
            Step::Fail(tenant, retry) => match self.first_held(*tenant) {
                Some(item) => format!("{:?}", store.escalation_failed(*tenant, &item, *retry).await.unwrap()),
                None => String::new(),
            },
        }
    }

    fn first_held(&mut self, tenant: TenantId) -> Option<Escalation> {
        let at = self.held.iter().position(|(of, _)| *of == tenant)?;
        Some(self.held.remove(at).1)
    }

    /// What both tenants have after it.
    async fn left(&self) -> String {
        let mut left = String::new();
        for tenant in [TenantId(1), TenantId(2)] {
            let rows = self.store.rollups(tenant, RollupQuery::ALL).await.unwrap();
            let sums = self.store.rollup_sums(tenant, RollupQuery::ALL).await.unwrap();
            let queued = self.store.count_escalations(tenant).await.unwrap();
            left.push_str(&format!("{rows:?} {sums:?} {queued}\n"));
        }
        left
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn stores_agree(steps in prop::collection::vec(step(), 1..30)) {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let settings = SqliteSettings { limits: LIMITS, ..SqliteSettings::default() };
            let sqlite = SqliteStore::open_with(&folder.path().join("palisade.db"), settings).await.unwrap();
            let memory = MemoryStore::with_limits(LIMITS);
            let mut one = Desk { store: &memory, held: Vec::new() };
            let mut other = Desk { store: &sqlite, held: Vec::new() };
            for step in &steps {
                assert_eq!(one.said(step).await, other.said(step).await, "{step:?}");
                assert_eq!(one.left().await, other.left().await, "{step:?}");
            }
        });
    }
}
