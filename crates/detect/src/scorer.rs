//! Evidence in, score and explanation out.
//!
//! `score = calibrate(prior + Σ contributions)`: contributions are the detectors' evidence in log-odds times their
//! weight, summed within a [`Group`] and held to its cap. Nothing subtracts, so more evidence never lowers the
//! score, and the order of detectors cannot matter.

use palisade_domain::{Assessment, Coverage, Explanation, Identity, LogOdds, Score, Signal, SignalPoints};

use crate::detector::{Card, Group};

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
    /// The operator's weight for that detector, 0.0 and up.
    pub weight: f32,
    /// Shown only.
    pub dry_run: bool,
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
    assess_into(findings, context, &mut assessment);
    assessment
}

/// An assessment yet to be made.
#[inline]
pub fn blank() -> Assessment {
    Assessment {
        score: Score::default(),
        base: Score::default(),
        log_odds: PRIOR,
        identity: Identity::UNKNOWN,
        explanation: Explanation::new(),
        coverage: Coverage::default(),
        pages_per_minute: 0.0,
    }
}

/// As [`assess`], into a place of the caller's: an explanation has room for every detector, and moving that costs more
/// than filling it.
pub fn assess_into(findings: &mut Findings, context: &Context, assessment: &mut Assessment) {
    // One order for all sums: rounding must not depend on the order of the detectors.
    findings.sort_unstable_by_key(|finding| finding.signal.id);
    let findings = &*findings;
    let counted = counted_evidence(findings, context.shared_network);
    let log_odds = PRIOR + counted.iter().sum::<LogOdds>();
    let score = Score::rounded(calibrate(log_odds));
    let base = Score::rounded(calibrate(PRIOR));
    assessment.score = score;
    assessment.base = base;
    assessment.log_odds = log_odds;
    assessment.identity = context.identity;
    assessment.coverage = context.coverage;
    assessment.pages_per_minute = context.pages_per_minute;
    let total = i32::from(score.value()) - i32::from(base.value());
    explain(findings, &counted, total, &mut assessment.explanation);
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
    if finding.dry_run {
        return 0.0;
    }
    let evidence = (finding.signal.evidence * finding.weight).max(0.0);
    let network_only = matches!(finding.card.scope, crate::detector::Scope::Network);
    if shared_network && network_only { evidence.min(SHARED_NETWORK_CAP) } else { evidence }
}

/// Shares `total` points among the findings in proportion to their evidence (the Aumann-Shapley value of a function
/// of a sum), rounded by largest remainder so that base and points add up to the score exactly.
fn explain(findings: &Findings, counted: &PerFinding, total: i32, explanation: &mut Explanation) {
    let sum: LogOdds = counted.iter().sum();
    explanation.clear();
    let mut rests: arrayvec::ArrayVec<(f32, usize), { Signal::PER_REQUEST_MAX }> = arrayvec::ArrayVec::new();
    for (at, (finding, &evidence)) in findings.iter().zip(counted).enumerate() {
        let exact = if sum > 0.0 { total as f32 * evidence / sum } else { 0.0 };
        rests.push((exact - exact.floor(), at));
        explanation.push(SignalPoints {
            id: finding.signal.id,
            points: exact.floor() as i16,
            evidence,
            detail: finding.signal.detail,
            dry_run: finding.dry_run,
        });
    }
    let missing = total - explanation.iter().map(|line| i32::from(line.points)).sum::<i32>();
    let missing = if sum > 0.0 { usize::try_from(missing).unwrap_or(0) } else { 0 };
    rests.sort_unstable_by(|(a, x), (b, y)| b.total_cmp(a).then(x.cmp(y)));
    rests.iter().take(missing).for_each(|&(_, at)| explanation[at].points += 1);
    explanation.sort_unstable_by(|x, y| y.evidence.total_cmp(&x.evidence).then(x.id.cmp(&y.id)));
}
