//! The slow side of the guard: empties the queues into the store. Verdicts never wait for it.
//!
//! Events go in batches, at most a second late; entries that rules asked for likewise, committed and then mirrored; minutes are
//! rolled up, what is too old is deleted. A store that fails stops nothing: what it did not take waits within a bound and
//! is tried again, `/ready` says so, and what no longer fits is dropped and counted.

mod batch;
mod keeping;
mod retry;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use palisade_domain::{TenantId, Timestamp};
use palisade_store::{Changes, Escalations, Events, Interactions, Lists, Rollups, Store};
use palisade_telemetry::{Degraded, RecordsLost, Recovered};
use tokio::time::{Instant, MissedTickBehavior};

use crate::Guard;
use crate::health::QUEUE;
use crate::record::Backlog;
use crate::totals::Passage;
use retry::{Retries, Way};

pub use batch::{BATCH_MAX, WAITING_ENTRIES_MAX, WAITING_EVENTS_MAX};
pub use keeping::ROLLUPS_KEPT;

/// How late an event may reach the store, at most; everything else is looked after as often.
const TICK: Duration = Duration::from_millis(500);
/// A queue counts as troubled this long after it was full.
const TROUBLED: Duration = Duration::from_secs(60);
/// How often the rest is tried before the process ends without it.
const LAST_TRIES: u32 = 3;

/// Reads the time of day. The default is the system's clock; tests bring their own.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that `read`s.
    pub fn new(read: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Clock(Arc::new(read))
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock::new(|| {
            let since =
                std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
        })
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// How the worker works.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// The tenant whose lists are followed, and whose minutes those of unknown sites are.
    pub tenant: TenantId,
    /// Events older than this are deleted.
    pub retain_events: Duration,
    /// Addresses in events older than this are shortened.
    pub retain_addresses: Duration,
    /// The time of day.
    pub clock: Clock,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        WorkerSettings {
            tenant: TenantId::default(),
            retain_events: days(30),
            retain_addresses: days(7),
            clock: Clock::default(),
        }
    }
}

/// What of a store the worker needs.
pub trait Shelf: Lists + Events + Interactions + Rollups + Escalations + Changes {}

impl<S: Lists + Events + Interactions + Rollups + Escalations + Changes + ?Sized> Shelf for S {}

/// Works until `stop` ends, then stores what is left and returns. Questions are not answered here: take them out before,
/// see [`Backlog::take_questions`].
pub async fn run(
    guard: Arc<Guard>,
    backlog: Backlog,
    store: Arc<dyn Store>,
    settings: WorkerSettings,
    stop: impl Future<Output = ()> + Send,
) {
    run_on(guard, backlog, store, settings, stop).await;
}

/// As [`run`], on anything that can keep what the worker brings.
pub async fn run_on<S: Shelf + ?Sized>(
    guard: Arc<Guard>,
    mut backlog: Backlog,
    store: Arc<S>,
    settings: WorkerSettings,
    stop: impl Future<Output = ()> + Send,
) {
    let mut worker = Worker::new(guard, store, settings);
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = std::pin::pin!(stop);
    let (mut wished, mut events) = (Vec::with_capacity(BATCH_MAX), Vec::with_capacity(BATCH_MAX));
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            _ = tick.tick() => worker.tick().await,
            received = backlog.entries.recv_many(&mut wished, BATCH_MAX) => {
                if received == 0 {
                    break;
                }
                wished.drain(..).for_each(|wished| worker.waiting.add_entry(wished, &worker.guard));
                if worker.waiting.entries.len() >= BATCH_MAX {
                    worker.flush_entries().await;
                }
            }
            received = backlog.events.recv_many(&mut events, BATCH_MAX) => {
                if received == 0 {
                    break;
                }
                worker.waiting.add_events(events.drain(..), &worker.guard);
                if worker.waiting.events.len() >= BATCH_MAX {
                    worker.flush_events().await;
                }
            }
        }
    }
    worker.finish(&mut backlog).await;
}

