//! Evidence in, score and explanation out.
//!
//! `score = calibrate(prior + Σ contributions)`: contributions are the detectors' evidence in log-odds times their
//! weight, summed within a [`Group`] and held to its cap. A model adds to that, or stands in its place ([`crate::learned`]).
//! Nothing subtracts, so more evidence never lowers the score, and the order of detectors cannot matter.

use palisade_domain::{
    Assessment, Coverage, Detail, Explanation, Identity, LogOdds, ModelOpinion, Score, Signal, SignalPoints,
};

use crate::detector::{Card, Group};
use crate::learned::{self, Heard, Opinion, Told, Tolds};
use crate::schema::LISTED;

/// Log-odds of a request about which nothing speaks: about 5 in 100.
///
/// Provisional: hand-set tables have no held-out people behind them, so the anchors 50, 70 and 90 are the plain
/// logistic values until a model's card measures them.
pub const PRIOR: LogOdds = -3.0;

/// Evidence resting on the network alone counts at most this much where five or more proven sessions share it.
pub const SHARED_NETWORK_CAP: LogOdds = 1.0;

/// One finding, ready to be counted.
#[derive(Clone, Copy, Debug)]
pub struct Finding {
    /// What was found.
    pub signal: Signal,
    /// Whose finding.
    pub card: &'static Card,
    /// The place of its detector in [`crate::detectors::all`].
    pub at: usize,
    /// The operator's weight for that detector, 0.0 and up.
    pub weight: f32,
    /// Shown only.
    pub dry_run: bool,
}

impl Finding {
    /// The position of its evidence in the feature schema.
    pub(crate) fn feature(&self) -> u16 {
        (LISTED.len() + self.at) as u16
    }

    /// By how much its evidence is multiplied.
    pub(crate) fn counts(&self) -> f32 {
        if self.dry_run { 0.0 } else { self.weight.max(0.0) }
    }
}

/// All findings of one request.
pub type Findings = arrayvec::ArrayVec<Finding, { Signal::PER_REQUEST_MAX }>;

/// Log-odds to score, 0.0..=100.0; strictly increasing.
pub fn calibrate(log_odds: LogOdds) -> f32 {
    100.0 / (1.0 + (-log_odds).exp())
}

/// What else the assessment carries along.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Who it is.
    pub identity: Identity,
    /// How much could be seen.
    pub coverage: Coverage,
    /// Page requests in the last minute.
    pub pages_per_minute: f32,
    /// Five or more proven sessions share the network.
    pub shared_network: bool,
}

/// Adds the findings up; they are left in order of their names.
pub fn assess(findings: &mut Findings, context: &Context) -> Assessment {
    let mut assessment = blank();
    assess_into(findings, context, None, &mut assessment);
    assessment
}

/// An assessment yet to be made.
#[inline]
pub fn blank() -> Assessment {
    Assessment {
        score: Score::default(),
        base: Score::default(),
        log_odds: PRIOR,
        model: None,
        identity: Identity::UNKNOWN,
        explanation: Explanation::new(),
        coverage: Coverage::default(),
        pages_per_minute: 0.0,
    }
}

/// As [`assess`], with what a model says, into a place of the caller's: an explanation has room for every detector, and moving
/// that costs more than filling it.
pub fn assess_into(
    findings: &mut Findings,
    context: &Context,
    heard: Option<&mut Heard<'_>>,
    assessment: &mut Assessment,
) {
    // One order for all sums: rounding must not depend on the order of the detectors.
    findings.sort_unstable_by_key(|finding| finding.signal.id);
    let findings = &*findings;
    let counted = counted_evidence(findings, context.shared_network);
    let by_rules = PRIOR + counted.iter().sum::<LogOdds>();
    let explanation = &mut assessment.explanation;
    explanation.clear();
    let model = heard.as_ref().map(|heard| ModelOpinion {
        score: calibrate(heard.opinion.log_odds),
        probability: heard.opinion.probability,
    });
    let (base, log_odds) = match heard {
        None => {
            tell_findings(findings, &counted, explanation);
            (PRIOR, by_rules)
        }
        Some(heard) if heard.opinion.stands_alone() => {
            let Opinion { base, log_odds, .. } = heard.opinion;
            let (vector, contributions) = heard.reasons();
            let adds = findings
                .iter()
                .map(|finding| contributions.of(finding.feature()).max(0.0) * finding.counts());
            tell_findings(findings, &adds.collect(), explanation);
            tell_features(learned::told(vector, contributions), None, explanation);
            (base, log_odds)
        }
        Some(heard) => {
            tell_findings(findings, &counted, explanation);
            let log_odds = heard.opinion.with(by_rules);
            // Only what it adds is told, so that of most visitors nobody asks for its reasons.
            if log_odds > by_rules {
                let (vector, contributions) = heard.reasons();
                let tolds = learned::told(vector, contributions);
                tell_features(tolds, Some(log_odds - by_rules), explanation);
            }
            (PRIOR, log_odds)
        }
    };
    assessment.score = Score::rounded(calibrate(log_odds));
    assessment.base = Score::rounded(calibrate(base)).min(assessment.score);
    assessment.log_odds = log_odds;
    assessment.model = model;
    assessment.identity = context.identity;
    assessment.coverage = context.coverage;
    assessment.pages_per_minute = context.pages_per_minute;
    let total = i32::from(assessment.score.value()) - i32::from(assessment.base.value());
    share(total, &mut assessment.explanation);
}

