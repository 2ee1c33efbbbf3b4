//! The operator's own rules, compiled and indexed.
//!
//! Of a thousand rules, those that path, host, method and class leave are asked in the order of the file. Weights come
//! first: they look at the score as the detectors left it, and change the score that everything else looks at. Then
//! the first rule that decides decides.

mod index;
mod review;
mod source;

use arrayvec::ArrayString;

pub use index::RULES_MAX;
pub use review::{REVIEW_STEPS_MAX, Review};
pub use source::{EntryKind, OddEntry, RuleEffect, RuleError, RuleSource, Warning, WarningReason};

use crate::expression::{Condition, ConditionError, Fault, View};
use index::{Bits, Index};

/// All rules of one policy.
#[derive(Clone, Debug)]
pub struct Ruleset {
    rules: Vec<Rule>,
    index: Index,
    weighs: bool,
}

/// One compiled rule.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) condition: Condition,
    pub(crate) effect: RuleEffect,
    pub(crate) dry_run: bool,
    pub(crate) entry: Option<EntryKind>,
    /// What the operator calls it, else empty.
    pub(crate) name: ArrayString<32>,
    /// The same for the same condition and effect: rates go on across a reload.
    pub(crate) key: u64,
}

/// The rules that can hold for one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidates(Bits);

impl Default for Ruleset {
    /// No rule.
    fn default() -> Self {
        Ruleset { rules: Vec::new(), index: Index::new(&[]), weighs: false }
    }
}

impl Ruleset {
    /// Compiles `sources`. Takes time linear in their text; which of them are hardly meant is said by [`Ruleset::warnings`].
    ///
    /// # Errors
    /// With every rule whose condition is refused.
    pub fn compile(sources: &[RuleSource<'_>]) -> Result<Ruleset, Vec<RuleError>> {
        if sources.len() > RULES_MAX {
            let error = ConditionError { offset: 0, fault: Fault::TooManyRules { max: RULES_MAX } };
            return Err(vec![RuleError { index: RULES_MAX, error }]);
        }
        let (mut rules, mut errors) = (Vec::with_capacity(sources.len()), Vec::new());
        for (index, source) in sources.iter().enumerate() {
            match Rule::compile(source) {
                Ok(rule) => rules.push(rule),
                Err(error) => errors.push(RuleError { index, error }),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let weighs = rules.iter().any(|rule| matches!(rule.effect, RuleEffect::Weigh(_)));
        Ok(Ruleset { index: Index::new(&rules), rules, weighs })
    }

    /// Which rules can never fire or do what nobody means, as far as [`REVIEW_STEPS_MAX`] steps tell.
    pub fn warnings(&self) -> Vec<Warning> {
        Review::default().among(self, 0..self.len())
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Number, from 0, of the first rule whose condition holds.
    pub fn first_match(&self, view: &View<'_>) -> Option<usize> {
        let found = self.candidates(view);
        self.among(&found).find(|(_, rule)| rule.condition.holds(view)).map(|(at, _)| at)
    }

    /// Numbers, from 0, of all rules whose condition holds, in order: what a look at one request shows.
    pub fn matching(&self, view: &View<'_>) -> Vec<usize> {
        let found = self.candidates(view);
        self.among(&found).filter(|(_, rule)| rule.condition.holds(view)).map(|(at, _)| at).collect()
    }

    pub(crate) fn weighs(&self) -> bool {
        self.weighs
    }

    pub(crate) fn candidates(&self, view: &View<'_>) -> Candidates {
        Candidates(self.index.candidates(view))
    }

    /// The rules among `candidates`, with their numbers from 0.
    pub(crate) fn among<'a>(&'a self, candidates: &'a Candidates) -> impl Iterator<Item = (usize, &'a Rule)> {
        candidates.0.each().map(|at| (at, &self.rules[at]))
    }
}

impl Rule {
    fn compile(source: &RuleSource<'_>) -> Result<Self, ConditionError> {
        let condition = Condition::compile(source.when)?;
        let mut name = ArrayString::new();
        for letter in source.name.unwrap_or("").chars() {
            if name.try_push(if letter.is_control() { '.' } else { letter }).is_err() {
                break;
            }
        }
        let effect = format!("{:?}", source.effect);
        let key = index::hash(source.when.bytes().chain(effect.bytes()));
        let RuleSource { effect, dry_run, entry, .. } = *source;
        Ok(Rule { condition, effect, dry_run, entry, name, key })
    }
}

#[cfg(test)]
mod tests;