/// The worker and what it holds.
struct Worker<S: ?Sized> {
    guard: Arc<Guard>,
    store: Arc<S>,
    settings: WorkerSettings,
    waiting: batch::Waiting,
    retries: Retries,
    /// Tenants whose lists are full, with the most entries they may hold.
    full: BTreeMap<TenantId, usize>,
    /// The minute that is being counted, and the hour that was kept last.
    minute: i64,
    hour: Option<i64>,
    lists_followed_at: i64,
    dropped: u64,
    dropped_at: Option<Instant>,
    /// What was said in the log, by code and beginning.
    told: BTreeMap<(&'static str, i64), ()>,
}

impl<S: Shelf + ?Sized> Worker<S> {
    fn new(guard: Arc<Guard>, store: Arc<S>, settings: WorkerSettings) -> Self {
        let minute = settings.clock.now().secs().div_euclid(60);
        Worker {
            guard,
            store,
            settings,
            waiting: batch::Waiting::default(),
            retries: Retries::default(),
            full: BTreeMap::new(),
            minute,
            hour: None,
            lists_followed_at: i64::MIN,
            dropped: 0,
            dropped_at: None,
            told: BTreeMap::new(),
        }
    }

    fn now(&self) -> Timestamp {
        self.settings.clock.now()
    }

    async fn tick(&mut self) {
        self.flush_entries().await;
        self.flush_events().await;
        self.roll_up(false).await;
        self.follow_lists().await;
        self.keep().await;
        self.watch_queues();
        self.tell();
    }

    /// Everything that is still in the queues, then the end.
    async fn finish(&mut self, backlog: &mut Backlog) {
        while let Ok(wished) = backlog.entries.try_recv() {
            self.waiting.add_entry(wished, &self.guard);
        }
        while let Ok(event) = backlog.events.try_recv() {
            self.waiting.add_events(std::iter::once(event), &self.guard);
        }
        for _ in 0..LAST_TRIES {
            self.retries.forget();
            self.flush_entries().await;
            self.flush_events().await;
            if self.waiting.is_empty() {
                break;
            }
        }
        self.retries.forget();
        self.roll_up(true).await;
        let (events, list_entries) = (self.waiting.events.len(), self.waiting.entries.len());
        if events + list_entries > 0 {
            self.guard.totals.pass(Passage::EventDropped, events as u64);
            self.guard.totals.pass(Passage::EntryDropped, list_entries as u64);
            RecordsLost { events, list_entries }.emit();
        }
    }

    /// Queues that were full are named until they have not been for a while.
    fn watch_queues(&mut self) {
        let totals = &self.guard.totals;
        let all = [Passage::EventDropped, Passage::EntryDropped, Passage::QuestionDropped];
        let dropped = all.map(|passage| totals.passed(passage)).iter().sum();
        if dropped > self.dropped {
            let more = dropped - self.dropped;
            let message = format!(
                "{more} more events, entries or questions were dropped because their queue was full; verdicts are not \
                 touched. If it lasts, the disk or the resolver is too slow for this traffic, or event_sample too high"
            );
            self.guard.health.fail(QUEUE, message, self.now());
            (self.dropped, self.dropped_at) = (dropped, Some(Instant::now()));
        } else if self.dropped_at.is_some_and(|at| at.elapsed() >= TROUBLED) {
            self.dropped_at = None;
            self.guard.health.recover(QUEUE);
        }
    }

    /// One line for each trouble when it comes, and one when it is over.
    fn tell(&mut self) {
        let all = self.guard.degradations();
        // Proxies share a code: told apart by when they were first seen.
        let now: BTreeMap<(&'static str, i64), ()> =
            all.iter().map(|held| ((held.code, held.since.0), ())).collect();
        for held in &all {
            if !self.told.contains_key(&(held.code, held.since.0)) {
                Degraded { code: held.code, message: &held.message }.emit();
            }
        }
        for (code, _) in self.told.keys().filter(|key| !now.contains_key(*key)) {
            Recovered { code }.emit();
        }
        self.told = now;
    }
}
