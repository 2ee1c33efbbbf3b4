//! Totals since the start, and the roll-up of the running minute. Atomics only; nothing a stranger can grow.
//!
//! Each thread counts in a shard of its own, so that workers do not pass one cache line around; a reader adds the shards
//! up and sees a moment's figure.

pub mod distinct;

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use palisade_domain::{Action, HeadFault, IdentityClass, SiteId, Verdict};

use distinct::Distinct;

/// Sites whose minutes are rolled up; those beyond count in the totals only.
pub const SITES_MAX: usize = 256;
/// Shards: enough that a worker per core seldom shares one.
const SHARDS: usize = 16;
const ACTIONS: usize = Action::NAMES.len();
const CLASSES: usize = IdentityClass::ALL.len();
const FAULTS: usize = HeadFault::ALL.len();

/// One judged request, as it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'a> {
    /// On which site.
    pub site: SiteId,
    /// The verdict.
    pub verdict: &'a Verdict,
    /// Is it held for a bot's?
    pub is_bot: bool,
    /// What was ambiguous about its head.
    pub fault: Option<HeadFault>,
    /// A keyed hash of its client.
    pub client: u64,
}

/// What happened on the way to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// An event joined the queue.
    EventQueued,
    /// An event was dropped: the queue was full, or the store failed for too long.
    EventDropped,
    /// An event was stored.
    EventStored,
    /// An entry that a rule asked for was dropped.
    EntryDropped,
    /// An entry that a rule asked for was written.
    EntryWritten,
    /// A question was dropped: it is asked again when the client comes back.
    QuestionDropped,
    /// A change was not taken by the store and is tried again.
    StoreFailed,
    /// What a challenge left to keep was dropped: the queue was full, or the store did not take it.
    KeptDropped,
}

impl Passage {
    /// Every kind, in the order of [`Snapshot::passages`].
    pub const ALL: [Passage; 8] = [
        Passage::EventQueued,
        Passage::EventDropped,
        Passage::EventStored,
        Passage::EntryDropped,
        Passage::EntryWritten,
        Passage::QuestionDropped,
        Passage::StoreFailed,
        Passage::KeptDropped,
    ];

    /// The name used in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Passage::EventQueued => "events_queued",
            Passage::EventDropped => "events_dropped",
            Passage::EventStored => "events_stored",
            Passage::EntryDropped => "entries_dropped",
            Passage::EntryWritten => "entries_written",
            Passage::QuestionDropped => "questions_dropped",
            Passage::StoreFailed => "store_failures",
            Passage::KeptDropped => "kept_dropped",
        }
    }
}

/// Everything since the start, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Requests judged.
    pub requests: u64,
    /// Those held for a bot's: score in the challenge band, or a program. A bot may be welcome.
    pub bots: u64,
    /// What the policy said, by [`Action::rank`].
    pub actions: [u64; ACTIONS],
    /// What was done, by [`Action::rank`].
    pub enforced: [u64; ACTIONS],
    /// By class, in the order of [`IdentityClass::ALL`].
    pub classes: [u64; CLASSES],
    /// Ambiguous heads, in the order of [`HeadFault::ALL`].
    pub faults: [u64; FAULTS],
    /// Exchanges that came to their end.
    pub finished: u64,
    /// Exchanges nobody saw the end of: the client went away, or the edge dropped them.
    pub unfinished: u64,
    /// Distinct clients, estimated to about 2 %.
    pub clients: u64,
    /// Distinct clients that were refused at least once, estimated likewise.
    pub clients_refused: u64,
    /// By [`Passage`], in the order of [`Passage::ALL`].
    pub passages: [u64; Passage::ALL.len()],
}

/// Requests of one site, action and class since the last [`Totals::drain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinuteRow {
    /// On which site.
    pub site: SiteId,
    /// What was done: an index into [`Action::NAMES`].
    pub rank: usize,
    /// To whom.
    pub class: IdentityClass,
    /// Requests.
    pub requests: u64,
    /// Those held for a bot's.
    pub bots: u64,
}

/// Counts of everything since the start; shared between threads.
#[derive(Debug)]
pub struct Totals {
    shards: [Arc<Shard>; SHARDS],
    clients: Distinct,
    clients_refused: Distinct,
}

/// What one thread counts. Aligned so that no two shards share a cache line, nor the pair that is fetched together.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Shard {
    bots: AtomicU64,
    actions: [AtomicU64; ACTIONS],
    enforced: [AtomicU64; ACTIONS],
    classes: [AtomicU64; CLASSES],
    faults: [AtomicU64; FAULTS],
    finished: AtomicU64,
    unfinished: AtomicU64,
    passages: [AtomicU64; Passage::ALL.len()],
    minute: [OnceLock<Box<Minute>>; SITES_MAX],
}

/// Cells of one site, by rank of what was done and class.
type Minute = [[Cell; CLASSES]; ACTIONS];

#[derive(Debug, Default)]
struct Cell {
    requests: AtomicU32,
    bots: AtomicU32,
}

impl Default for Totals {
    fn default() -> Self {
        Totals {
            shards: std::array::from_fn(|_| Arc::default()),
            clients: Distinct::default(),
            clients_refused: Distinct::default(),
        }
    }
}

impl Default for Shard {
    fn default() -> Self {
        fn zeros<const N: usize>() -> [AtomicU64; N] {
            std::array::from_fn(|_| AtomicU64::new(0))
        }
        Shard {
            bots: AtomicU64::new(0),
            actions: zeros(),
            enforced: zeros(),
            classes: zeros(),
            faults: zeros(),
            finished: AtomicU64::new(0),
            unfinished: AtomicU64::new(0),
            passages: zeros(),
            minute: std::array::from_fn(|_| OnceLock::new()),
        }
    }
}

