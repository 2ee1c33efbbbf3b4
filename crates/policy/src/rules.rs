//! The order in which a decision is made, as one visible list.

use palisade_domain::{
    Action, Assessment, BlockReason, ClaimStatus, Decision, Enforcement, SignalId, Timestamp,
};

use crate::lists::{ListEffect, ListEntry};
use crate::{Bands, Preset};

/// What decides beside the assessment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances<'a> {
    /// The list entry that covers the client now.
    pub list: Option<&'a ListEntry>,
    /// True where the client asked for a trap URL that was keyed to it, not cross-site.
    pub keyed_trap_hit: bool,
}

/// A policy: a preset, its bands, and whether it is enforced.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The preset.
    pub preset: Preset,
    /// The bands.
    pub bands: Bands,
    /// What is carried out.
    pub enforcement: Enforcement,
}

/// What a rule says: an action and its own name, or nothing.
type Say = Option<(Action, &'static str)>;

/// One rule of the order.
type Rule = fn(&Policy, &Assessment, &Circumstances<'_>) -> Say;

/// First that speaks decides. DESIGN section 4, with attacks (section 11: refused from the first hour, whoever sends
/// them) before the class rules, so that an honest `curl` may fetch pages and may not send an injection.
const PRECEDENCE: [Rule; 9] = [
    operator_allow,
    operator_block,
    verified_identity,
    list_entry,
    keyed_trap,
    forged_identity,
    attack,
    class_rule,
    band,
];

impl Default for Policy {
    fn default() -> Self {
        Policy::preset(Preset::default())
    }
}

impl Policy {
    /// `preset` as it stands, enforced only for attacks.
    pub fn preset(preset: Preset) -> Self {
        Policy { preset, bands: preset.bands(), enforcement: Enforcement::Hard }
    }

    /// What is to be done about an assessed request.
    pub fn decide(&self, assessment: &Assessment, circumstances: &Circumstances<'_>) -> Decision {
        let (action, rule) = PRECEDENCE
            .iter()
            .find_map(|rule| rule(self, assessment, circumstances))
            .unwrap_or((Action::Allow, "band: allow"));
        let action = if self.preset == Preset::Observe { at_most_monitor(action) } else { action };
        Decision {
            action,
            enforced: self.enforced(action),
            rule,
            rule_number: None,
            until: rule_end(rule, circumstances),
        }
    }

    fn enforced(&self, action: Action) -> Action {
        match self.enforcement {
            Enforcement::All => action,
            Enforcement::Hard => self.hard(action),
        }
    }

    /// What is carried out of `action` under `enforce = "hard"`.
    pub fn hard(&self, action: Action) -> Action {
        match action {
            Action::Block(reason) if is_hard(reason) => action,
            action => at_most_monitor(action),
        }
    }
}

/// Refusals that are carried out from the first hour.
fn is_hard(reason: BlockReason) -> bool {
    matches!(reason, BlockReason::List | BlockReason::Attack | BlockReason::Flood)
}

fn at_most_monitor(action: Action) -> Action {
    if action.is_beyond_monitor() { Action::Monitor } else { action }
}

fn rule_end(rule: &str, circumstances: &Circumstances<'_>) -> Option<Timestamp> {
    let by_list = rule.starts_with("operator") || rule.starts_with("list");
    circumstances.list.filter(|_| by_list).and_then(|entry| entry.expires_at)
}

fn operator_allow(_: &Policy, _: &Assessment, circumstances: &Circumstances<'_>) -> Say {
    let entry = circumstances.list.filter(|entry| entry.by_operator)?;
    (entry.effect == ListEffect::Allow).then_some((Action::Allow, "operator: allow"))
}

fn operator_block(_: &Policy, _: &Assessment, circumstances: &Circumstances<'_>) -> Say {
    let entry = circumstances.list.filter(|entry| entry.by_operator)?;
    (entry.effect == ListEffect::Block).then_some((Action::Block(BlockReason::List), "operator: block"))
}

fn verified_identity(policy: &Policy, assessment: &Assessment, _: &Circumstances<'_>) -> Say {
    let identity = assessment.identity;
    let rule = policy.preset.classes().rule(identity.class).filter(|_| identity.is_verified_program())?;
    Some((rule.action(true, assessment.pages_per_minute), "identity: verified"))
}

fn list_entry(_: &Policy, assessment: &Assessment, circumstances: &Circumstances<'_>) -> Say {
    match circumstances.list?.effect {
        ListEffect::Allow => Some((Action::Allow, "list: allow")),
        ListEffect::Block => Some((Action::Block(BlockReason::List), "list: block")),
        ListEffect::Throttle(rate) if assessment.pages_per_minute > rate.0 as f32 => {
            Some((Action::Throttle(rate), "list: throttle"))
        }
        ListEffect::Throttle(_) | ListEffect::Flag => None,
    }
}

fn keyed_trap(_: &Policy, _: &Assessment, circumstances: &Circumstances<'_>) -> Say {
    circumstances.keyed_trap_hit.then_some((Action::Block(BlockReason::Trap), "trap: keyed"))
}

fn forged_identity(_: &Policy, assessment: &Assessment, _: &Circumstances<'_>) -> Say {
    let forged = assessment.identity.status == ClaimStatus::Forged;
    forged.then_some((Action::Block(BlockReason::Forged), "identity: forged"))
}

/// Attack evidence that decides alone, in log-odds: above any sum of weak hints (an odd method, a stale path).
const ATTACK_DECIDES: f32 = 4.0;

/// Signal families that are attacks or scans by themselves.
const ATTACK_FAMILIES: [&str; 3] = ["payload", "path", "method"];

/// A client that says it is a scanner.
const SCANNER: SignalId = SignalId("ua.scanner");

/// A flood of page requests.
const FLOOD: SignalId = SignalId("rate.flood");

fn attack(_: &Policy, assessment: &Assessment, _: &Circumstances<'_>) -> Say {
    if assessment.signal(FLOOD).is_some_and(|line| line.evidence >= ATTACK_DECIDES) {
        return Some((Action::Block(BlockReason::Flood), "attack: flood"));
    }
    let evidence: f32 = assessment
        .explanation
        .iter()
        .filter(|line| ATTACK_FAMILIES.contains(&line.id.family()) || line.id == SCANNER)
        .map(|line| line.evidence)
        .sum();
    (evidence >= ATTACK_DECIDES).then_some((Action::Block(BlockReason::Attack), "attack: request"))
}

fn class_rule(policy: &Policy, assessment: &Assessment, _: &Circumstances<'_>) -> Say {
    let rule = policy.preset.classes().rule(assessment.identity.class)?;
    Some((rule.action(false, assessment.pages_per_minute), "identity: class"))
}

fn band(policy: &Policy, assessment: &Assessment, circumstances: &Circumstances<'_>) -> Say {
    let (action, rule) = policy.bands.action(assessment.score);
    let flagged = circumstances.list.is_some_and(|entry| entry.effect == ListEffect::Flag);
    if flagged && action == Action::Allow {
        Some((Action::Monitor, "list: flag"))
    } else {
        Some((action, rule))
    }
}
