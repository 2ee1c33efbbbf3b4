//! The guard: one place where a live request is judged and remembered.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use palisade_challenge::Challenges;
use palisade_challenge::ladder::Load;
use palisade_crawl::signature::Key;
use palisade_detect::history::Ticket;
use palisade_detect::{HashSeed, Observe};
use palisade_domain::{ClientIp, Fact, RequestFacts, RequestId, ResponseFacts, SiteId, TenantId, Timestamp};
use palisade_policy::{Around, Judge, Judged, Level, ListMirror};
use tokio::sync::mpsc;

use crate::answers::ProviderAnswers;
use crate::health::{Degradation, Health, QUEUE};
use crate::kept::{KEPT_MAX, Kept};
use crate::keyed;
use crate::load::LoadMeter;
use crate::names::NameTable;
use crate::peer::{Arrival, Forwarding, TrustedProxies};
use crate::record::{Backlog, Known, Question, Sink, Tail, Verdicts, Wished};
use crate::signatures::{self, Signatures, Verifier};
use crate::sites::{ReplaceError, Sites};
use crate::standing::Standings;
use crate::totals::{Counted, Passage, Totals};
use crate::vouching::Vouching;

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
    pub(crate) judge: ArcSwap<Judge>,
    sites: ArcSwap<Sites>,
    trusted: ArcSwap<TrustedProxies>,
    pub(crate) settings: GuardSettings,
    /// Confirmed names.
    pub names: NameTable,
    /// Signatures and the keys to check them with.
    pub signatures: Signatures,
    /// How much the site is under.
    pub load: LoadMeter,
    /// Totals.
    pub totals: Totals,
    /// What each address has done lately.
    pub standings: Standings,
    /// What does not work as it should.
    pub health: Health,
    /// What external CAPTCHA providers said.
    pub answers: ProviderAnswers,
    challenges: OnceLock<Arc<Challenges>>,
    pub(crate) vouching: ArcSwap<Vouching>,
    sink: Arc<Sink>,
    entries: mpsc::Sender<Wished>,
    questions: mpsc::Sender<Question>,
    pub(crate) kept: mpsc::Sender<Kept>,
    /// Held while a change of the lists is committed and mirrored, so that both happen in one order. Inside: up to which
    /// change of the store the mirror has come.
    pub(crate) changing_lists: tokio::sync::Mutex<Option<u64>>,
    /// Held while sites and judge are replaced.
    replacing: Mutex<()>,
}

/// One request, ruled on. Give it back with [`Guard::response`] when the exchange is over; dropping it means that nobody
/// knows how it ended, and is recorded as that.
#[derive(Debug)]
pub struct Ruling {
    /// The reference number.
    pub id: RequestId,
    /// The verdict and what belongs to it.
    pub judged: Judged,
    /// Where the request came in the order of all judgings and ends.
    pub sequence: u64,
    /// When the request arrived.
    pub time: Timestamp,
    /// How much its site was under.
    pub load: Load,
    tail: Tail,
}

impl Ruling {
    /// A place for [`Guard::request_into`]: nothing is judged, and nothing will be noted.
    #[inline]
    pub fn blank() -> Self {
        let time = Timestamp::default();
        let load = Load::Calm;
        Ruling { id: RequestId(0), judged: Judged::blank(), sequence: 0, time, load, tail: Tail::NONE }
    }
}

/// What is left of a ruling that was acted on: enough to note how its exchange ends. A verdict with its explanation has
/// room for every detector, some 8 KiB; whoever carries something through an exchange carries this. Dropping it means
/// what dropping the ruling means.
#[derive(Debug)]
pub struct Pending {
    ticket: Ticket,
    tail: Tail,
}

impl From<Ruling> for Pending {
    #[inline]
    fn from(ruling: Ruling) -> Self {
        Pending { ticket: ruling.judged.ticket, tail: ruling.tail }
    }
}

/// Events that wait for the store.
pub const EVENTS_MAX: usize = 8_192;
/// Entries that wait for the store.
pub const ENTRIES_MAX: usize = 1_024;
/// Questions that wait for an answer.
pub const QUESTIONS_MAX: usize = 1_024;