thread_local! {
    /// Which shard this thread counts in.
    static SHARD: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS
    };
}

impl Totals {
    /// Counts one judged request.
    pub fn add(&self, counted: &Counted<'_>) {
        self.shard().add(counted);
        self.clients.insert(counted.client);
        if counted.verdict.decision.enforced.rank() == ACTIONS - 1 {
            self.clients_refused.insert(counted.client);
        }
    }

    /// Counts what happened on the way to the store.
    pub fn pass(&self, passage: Passage, count: u64) {
        self.shard().pass(passage, count);
    }

    /// Requests judged.
    pub fn requests(&self) -> u64 {
        self.shards.iter().map(|shard| sum(&shard.actions)).sum()
    }

    /// How often `passage` happened.
    pub fn passed(&self, passage: Passage) -> u64 {
        self.shards.iter().map(|shard| shard.passages[passage as usize].load(Ordering::Relaxed)).sum()
    }

    /// Everything since the start.
    pub fn snapshot(&self) -> Snapshot {
        let mut all = Snapshot {
            clients: self.clients.estimate(),
            clients_refused: self.clients_refused.estimate(),
            ..Snapshot::default()
        };
        for shard in &self.shards {
            all.bots += shard.bots.load(Ordering::Relaxed);
            all.finished += shard.finished.load(Ordering::Relaxed);
            all.unfinished += shard.unfinished.load(Ordering::Relaxed);
            collect(&mut all.actions, &shard.actions);
            collect(&mut all.enforced, &shard.enforced);
            collect(&mut all.classes, &shard.classes);
            collect(&mut all.faults, &shard.faults);
            collect(&mut all.passages, &shard.passages);
        }
        all.requests = all.actions.iter().sum();
        all
    }

    /// Takes what was counted since the last call, for the roll-up of the minute that is over.
    pub fn drain(&self) -> Vec<MinuteRow> {
        let mut rows = Vec::new();
        for site in 0..SITES_MAX {
            let minutes: Vec<&Minute> =
                self.shards.iter().filter_map(|shard| shard.minute[site].get()).map(Box::as_ref).collect();
            if minutes.is_empty() {
                continue;
            }
            for rank in 0..ACTIONS {
                for class in IdentityClass::ALL {
                    let (mut requests, mut bots) = (0, 0);
                    for minute in &minutes {
                        let cell = &minute[rank][class as usize];
                        requests += u64::from(cell.requests.swap(0, Ordering::Relaxed));
                        bots += u64::from(cell.bots.swap(0, Ordering::Relaxed));
                    }
                    if requests > 0 {
                        rows.push(MinuteRow { site: SiteId(site as u32), rank, class, requests, bots });
                    }
                }
            }
        }
        rows
    }

    /// Puts back what [`Totals::drain`] took, where it could not be stored: it joins the next minute.
    pub fn put_back(&self, rows: &[MinuteRow]) {
        for row in rows {
            let shard = self.shard();
            let cell = shard.cell(row.site, row.rank, row.class);
            if let Some(cell) = cell {
                cell.requests.fetch_add(u32::try_from(row.requests).unwrap_or(u32::MAX), Ordering::Relaxed);
                cell.bots.fetch_add(u32::try_from(row.bots).unwrap_or(u32::MAX), Ordering::Relaxed);
            }
        }
    }

    /// The shard this thread counts in.
    pub(crate) fn shard(&self) -> &Arc<Shard> {
        &self.shards[SHARD.with(|at| *at)]
    }
}

impl Shard {
    fn add(&self, counted: &Counted<'_>) {
        let decision = &counted.verdict.decision;
        let class = counted.verdict.assessment.identity.class;
        let bots = u32::from(counted.is_bot);
        self.actions[decision.action.rank()].fetch_add(1, Ordering::Relaxed);
        self.enforced[decision.enforced.rank()].fetch_add(1, Ordering::Relaxed);
        self.classes[class as usize].fetch_add(1, Ordering::Relaxed);
        self.bots.fetch_add(u64::from(bots), Ordering::Relaxed);
        if let Some(fault) = counted.fault {
            self.faults[fault as usize].fetch_add(1, Ordering::Relaxed);
        }
        if let Some(cell) = self.cell(counted.site, decision.enforced.rank(), class) {
            cell.requests.fetch_add(1, Ordering::Relaxed);
            cell.bots.fetch_add(bots, Ordering::Relaxed);
        }
    }

    fn cell(&self, site: SiteId, rank: usize, class: IdentityClass) -> Option<&Cell> {
        let minute = self.minute.get(site.0 as usize)?.get_or_init(Box::default);
        Some(&minute[rank][class as usize])
    }

    pub(crate) fn pass(&self, passage: Passage, count: u64) {
        self.passages[passage as usize].fetch_add(count, Ordering::Relaxed);
    }

    /// An exchange came to its end.
    pub(crate) fn finish(&self) {
        self.finished.fetch_add(1, Ordering::Relaxed);
    }

    /// An exchange was given up.
    pub(crate) fn give_up(&self) {
        self.unfinished.fetch_add(1, Ordering::Relaxed);
    }
}

fn sum(counters: &[AtomicU64]) -> u64 {
    counters.iter().map(|counter| counter.load(Ordering::Relaxed)).sum()
}

fn collect(into: &mut [u64], from: &[AtomicU64]) {
    into.iter_mut().zip(from).for_each(|(all, one)| *all += one.load(Ordering::Relaxed));
}

#[cfg(test)]
mod tests;
