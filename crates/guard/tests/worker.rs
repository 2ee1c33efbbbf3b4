//! The worker against a store in memory and against one that fails: nothing waits for it, nothing is lost that fits.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use common::{Broken, Hands, TENANT, at, attack, guard, ip, ok, page};
use palisade_detect::Observe;
use palisade_domain::{ClientIp, NetPrefix, Score, TenantId, Timestamp};
use palisade_guard::Guard;
use palisade_guard::record::{Backlog, Wished};
use palisade_guard::totals::Passage;
use palisade_guard::worker::{WorkerSettings, run_on};
use palisade_policy::{EntryWish, ListEffect};
use palisade_store::{
    AfterFailure, Changes, Client, Effect, EffectKind, EntrySource, Escalation, EscalationId, Escalations,
    Event, EventId, EventQuery, Events, EventsSize, Fault, InteractionId, Interactions, InteractionsSize,
    LabelVerdict, ListEntry, Lists, MemoryStore, NewEntry, NewInteraction, Page, ReadError, Reputation,
    Rollup, RollupQuery, RollupSum, Rollups, StoreLimits, StoredEvent, StoredInteraction, Watched,
    WriteError,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A store in memory that fails while its switch says so.
#[derive(Default)]
struct Shaky {
    inner: MemoryStore,
    broken: Broken,
    /// Changes of the lists that were asked for.
    puts: AtomicU32,
}

impl Shaky {
    fn works(&self) -> Result<&MemoryStore, Fault> {
        match self.broken.get() {
            true => Err(Fault::DiskFull { path: "full.db".into() }),
            false => Ok(&self.inner),
        }
    }
}

#[async_trait]
impl Events for Shaky {
    async fn append(&self, tenant: TenantId, events: &[Event]) -> Result<Vec<EventId>, WriteError> {
        assert!(events.len() <= 500, "a transaction of {}", events.len());
        self.works()?.append(tenant, events).await
    }
    async fn query(&self, tenant: TenantId, query: &EventQuery) -> Result<Vec<StoredEvent>, ReadError> {
        self.works()?.query(tenant, query).await
    }
    async fn export(
        &self,
        tenant: TenantId,
        from: EventId,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, ReadError> {
        self.works()?.export(tenant, from, limit).await
    }
    async fn find_event(
        &self,
        tenant: TenantId,
        request: palisade_domain::RequestId,
    ) -> Result<Option<StoredEvent>, ReadError> {
        self.works()?.find_event(tenant, request).await
    }
    async fn reputation(
        &self,
        tenant: TenantId,
        client: &Client,
        bot_score: Score,
    ) -> Result<Option<Reputation>, ReadError> {
        self.works()?.reputation(tenant, client, bot_score).await
    }
    async fn delete_before(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError> {
        self.works()?.delete_before(tenant, before).await
    }
    async fn shorten_addresses(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError> {
        self.works()?.shorten_addresses(tenant, before).await
    }
    async fn count_events(&self, tenant: TenantId) -> Result<u64, ReadError> {
        self.works()?.count_events(tenant).await
    }
    async fn events_size(&self, tenant: TenantId) -> Result<EventsSize, ReadError> {
        self.works()?.events_size(tenant).await
    }
}

#[async_trait]
impl Lists for Shaky {
    async fn put(&self, tenant: TenantId, entries: &[NewEntry]) -> Result<Vec<ListEntry>, WriteError> {
        self.puts.fetch_add(1, Ordering::SeqCst);
        self.works()?.put(tenant, entries).await
    }
    async fn remove(
        &self,
        tenant: TenantId,
        network: NetPrefix,
        effect: Option<EffectKind>,
    ) -> Result<u64, WriteError> {
        self.works()?.remove(tenant, network, effect).await
    }
    async fn find(
        &self,
        tenant: TenantId,
        client: ClientIp,
        now: Timestamp,
    ) -> Result<Vec<ListEntry>, ReadError> {
        self.works()?.find(tenant, client, now).await
    }
    async fn entries(&self, tenant: TenantId, page: Page) -> Result<Vec<ListEntry>, ReadError> {
        self.works()?.entries(tenant, page).await
    }
    async fn count_entries(&self, tenant: TenantId) -> Result<u64, ReadError> {
        self.works()?.count_entries(tenant).await
    }
    async fn purge_expired(&self, tenant: TenantId, now: Timestamp) -> Result<u64, WriteError> {
        self.works()?.purge_expired(tenant, now).await
    }
}

#[async_trait]
impl Interactions for Shaky {
    async fn add_interaction(&self, tenant: TenantId, new: &NewInteraction) -> Result<bool, WriteError> {
        self.works()?.add_interaction(tenant, new).await
    }
    async fn label_interaction(
        &self,
        tenant: TenantId,
        id: InteractionId,
        label: LabelVerdict,
    ) -> Result<bool, WriteError> {
        self.works()?.label_interaction(tenant, id, label).await
    }
    async fn interaction(
        &self,
        tenant: TenantId,
        id: InteractionId,
    ) -> Result<Option<StoredInteraction>, ReadError> {
        self.works()?.interaction(tenant, id).await
    }
    async fn interactions(&self, tenant: TenantId, page: Page) -> Result<Vec<StoredInteraction>, ReadError> {
        self.works()?.interactions(tenant, page).await
    }
    async fn delete_interactions_before(
        &self,
        tenant: TenantId,
        before: Timestamp,
    ) -> Result<u64, WriteError> {
        self.works()?.delete_interactions_before(tenant, before).await
    }
    async fn interactions_size(&self, tenant: TenantId) -> Result<InteractionsSize, ReadError> {
        self.works()?.interactions_size(tenant).await
    }
}

#[async_trait]
impl Rollups for Shaky {
    async fn add_rollups(&self, tenant: TenantId, rows: &[Rollup]) -> Result<(), WriteError> {
        self.works()?.add_rollups(tenant, rows).await
    }
    async fn rollups(&self, tenant: TenantId, query: RollupQuery) -> Result<Vec<Rollup>, ReadError> {
        self.works()?.rollups(tenant, query).await
    }
    async fn rollup_sums(&self, tenant: TenantId, query: RollupQuery) -> Result<Vec<RollupSum>, ReadError> {
        self.works()?.rollup_sums(tenant, query).await
    }
    async fn delete_rollups_before(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError> {
        self.works()?.delete_rollups_before(tenant, before).await
    }
}

#[async_trait]
impl Escalations for Shaky {
    async fn put_escalation(
        &self,
        tenant: TenantId,
        kind: &str,
        payload: &str,
        now: Timestamp,
    ) -> Result<EscalationId, WriteError> {
        self.works()?.put_escalation(tenant, kind, payload, now).await
    }
    async fn take_escalations(
        &self,
        tenant: TenantId,
        kind: &str,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Escalation>, WriteError> {
        self.works()?.take_escalations(tenant, kind, now, lease_until, limit).await
    }
    async fn escalation_done(&self, tenant: TenantId, id: EscalationId) -> Result<bool, WriteError> {
        self.works()?.escalation_done(tenant, id).await
    }
    async fn escalation_failed(
        &self,
        tenant: TenantId,
        taken: &Escalation,
        retry_at: Timestamp,
    ) -> Result<AfterFailure, WriteError> {
        self.works()?.escalation_failed(tenant, taken, retry_at).await
    }
    async fn delete_escalations_before(
        &self,
        tenant: TenantId,
        before: Timestamp,
    ) -> Result<u64, WriteError> {
        self.works()?.delete_escalations_before(tenant, before).await
    }
    async fn count_escalations(&self, tenant: TenantId) -> Result<u64, ReadError> {
        self.works()?.count_escalations(tenant).await
    }
}

#[async_trait]
impl Changes for Shaky {
    async fn changes(&self, tenant: TenantId, what: Watched) -> Result<u64, ReadError> {
        self.works()?.changes(tenant, what).await
    }
}

/// A worker that runs, under a clock that stands unless it is set.
struct Running {
    guard: Arc<Guard>,
    store: Arc<Shaky>,
    hands: Hands,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    fn start(guard: Arc<Guard>, backlog: Backlog) -> Self {
        Running::start_on(Shaky::default(), guard, backlog)
    }

    fn start_on(store: Shaky, guard: Arc<Guard>, backlog: Backlog) -> Self {
        let (store, hands, (stop, stopped)) = (Arc::new(store), Hands::default(), oneshot::channel());
        hands.set(at(0));
        let settings = WorkerSettings { tenant: TENANT, clock: hands.clock(), ..WorkerSettings::default() };
        let work = run_on(Arc::clone(&guard), backlog, Arc::clone(&store), settings, async {
            let _ = stopped.await;
        });
        Running { guard, store, hands, stop, task: tokio::spawn(work) }
    }

    fn request(&self, attacks: bool, n: u32, time: Timestamp) {
        let facts = if attacks { attack(n, time) } else { page(n, time) };
        let ruling = self.guard.request(&facts, Observe::Note, None);
        self.guard.response(ruling, &ok(), time);
    }

    /// Paused time: passes at once, and the worker does everything that falls due.
    async fn pass(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    async fn stop(self) -> (Arc<Guard>, Arc<Shaky>) {
        self.stop.send(()).expect("the worker listens");
        self.task.await.expect("the worker ends in order");
        (self.guard, self.store)
    }
}

async fn stored(store: &Shaky) -> u64 {
    store.inner.count_events(TENANT).await.expect("memory")
}

#[tokio::test(start_paused = true)]
async fn events_are_stored_within_a_second_in_bounded_batches() {
    let (guard, backlog) = guard(1.0);
    let running = Running::start(guard, backlog);
    (0..2_300).for_each(|n| running.request(false, n, at(0)));
    running.pass(Duration::from_secs(1)).await;
    assert_eq!(stored(&running.store).await, 2_300);
    let events = running.store.inner.export(TENANT, EventId(0), 2_300).await.expect("memory");
    assert!(events.iter().all(|held| held.event.facts.is_some() && held.event.request_id.is_some()));
    assert_eq!(running.guard.totals.passed(Passage::EventStored), 2_300);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_is_stored_at_the_end() {
    let (guard, backlog) = guard(1.0);
    let running = Running::start(guard, backlog);
    running.pass(Duration::from_millis(700)).await;
    (0..1_200).for_each(|n| running.request(n % 2 == 0, n, at(1)));
    let (_, store) = running.stop().await;
    assert_eq!(stored(&store).await, 1_200);
    let sums = store.inner.rollup_sums(TENANT, RollupQuery::ALL).await.expect("memory");
    assert_eq!(sums.iter().map(|row| row.requests).sum::<u64>(), 1_200);
}

#[tokio::test(start_paused = true)]
async fn minutes_are_rolled_up_when_they_are_over() {
    let (guard, backlog) = guard(0.0);
    let running = Running::start(guard, backlog);
    (0..30).for_each(|n| running.request(n < 10, n, at(0)));
    running.pass(Duration::from_secs(2)).await;
    let rollups = || running.store.inner.rollups(TENANT, RollupQuery::ALL);
    assert!(rollups().await.expect("memory").is_empty(), "the minute is not over");
    running.hands.set(at(60));
    running.pass(Duration::from_secs(1)).await;
    let rows = rollups().await.expect("memory");
    assert_eq!(rows.iter().map(|row| row.requests).sum::<u64>(), 30);
    assert!(rows.iter().all(|row| row.minute == at(0)));
    assert!(rows.iter().any(|row| row.action.as_str() == "block" && row.requests == 10), "{rows:?}");
}

#[tokio::test(start_paused = true)]
async fn questions_that_nobody_answers_are_not_kept_longer_than_addresses() {
    let (guard, backlog) = guard(0.0);
    let running = Running::start(guard, backlog);
    let asked = r#"{"ip":"192.0.2.1"}"#;
    running.store.inner.put_escalation(TENANT, "opinion", asked, at(0)).await.expect("memory");
    for (days, expect) in [(6, 1), (8, 0)] {
        running.hands.set(at(days * 86_400));
        running.pass(Duration::from_secs(1)).await;
        let waiting = running.store.inner.count_escalations(TENANT).await.expect("memory");
        assert_eq!(waiting, expect, "after {days} days");
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_stops_nothing_and_loses_nothing_that_fits() {
    let (guard, backlog) = guard(1.0);
    let running = Running::start(guard, backlog);
    running.store.broken.set(true);
    (0..1_000).for_each(|n| running.request(false, n, at(0)));
    running.pass(Duration::from_secs(5)).await;
    running.hands.set(at(60));
    running.pass(Duration::from_secs(5)).await;
    let troubles = running.guard.degradations();
    assert_eq!((troubles.len(), troubles[0].code), (1, "store"));
    assert!(troubles[0].message.contains("no room left"), "{}", troubles[0].message);
    running.store.broken.set(false);
    running.pass(Duration::from_secs(60)).await;
    assert_eq!(stored(&running.store).await, 1_000);
    assert!(running.guard.degradations().is_empty(), "{:?}", running.guard.degradations());
    running.hands.set(at(120));
    running.pass(Duration::from_secs(2)).await;
    let sums = running.store.inner.rollup_sums(TENANT, RollupQuery::ALL).await.expect("memory");
    assert_eq!(sums.iter().map(|row| row.requests).sum::<u64>(), 1_000, "the minute was put back");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_stays_broken_costs_a_bounded_place_and_is_counted() {
    let (guard, backlog) = guard(1.0);
    let running = Running::start(guard, backlog);
    running.store.broken.set(true);
    for round in 0..5 {
        (0..5_000).for_each(|n| running.request(false, n, at(round)));
        running.pass(Duration::from_secs(2)).await;
    }
    let (guard, store) = running.stop().await;
    assert_eq!((stored(&store).await, guard.totals.requests()), (0, 25_000));
    assert_eq!(guard.totals.passed(Passage::EventDropped), 25_000, "kept for the end, then counted");
}

fn entry(effect: Effect, source: EntrySource) -> NewEntry {
    let network = ip(1).network();
    NewEntry { network, effect, expires_at: None, source, reason: "a test".to_owned(), created_at: at(0) }
}

fn rule_of(guard: &Guard, n: u32) -> &'static str {
    guard.request(&page(n, at(9)), Observe::Peek, None).judged.verdict.decision.rule
}

#[tokio::test(start_paused = true)]
async fn changes_of_lists_are_durable_and_in_effect_when_the_call_returns() {
    let (guard, _backlog) = guard(0.0);
    let store = Shaky::default();
    let before = rule_of(&guard, 1);
    let block = [entry(Effect::Block, EntrySource::Operator)];
    let made = guard.put_entries(&store, TENANT, &block).await.expect("memory");
    assert_eq!(made.len(), 1);
    let blocked = rule_of(&guard, 1);
    assert_ne!(blocked, before);
    assert_eq!(rule_of(&guard, 2), before, "only that address");
    let removed = guard.remove_entries(&store, TENANT, ip(1).network(), None).await.expect("memory");
    assert_eq!((removed, rule_of(&guard, 1)), (1, before));
    store.broken.set(true);
    assert!(guard.put_entries(&store, TENANT, &block).await.is_err());
    assert_eq!(rule_of(&guard, 1), before, "what is not durable is not in effect");
}

#[tokio::test(start_paused = true)]
async fn changes_by_another_process_are_taken_over_within_a_second_or_two() {
    let (guard, backlog) = guard(0.0);
    let running = Running::start(guard, backlog);
    running.pass(Duration::from_secs(1)).await;
    let before = rule_of(&running.guard, 1);
    running.store.inner.put(TENANT, &[entry(Effect::Block, EntrySource::Operator)]).await.expect("memory");
    running.hands.set(at(1));
    running.pass(Duration::from_secs(1)).await;
    assert_ne!(rule_of(&running.guard, 1), before);
    assert_eq!(running.guard.judge().lists().len(), 1);
}

/// A wish of a rule about address `n` until `secs`.
fn wished(n: u32, effect: ListEffect, secs: i64) -> Wished {
    let wish = EntryWish {
        network: ip(n).network(),
        effect,
        until: at(secs),
        reason: "flood",
        rule_number: Some(4),
        memory_key: 0,
    };
    Wished { tenant: TENANT, site: palisade_domain::SiteId(0), time: at(0), wish }
}

/// Network and end of every entry held, in order.
async fn held(store: &Shaky) -> Vec<(NetPrefix, Option<Timestamp>)> {
    let entries = store.inner.entries(TENANT, Page::FIRST).await.expect("memory");
    entries.iter().map(|held| (held.network, held.expires_at)).collect()
}

#[tokio::test(start_paused = true)]
async fn what_rules_wish_is_written_and_the_operators_word_stays() {
    let (guard, mut backlog) = guard(0.0);
    let (wishes, entries) = tokio::sync::mpsc::channel(8);
    backlog.entries = entries;
    let running = Running::start(guard, backlog);
    let operators = [entry(Effect::Block, EntrySource::Operator)];
    running.guard.put_entries(&*running.store, TENANT, &operators).await.expect("memory");
    running.store.broken.set(true);
    for n in [1, 2] {
        wishes.send(wished(n, ListEffect::Block, 86_400)).await.expect("the worker listens");
    }
    running.pass(Duration::from_secs(3)).await;
    running.store.broken.set(false);
    running.pass(Duration::from_secs(31)).await;
    let held = running.store.inner.entries(TENANT, Page::FIRST).await.expect("memory");
    let told: Vec<_> = held.iter().map(|held| (held.network, held.source, held.expires_at)).collect();
    let rules = (ip(2).network(), EntrySource::Rule, Some(at(86_400)));
    assert_eq!(told, [(ip(1).network(), EntrySource::Operator, None), rules]);
    assert_eq!(held[1].reason, "flood (rule 4)");
    assert_eq!(running.guard.judge().lists().len(), 2);
    assert_eq!(running.guard.totals.passed(Passage::EntryWritten), 1);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_wishes_take_a_few_transactions_and_the_last_word_counts() {
    let (guard, mut backlog) = guard(0.0);
    let (wishes, entries) = tokio::sync::mpsc::channel(2_000);
    backlog.entries = entries;
    let running = Running::start(guard, backlog);
    running.pass(Duration::from_secs(1)).await;
    for n in 0..1_000 {
        wishes.try_send(wished(n, ListEffect::Block, 3_600)).expect("there is room");
    }
    // The same network again: an hour, then two.
    wishes.try_send(wished(7, ListEffect::Block, 7_200)).expect("there is room");
    running.pass(Duration::from_secs(1)).await;
    let hours = |n: u32| if n == 7 { 7_200 } else { 3_600 };
    let expect: Vec<_> = (0..1_000).map(|n| (ip(n).network(), Some(at(hours(n))))).collect();
    assert_eq!(held(&running.store).await, expect);
    assert!(running.store.puts.load(Ordering::SeqCst) <= 3);
    let judge = running.guard.judge();
    assert_eq!(
        (judge.lists().len(), judge.lists().of(ip(7).network())[0].expires_at),
        (1_000, Some(at(7_200)))
    );
    assert_eq!(running.guard.totals.passed(Passage::EntryWritten), 1_001);
}

#[tokio::test(start_paused = true)]
async fn lists_that_are_full_take_what_fits() {
    let (guard, mut backlog) = guard(0.0);
    let (wishes, entries) = tokio::sync::mpsc::channel(2_000);
    backlog.entries = entries;
    let limits = StoreLimits { list_entries_max: 100, ..StoreLimits::default() };
    let store = Shaky { inner: MemoryStore::with_limits(limits), ..Shaky::default() };
    let running = Running::start_on(store, guard, backlog);
    let send =
        |n: u32, secs: i64| wishes.try_send(wished(n, ListEffect::Block, secs)).expect("there is room");
    (0..90).for_each(|n| send(n, 60));
    running.pass(Duration::from_secs(1)).await;
    // Nine networks that are held already, and twice as many new ones as there is room for.
    (1..10).for_each(|n| send(n, 120));
    (200..220).for_each(|n| send(n, 3_600));
    running.pass(Duration::from_secs(1)).await;
    let held_ends = |all: &[(NetPrefix, Option<Timestamp>)], secs| {
        all.iter().filter(|(_, end)| *end == Some(at(secs))).count()
    };
    let all = held(&running.store).await;
    assert_eq!((all.len(), held_ends(&all, 120), held_ends(&all, 3_600)), (100, 9, 10));
    assert!(all.contains(&(ip(209).network(), Some(at(3_600)))), "in their order");
    assert_eq!(running.guard.judge().lists().len(), 100, "what is stored is in effect, and nothing else");
    assert_eq!(running.guard.totals.passed(Passage::EntryDropped), 10);
    let degraded = running.guard.degradations();
    assert_eq!((degraded.len(), degraded[0].code), (1, "lists"), "the store works");
    assert!(degraded[0].message.contains("the lists are full, 100 entries"), "{degraded:?}");
    // What is over makes room without waiting for its hour.
    running.hands.set(at(60));
    running.pass(Duration::from_secs(1)).await;
    assert_eq!(running.guard.degradations(), []);
    (300..350).for_each(|n| send(n, 7_200));
    running.pass(Duration::from_secs(2)).await;
    assert_eq!(held_ends(&held(&running.store).await, 7_200), 50);
    assert_eq!(running.guard.totals.passed(Passage::EntryDropped), 10);
}

#[tokio::test(start_paused = true)]
async fn full_lists_hold_up_no_events() {
    let (guard, mut backlog) = guard(1.0);
    let (wishes, entries) = tokio::sync::mpsc::channel(2_000);
    backlog.entries = entries;
    let limits = StoreLimits { list_entries_max: 10, ..StoreLimits::default() };
    let store = Shaky { inner: MemoryStore::with_limits(limits), ..Shaky::default() };
    let running = Running::start_on(store, guard, backlog);
    let send = |n: u32| wishes.try_send(wished(n, ListEffect::Block, 3_600)).expect("there is room");
    for round in 1..=5 {
        (0..100).for_each(|n| send(round * 100 + n));
        (0..100).for_each(|n| running.request(false, n, at(0)));
        running.pass(Duration::from_secs(1)).await;
        assert_eq!(stored(&running.store).await, u64::from(round) * 100);
    }
    // At the end too.
    (0..1_000).for_each(|n| send(1_000 + n));
    (0..700).for_each(|n| running.request(false, n, at(0)));
    let (guard, store) = running.stop().await;
    assert_eq!((stored(&store).await, held(&store).await.len()), (1_200, 10));
    let passed = [Passage::EntryWritten, Passage::EntryDropped, Passage::EventDropped, Passage::StoreFailed];
    assert_eq!(passed.map(|passage| guard.totals.passed(passage)), [10, 1_490, 0, 0]);
}