impl Guard {
    /// A guard and the cold ends of its queues. It believes forwarding headers of this machine, see [`Guard::trust`].
    pub fn new(judge: Judge, sites: Sites, settings: GuardSettings) -> (Arc<Guard>, Backlog) {
        let (events, events_end) = mpsc::channel(EVENTS_MAX);
        let (entries, entries_end) = mpsc::channel(ENTRIES_MAX);
        let (questions, questions_end) = mpsc::channel(QUESTIONS_MAX);
        let (kept, kept_end) = mpsc::channel(KEPT_MAX);
        let guard = Guard {
            judge: ArcSwap::from_pointee(judge),
            sites: ArcSwap::from_pointee(sites),
            trusted: ArcSwap::from_pointee(TrustedProxies::default()),
            settings,
            names: NameTable::new(settings.seed),
            signatures: Signatures::new(settings.seed),
            load: LoadMeter::new(settings.seed),
            totals: Totals::default(),
            standings: Standings::new(settings.seed),
            health: Health::default(),
            answers: ProviderAnswers::default(),
            challenges: OnceLock::new(),
            vouching: ArcSwap::default(),
            sink: Arc::new(Sink::new(&settings, events)),
            entries,
            questions,
            kept,
            changing_lists: tokio::sync::Mutex::default(),
            replacing: Mutex::default(),
        };
        let backlog =
            Backlog { events: events_end, entries: entries_end, questions: questions_end, kept: kept_end };
        (Arc::new(guard), backlog)
    }

