//! One verdict: gather, detect, decide, in one place for every edge.

use std::sync::Arc;

use palisade_detect::history::Ticket;
use palisade_detect::{Engine, Observe, features::Features, scorer};
use palisade_domain::{
    Action, Assessment, Decision, NetPrefix, RequestFacts, ResponseFacts, SiteId, Timestamp, Verdict,
};

use crate::{Circumstances, ListEffect, ListMirror, Policy};

/// An engine, a policy for each site and the lists. Shared between threads; a clone is cheap and shares what it
/// remembers, so that a change of lists or policy is a new judge that is swapped in whole.
#[derive(Clone)]
pub struct Judge {
    engine: Arc<Engine>,
    /// By site number; never empty.
    policies: Arc<[Policy]>,
    lists: Arc<ListMirror>,
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
}

impl Judge {
    /// A judge of one site, without list entries.
    pub fn new(engine: Engine, policy: Policy) -> Self {
        Judge { engine: Arc::new(engine), policies: [policy].into(), lists: Arc::default() }
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
        let decision = Decision {
            action: Action::Allow,
            enforced: Action::Allow,
            rule: "",
            rule_number: None,
            until: None,
        };
        let mut verdict = Verdict { assessment: scorer::blank(), decision };
        let noted = self.engine.assess_into(facts, observe, &mut verdict.assessment);
        verdict.decision = self.decide(self.policy_of(facts.site), &verdict.assessment, facts);
        let _ = around;
        Judged {
            verdict,
            features: noted.features,
            ticket: noted.ticket,
            wants_name: noted.wants_name,
            entry: None,
        }
    }

    /// What another policy would decide about the same assessment.
    pub fn decide(&self, policy: &Policy, assessment: &Assessment, facts: &RequestFacts<'_>) -> Decision {
        let list = facts.client.ip().and_then(|ip| self.lists.find(ip, facts.time));
        policy.decide(assessment, &Circumstances { list, keyed_trap_hit: false })
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

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The lists.
    pub fn lists(&self) -> &ListMirror {
        &self.lists
    }
}
