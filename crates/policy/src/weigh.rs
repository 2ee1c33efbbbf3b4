//! The effect `weigh`: points of the operator's own, on top of what the detectors found.

use arrayvec::ArrayVec;
use palisade_domain::{Assessment, Detail, Score, SignalId, SignalPoints, Value};

use crate::expression::View;
use crate::ruleset::{Candidates, Rule, RuleEffect, Ruleset};

/// The signal under which weights stand in an explanation.
pub const RULE_SIGNAL: SignalId = SignalId("list.rule");

/// Weights that one request can collect; further ones are not counted.
pub const WEIGHTS_MAX: usize = 16;

/// What one rule adds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weight {
    points: i8,
    who: Value,
    dry_run: bool,
}

/// All weights of one request.
pub(crate) type Weights = ArrayVec<Weight, WEIGHTS_MAX>;

/// The weights of the rules that hold, in the order of the file. All of them see the score without any of them.
pub(crate) fn weights(rules: &Ruleset, candidates: &Candidates, view: &View<'_>) -> Weights {
    let mut weights = Weights::new();
    for (at, rule) in rules.among(candidates) {
        if let RuleEffect::Weigh(points) = rule.effect
            && !weights.is_full()
            && rule.condition.holds(view)
        {
            weights.push(Weight { points, who: who(at, rule), dry_run: rule.dry_run });
        }
    }
    weights
}

fn who(at: usize, rule: &Rule) -> Value {
    if rule.name.is_empty() { Value::Number((at + 1) as f32) } else { Value::Text(rule.name) }
}

/// Adds `weights` to the score, a line each; base and points still add up to the score, which stays within 0..=100.
pub(crate) fn apply(weights: &Weights, assessment: &mut Assessment) {
    for weight in weights {
        if assessment.explanation.is_full() {
            return;
        }
        let before = i16::from(assessment.score.value());
        let wanted = if weight.dry_run { 0 } else { i16::from(weight.points) };
        let after = Score::rounded(f32::from(before + wanted));
        let points = i16::from(after.value()) - before;
        let words = if weight.dry_run {
            "rule {a}, on dry run, would add {b} points"
        } else {
            "rule {a} adds {b} points"
        };
        let detail = Detail::two(words, weight.who, Value::Number(f32::from(weight.points)));
        let line = SignalPoints { id: RULE_SIGNAL, points, evidence: 0.0, detail, dry_run: weight.dry_run };
        let weaker = |held: &SignalPoints| held.points.abs() < points.abs();
        let at = assessment.explanation.iter().position(weaker).unwrap_or(assessment.explanation.len());
        assessment.explanation.insert(at, line);
        assessment.score = after;
    }
}
