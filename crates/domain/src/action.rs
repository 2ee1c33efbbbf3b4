//! What is done about a request.

use std::fmt;
use std::str::FromStr;

use crate::{Assessment, Timestamp};

/// Requests per minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rate(pub u32);

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockReason {
    /// The operator's list or another list entry.
    List,
    /// It carries an attack.
    Attack,
    /// It walked into a trap keyed to it.
    Trap,
    /// It says it is somebody else.
    Forged,
    /// It floods the site.
    Flood,
    /// The preset refuses its class.
    Class,
    /// A rule of the operator's own says so.
    Rule,
    /// Its score is in the block band.
    Score,
}

impl BlockReason {
    /// The name used in logs and reports.
    pub fn name(self) -> &'static str {
        match self {
            BlockReason::List => "list",
            BlockReason::Attack => "attack",
            BlockReason::Trap => "trap",
            BlockReason::Forged => "forged",
            BlockReason::Flood => "flood",
            BlockReason::Class => "class",
            BlockReason::Rule => "rule",
            BlockReason::Score => "score",
        }
    }
}

/// How slowly a tarpit answers: bytes per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pace(pub u32);

/// A price in millionths of a US dollar; money is never a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Price(pub u64);

/// What to do, mildest first. The order of the variants is the order of harshness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Let it pass.
    Allow,
    /// Let it pass and look closely.
    Monitor,
    /// Let it pass up to a rate, 429 above.
    Throttle(Rate),
    /// Let it prove itself.
    Challenge,
    /// Let it pay.
    Charge(Price),
    /// Let it wait.
    Tarpit(Pace),
    /// Refuse it.
    Block(BlockReason),
}

impl Action {
    /// Names of all actions, mildest first, as used on the surface.
    pub const NAMES: [&'static str; 7] =
        ["allow", "monitor", "throttle", "challenge", "charge", "tarpit", "block"];

    /// Harshness, 0 (allow) to 6 (block): the index into [`Action::NAMES`].
    pub fn rank(self) -> usize {
        match self {
            Action::Allow => 0,
            Action::Monitor => 1,
            Action::Throttle(_) => 2,
            Action::Challenge => 3,
            Action::Charge(_) => 4,
            Action::Tarpit(_) => 5,
            Action::Block(_) => 6,
        }
    }

    /// The name used on the surface.
    pub fn name(self) -> &'static str {
        Action::NAMES[self.rank()]
    }

    /// True for everything harsher than monitor.
    pub fn is_beyond_monitor(self) -> bool {
        self.rank() > 1
    }

    /// The four words of `/check`: throttle and charge read `CHALLENGE`, tarpit reads `BLOCK`.
    pub fn seed_name(self) -> &'static str {
        match self {
            Action::Allow => "ALLOW",
            Action::Monitor => "MONITOR",
            Action::Throttle(_) | Action::Challenge | Action::Charge(_) => "CHALLENGE",
            Action::Tarpit(_) | Action::Block(_) => "BLOCK",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which decisions are carried out; the rest are monitored and shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Enforcement {
    /// Only attacks, scanners and floods are refused.
    #[default]
    Hard,
    /// Everything the policy says.
    All,
}

impl FromStr for Enforcement {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "hard" => Ok(Enforcement::Hard),
            "all" => Ok(Enforcement::All),
            _ => Err(()),
        }
    }
}

/// What the policy says about one assessed request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// What the policy says.
    pub action: Action,
    /// What is done: `Monitor` where the policy is on dry run or not enforced.
    pub enforced: Action,
    /// The name of the rule that decided, such as `class: search` or `band: block`.
    pub rule: &'static str,
    /// Which of the operator's own rules decided, from 1 in the order of the file, where `rule` is `"rule"`.
    pub rule_number: Option<u16>,
    /// Until when, for decisions that come from an entry with an end.
    pub until: Option<Timestamp>,
}

/// One verdict, explained: the same live and from a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What we think.
    pub assessment: Assessment,
    /// What we do.
    pub decision: Decision,
}

impl Verdict {
    /// True where the score reaches `challenge_at` or the client says it is a program. A bot may be welcome.
    pub fn is_bot(&self, challenge_at: crate::Score) -> bool {
        self.assessment.score >= challenge_at || self.assessment.identity.class.is_program()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harshness_is_ordered() {
        assert!(!Action::Monitor.is_beyond_monitor());
        assert!(Action::Throttle(Rate(30)).is_beyond_monitor());
        assert_eq!(Action::Block(BlockReason::Score).name(), "block");
        assert_eq!(Action::Tarpit(Pace(1)).seed_name(), "BLOCK");
        assert_eq!(Action::Charge(Price(1)).seed_name(), "CHALLENGE");
    }
}
