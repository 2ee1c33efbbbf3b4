//! The same figures for each vantage: a mean over places that see different things hides what each is worth.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{EvaluateError, EvaluateOptions, Interval, Scored, evaluate};

/// What an evaluation found of the clients that were seen from one vantage. Fractions are `0.0..=1.0`; `None` is what so few cannot
/// say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VantageFigures {
    /// Rows.
    pub n: usize,
    /// Rows that are bots.
    pub bots: usize,
    /// Rows that are people.
    pub humans: usize,
    /// As [`Evaluation::auc`](super::Evaluation::auc).
    pub auc: Option<f64>,
    /// Its 95 % interval.
    pub auc_interval: Option<Interval>,
    /// Share of people at or above the threshold.
    pub fpr_measured: Option<f64>,
    /// Its 95 % interval.
    pub fpr_interval: Option<Interval>,
    /// Share of bots at or above the threshold.
    pub tpr_measured: Option<f64>,
    /// Its 95 % interval.
    pub tpr_interval: Option<Interval>,
}

/// The figures of `rows` by the name of the vantage from which each was seen last; rows without one are left out.
///
/// # Errors
/// As [`evaluate`].
pub fn by_vantage(
    rows: &[Scored],
    vantage_of: impl Fn(&Scored) -> Option<&'static str>,
    options: &EvaluateOptions,
) -> Result<BTreeMap<&'static str, VantageFigures>, EvaluateError> {
    let mut seen: BTreeMap<&'static str, Vec<Scored>> = BTreeMap::new();
    for row in rows {
        if let Some(vantage) = vantage_of(row) {
            seen.entry(vantage).or_default().push(row.clone());
        }
    }
    let figures = |(vantage, rows): (&'static str, Vec<Scored>)| {
        let found = evaluate(&rows, options)?;
        let figures = VantageFigures {
            n: found.n,
            bots: found.bots,
            humans: found.humans,
            auc: found.auc,
            auc_interval: found.auc_interval,
            fpr_measured: found.fpr_measured,
            fpr_interval: found.fpr_interval,
            tpr_measured: found.tpr_measured,
            tpr_interval: found.tpr_interval,
        };
        Ok((vantage, figures))
    };
    seen.into_iter().map(figures).collect()
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    #[test]
    fn each_vantage_has_figures_of_its_own() {
        let rows = made_up::rows(&[(0.9, true), (0.1, false), (0.2, true), (0.8, false), (0.9, true)]);
        let of = |row: &Scored| match row.group {
            0 | 1 => Some("log"),
            2 | 3 => Some("check"),
            _ => None,
        };
        let found = by_vantage(&rows, of, &EvaluateOptions::default()).unwrap();
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), ["check", "log"]);
        let counts = |name| (found[name].n, found[name].auc, found[name].fpr_measured);
        assert_eq!(counts("log"), (2, Some(1.0), Some(0.0)));
        assert_eq!(counts("check"), (2, Some(0.0), Some(1.0)));
        assert!(by_vantage(&[], of, &EvaluateOptions::default()).unwrap().is_empty());
    }
}
