//! What happens to clients that say they are programs.

use palisade_domain::{Action, BlockReason, IdentityClass, Rate};

/// What one class may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassRule {
    /// Pass up to a rate; 429 with `Retry-After` above it. Page requests per minute.
    Pass {
        /// For proven claims.
        verified: Rate,
        /// For unproven ones.
        unverified: Rate,
    },
    /// Pass, watched, up to a rate.
    Watch(Rate),
    /// Refuse.
    Refuse,
}

/// One rule per program class. None of them ever challenges: a program cannot solve anything.
#[derive(Debug)]
pub struct ClassTable {
    search: ClassRule,
    ai: ClassRule,
    feed: ClassRule,
    preview: ClassRule,
    monitor: ClassRule,
    webhook: ClassRule,
    tool: ClassRule,
    library: ClassRule,
    archive: ClassRule,
}

const fn pass(verified: u32, unverified: u32) -> ClassRule {
    ClassRule::Pass { verified: Rate(verified), unverified: Rate(unverified) }
}

impl ClassTable {
    /// Welcome programs pass, tools and libraries are watched and held to 30 pages a minute.
    pub const BALANCED: ClassTable = ClassTable {
        search: pass(600, 120),
        ai: pass(300, 60),
        feed: pass(120, 30),
        preview: pass(240, 60),
        monitor: pass(240, 30),
        webhook: pass(600, 600),
        tool: ClassRule::Watch(Rate(30)),
        library: ClassRule::Watch(Rate(30)),
        archive: pass(240, 60),
    };

    /// Unproven crawlers are held short, tools and libraries shorter.
    pub const STRICT: ClassTable = ClassTable {
        search: pass(300, 30),
        ai: pass(60, 10),
        archive: pass(120, 20),
        tool: ClassRule::Watch(Rate(10)),
        library: ClassRule::Watch(Rate(10)),
        ..ClassTable::BALANCED
    };

    /// AI crawlers, agents and fetchers are refused, proven or not.
    pub const AI_CRAWLERS_OUT: ClassTable = ClassTable { ai: ClassRule::Refuse, ..ClassTable::BALANCED };

    /// The rule of `class`; `None` for browsers and unknown clients, which the bands judge.
    pub fn rule(&self, class: IdentityClass) -> Option<ClassRule> {
        match class {
            IdentityClass::Browser | IdentityClass::Unknown => None,
            IdentityClass::Search => Some(self.search),
            IdentityClass::Ai => Some(self.ai),
            IdentityClass::Feed => Some(self.feed),
            IdentityClass::Preview => Some(self.preview),
            IdentityClass::Monitor => Some(self.monitor),
            IdentityClass::Webhook => Some(self.webhook),
            IdentityClass::Tool => Some(self.tool),
            IdentityClass::Library => Some(self.library),
            IdentityClass::Archive => Some(self.archive),
        }
    }
}

impl ClassRule {
    /// The action at `pages_per_minute`.
    pub fn action(self, verified: bool, pages_per_minute: f32) -> Action {
        let (below, rate) = match self {
            ClassRule::Refuse => return Action::Block(BlockReason::Class),
            ClassRule::Pass { verified: rate, .. } if verified => (Action::Allow, rate),
            ClassRule::Pass { unverified: rate, .. } => (Action::Allow, rate),
            ClassRule::Watch(rate) => (Action::Monitor, rate),
        };
        if pages_per_minute > rate.0 as f32 { Action::Throttle(rate) } else { below }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_slowed_never_challenged() {
        for table in [&ClassTable::BALANCED, &ClassTable::STRICT, &ClassTable::AI_CRAWLERS_OUT] {
            for class in IdentityClass::ALL {
                let Some(rule) = table.rule(class) else { continue };
                for rate in [0.0, 30.0, 1e6] {
                    assert_ne!(rule.action(false, rate), Action::Challenge);
                }
            }
        }
    }

    #[test]
    fn caps_bite_above_the_rate_only() {
        let tool = ClassTable::BALANCED.tool;
        assert_eq!(tool.action(false, 30.0), Action::Monitor);
        assert_eq!(tool.action(false, 31.0), Action::Throttle(Rate(30)));
        assert_eq!(ClassTable::BALANCED.search.action(true, 599.0), Action::Allow);
        assert_eq!(ClassTable::BALANCED.search.action(false, 599.0), Action::Throttle(Rate(120)));
    }
}
