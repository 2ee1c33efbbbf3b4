//! Intervals of rates, counted in groups.

use std::collections::HashMap;

use serde::Serialize;

/// The 97.5th percentile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A 95 % interval of a fraction; `[lo, hi]` in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(into = "[f64; 2]")]
pub struct Interval {
    /// Its lower end, `0.0..=1.0`.
    pub lo: f64,
    /// Its upper end, not below `lo`, at most 1.0.
    pub hi: f64,
}

impl From<Interval> for [f64; 2] {
    fn from(interval: Interval) -> [f64; 2] {
        [interval.lo, interval.hi]
    }
}

impl Interval {
    /// True where `value` lies in it, ends included.
    pub fn contains(self, value: f64) -> bool {
        (self.lo..=self.hi).contains(&value)
    }

    /// The interval, stretched where it must be to hold `value`.
    pub(super) fn with(self, value: f64) -> Interval {
        Interval { lo: self.lo.min(value).max(0.0), hi: self.hi.max(value).min(1.0) }
    }
}

/// The score interval of a share seen in `n` independent trials at 95 % (Wilson 1927). `n` need not be whole.
///
/// At shares 0 and 1 it reaches 3/n away at least (the rule of three). Without a trial nothing is known: 0 to 1.
pub fn wilson(share: f64, n: f64) -> Interval {
    if n.is_nan() || n <= 0.0 || !super::is_fraction(share) {
        return Interval { lo: 0.0, hi: 1.0 };
    }
    let z2 = Z * Z;
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let score = Interval { lo: centre - half, hi: centre + half }.with(share);
    match share {
        0.0 => Interval { lo: 0.0, ..score.with(3.0 / n) },
        1.0 => Interval { hi: 1.0, ..score.with(1.0 - 3.0 / n) },
        _ => score,
    }
}

/// How many rows were hit, and how many independent groups stand behind them.
pub(super) struct Rate {
    pub(super) rows: usize,
    pub(super) hits: usize,
    pub(super) groups: usize,
    /// Groups of equal size that would say as much.
    effective: f64,
}

impl Rate {
    /// Of rows by group, each hit or not.
    pub(super) fn of(rows: impl Iterator<Item = (u32, bool)>) -> Rate {
        let mut sizes: HashMap<u32, usize> = HashMap::new();
        let (mut count, mut hits) = (0, 0);
        for (group, is_hit) in rows {
            *sizes.entry(group).or_default() += 1;
            count += 1;
            hits += usize::from(is_hit);
        }
        // Kish 1965: a group of a thousand rows beside nine of one is little more than one group. A whole number
        // below the square root, so the order of groups decides nothing.
        let squares: u128 = sizes.values().map(|&size| (size as u128).pow(2)).sum();
        let effective = if count == 0 { 0.0 } else { (count as f64).powi(2) / squares as f64 };
        Rate { rows: count, hits, groups: sizes.len(), effective }
    }

    /// Hits per row; `None` without rows.
    pub(super) fn share(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.hits as f64 / self.rows as f64)
    }

    /// [`wilson`] over groups, as if all rows of one group went the same way.
    pub(super) fn interval(&self) -> Option<Interval> {
        self.share().map(|share| wilson(share, self.effective))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(share: f64, n: f64, lo: f64, hi: f64) {
        let made = wilson(share, n);
        assert!((made.lo - lo).abs() < 5e-5 && (made.hi - hi).abs() < 5e-5, "{share} of {n}: {made:?}");
    }

    #[test]
    fn known_intervals() {
        // Newcombe 1998, table I, method 3.
        check(81.0 / 263.0, 263.0, 0.2553, 0.3662);
        check(15.0 / 148.0, 148.0, 0.0624, 0.1605);
        check(0.0, 20.0, 0.0, 0.1611);
        check(1.0 / 29.0, 29.0, 0.0061, 0.1718);
    }

    #[test]
    fn nobody_of_few_leaves_three_in_n_possible() {
        // Wilson alone would say 0.2775 and 0.6576 here.
        check(0.0, 10.0, 0.0, 0.3);
        check(0.0, 2.0, 0.0, 1.0);
        check(1.0, 10.0, 0.7, 1.0);
        for n in 1..2_000 {
            assert!(wilson(0.0, f64::from(n)).hi >= (3.0 / f64::from(n)).min(1.0));
        }
    }

    #[test]
    fn nothing_seen_says_nothing() {
        for (share, n) in [(0.5, 0.0), (0.5, f64::NAN), (f64::NAN, 10.0), (2.0, 10.0), (0.0, -1.0)] {
            assert_eq!(wilson(share, n), Interval { lo: 0.0, hi: 1.0 });
        }
    }

    #[test]
    fn rows_of_one_group_are_one_word() {
        let rate = Rate::of((0..100).map(|at| (at / 10, at < 10)));
        assert_eq!((rate.rows, rate.hits, rate.groups, rate.share()), (100, 10, 10, Some(0.1)));
        assert_eq!(rate.interval(), Some(wilson(0.1, 10.0)));
        let rate = Rate::of((0..1_009).map(|at| (at / 1_000 * (at % 1_000), false)));
        assert!(rate.effective < 1.1, "{}", rate.effective);
    }

    #[test]
    fn no_rows_have_no_rate() {
        let rate = Rate::of(std::iter::empty());
        assert_eq!((rate.share(), rate.interval()), (None, None));
    }

    #[test]
    fn intervals_are_pairs_in_json() {
        assert_eq!(serde_json::to_string(&Interval { lo: 0.25, hi: 0.5 }).unwrap(), "[0.25,0.5]");
    }
}
