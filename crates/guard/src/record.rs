//! From a ruled request to its record: which requests are recorded, the draft that waits for the end of its exchange, and the
//! queues between the hot side and everything slow. Full is a designed state: the newest is dropped and counted.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use palisade_detect::Observe;
use palisade_domain::{
    ClientIp, Fact, RequestFacts, RequestId, ResponseFacts, SiteId, TenantId, Timestamp, Verdict,
};
use palisade_limits::{BucketRate, Take, TokenBucket};
use palisade_policy::{Around, EntryWish};
use palisade_replay::export::{self, Judgement, Masks, OpenLine};
use palisade_store::{Client, Event, IdentityRecord, SignalRecord};
use tokio::sync::{broadcast, mpsc};

use crate::guard::GuardSettings;
use crate::kept::Kept;
use crate::keyed;
use crate::totals::{Passage, Shard};

/// Events of ordinary clients in the sample, per minute: 200 a second (DESIGN section 5).
pub const SAMPLED_PER_MINUTE: u32 = 200 * 60;
/// How many of them may come at once.
pub const SAMPLED_BURST: u32 = 400;
/// Verdicts that a slow watcher may be behind.
pub const WATCHED_MAX: usize = 256;

/// What a slow part is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The confirmed name of an address.
    Name(ClientIp),
    /// The key directory of a Web Bot Auth origin.
    Keys(String),
}

/// One verdict for those who watch: the terminal of the demo, later the desk.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Its reference number.
    pub id: RequestId,
    /// The event as it would be stored.
    pub event: Arc<Event>,
}

/// Where watchers subscribe.
pub type Verdicts = broadcast::Receiver<Watched>;

/// An event on its way to the store.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its reference number.
    pub id: RequestId,
    /// Whose site it was on.
    pub tenant: TenantId,
    /// The event.
    pub event: Event,
}

/// An entry on its way to the store.
#[derive(Clone, Copy, Debug)]
pub struct Wished {
    /// Whose site it was on.
    pub tenant: TenantId,
    /// On which site.
    pub site: SiteId,
    /// When.
    pub time: Timestamp,
    /// The entry.
    pub wish: EntryWish,
}

/// The cold ends of all queues; the worker empties them.
#[derive(Debug)]
pub struct Backlog {
    /// Events to be stored.
    pub events: mpsc::Receiver<Recorded>,
    /// Entries to be written.
    pub entries: mpsc::Receiver<Wished>,
    /// Questions for the outside world.
    pub questions: mpsc::Receiver<Question>,
    /// What challenges leave to keep.
    pub kept: mpsc::Receiver<Kept>,
}

impl Backlog {
    /// Takes the questions out, for whoever can answer them; the worker itself asks nobody.
    pub fn take_questions(&mut self) -> mpsc::Receiver<Question> {
        std::mem::replace(&mut self.questions, mpsc::channel(1).1)
    }

    /// Takes out what challenges leave to keep, for [`crate::kept::run`].
    pub fn take_kept(&mut self) -> mpsc::Receiver<Kept> {
        std::mem::replace(&mut self.kept, mpsc::channel(1).1)
    }
}

/// Where records go, and what all of them share.
#[derive(Debug)]
pub(crate) struct Sink {
    /// Judgings and ends, in the order in which history notes them.
    sequence: AtomicU64,
    events: mpsc::Sender<Recorded>,
    watchers: broadcast::Sender<Watched>,
    /// False while nobody watches; looking costs nothing.
    is_watched: AtomicBool,
    sampled: Mutex<TokenBucket>,
    event_sample: f64,
    masks: Masks,
}

/// What is known of a request before its end.
pub(crate) struct Known<'a> {
    pub(crate) facts: &'a RequestFacts<'a>,
    pub(crate) id: RequestId,
    pub(crate) sequence: u64,
    pub(crate) verdict: &'a Verdict,
    pub(crate) around: &'a Around,
}

/// The part of a ruling that must not be lost: dropped without an end, it says that nobody saw it.
#[derive(Debug)]
pub(crate) struct Tail {
    shard: Option<Arc<Shard>>,
    draft: Option<Box<Draft>>,
}

#[derive(Debug)]
struct Draft {
    sink: Arc<Sink>,
    id: RequestId,
    tenant: TenantId,
    event: Event,
    /// `None` where the request is watched only.
    line: Option<OpenLine>,
}

impl Sink {
    pub(crate) fn new(settings: &GuardSettings, events: mpsc::Sender<Recorded>) -> Self {
        let rate = BucketRate { per_minute: SAMPLED_PER_MINUTE, burst: SAMPLED_BURST };
        Sink {
            sequence: AtomicU64::new(0),
            events,
            watchers: broadcast::channel(WATCHED_MAX).0,
            is_watched: AtomicBool::new(false),
            sampled: Mutex::new(TokenBucket::new(rate, 0)),
            event_sample: settings.event_sample,
            masks: Masks::new(settings.seed),
        }
    }

