//! Medians and intervals of a few rounds, without a guess about how they are distributed.

/// Enough for an interval of 95 %.
const COVERAGE: f64 = 0.95;

/// The median of some rounds and where the true one lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    /// Ends of the 95 % interval of the median, by rank; of fewer than six rounds the smallest and the largest.
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Spread {
    /// Of `values`; zeros where there are none.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Spread {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let count = values.len();
        if count == 0 {
            return Spread { median: 0.0, low: 0.0, high: 0.0 };
        }
        let median = f64::midpoint(values[(count - 1) / 2], values[count / 2]);
        let rank = rank(count);
        Spread { median, low: values[rank], high: values[count - 1 - rank] }
    }
}

/// How many values lie outside each end: the true median is above a value with probability one half, whatever the
/// distribution, so the number below it is binomial.
fn rank(count: usize) -> usize {
    let mut outside = 0.0;
    let mut chance = 0.5_f64.powi(i32::try_from(count).unwrap_or(i32::MAX));
    for rank in 0..count / 2 {
        outside += chance;
        if 1.0 - 2.0 * outside < COVERAGE {
            return rank.saturating_sub(1);
        }
        chance *= (count - rank) as f64 / (rank + 1) as f64;
    }
    (count / 2).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_the_tables() {
        // Ranks (from 1) of the two-sided 95 % interval of a median, as in any table of the sign test.
        for (count, low) in [(5, 1), (6, 1), (8, 1), (9, 2), (12, 3), (15, 4), (20, 6), (25, 8)] {
            assert_eq!(rank(count) + 1, low, "{count}");
        }
    }

    #[test]
    fn medians_of_few() {
        let spread = |values: &[f64]| {
            let Spread { median, low, high } = Spread::of(values.iter().copied());
            (median, low, high)
        };
        assert_eq!(spread(&[]), (0.0, 0.0, 0.0));
        assert_eq!(spread(&[3.0]), (3.0, 3.0, 3.0));
        assert_eq!(spread(&[4.0, 1.0]), (2.5, 1.0, 4.0));
        assert_eq!(spread(&[9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]), (5.0, 2.0, 8.0));
    }
}
