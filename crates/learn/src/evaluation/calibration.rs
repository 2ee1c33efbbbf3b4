//! Whether a score of 0.8 means that eight of ten are bots.

use super::Scored;

/// Bins of the calibration error and the reliability curve.
const BINS: usize = 10;

/// Neighbouring scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bin {
    /// Mean score.
    pub(super) score: f64,
    /// Share of bots.
    pub(super) bots: f64,
    /// Rows.
    pub(super) n: usize,
}

/// Ten bins of equal count (to one row), lowest scores first; as many as rows where there are fewer. Rows without a
/// score in `0..=1` are left out.
///
/// Where a bin ends among equal scores, each side gets its part of their bots, so that the order of rows decides
/// nothing.
pub(super) fn bins(rows: &[Scored]) -> Vec<Bin> {
    let usable = rows.iter().filter(|row| super::is_fraction(row.score));
    let mut pairs: Vec<(f64, f64)> =
        usable.map(|row| (row.score + 0.0, if row.is_bot { 1.0 } else { 0.0 })).collect();
    pairs.sort_by(|one, other| one.0.total_cmp(&other.0));
    for run in pairs.chunk_by_mut(|one, other| one.0 == other.0) {
        let share = run.iter().map(|pair| pair.1).sum::<f64>() / run.len() as f64;
        run.iter_mut().for_each(|pair| pair.1 = share);
    }
    let (n, bins) = (pairs.len(), BINS.min(pairs.len()));
    let bin = |at: usize| {
        let rows = &pairs[at * n / bins..(at + 1) * n / bins];
        let mean = |of: fn(&(f64, f64)) -> f64| rows.iter().map(of).sum::<f64>() / rows.len() as f64;
        Bin { score: mean(|pair| pair.0), bots: mean(|pair| pair.1), n: rows.len() }
    };
    (0..bins).map(bin).collect()
}

/// The distance of score and share of bots over `bins`, weighted by rows (Naeini, Cooper and Hauskrecht 2015, with
/// bins of equal count); `None` without a bin.
pub(super) fn expected_error(bins: &[Bin]) -> Option<f64> {
    let n: usize = bins.iter().map(|bin| bin.n).sum();
    let sum: f64 = bins.iter().map(|bin| bin.n as f64 * (bin.score - bin.bots).abs()).sum();
    (n > 0).then(|| (sum / n as f64).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::super::made_up::rows;
    use super::*;

    fn error(data: &[(f64, bool)]) -> f64 {
        expected_error(&bins(&rows(data))).unwrap()
    }

    #[test]
    fn twenty_rows_by_hand() {
        // Two rows a bin: people at 0.1 in five bins, one bot and one person at 0.6 and 0.8 in the others.
        let mut data = vec![(0.1, false); 10];
        for at in 0..5 {
            let step = f64::from(at) / 100.0;
            data.extend([(0.6 + step, true), (0.6 + step, false)]);
        }
        // Half the rows are off by 0.1, the others by 0.10, 0.11, 0.12, 0.13, 0.14.
        assert!((error(&data) - (0.5 * 0.1 + 0.5 * 0.12)).abs() < 1e-12);
    }

    #[test]
    fn perfect_scores_have_no_error() {
        assert_eq!(error(&[(1.0, true), (0.0, false)].repeat(25)), 0.0);
        assert_eq!(error(&[(0.5, true), (0.5, false)].repeat(7)), 0.0);
    }

    #[test]
    fn few_rows_have_as_many_bins() {
        let made = bins(&rows(&[(0.9, true), (0.2, false), (0.4, true)]));
        assert_eq!(made.iter().map(|bin| bin.n).collect::<Vec<_>>(), [1, 1, 1]);
        assert!((error(&[(0.9, true), (0.2, false), (0.4, true)]) - (0.1 + 0.2 + 0.6) / 3.0).abs() < 1e-12);
        assert_eq!(expected_error(&bins(&[])), None);
    }

    #[test]
    fn order_of_equal_scores_decides_nothing() {
        let mut data = vec![(0.5, true); 13];
        data.extend(vec![(0.5, false); 12]);
        let forth = error(&data);
        data.reverse();
        assert_eq!(error(&data), forth);
        assert!((forth - 0.02).abs() < 1e-12, "{forth}");
    }
}
