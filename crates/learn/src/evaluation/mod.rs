//! How good a model is, and how far the data can say so.
//!
//! What may not be split, a client or a generator, is one group; intervals count groups, not rows. A false-positive
//! rate below three in the number of groups is never claimed, and a rate that the data cannot support is null.
//! Nothing here knows a model: it gets scores with their truth and gives figures, a page and a text.

use std::collections::BTreeMap;

use serde::Serialize;

mod bootstrap;
mod calibration;
mod curves;
mod families;
mod interval;
mod mistakes;
mod page;
mod rank;
mod shuffle;
mod terminal;
mod vantages;
mod words;

#[cfg(test)]
mod made_up;
#[cfg(test)]
mod properties;

pub use bootstrap::AucGain;
pub use curves::{Curves, POINTS_MAX, curves};
pub use families::FamilyRecall;
pub use interval::{Interval, wilson};
pub use mistakes::{MISTAKES_MAX, Mistake};
pub use page::{FeatureShape, Report, page};
pub use shuffle::shuffled;
pub use terminal::{Cost, terminal, terminal_comparison, terminal_cost, terminal_table, terminal_vantages};
pub use vantages::{VantageFigures, by_vantage};

use interval::Rate;
use rank::Ranked;

/// Most rows of one evaluation. A million rows with a thousand resamples take about 20 s of one core; more rows narrow
/// no interval that a person could tell.
pub const ROWS_MAX: usize = 1_000_000;

/// Most resamples. A percentile of 10,000 resamples varies in the third digit; more is waste.
pub const RESAMPLES_MAX: u32 = 10_000;

/// One client or session, as after its last request.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Whom the row is about; shown among the mistakes.
    pub name: String,
    /// `0.0..=1.0`, where 1.0 is a bot.
    pub score: f64,
    /// The truth, as labelled.
    pub is_bot: bool,
    /// What must not be split: a client, a session, a generator.
    pub group: u32,
    /// The bot's family, such as the program's name; of people it is shown and never counted.
    pub family: Option<String>,
    /// Requests of this client or session.
    pub requests: u32,
    /// The strongest contributions to the score, by name, in log-odds.
    pub reasons: Vec<(String, f64)>,
}

/// How to evaluate.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluateOptions {
    /// The score from which on a client is challenged, `0.0..=1.0`.
    pub threshold: f64,
    /// The false-positive rate that the threshold was chosen for, `0.0..=1.0`.
    pub nominal_fpr: Option<f64>,
    /// Of the resampling. The same seed and rows give the same intervals.
    pub seed: u64,
    /// Resamples behind an interval, up to [`RESAMPLES_MAX`]; usually 1,000. 0 asks for no such interval.
    pub resamples: u32,
}

impl Default for EvaluateOptions {
    fn default() -> EvaluateOptions {
        EvaluateOptions { threshold: 0.7, nominal_fpr: None, seed: 0, resamples: 1_000 }
    }
}

/// What an evaluation found. Fractions are `0.0..=1.0`; `None` is what the data cannot say.
///
/// Shares are of rows, their intervals of groups: many rows of one client are no more than that client.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Rows.
    pub n: usize,
    /// Rows that are bots.
    pub bots: usize,
    /// Rows that are people.
    pub humans: usize,
    /// Distinct groups.
    pub groups: usize,
    /// Distinct groups that hold people; what a false-positive rate can be claimed from.
    #[serde(skip)]
    pub human_groups: usize,
    /// Share of pairs of a bot and a person in which the bot scores higher, ties counted half (Mann and Whitney
    /// 1947); `None` with one class.
    pub auc: Option<f64>,
    /// 95 % interval of [`Evaluation::auc`] by bootstrap over groups; `None` with fewer than two groups of a class.
    pub auc_interval: Option<Interval>,
    /// Precision averaged over recall, without interpolation; `None` with one class.
    pub average_precision: Option<f64>,
    /// Expected calibration error over ten bins of equal count: how far score and share of bots lie apart.
    pub ece: Option<f64>,
    /// Highest recall at bounded false-positive rates.
    pub tpr_at: TprAt,
    /// The threshold of all that follows.
    pub threshold: f64,
    /// The false-positive rate that the threshold was chosen for.
    pub fpr_nominal: Option<f64>,
    /// Share of people at or above the threshold.
    pub fpr_measured: Option<f64>,
    /// 95 % interval of [`Evaluation::fpr_measured`]; reaches up to 3/n at least, where n counts groups of people.
    pub fpr_interval: Option<Interval>,
    /// Share of bots at or above the threshold: the recall.
    pub tpr_measured: Option<f64>,
    /// 95 % interval of [`Evaluation::tpr_measured`].
    pub tpr_interval: Option<Interval>,
    /// Rows by truth and verdict.
    pub confusion: Confusion,
    /// Recall of each family of bots. Bots without a family are in none.
    pub per_family: BTreeMap<String, FamilyRecall>,
    /// The worst mistakes, worst first; at most [`MISTAKES_MAX`].
    pub worst: Vec<Mistake>,
}

impl Evaluation {
    /// The smallest false-positive rate that these people can support: 3/n over their groups, at most 1; `None`
    /// without people. Nobody hit among n leaves rates up to about 3/n possible at 95 % (Hanley and Lippman-Hand
    /// 1983, the rule of three).
    pub fn fpr_floor(&self) -> Option<f64> {
        (self.human_groups > 0).then(|| (3.0 / self.human_groups as f64).min(1.0))
    }
}

