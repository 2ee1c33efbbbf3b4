//! Which rules can never fire, or do what nobody means.
//!
//! Each rule may stand in the shadow of each one before it: that is quadratic, however cheap a pair is. So all that is
//! looked at comes out of one stock of steps, and where it is used up nothing more is found. A warning that is missing
//! then is silence; none that is given is wrong.

use std::ops::Range;

use super::{OddEntry, Rule, RuleEffect, Ruleset, Warning, WarningReason};
use crate::expression::{Never, Situation};

/// Steps of one review. A thousand rules have half a million pairs, a step each; where all speak of the same fact, so that
/// each pair is asked, it is a million and a half. A step is a fraction of a microsecond, so somebody who reloads does not
/// notice what takes all of them.
pub const REVIEW_STEPS_MAX: usize = 2_000_000;

/// A look at rule sets that belong together: what it may cost is bounded for all of them at once.
#[derive(Clone, Debug)]
pub struct Review {
    left: usize,
}

impl Default for Review {
    fn default() -> Self {
        Review { left: REVIEW_STEPS_MAX }
    }
}

impl Review {
    /// What is to be said about the rules with numbers of `range`, as if there were no others.
    pub fn among(&mut self, rules: &Ruleset, range: Range<usize>) -> Vec<Warning> {
        let rules = rules.rules.get(range.clone()).unwrap_or_default();
        let mut shades: Vec<Option<Situation<'_>>> = Vec::with_capacity(rules.len());
        let mut dead: Vec<Option<WarningReason>> = Vec::with_capacity(rules.len());
        for rule in rules {
            let mut shade = self.shade(rule);
            dead.push(self.dead(rule, shade.as_mut()));
            shades.push(shade);
        }
        for (at, reason) in dead.iter_mut().enumerate() {
            let (earlier, later) = shades.split_at_mut(at);
            if reason.is_none()
                && let Some(narrow) = later.first_mut().and_then(Option::as_mut)
            {
                let by = self.first_above(&rules[at], narrow, &rules[..at], earlier);
                *reason = by.map(|by| WarningReason::Covered { by: range.start + by });
            }
        }
        let warn = |(at, reason): (usize, Option<WarningReason>)| {
            let rule = &rules[at];
            let odd = rule.entry.and_then(|entry| OddEntry::of(rule.effect, entry));
            let reasons = reason.into_iter().chain(odd.map(WarningReason::OddEntry));
            reasons.map(move |reason| Warning { index: range.start + at, offset: 0, reason })
        };
        dead.into_iter().enumerate().flat_map(warn).collect()
    }

    /// Which of the rules `asked` never fire because one with a number below `own` decides wherever they hold.
    pub fn behind(&mut self, rules: &Ruleset, own: usize, asked: &[usize]) -> Vec<Warning> {
        let earlier = rules.rules.get(..own).unwrap_or_default();
        if earlier.is_empty() || asked.is_empty() {
            return Vec::new();
        }
        let shades: Vec<Option<Situation<'_>>> = earlier.iter().map(|rule| self.shade(rule)).collect();
        let mut found = Vec::new();
        for &index in asked {
            let Some(rule) = rules.rules.get(index) else { continue };
            let Some(mut narrow) = rule.condition.situation() else { continue };
            if let Some(by) = self.first_above(rule, &mut narrow, earlier, &shades) {
                found.push(Warning { index, offset: 0, reason: WarningReason::Covered { by } });
            }
        }
        found
    }

    /// Steps that were taken so far.
    pub fn steps(&self) -> usize {
        REVIEW_STEPS_MAX - self.left
    }

    /// Where `rule` holds; `None` where it plainly never does.
    fn shade<'r>(&mut self, rule: &'r Rule) -> Option<Situation<'r>> {
        let mut situation = rule.condition.situation()?;
        if casts_shadow(rule) {
            situation.set_certain_parts_aside(&mut self.left);
        }
        Some(situation)
    }

    /// Why `rule`, which holds in `situation`, can never fire whatever stands before it.
    fn dead(&mut self, rule: &Rule, situation: Option<&mut Situation<'_>>) -> Option<WarningReason> {
        let (never, may_be_unsound) = match situation {
            Some(situation) => (situation.never(&mut self.left), situation.may_be_unsound()),
            None => (rule.condition.never(), false),
        };
        match never {
            Some(Never::False) => return Some(WarningReason::NeverTrue),
            Some(Never::Impossible(fact)) => return Some(WarningReason::Impossible { fact }),
            Some(Never::Contradiction(about)) => return Some(WarningReason::Contradiction { about }),
            None => {}
        }
        // Paid for as if it took all it may.
        self.left = self.left.checked_sub(Situation::UNSOUND_STEPS_MAX).filter(|_| may_be_unsound)?;
        rule.condition.unsound().map(|fact| WarningReason::Unsound { fact })
    }

    /// The first of `earlier`, which hold in `shades`, that decides wherever `rule` holds.
    fn first_above<'r>(
        &mut self,
        rule: &Rule,
        narrow: &mut Situation<'r>,
        earlier: &[Rule],
        shades: &[Option<Situation<'r>>],
    ) -> Option<usize> {
        // Weights come before what decides.
        if matches!(rule.effect, RuleEffect::Weigh(_)) || self.left == 0 {
            return None;
        }
        let mut pairs = earlier.iter().zip(shades);
        pairs.position(|(earlier, wide)| {
            let wide = wide.as_ref().filter(|_| casts_shadow(earlier));
            wide.is_some_and(|wide| narrow.implies(wide, &mut self.left))
        })
    }
}

fn casts_shadow(rule: &Rule) -> bool {
    rule.effect.is_final() && !rule.dry_run
}