    /// Whom a request of `peer` is attributed to. The edge takes client, scheme, host and `hidden`
    /// (`RequestFacts::client_hidden`) from here.
    pub fn arrival<'a>(&self, peer: ClientIp, forwarding: &Forwarding<'a>) -> Arrival<'a> {
        self.trusted.load().resolve(peer, forwarding)
    }

    /// Judges one request as seen from here: adds what came from outside (proofs) and what is around (load). The edge
    /// has set tenant and site ([`Guard::site_of`]), client, and everything the head says. `key` is a hash of the API
    /// key the request showed. Under [`Observe::Peek`] nothing is counted or recorded.
    pub fn request(&self, facts: &RequestFacts<'_>, observe: Observe, key: Option<u64>) -> Ruling {
        let mut ruling = Ruling::blank();
        self.request_into(facts, observe, key, &mut ruling);
        ruling
    }

    /// As [`Guard::request`], into a place of the caller's: whatever is returned is moved once, and a verdict is large.
    pub fn request_into(
        &self,
        facts: &RequestFacts<'_>,
        observe: Observe,
        key: Option<u64>,
        ruling: &mut Ruling,
    ) {
        let name = self.name_of(facts);
        let signature = match facts.signature {
            Fact::Unseen => self.signatures.look(facts),
            _ => signatures::Known::Nothing(Fact::Unseen),
        };
        let mut facts = *facts;
        if facts.host_name == Fact::Unseen {
            facts.host_name = name.as_ref().map(|name| &**name);
        }
        if facts.signature == Fact::Unseen {
            facts.signature = signature.fact();
        }
        if let (Fact::Unseen, Some(challenges)) = (facts.pass, self.challenges.get()) {
            (facts.pass, facts.session) = challenges.look(&facts);
        }
        let (level, in_flood) = match observe {
            Observe::Note => self.load.note(&facts),
            Observe::Peek => self.load.look(&facts),
        };
        let judge = self.judge.load();
        // Only a limit by key reads the key, so that nobody else pays for the search.
        let key = match judge.policy_of(facts.site).limits.key {
            Some(_) => key.or_else(|| self.key_of(&facts)),
            None => key,
        };
        let around = Around { level, in_flood, key, ..Around::default() };
        // Taken just before history notes the request: for one worker the order of numbers is the order of history.
        let sequence = self.sink.next();
        let id = RequestId(self.settings.first_id.wrapping_add(sequence));
        (ruling.id, ruling.sequence, ruling.time) = (id, sequence, facts.time);
        ruling.load = match level {
            Level::Calm => Load::Calm,
            Level::Busy => Load::Busy,
            Level::Flood => Load::Flood,
        };
        judge.request_into(&facts, observe, &around, &mut ruling.judged);
        if observe == Observe::Note {
            let challenge_at = judge.policy_of(facts.site).bands.challenge();
            let verdict = &ruling.judged.verdict;
            let known = Known { facts: &facts, id, sequence, verdict, around: &around };
            ruling.tail = self.note(&known, &ruling.judged, verdict.is_bot(challenge_at));
        }
        if let (true, Some(ip)) = (ruling.judged.wants_name, facts.client.ip()) {
            self.ask_name(ip, facts.time);
        }
        if let signatures::Known::Unverified(Some(origin)) = &signature {
            self.ask_keys(origin, facts.time);
        }
    }

    /// A hash of the key a visitor shows to the site: `X-API-Key`, or a bearer token.
    fn key_of(&self, facts: &RequestFacts<'_>) -> Option<u64> {
        let headers = facts.headers.known()?;
        let bearer = || {
            let (scheme, token) = headers.get("authorization")?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        };
        let key = headers.get("x-api-key").or_else(bearer).filter(|key| !key.is_empty())?;
        Some(crate::keyed::of_text(self.settings.seed, key))
    }

    /// Notes how a ruled request ended; events go to the record from here. A response without a status is that of a
    /// client that went away.
    pub fn response(&self, ruling: impl Into<Pending>, response: &ResponseFacts, now: Timestamp) {
        let Pending { ticket, tail } = ruling.into();
        if !tail.is_noted() {
            return;
        }
        let end_sequence = self.sink.next();
        self.judge.load().response(ticket, response, now);
        tail.finish(response, end_sequence, now);
    }

    /// Counts, records and wishes.
    fn note(&self, known: &Known<'_>, judged: &Judged, is_bot: bool) -> Tail {
        let facts = known.facts;
        let client = keyed::of_client(self.settings.seed, facts.client);
        let fault = facts.head_fault.known();
        self.totals.add(&Counted { site: facts.site, verdict: known.verdict, is_bot, fault, client });
        if let Some(wish) = judged.entry {
            let wished = Wished { tenant: facts.tenant, site: facts.site, time: facts.time, wish };
            if self.entries.try_send(wished).is_err() {
                self.totals.pass(Passage::EntryDropped, 1);
            }
        }
        if let (false, Some(ip)) = (facts.client_hidden, facts.client.ip()) {
            self.standings.note(facts.tenant, ip, known.verdict.assessment.score, is_bot, facts.time);
        }
        let trusted = self.trusted.load();
        if let (true, Some(ip)) = (facts.client_hidden, facts.client.ip()) {
            self.health.hidden_behind(ip, &trusted, facts.time);
        }
        if let Some(word) = trusted.take_doubt() {
            self.health.names_two(word, &trusted, facts.time);
        }
        Tail::new(&self.sink, self.totals.shard(), known, client)
    }

    fn name_of(&self, facts: &RequestFacts<'_>) -> Fact<Arc<str>> {
        let Some(ip) = facts.client.ip().filter(|_| facts.host_name == Fact::Unseen) else {
            return Fact::Unseen;
        };
        let (name, is_over) = self.names.look(ip, facts.time);
        if is_over {
            self.ask_name(ip, facts.time);
        }
        name
    }

    /// The tenant and site of a request for `host`; `None` where no site answers to it.
    pub fn site_of(&self, host: &str) -> Option<(TenantId, SiteId)> {
        let sites = self.sites.load();
        let id = sites.of(host)?;
        Some((sites.get(id)?.tenant, id))
    }

    /// Looks at all sites. Cheaper than [`Guard::sites`] where many threads ask all the time.
    pub fn with_sites<R>(&self, look: impl FnOnce(&Arc<Sites>) -> R) -> R {
        look(&self.sites.load())
    }

    /// All sites.
    pub fn sites(&self) -> Arc<Sites> {
        self.sites.load_full()
    }

    /// The judge in office.
    pub fn judge(&self) -> Arc<Judge> {
        self.judge.load_full()
    }

    /// Whose forwarding headers are believed.
    pub fn trusted(&self) -> Arc<TrustedProxies> {
        self.trusted.load_full()
    }

    /// Believes these proxies from now on, and nobody else.
    pub fn trust(&self, proxies: TrustedProxies) {
        self.trusted.store(Arc::new(proxies));
        self.health.forget_proxies();
    }

    /// Other sites and another judge, whole; one caller at a time. Requests under way are judged as what their site has
    /// become. The new judge keeps the list entries that are in effect now, whatever it brings.
    ///
    /// # Errors
    /// Where a number would mean another site than before, or the judge has no policy for a site; nothing has changed then.
    pub fn replace(&self, judge: Judge, sites: Sites) -> Result<(), ReplaceError> {
        let _one = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let reused = sites.follow(&self.sites.load())?;
        let policies = judge.sites();
        if policies != sites.all().len() {
            return Err(ReplaceError::Policies { sites: sites.all().len(), policies });
        }
        // The judge first: it knows every number that is given out now, and whoever is given a new one finds a judge
        // that knows it. The other way round a new site would be judged by another's policy in between.
        self.judge.rcu(move |old| judge.clone().with_lists(old.lists().clone()));
        reused.into_iter().for_each(|site| self.load.forget(site));
        self.sites.store(Arc::new(sites));
        Ok(())
    }

    /// Other list entries; in effect when the call returns.
    pub fn replace_lists(&self, lists: &ListMirror) {
        self.judge.rcu(|judge| Judge::clone(judge).with_lists(lists.clone()));
    }

    /// What the resolver found out about `ip`.
    pub fn name_answer(&self, ip: ClientIp, name: Option<Arc<str>>, until: Timestamp) {
        self.names.put(ip, name, until);
    }

    /// The keys that `origin` publishes; empty where it publishes none.
    pub fn keys_answer(&self, origin: &str, keys: Vec<Key>, until: Timestamp) {
        self.signatures.put_keys(origin, keys, until);
    }

    /// Checks Web Bot Auth signatures with `verifier` from now on.
    pub fn plug_verifier(&self, verifier: Box<dyn Verifier>) {
        self.signatures.plug(verifier);
    }

    /// Reads passes, and gives challenges, with `challenges` from now on; the first call counts.
    pub fn plug_challenges(&self, challenges: Arc<Challenges>) {
        // Whoever comes second shares the data folder with the first: the keys are the same.
        let _ = self.challenges.set(challenges);
    }

    /// What gives challenges and reads passes; none in tests and single questions.
    pub fn challenges(&self) -> Option<&Arc<Challenges>> {
        self.challenges.get()
    }

    /// Every verdict from now on, recorded or not. Costs nothing while nobody watches.
    pub fn watch(&self) -> Verdicts {
        self.sink.watch()
    }

    /// Everything that does not work as it should, for `/ready`, log and `doctor`.
    pub fn degradations(&self) -> Vec<Degradation> {
        self.health.all()
    }

    fn ask_name(&self, ip: ClientIp, now: Timestamp) {
        if self.names.ask(ip, now) && !self.ask(Question::Name(ip), now) {
            self.names.forget_question(ip);
        }
    }

    fn ask_keys(&self, origin: &str, now: Timestamp) {
        if self.signatures.ask(origin, now) {
            self.ask(Question::Keys(origin.to_owned()), now);
        }
    }

    /// False where the queue is full: the client asks again by coming back.
    fn ask(&self, question: Question, now: Timestamp) -> bool {
        let asked = self.questions.try_send(question);
        if let Err(mpsc::error::TrySendError::Full(_)) = asked {
            self.totals.pass(Passage::QuestionDropped, 1);
            let message = format!(
                "more than {QUESTIONS_MAX} questions wait for an answer (names of addresses, keys of signatures); \
                 crawlers stay unverified meanwhile: check that the resolver answers"
            );
            self.health.fail(QUEUE, message, now);
        }
        asked.is_ok()
    }
}
