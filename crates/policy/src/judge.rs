//! One verdict: gather, detect, decide, in one place for every edge.

use std::sync::Arc;

use palisade_detect::history::Ticket;
use palisade_detect::{Conduct, Engine, Observe, features::Features, scorer};
use palisade_domain::request::split_target;
use palisade_domain::{
    Action, Assessment, Decision, Enforcement, IdentityClass, NetPrefix, RequestFacts, ResponseFacts, SiteId,
    Timestamp, Verdict,
};

use crate::expression::{View, path};
use crate::memory::{self, Memory, TroubleError};
use crate::rules::{Case, Say};
use crate::trouble::Event;
use crate::{DryRun, ListEffect, ListEntry, ListMirror, Policy, Preset, weigh};

/// An engine, a policy for each site and the lists. Shared between threads; a clone is cheap and shares what it
/// remembers, so that a change of lists or policy is a new judge that is swapped in whole.
#[derive(Clone)]
pub struct Judge {
    engine: Arc<Engine>,
    /// By site number; never empty.
    policies: Arc<[Policy]>,
    lists: Arc<ListMirror>,
    memory: Arc<Memory>,
}

/// How much the site is under: decides nothing by itself, and is always calm in a replay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The usual.
    #[default]
    Calm,
    /// Far more requests than usual, from many addresses and without a common face.
    Busy,
    /// A distributed flood with a common face (one user agent or one path).
    Flood,
}

/// What only the edge knows about a request, beside its facts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around {
    /// How much the site is under.
    pub level: Level,
    /// True where the request has the face of the flood that `level` speaks of.
    pub in_flood: bool,
    /// True where the client asked for a trap URL that was keyed to it, not cross-site.
    pub keyed_trap_hit: bool,
    /// A hash of the API key the request showed; rate limits count by it.
    pub key: Option<u64>,
}

/// An entry that a rule, a band or a limit asks to be written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EntryWish {
    /// Whom it is about: the client's address, or its /64.
    pub network: NetPrefix,
    /// What it does.
    pub effect: ListEffect,
    /// Its end.
    pub until: Timestamp,
    /// Why, for people.
    pub reason: &'static str,
    /// Which of the operator's own rules asked, from 1.
    pub rule_number: Option<u16>,
    /// Where the judge remembers it until it is in the lists, see [`Judge::entry_is_listed`].
    pub memory_key: u64,
}

/// A verdict with what belongs to it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What we think and do.
    pub verdict: Verdict,
    /// The seven features.
    pub features: Features,
    /// Where the response belongs.
    pub ticket: Ticket,
    /// True where the confirmed name of the client's address would decide about its claim.
    pub wants_name: bool,
    /// An entry to be written.
    pub entry: Option<EntryWish>,
    /// What the first of the operator's rules on dry run would have done, where one would have decided.
    pub dry_run: Option<DryRun>,
}

impl Judged {
    /// A place for [`Judge::request_into`]: nothing is judged yet.
    #[inline]
    pub fn blank() -> Self {
        let decision = Decision {
            action: Action::Allow,
            enforced: Action::Allow,
            rule: "",
            rule_number: None,
            until: None,
        };
        Judged {
            verdict: Verdict { assessment: scorer::blank(), decision },
            features: Features([0.0; 7]),
            ticket: Ticket::NONE,
            wants_name: false,
            entry: None,
            dry_run: None,
        }
    }
}

impl Judge {
    /// A judge of one site, without list entries.
    pub fn new(engine: Engine, policy: Policy) -> Self {
        Judge {
            engine: Arc::new(engine),
            policies: [policy].into(),
            lists: Arc::default(),
            memory: Arc::default(),
        }
    }

    /// The same judge with these entries.
    pub fn with_lists(self, lists: ListMirror) -> Self {
        Judge { lists: Arc::new(lists), ..self }
    }

    /// The same judge with a policy for each site, by number.
    ///
    /// # Panics
    /// Where there is none.
    pub fn with_policies(self, policies: Vec<Policy>) -> Self {
        assert!(!policies.is_empty(), "every installation has a site");
        Judge { policies: policies.into(), ..self }
    }

    /// The same judge with another engine.
    pub fn with_engine(self, engine: Engine) -> Self {
        Judge { engine: Arc::new(engine), ..self }
    }

    /// Judges one request in calm weather.
    pub fn request(&self, facts: &RequestFacts<'_>, observe: Observe) -> Judged {
        self.request_around(facts, observe, &Around::default())
    }

