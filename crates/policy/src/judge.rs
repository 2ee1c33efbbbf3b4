//! One verdict: gather, detect, decide, in one place for every edge.

use palisade_detect::history::Ticket;
use palisade_detect::{Engine, Observe, features::Features, scorer};
use palisade_domain::{Action, Assessment, Decision, RequestFacts, ResponseFacts, Timestamp, Verdict};

use crate::{Circumstances, ListMirror, Policy};

/// An engine, a policy and the lists. Shared between threads.
pub struct Judge {
    engine: Engine,
    policy: Policy,
    lists: ListMirror,
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
}

impl Judge {
    /// A judge without list entries.
    pub fn new(engine: Engine, policy: Policy) -> Self {
        Judge { engine, policy, lists: ListMirror::default() }
    }

    /// The same judge with these entries.
    pub fn with_lists(self, lists: ListMirror) -> Self {
        Judge { lists, ..self }
    }

    /// Judges one request.
    pub fn request(&self, facts: &RequestFacts<'_>, observe: Observe) -> Judged {
        let decision = Decision { action: Action::Allow, enforced: Action::Allow, rule: "", until: None };
        let mut verdict = Verdict { assessment: scorer::blank(), decision };
        let (features, ticket) = self.engine.assess_into(facts, observe, &mut verdict.assessment);
        verdict.decision = self.decide(&self.policy, &verdict.assessment, facts);
        Judged { verdict, features, ticket }
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

    /// The policy that decides.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}
