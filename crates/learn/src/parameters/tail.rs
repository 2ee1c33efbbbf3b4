//! How surprising a number is among those that were seen, and beyond them.

/// How fast what was never seen becomes more surprising: the number of nats that each e-fold of the distance beyond adds. A tail of
/// a power, not of an exponential: one odd name among a thousand is no wonder.
const POWER: f64 = 1.5;

/// Part of the numbers beyond which only the distance counts.
const BEYOND_ONE_IN: usize = 10;

/// Smallest distance that is told apart, nats.
const SCALE_MIN: f64 = 0.5;

/// Numbers of benign requests.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    /// Ascending.
    seen: Vec<f64>,
    /// Where the tail begins, and how many lie beyond.
    begin: f64,
    beyond: usize,
    /// Mean distance of those beyond.
    scale: f64,
}

impl Tail {
    /// Of numbers, at least one; without any, nothing surprises.
    pub(super) fn of(mut seen: Vec<f64>) -> Tail {
        seen.sort_unstable_by(f64::total_cmp);
        let beyond = (seen.len() / BEYOND_ONE_IN).max(1).min(seen.len());
        let at = seen.len().saturating_sub(beyond + 1);
        let begin = seen.get(at).copied().unwrap_or(f64::INFINITY);
        let distances: f64 = seen[seen.len() - beyond..].iter().map(|value| value - begin).sum();
        let scale = (distances / beyond.max(1) as f64).max(SCALE_MIN);
        Tail { seen, begin, beyond, scale }
    }

    /// How surprising a number is, in nats, 0.0 and up: it never falls while the number grows.
    pub(super) fn nats(&self, value: f64) -> f64 {
        let share = |count: usize| ((self.seen.len() + 1) as f64 / (count + 1) as f64).ln();
        if value > self.begin {
            return share(self.beyond) + ((value - self.begin) / self.scale).ln_1p() * POWER;
        }
        let below = self.seen.partition_point(|seen| *seen < value);
        share(self.seen.len() - below).min(share(self.beyond))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_usual_is_no_surprise_and_the_far_is_one() {
        let tail = Tail::of((0..1_000).map(f64::from).collect());
        assert_eq!(tail.nats(-5.0), 0.0);
        assert!((tail.nats(500.0) - 2.0_f64.ln()).abs() < 0.01, "{}", tail.nats(500.0));
        assert!(tail.nats(890.0) > 2.1 && tail.nats(890.0) < 2.4);
        assert!(tail.nats(5_000.0) > 6.0);
    }

    #[test]
    fn nothing_is_learned_from_nothing() {
        assert_eq!(Tail::of(Vec::new()).nats(1e9), 0.0);
        assert!(Tail::of(vec![3.0]).nats(3.0) <= 2.0_f64.ln());
    }

    proptest! {
        #[test]
        fn more_is_never_less_surprising(
            seen in prop::collection::vec(0.0_f64..50.0, 0..60), mut asked in prop::collection::vec(0.0_f64..200.0, 2..20),
        ) {
            let tail = Tail::of(seen);
            asked.sort_by(f64::total_cmp);
            let nats: Vec<f64> = asked.iter().map(|value| tail.nats(*value)).collect();
            prop_assert!(nats.windows(2).all(|two| two[0] <= two[1]), "{nats:?}");
            prop_assert!(nats.iter().all(|nats| nats.is_finite() && *nats >= 0.0));
        }
    }
}