    /// Judges one request.
    pub fn request_around(&self, facts: &RequestFacts<'_>, observe: Observe, around: &Around) -> Judged {
        let mut judged = Judged::blank();
        self.request_into(facts, observe, around, &mut judged);
        judged
    }

    /// As [`Judge::request_around`], into a place of the caller's. A verdict has room for every detector's line, some
    /// 8 KiB: moved four times on its way out, it cost 2,400 instructions and pushed all else out of the nearest cache.
    pub fn request_into(
        &self,
        facts: &RequestFacts<'_>,
        observe: Observe,
        around: &Around,
        judged: &mut Judged,
    ) {
        let verdict = &mut judged.verdict;
        let noted = self.engine.assess_into(facts, observe, &mut verdict.assessment);
        let policy = self.policy_of(facts.site);
        let conduct = &noted.conduct;
        let challenge_at = policy.bands.challenge();
        let (mut stack, mut heap) = ([0; path::STACK_BYTES], Vec::new());
        let path = plain_path(facts, &mut stack, &mut heap);
        if policy.rules.weighs() {
            let view = View::new(facts, &verdict.assessment, Some(conduct), challenge_at)
                .calling_site(policy.site_number)
                .plainly(path);
            let weights = weigh::weights(&policy.rules, &policy.rules.candidates(&view), &view);
            weigh::apply(&weights, &mut verdict.assessment);
        }
        let view = View::new(facts, &verdict.assessment, Some(conduct), challenge_at)
            .calling_site(policy.site_number)
            .plainly(path);
        let candidates = (!policy.rules.is_empty()).then(|| policy.rules.candidates(&view));
        let list = self.entry_for(facts, conduct);
        let case = Case {
            facts: Some(facts),
            conduct: Some(conduct),
            list: list.as_ref(),
            memory: Some(&self.memory),
            observe,
            view: Some(&view),
            candidates: candidates.as_ref(),
            ..Case::bare(policy, &verdict.assessment, around)
        };
        let (decision, say) = policy.decision(&case);
        let dry_run = case.dry_run(&say);
        let entry = self.entry_after(&case, &decision, &say);
        verdict.decision = decision;
        judged.features = noted.features;
        judged.ticket = noted.ticket;
        judged.wants_name = noted.wants_name;
        judged.entry = entry;
        judged.dry_run = dry_run;
    }

    /// What another policy would decide about the same assessment. Looks at facts, lists and the policy's own rules,
    /// counts nothing: rates are held against the last minute's pages, limits do not speak.
    pub fn decide(&self, policy: &Policy, assessment: &Assessment, facts: &RequestFacts<'_>) -> Decision {
        let (mut stack, mut heap) = ([0; path::STACK_BYTES], Vec::new());
        let path = plain_path(facts, &mut stack, &mut heap);
        let view = View::new(facts, assessment, None, policy.bands.challenge())
            .calling_site(policy.site_number)
            .plainly(path);
        let candidates = (!policy.rules.is_empty()).then(|| policy.rules.candidates(&view));
        let around = Around::default();
        let case = Case {
            facts: Some(facts),
            list: self.listed(facts),
            view: Some(&view),
            candidates: candidates.as_ref(),
            ..Case::bare(policy, assessment, &around)
        };
        policy.decision(&case).0
    }

    /// The entry of the lists that covers the client; none where its address is not its own.
    fn listed(&self, facts: &RequestFacts<'_>) -> Option<&ListEntry> {
        let ip = facts.client.ip().filter(|_| !facts.client_hidden)?;
        self.lists.find(ip, facts.time)
    }

    /// The entry that counts: the lists', or one that was decided here and is not in the lists yet. The operator's word
    /// stands above ours, and the harsher of the others counts.
    fn entry_for(&self, facts: &RequestFacts<'_>, conduct: &Conduct) -> Option<ListEntry> {
        let listed = self.listed(facts);
        let Some(ip) = facts.client.ip().filter(|_| !facts.client_hidden) else { return listed.copied() };
        let key = trouble_key(conduct);
        let troubled = self.memory.trouble.read(key, |trouble| trouble.has_entry()) == Some(true);
        if !troubled {
            return listed.copied();
        }
        let own = self
            .memory
            .trouble
            .update(key, Default::default, |trouble, _| trouble.holding(facts.time, listed));
        let own = own.map(|(effect, until)| ListEntry {
            network: ip.network(),
            effect,
            expires_at: Some(until),
            by_operator: false,
        });
        match (listed, own) {
            (Some(listed), Some(own)) if !listed.outranks(&own) => Some(own),
            (listed, own) => listed.copied().or(own),
        }
    }

