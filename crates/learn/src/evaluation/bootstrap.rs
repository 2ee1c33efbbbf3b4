//! The interval of the AUC: groups drawn again and again, with replacement (Efron 1979; whole groups, as Field and
//! Welsh 2007).

use super::interval::Interval;
use super::rank::Ranked;
use crate::random::Random;

/// Percentiles 2.5 and 97.5 of the AUC over `resamples` draws of groups. A draw with one class says nothing and is
/// left out.
///
/// A perfect order is perfect in every draw too, so the interval is stretched to 3/n then, where n counts the groups
/// of the rarer class (the rule of three). `None` with fewer than two groups of a class, where every score is the
/// same, and where most draws hold one class.
pub(super) fn auc_interval(ranked: &Ranked, seed: u64, resamples: u32) -> Option<Interval> {
    let estimate = ranked.auc()?;
    let (bots, humans) = ranked.groups_by_class();
    let rarer = bots.min(humans);
    if rarer < 2 || ranked.is_constant() {
        return None;
    }
    let mut random = Random::new(seed);
    let mut drawn = vec![0; ranked.groups()];
    let mut aucs: Vec<f64> =
        (0..resamples).filter_map(|_| ranked.weighted_auc(draw(&mut drawn, &mut random))).collect();
    if aucs.is_empty() || aucs.len() < resamples as usize / 2 {
        return None;
    }
    aucs.sort_by(f64::total_cmp);
    let drawn = Interval { lo: percentile(&aucs, 0.025), hi: percentile(&aucs, 0.975) }.with(estimate);
    let three = 3.0 / rarer as f64;
    Some(match estimate {
        1.0 => drawn.with(1.0 - three),
        0.0 => drawn.with(three),
        _ => drawn,
    })
}

/// The difference of two AUCs over the same groups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AucGain {
    /// The AUC of the first.
    pub before: f64,
    /// The AUC of the second.
    pub after: f64,
    /// 95 % interval of the gain, -1.0..=1.0: the same groups are drawn for both.
    pub lo: f64,
    /// Its upper end.
    pub hi: f64,
}

impl AucGain {
    /// How much the second is better, -1.0..=1.0.
    pub fn gain(&self) -> f64 {
        self.after - self.before
    }
}

/// How much better `after` orders the same rows than `before`. `None` with fewer than two groups of a class, without resamples, and
/// where both are not about the same groups.
pub(super) fn auc_gain(before: &Ranked, after: &Ranked, seed: u64, resamples: u32) -> Option<AucGain> {
    let (bots, humans) = before.groups_by_class();
    if bots.min(humans) < 2 || before.groups() != after.groups() {
        return None;
    }
    let mut random = Random::new(seed);
    let mut drawn = vec![0; before.groups()];
    let mut gains: Vec<f64> = (0..resamples)
        .filter_map(|_| {
            let drawn = draw(&mut drawn, &mut random);
            Some(after.weighted_auc(drawn)? - before.weighted_auc(drawn)?)
        })
        .collect();
    if gains.is_empty() || gains.len() < resamples as usize / 2 {
        return None;
    }
    gains.sort_by(f64::total_cmp);
    let (lo, hi) = (percentile(&gains, 0.025), percentile(&gains, 0.975));
    Some(AucGain { before: before.auc()?, after: after.auc()?, lo, hi })
}

/// How often each group is drawn when as many are drawn as there are.
fn draw<'a>(times: &'a mut [u32], random: &mut Random) -> &'a [u32] {
    times.fill(0);
    for _ in 0..times.len() {
        times[random.below(times.len())] += 1;
    }
    times
}

/// The value at `share` of the way through `sorted`, between its neighbours in proportion.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{self, rows};
    use super::*;

    fn of(data: &[(f64, bool)], resamples: u32) -> Option<Interval> {
        auc_interval(&Ranked::new(&rows(data)), 1, resamples)
    }

    #[test]
    fn percentiles_lie_between_neighbours() {
        assert_eq!(percentile(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.5), 3.0);
        assert_eq!(percentile(&[1.0, 2.0], 0.25), 1.25);
        assert_eq!(percentile(&[7.0], 0.975), 7.0);
    }

    #[test]
    fn same_seed_same_interval() {
        let ranked = Ranked::new(&made_up::overlapping(60, 90, 5));
        let one = auc_interval(&ranked, 3, 200).unwrap();
        assert_eq!(auc_interval(&ranked, 3, 200), Some(one));
        assert_ne!(auc_interval(&ranked, 4, 200), Some(one));
        assert!(one.contains(ranked.auc().unwrap()) && one.lo < one.hi, "{one:?}");
    }

    #[test]
    fn rows_of_one_group_widen_the_interval() {
        let mut rows = made_up::overlapping(60, 90, 5);
        let apart = auc_interval(&Ranked::new(&rows), 1, 500).unwrap();
        for row in &mut rows {
            row.group = row.group % 6 + 10 * u32::from(row.is_bot);
        }
        rows.sort_by_key(|row| row.group);
        // Six people who are alike within: their scores are pulled together by group.
        for row in &mut rows {
            row.score = (row.score + f64::from(row.group % 10) / 3.0) / 3.0;
        }
        let together = auc_interval(&Ranked::new(&rows), 1, 500).unwrap();
        assert!(together.hi - together.lo > apart.hi - apart.lo, "{together:?} {apart:?}");
    }

    #[test]
    fn perfection_is_not_proof() {
        let data =
            [(0.9, true), (0.8, true), (0.95, true), (0.1, false), (0.2, false), (0.3, false), (0.1, false)];
        assert_eq!(of(&data, 100), Some(Interval { lo: 0.0, hi: 1.0 }));
        let mut data = vec![(0.9, true); 30];
        data.extend(vec![(0.1, false); 300]);
        assert_eq!(of(&data, 100), Some(Interval { lo: 0.9, hi: 1.0 }));
    }

    #[test]
    fn too_little_has_no_interval() {
        assert_eq!(of(&[(0.9, true), (0.1, false), (0.2, false)], 100), None, "one bot");
        assert_eq!(of(&[(0.5, true), (0.5, true), (0.5, false), (0.5, false)], 100), None, "constant");
        assert_eq!(of(&[(0.9, true), (0.8, true), (0.1, false), (0.2, false)], 0), None, "no resamples");
    }
}