    /// The next place in the order of all.
    pub(crate) fn next(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn watch(&self) -> Verdicts {
        let verdicts = self.watchers.subscribe();
        self.is_watched.store(true, Ordering::Relaxed);
        verdicts
    }

    /// The draft of a request that is recorded or watched; of all others nothing is kept.
    fn draft(self: &Arc<Self>, known: &Known<'_>, client: u64) -> Option<Box<Draft>> {
        let is_recorded = self.is_recorded(known, client);
        if !is_recorded && !self.is_watched.load(Ordering::Relaxed) {
            return None;
        }
        let Known { facts, id, sequence, verdict, around } = *known;
        let judgement = Judgement { id, sequence, verdict, around, observe: Observe::Note };
        let line = is_recorded.then(|| export::request_line(facts, &judgement, &self.masks));
        let event = event_of(known);
        Some(Box::new(Draft { sink: Arc::clone(self), id, tenant: facts.tenant, event, line }))
    }

    /// All that is beyond monitor, and everything of the clients in the sample.
    fn is_recorded(&self, known: &Known<'_>, client: u64) -> bool {
        let decision = &known.verdict.decision;
        if decision.action.is_beyond_monitor()
            || decision.enforced.is_beyond_monitor()
            || self.event_sample >= 1.0
        {
            return true;
        }
        if !keyed::is_in_sample(client, self.event_sample) {
            return false;
        }
        let now_ms = u64::try_from(known.facts.time.millis()).unwrap_or(0);
        let mut bucket = self.sampled.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.try_take(now_ms, 1) == Take::Allowed
    }

    fn deliver(&self, recorded: Recorded, shard: &Shard) {
        match self.events.try_send(recorded) {
            Ok(()) => shard.pass(Passage::EventQueued, 1),
            Err(_) => shard.pass(Passage::EventDropped, 1),
        }
    }

    fn show(&self, id: RequestId, event: &Event) {
        if !self.is_watched.load(Ordering::Relaxed) {
            return;
        }
        if self.watchers.send(Watched { id, event: Arc::new(event.clone()) }).is_err() {
            self.is_watched.store(false, Ordering::Relaxed);
            // Somebody may have come between the two lines above.
            if self.watchers.receiver_count() > 0 {
                self.is_watched.store(true, Ordering::Relaxed);
            }
        }
    }
}

impl Tail {
    /// Of a request that somebody only asks about: nothing is counted, nothing recorded.
    pub(crate) const NONE: Tail = Tail { shard: None, draft: None };

    pub(crate) fn new(sink: &Arc<Sink>, shard: &Arc<Shard>, known: &Known<'_>, client: u64) -> Self {
        Tail { shard: Some(Arc::clone(shard)), draft: sink.draft(known, client) }
    }

    /// True where the request became part of the past.
    pub(crate) fn is_noted(&self) -> bool {
        self.shard.is_some()
    }

    /// The exchange is over. Without a status the client went away before it had an answer.
    pub(crate) fn finish(mut self, response: &ResponseFacts, end_sequence: u64, now: Timestamp) {
        let Some(shard) = self.shard.take() else { return };
        match response.status {
            Fact::Known(_) => shard.finish(),
            Fact::Absent | Fact::Unseen => shard.give_up(),
        }
        if let Some(draft) = self.draft.take() {
            draft.finish(&shard, response.status.known(), |line| {
                export::finish(line, response, end_sequence, now)
            });
        }
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let Some(shard) = self.shard.take() else { return };
        shard.give_up();
        if let Some(draft) = self.draft.take() {
            draft.finish(&shard, None, export::finish_unseen);
        }
    }
}

impl Draft {
    fn finish(self, shard: &Shard, status: Option<u16>, end: impl FnOnce(OpenLine) -> String) {
        let Draft { sink, id, tenant, mut event, line } = self;
        event.status = status;
        sink.show(id, &event);
        if let Some(line) = line {
            event.facts = Some(end(line));
            sink.deliver(Recorded { id, tenant, event }, shard);
        }
    }
}

fn event_of(known: &Known<'_>) -> Event {
    let Known { facts, id, verdict, .. } = known;
    let text = |fact: Fact<&str>| fact.known().map(str::to_owned);
    let assessment = &verdict.assessment;
    Event {
        time: facts.time,
        site: facts.site,
        client: Client::from(facts.client),
        method: text(facts.method),
        target: text(facts.target),
        user_agent: text(facts.user_agent),
        status: None,
        score: assessment.score,
        action: verdict.decision.action,
        enforced: verdict.decision.enforced,
        rule: rule_of(verdict),
        identity: IdentityRecord {
            class: assessment.identity.class,
            claimed: assessment.identity.claimed.map(str::to_owned),
            status: assessment.identity.status,
        },
        signals: assessment.explanation.iter().map(signal_of).collect(),
        request_id: Some(*id),
        facts: None,
    }
}

/// `rule 3` for the operator's own rules, the rule's name for all others.
fn rule_of(verdict: &Verdict) -> String {
    match verdict.decision.rule_number {
        Some(number) => format!("{} {number}", verdict.decision.rule),
        None => verdict.decision.rule.to_owned(),
    }
}

fn signal_of(line: &palisade_domain::SignalPoints) -> SignalRecord {
    SignalRecord {
        id: line.id.0.to_owned(),
        points: line.points,
        detail: line.detail.to_string(),
        dry_run: line.dry_run,
    }
}