    /// The entry that follows from a decision. Only where decisions are carried out: those of the operator's own rules
    /// always, all others under `enforce = "all"`; never where somebody only asks, or the address is not the client's.
    fn entry_after(&self, case: &Case<'_>, decision: &Decision, say: &Say) -> Option<EntryWish> {
        let (facts, conduct) = (case.facts?, case.conduct?);
        let ip = facts.client.ip().filter(|_| !facts.client_hidden && case.observe == Observe::Note)?;
        let carried_out = say.number.is_some() || case.policy.enforcement == Enforcement::All;
        if !carried_out || case.policy.preset == Preset::Observe {
            return None;
        }
        let event = match (say.entry, decision.enforced) {
            (Some(kind), _) => Event::Wish(kind, say.rule),
            (None, Action::Throttle(_)) if may_escalate(case.assessment.identity.class) => Event::Violation,
            _ => return None,
        };
        let written = self.memory.trouble.update(trouble_key(conduct), Default::default, |trouble, _| {
            trouble.note(event, &case.policy.entries, conduct.shared, facts.time)
        })?;
        Some(EntryWish {
            network: ip.network(),
            effect: written.effect,
            until: written.until,
            reason: written.reason,
            rule_number: say.number,
            memory_key: trouble_key(conduct),
        })
    }

    /// The entry of `wish` is in the lists: from now on they alone say whether it holds. Without this word, an entry that
    /// is taken back before its client comes again would go on in memory.
    pub fn entry_is_listed(&self, wish: &EntryWish) {
        self.memory.trouble.update(wish.memory_key, Default::default, |trouble, _| {
            trouble.is_listed(wish.effect, wish.until);
        });
    }

    /// Who was in trouble and how often, as bytes that hold no address: what a restart would otherwise forget. The keys are
    /// hashes under the engine's seed and mean something under that one only.
    pub fn trouble_to_bytes(&self) -> Vec<u8> {
        self.memory.trouble_to_bytes()
    }

    /// Takes over what [`Judge::trouble_to_bytes`] gave, all of it or nothing; what is over at `now` is left out. Returns the
    /// number of networks. Any bytes are fine.
    ///
    /// # Errors
    /// Where the bytes cannot have come from there.
    pub fn restore_trouble(&self, bytes: &[u8], now: Timestamp) -> Result<usize, TroubleError> {
        self.memory.restore_trouble(bytes, now)
    }

    /// Notes how a judged request ended.
    pub fn response(&self, ticket: Ticket, response: &ResponseFacts, now: Timestamp) {
        self.engine.finish(ticket, response, now);
    }

    /// The policy of site 0.
    pub fn policy(&self) -> &Policy {
        &self.policies[0]
    }

    /// The policy of `site`; that of site 0 where there is no such site.
    pub fn policy_of(&self, site: SiteId) -> &Policy {
        self.policies.get(site.0 as usize).unwrap_or(&self.policies[0])
    }

    /// For how many sites there is a policy: numbers below it.
    pub fn sites(&self) -> usize {
        self.policies.len()
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The lists.
    pub fn lists(&self) -> &ListMirror {
        &self.lists
    }

    /// Memory of buckets and trouble, in bytes.
    pub fn bytes(&self) -> usize {
        self.memory.bytes()
    }
}

/// `path` in the spelling that rules are held against: two spellings of one path are one path.
pub fn plainly(path: &str) -> std::borrow::Cow<'_, str> {
    let mut out = vec![0; if path::is_spelled(path) { path.len() } else { 0 }];
    match path::plain(path, &mut out) {
        Some(plain) if path::is_spelled(path) => plain.to_owned().into(),
        _ => path.into(),
    }
}

/// The path in the spelling that rules are held against, where it was sent in another.
fn plain_path<'o>(facts: &RequestFacts<'_>, stack: &'o mut [u8], heap: &'o mut Vec<u8>) -> Option<&'o str> {
    let (path, _) = split_target(facts.target.known()?);
    if !path::is_spelled(path) {
        return None;
    }
    if path.len() <= stack.len() {
        return path::plain(path, stack);
    }
    heap.resize(path.len(), 0);
    path::plain(path, heap)
}

/// Trouble is remembered by network, and apart from its buckets.
fn trouble_key(conduct: &Conduct) -> u64 {
    memory::mixed(conduct.keys.network, 0)
}

/// Welcome programs that come too often are told so each time, and nothing more.
fn may_escalate(class: IdentityClass) -> bool {
    matches!(
        class,
        IdentityClass::Browser | IdentityClass::Unknown | IdentityClass::Tool | IdentityClass::Library
    )
}
