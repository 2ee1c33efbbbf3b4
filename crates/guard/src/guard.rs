//! The guard: one place where a live request is judged and remembered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use palisade_detect::{HashSeed, Observe};
use palisade_domain::{ClientIp, Fact, RequestFacts, RequestId, ResponseFacts, SiteId, TenantId, Timestamp};
use palisade_policy::{Around, Judge, Judged, ListMirror};
use tokio::sync::{broadcast, mpsc};

use crate::load::LoadMeter;
use crate::names::NameTable;
use crate::record::{Backlog, Question, Recorded, Verdicts, Watched, Wished};
use crate::sites::Sites;
use crate::totals::{Counted, Totals};

/// How a guard is made.
#[derive(Clone, Copy, Debug)]
pub struct GuardSettings {
    /// Keys the sample of clients and everything that is masked.
    pub seed: HashSeed,
    /// Share of ordinary clients whose events are kept, 0.0..=1.0.
    pub event_sample: f64,
    /// The first reference number: random, so that numbers of two runs do not meet.
    pub first_id: u64,
}

/// Judges live requests. Shared between all threads and both edges.
pub struct Guard {
    judge: ArcSwap<Judge>,
    sites: ArcSwap<Sites>,
    settings: GuardSettings,
    /// Confirmed names.
    pub names: NameTable,
    /// How much the site is under.
    pub load: LoadMeter,
    /// Totals.
    pub totals: Totals,
    sequence: AtomicU64,
    events: mpsc::Sender<Recorded>,
    entries: mpsc::Sender<Wished>,
    questions: mpsc::Sender<Question>,
    watchers: broadcast::Sender<Watched>,
}

/// One request, ruled on. Give it back with [`Guard::response`] when the exchange is over; dropping it means that nobody
/// knows how it ended.
#[derive(Debug)]
pub struct Ruling {
    /// The reference number.
    pub id: RequestId,
    /// The verdict and what belongs to it.
    pub judged: Judged,
    /// Where the request came in the order of all.
    pub sequence: u64,
    /// When the request arrived.
    pub time: Timestamp,
}

/// Events that wait for the store.
const EVENTS_MAX: usize = 8_192;
/// Entries that wait for the store.
const ENTRIES_MAX: usize = 1_024;
/// Questions that wait for an answer.
const QUESTIONS_MAX: usize = 1_024;
/// Verdicts that a slow watcher may be behind.
const WATCHED_MAX: usize = 256;

impl Guard {
    /// A guard and the cold ends of its queues.
    pub fn new(judge: Judge, sites: Sites, settings: GuardSettings) -> (Arc<Guard>, Backlog) {
        let (events, events_end) = mpsc::channel(EVENTS_MAX);
        let (entries, entries_end) = mpsc::channel(ENTRIES_MAX);
        let (questions, questions_end) = mpsc::channel(QUESTIONS_MAX);
        let guard = Guard {
            judge: ArcSwap::from_pointee(judge),
            sites: ArcSwap::from_pointee(sites),
            settings,
            names: NameTable::default(),
            load: LoadMeter::default(),
            totals: Totals::default(),
            sequence: AtomicU64::new(0),
            events,
            entries,
            questions,
            watchers: broadcast::channel(WATCHED_MAX).0,
        };
        let backlog = Backlog { events: events_end, entries: entries_end, questions: questions_end };
        (Arc::new(guard), backlog)
    }

    /// Judges one request as seen from here: adds what came from outside (proofs) and what is around (load). The edge
    /// has set tenant and site ([`Guard::site_of`]), client, and everything the head says. `key` is a hash of the API
    /// key the request showed.
    pub fn request(&self, facts: &RequestFacts<'_>, observe: Observe, key: Option<u64>) -> Ruling {
        let name = match facts.client.ip() {
            Some(ip) if facts.host_name == Fact::Unseen => self.names.of(ip, facts.time),
            _ => Fact::Unseen,
        };
        let mut facts = *facts;
        if facts.host_name == Fact::Unseen {
            facts.host_name = name.as_ref().map(|name| &**name);
        }
        let (level, in_flood) = self.load.note(&facts);
        let around = Around { level, in_flood, key, ..Around::default() };
        let judge = self.judge.load();
        let judged = judge.request_around(&facts, observe, &around);
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
        let id = RequestId(self.settings.first_id.wrapping_add(sequence));
        let judge_bands = judge.policy_of(facts.site).bands;
        self.totals.add(&Counted {
            site: facts.site,
            verdict: &judged.verdict,
            is_bot: judged.verdict.is_bot(judge_bands.challenge()),
            fault: facts.head_fault.known(),
            client: crate::keyed::of_client(self.settings.seed, facts.client),
        });
        if let (true, Some(ip)) = (judged.wants_name, facts.client.ip()) {
            self.ask(Question::Name(ip));
        }
        Ruling { id, judged, sequence, time: facts.time }
    }

    /// Notes how a ruled request ended; events go to the record from here.
    pub fn response(&self, ruling: Ruling, response: &ResponseFacts, now: Timestamp) {
        self.judge.load().response(ruling.judged.ticket, response, now);
    }

    /// The tenant and site of a request for `host`; `None` where no site answers to it.
    pub fn site_of(&self, host: &str) -> Option<(TenantId, SiteId)> {
        let sites = self.sites.load();
        let id = sites.of(host)?;
        Some((sites.get(id)?.tenant, id))
    }

    /// All sites.
    pub fn sites(&self) -> Arc<Sites> {
        self.sites.load_full()
    }

    /// The judge in office.
    pub fn judge(&self) -> Arc<Judge> {
        self.judge.load_full()
    }

    /// Other sites and another judge, whole. Requests under way keep the old ones.
    pub fn replace(&self, judge: Judge, sites: Sites) {
        self.sites.store(Arc::new(sites));
        self.judge.store(Arc::new(judge));
    }

    /// Other list entries; in effect when the call returns.
    pub fn replace_lists(&self, lists: &ListMirror) {
        self.judge.rcu(|judge| Judge::clone(judge).with_lists(lists.clone()));
    }

    /// What the resolver found out about `ip`.
    pub fn name_answer(&self, ip: ClientIp, name: Option<Arc<str>>, until: Timestamp) {
        self.names.put(ip, name, until);
    }

    /// Every recorded verdict from now on.
    pub fn watch(&self) -> Verdicts {
        self.watchers.subscribe()
    }

    fn ask(&self, question: Question) {
        // A full queue answers later: the client asks again by coming back.
        let _ = self.questions.try_send(question);
    }
}
