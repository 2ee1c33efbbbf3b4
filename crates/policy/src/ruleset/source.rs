//! What goes into a rule set and what is said about it.

use palisade_domain::Rate;

use crate::expression::ConditionError;

/// One rule of the operator's own, not compiled yet.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSource<'a> {
    /// The condition, in CEL syntax.
    pub when: &'a str,
    /// What it does where the condition holds.
    pub effect: RuleEffect,
    /// Shown, decides nothing.
    pub dry_run: bool,
    /// An entry that is written about the client's network beside.
    pub entry: Option<EntryKind>,
    /// What the operator calls it; shown in explanations, cut to 32 bytes.
    pub name: Option<&'a str>,
}

impl<'a> RuleSource<'a> {
    /// A rule without entry and name that is carried out.
    pub fn new(when: &'a str, effect: RuleEffect) -> Self {
        RuleSource { when, effect, dry_run: false, entry: None, name: None }
    }
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleEffect {
    /// Decides: let it pass.
    Allow,
    /// Decides: let it pass and look closely.
    Monitor,
    /// Decides once a client goes over the rate; below it the next rules are asked.
    Throttle(Rate),
    /// Decides: let it prove itself.
    Challenge,
    /// Decides: let it pay.
    Charge,
    /// Decides: let it wait.
    Tarpit,
    /// Decides: refuse it.
    Block,
    /// Adds score points (negative: takes them away) and decides nothing. -100..=100.
    Weigh(i8),
}

impl RuleEffect {
    /// The effect that configuration calls `action`; `per_minute` belongs to `throttle`.
    pub fn named(action: &str, per_minute: u32) -> Option<Self> {
        Some(match action {
            "allow" => RuleEffect::Allow,
            "monitor" => RuleEffect::Monitor,
            "throttle" => RuleEffect::Throttle(Rate(per_minute)),
            "challenge" => RuleEffect::Challenge,
            "charge" => RuleEffect::Charge,
            "tarpit" => RuleEffect::Tarpit,
            "block" => RuleEffect::Block,
            _ => return None,
        })
    }

    /// True where the effect decides by itself, whatever came before: not a weight, not a rate.
    pub(crate) fn is_final(self) -> bool {
        !matches!(self, RuleEffect::Weigh(_) | RuleEffect::Throttle(_))
    }
}

/// The three sorts of entry that a rule or band may have written; how long and how much: [`crate::EntrySettings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// Refuse the network for a day.
    Block,
    /// Hold the network to ten requests a minute for a quarter of an hour.
    Throttle,
    /// Watch the network for a week.
    Flag,
}

impl EntryKind {
    /// The sort that configuration calls `name`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "block" => Some(EntryKind::Block),
            "throttle" => Some(EntryKind::Throttle),
            "flag" => Some(EntryKind::Flag),
            _ => None,
        }
    }
}

/// A rule that is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("rule {}: {error}", index + 1)]
pub struct RuleError {
    /// Which rule, from 0.
    pub index: usize,
    /// What is wrong with its condition, and where (`error.offset`, in bytes).
    pub error: ConditionError,
}

/// A rule that is accepted but cannot do anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule {}: {reason}", index + 1)]
pub struct Warning {
    /// Which rule, from 0.
    pub index: usize,
    /// Where in its condition, in bytes.
    pub offset: usize,
    /// Why it can never fire.
    pub reason: WarningReason,
}

/// Why a rule can never fire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WarningReason {
    /// The condition is `false` whatever the request.
    #[error("the condition is never true, so this rule can never fire")]
    NeverTrue,
    /// Two parts of the condition exclude each other.
    #[error("the condition contradicts itself about {about}, so this rule can never fire")]
    Contradiction {
        /// What the parts speak of.
        about: String,
    },
    /// A part of the condition asks a fact for what it can never be.
    #[error("`{fact}` is never what the condition wants, so this rule can never fire{}", hint(fact))]
    Impossible {
        /// The fact.
        fact: &'static str,
    },
    /// Wherever it holds, an earlier rule has decided already.
    #[error("rule {} decides first wherever this one holds, so it can never fire", by + 1)]
    Covered {
        /// The earlier rule, from 0.
        by: usize,
    },
}

fn hint(fact: &str) -> &'static str {
    if fact == "path" { "; what follows the `?` is `query`, both together are `url`" } else { "" }
}