/// What the hand-set tables alone say, log-odds.
pub(crate) fn by_rules(findings: &Findings, shared_network: bool) -> LogOdds {
    PRIOR + counted_evidence(findings, shared_network).iter().sum::<LogOdds>()
}

type PerFinding = arrayvec::ArrayVec<LogOdds, { Signal::PER_REQUEST_MAX }>;

/// Evidence that counts, per finding: weight applied, each group scaled down to its cap.
fn counted_evidence(findings: &Findings, shared_network: bool) -> PerFinding {
    let mut counted: PerFinding =
        findings.iter().map(|finding| raw_evidence(finding, shared_network)).collect();
    let mut sums = [0.0; Group::ALL.len()];
    for (finding, evidence) in findings.iter().zip(&counted) {
        sums[finding.card.group as usize] += evidence;
    }
    for (finding, evidence) in findings.iter().zip(&mut counted) {
        let (group, sum) = (finding.card.group, sums[finding.card.group as usize]);
        if sum > group.cap() {
            *evidence *= group.cap() / sum;
        }
    }
    counted
}

fn raw_evidence(finding: &Finding, shared_network: bool) -> LogOdds {
    let evidence = (finding.signal.evidence * finding.counts()).max(0.0);
    let network_only = matches!(finding.card.scope, crate::detector::Scope::Network);
    if shared_network && network_only { evidence.min(SHARED_NETWORK_CAP) } else { evidence }
}

/// A line for each finding, worth its evidence; points come later.
fn tell_findings(findings: &Findings, counted: &PerFinding, explanation: &mut Explanation) {
    for (finding, &evidence) in findings.iter().zip(counted) {
        let (id, detail, dry_run) = (finding.signal.id, finding.signal.detail, finding.dry_run);
        // There is room for every detector; a full list cannot happen, and must not fail a request.
        let _ = explanation.try_push(SignalPoints { id, points: 0, evidence, detail, dry_run });
    }
}

/// A line for each feature of the model that adds most. Together they are worth `sum`, where the model is held to one.
fn tell_features(mut tolds: Tolds, sum: Option<LogOdds>, explanation: &mut Explanation) {
    if tolds.is_empty() && sum.is_some() {
        let detail = Detail::plain("What the detectors found weighs more together");
        tolds.push(Told { id: learned::OTHER, detail, evidence: 1.0 });
    }
    let all: LogOdds = tolds.iter().map(|told| told.evidence).sum();
    let scale = sum.map_or(1.0, |sum| sum / all);
    // What there is no room for goes to the last that there is room for.
    let room = explanation.remaining_capacity();
    for (at, told) in tolds.into_iter().enumerate() {
        let (id, detail, evidence) = (told.id, told.detail, told.evidence * scale);
        if at < room {
            explanation.push(SignalPoints { id, points: 0, evidence, detail, dry_run: false });
        } else if let Some(last) = explanation.last_mut() {
            last.evidence += evidence;
        }
    }
}

/// Shares `total` points among the lines in proportion to their evidence (the Aumann-Shapley value of a function
/// of a sum), rounded by largest remainder so that base and points add up to the score exactly.
fn share(total: i32, explanation: &mut Explanation) {
    let sum: LogOdds = explanation.iter().map(|line| line.evidence).sum();
    let mut rests: arrayvec::ArrayVec<(f32, usize), { Signal::PER_REQUEST_MAX }> = arrayvec::ArrayVec::new();
    for (at, line) in explanation.iter_mut().enumerate() {
        let exact = if sum > 0.0 { total as f32 * line.evidence / sum } else { 0.0 };
        rests.push((exact - exact.floor(), at));
        line.points = exact.floor() as i16;
    }
    let missing = total - explanation.iter().map(|line| i32::from(line.points)).sum::<i32>();
    let missing = if sum > 0.0 { usize::try_from(missing).unwrap_or(0) } else { 0 };
    rests.sort_unstable_by(|(a, x), (b, y)| b.total_cmp(a).then(x.cmp(y)));
    rests.iter().take(missing).for_each(|&(_, at)| explanation[at].points += 1);
    explanation.sort_unstable_by(|x, y| y.evidence.total_cmp(&x.evidence).then(x.id.cmp(&y.id)));
}
