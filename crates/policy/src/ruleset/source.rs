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

/// Something about a rule that is accepted and hardly meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule {}: {reason}", index + 1)]
pub struct Warning {
    /// Which rule, from 0.
    pub index: usize,
    /// Where in its condition, in bytes.
    pub offset: usize,
    /// What.
    pub reason: WarningReason,
}

/// Why a rule can never fire, or does what nobody means.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WarningReason {
    /// The condition is `false` whatever the request.
    #[error("the condition is never true, so this rule can never fire")]
    NeverTrue,
    /// Parts of the condition exclude each other.
    #[error(
        "no request can be all that the condition wants of {about}, so this rule can never fire; `||` joins \
         alternatives"
    )]
    Contradiction {
        /// What the parts speak of.
        about: String,
    },
    /// A part of the condition asks a fact for what it can never be.
    #[error("{fact} is never what the condition wants, so this rule can never fire{}", hint(fact))]
    Impossible {
        /// The fact, in backticks.
        fact: String,
    },
    /// It holds for broken requests only.
    #[error("{fact} is what the condition wants in broken requests only{}", usually(fact))]
    Unsound {
        /// The fact, in backticks.
        fact: &'static str,
    },
    /// Wherever it holds, an earlier rule has decided already.
    #[error("rule {} decides first wherever this one holds, so it can never fire", by + 1)]
    Covered {
        /// The earlier rule, from 0.
        by: usize,
    },
    /// Its action and its entry work against each other.
    #[error("{0}")]
    OddEntry(OddEntry),
}

/// An action and an entry that work against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OddEntry {
    /// What is allowed is punished.
    #[error(
        "the request passes, and because of it {}; where that is meant, as with a trap, write action = \
         \"monitor\", else leave the entry out", afterwards(*.0)
    )]
    Allowed(EntryKind),
    /// Nobody comes back to solve or to pay.
    #[error(
        "the client is told to {0} and is refused from then on, so it cannot; leave the entry out, or write \
         entry = \"flag\" or action = \"block\""
    )]
    Hopeless(&'static str),
}

impl OddEntry {
    /// What is odd about `entry` beside `effect`, if anything. Entries hold for all of a client's requests but those that
    /// an own rule decides.
    pub(crate) fn of(effect: RuleEffect, entry: EntryKind) -> Option<Self> {
        match (effect, entry) {
            (RuleEffect::Allow, entry) => Some(OddEntry::Allowed(entry)),
            (RuleEffect::Challenge, EntryKind::Block) => Some(OddEntry::Hopeless("prove itself")),
            (RuleEffect::Charge, EntryKind::Block) => Some(OddEntry::Hopeless("pay")),
            // Passing, watched, and writing down is a trap; refusing and writing down needs no explanation.
            _ => None,
        }
    }
}

fn afterwards(entry: EntryKind) -> &'static str {
    match entry {
        EntryKind::Block => "the client's other requests are refused",
        EntryKind::Throttle => "the client's other requests are slowed",
        EntryKind::Flag => "the client is flagged, and flags add up to a block",
    }
}

fn usually(fact: &str) -> &'static str {
    match fact {
        "`path`" => "; paths begin with `/`",
        "`method`" => "; methods are in capitals, as in method == \"GET\"",
        _ => "",
    }
}

fn hint(fact: &str) -> &'static str {
    match fact {
        "`path`" => {
            "; paths are in their plain spelling, what follows the `?` is `query`, and `url` is both as sent"
        }
        "`host`" => "; hosts are without port and without a dot at their end",
        "`score`" => "; it is 0 to 100",
        "`site`" => "; sites are numbered from 1",
        "`pages_per_minute`" => "; it is 0 or more",
        _ => "",
    }
}