/// Highest recall at bounded false-positive rates, read from the data: no threshold between two scores is invented.
/// `None` where there are fewer than 3/rate groups of people, or no bots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct TprAt {
    /// With at most 1 in 1,000 people hit; takes 3,000 groups of people.
    #[serde(rename = "0.001")]
    pub one_in_1000: Option<f64>,
    /// With at most 1 in 200; takes 600.
    #[serde(rename = "0.005")]
    pub one_in_200: Option<f64>,
    /// With at most 1 in 100; takes 300.
    #[serde(rename = "0.01")]
    pub one_in_100: Option<f64>,
}

/// Rows by truth and verdict at the threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// Bots at or above it.
    pub true_bots: usize,
    /// Bots below it.
    pub missed_bots: usize,
    /// People below it.
    pub true_humans: usize,
    /// People at or above it.
    pub hit_humans: usize,
}

/// Why rows cannot be evaluated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EvaluateError {
    /// No rows.
    #[error("there is nothing to evaluate: no client or session was scored")]
    Empty,
    /// More than [`ROWS_MAX`].
    #[error("{rows} rows are more than the {ROWS_MAX} that are evaluated at once")]
    TooManyRows {
        /// As given.
        rows: usize,
    },
    /// A score that is no probability.
    #[error("row {row}: score {score} is not in 0..=1")]
    Score {
        /// Counted from 0.
        row: usize,
        /// As given; may be NaN.
        score: f64,
    },
    /// A threshold that is no probability.
    #[error("threshold {0} is not in 0..=1")]
    Threshold(f64),
    /// A nominal rate that is no probability.
    #[error("nominal false-positive rate {0} is not in 0..=1")]
    NominalFpr(f64),
    /// More than [`RESAMPLES_MAX`].
    #[error("{0} resamples are more than {RESAMPLES_MAX}")]
    Resamples(u32),
}

/// Why models cannot be compared.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{model}: {source}")]
pub struct CompareError {
    /// The first model whose rows cannot be evaluated.
    pub model: String,
    /// Why.
    pub source: EvaluateError,
}

/// The figures of `rows`. The order of rows decides nothing.
///
/// One class is no error: what needs both is `None` then.
///
/// # Errors
/// Where there are no rows or too many, or a number is out of its range.
pub fn evaluate(rows: &[Scored], options: &EvaluateOptions) -> Result<Evaluation, EvaluateError> {
    check(rows, options)?;
    let ranked = Ranked::new(rows);
    let is_hit = |row: &Scored| row.score >= options.threshold;
    let hits =
        |is_bot| rows.iter().filter(move |row| row.is_bot == is_bot).map(|row| (row.group, is_hit(row)));
    let (bots, humans) = (Rate::of(hits(true)), Rate::of(hits(false)));
    Ok(Evaluation {
        n: rows.len(),
        bots: bots.rows,
        humans: humans.rows,
        groups: ranked.groups(),
        human_groups: humans.groups,
        auc: ranked.auc(),
        auc_interval: bootstrap::auc_interval(&ranked, options.seed, options.resamples),
        average_precision: ranked.average_precision(),
        ece: calibration::expected_error(&calibration::bins(rows)),
        tpr_at: ranked.tpr_at(humans.groups),
        threshold: options.threshold,
        fpr_nominal: options.nominal_fpr,
        fpr_measured: humans.share(),
        fpr_interval: humans.interval(),
        tpr_measured: bots.share(),
        tpr_interval: bots.interval(),
        confusion: Confusion {
            true_bots: bots.hits,
            missed_bots: bots.rows - bots.hits,
            true_humans: humans.rows - humans.hits,
            hit_humans: humans.hits,
        },
        per_family: families::recalls(rows, options.threshold),
        worst: mistakes::worst(rows, options.threshold),
    })
}

/// Several models or baselines over the same clients, each by name, in the order given.
///
/// # Errors
/// As [`evaluate`], with the first model that fails.
pub fn compare(
    models: &[(&str, &[Scored])],
    options: &EvaluateOptions,
) -> Result<Vec<(String, Evaluation)>, CompareError> {
    let one = |&(name, rows): &(&str, &[Scored])| match evaluate(rows, options) {
        Ok(evaluation) => Ok((name.to_owned(), evaluation)),
        Err(source) => Err(CompareError { model: name.to_owned(), source }),
    };
    models.iter().map(one).collect()
}

/// How much better `after` orders the clients of `before`, who are the same; `None` where there are too few to tell.
pub fn auc_gain(before: &[Scored], after: &[Scored], options: &EvaluateOptions) -> Option<AucGain> {
    let resamples = options.resamples.min(RESAMPLES_MAX);
    bootstrap::auc_gain(&Ranked::new(before), &Ranked::new(after), options.seed, resamples)
}

fn check(rows: &[Scored], options: &EvaluateOptions) -> Result<(), EvaluateError> {
    if rows.is_empty() {
        return Err(EvaluateError::Empty);
    }
    if rows.len() > ROWS_MAX {
        return Err(EvaluateError::TooManyRows { rows: rows.len() });
    }
    if !is_fraction(options.threshold) {
        return Err(EvaluateError::Threshold(options.threshold));
    }
    if let Some(fpr) = options.nominal_fpr.filter(|&fpr| !is_fraction(fpr)) {
        return Err(EvaluateError::NominalFpr(fpr));
    }
    if options.resamples > RESAMPLES_MAX {
        return Err(EvaluateError::Resamples(options.resamples));
    }
    match rows.iter().position(|row| !is_fraction(row.score)) {
        Some(row) => Err(EvaluateError::Score { row, score: rows[row].score }),
        None => Ok(()),
    }
}

/// NaN is in no range.
fn is_fraction(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}

#[cfg(test)]
mod tests;
