//! A counter that forgets: what happened one half-life ago counts half.
//!
//! Source: exponentially weighted sums as in Cormode, Shkapenyuk, Srivastava, Xu, *Forward Decay* (ICDE 2009),
//! section III (backward exponential decay, the one kind that needs no more than a value and a time).

/// An exponentially decayed sum with a half-life of `HALF_LIFE_MS` milliseconds, 12 bytes.
///
/// For events of weight 1 at a steady rate of `r` per second it settles at `r × HALF_LIFE_MS / 1000 / ln 2`
/// ([`Decayed::per_second`] turns it round). Exact up to `f32` rounding: a relative error of about 1e-7 per call;
/// whole counts within one instant are exact up to 2^24. It is never negative and never NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(Rust, packed(4))]
pub struct Decayed<const HALF_LIFE_MS: u64> {
    value: f32,
    last_ms: u64,
}

impl<const HALF_LIFE_MS: u64> Decayed<HALF_LIFE_MS> {
    /// A half-life of nothing would divide by nothing.
    const CHECK: () = assert!(HALF_LIFE_MS > 0);

    /// Adds `x` at `now_ms`. Negative and non-finite `x` are ignored. A `now_ms` before the last one counts as the last.
    pub fn add(&mut self, now_ms: u64, x: f32) {
        let x = if x.is_finite() { x.max(0.0) } else { 0.0 };
        self.value = (self.value(now_ms) + x).min(f32::MAX);
        self.last_ms = self.last_ms.max(now_ms);
    }

    /// The sum as of `now_ms`; as of the last addition where `now_ms` lies before it.
    pub fn value(&self, now_ms: u64) -> f32 {
        let () = Self::CHECK;
        match now_ms.saturating_sub(self.last_ms) {
            0 => self.value,
            age_ms => self.value * (-(age_ms as f32) / HALF_LIFE_MS as f32).exp2(),
        }
    }

    /// The steady rate of weight per second that would give this value.
    pub fn per_second(&self, now_ms: u64) -> f32 {
        self.value(now_ms) * std::f32::consts::LN_2 * 1000.0 / HALF_LIFE_MS as f32
    }

    /// When something was last added, in the caller's milliseconds; 0 before that.
    pub fn last_ms(&self) -> u64 {
        self.last_ms
    }

    /// Value and time of the last addition, for a snapshot.
    pub fn to_parts(self) -> (f32, u64) {
        (self.value, self.last_ms)
    }

    /// What [`Decayed::to_parts`] gave. A value that it cannot have given is taken as 0.
    pub fn from_parts(value: f32, last_ms: u64) -> Self {
        let value = if value.is_finite() { value.max(0.0) } else { 0.0 };
        Decayed { value, last_ms }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Minute = Decayed<60_000>;

    #[test]
    fn half_is_left_after_a_half_life() {
        let mut counter = Minute::default();
        counter.add(1_000, 8.0);
        assert_eq!(counter.value(1_000), 8.0);
        assert_eq!(counter.value(61_000), 4.0);
        assert_eq!(counter.value(181_000), 1.0);
        assert!(counter.value(u64::MAX) < 1e-30);
        assert_eq!(size_of::<Minute>(), 12);
    }

    #[test]
    fn a_clock_going_back_changes_nothing() {
        let mut counter = Minute::default();
        counter.add(100_000, 2.0);
        counter.add(40_000, 1.0);
        assert_eq!((counter.value(0), counter.value(100_000)), (3.0, 3.0));
        assert_eq!(counter.last_ms(), 100_000);
    }

    #[test]
    fn a_steady_rate_is_read_back() {
        let mut counter = Minute::default();
        (0..1_200).for_each(|n| counter.add(n * 500, 1.0));
        let rate = counter.per_second(1_200 * 500);
        assert!((rate - 2.0).abs() < 0.02, "{rate}");
    }

    #[test]
    fn nonsense_adds_nothing() {
        let mut counter = Minute::default();
        [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -5.0].into_iter().for_each(|x| counter.add(5, x));
        assert_eq!(counter.value(5), 0.0);
        assert_eq!(Minute::from_parts(f32::NAN, 3).value(3), 0.0);
    }

    proptest! {
        #[test]
        fn never_negative_never_above_the_plain_sum(
            steps in prop::collection::vec((0u64..200_000, 0f32..100.0), 0..50),
            later in 0u64..10_000_000,
        ) {
            let (mut counter, mut sum) = (Minute::default(), 0.0);
            for (now_ms, x) in steps {
                counter.add(now_ms, x);
                sum += x;
                prop_assert!(counter.value(now_ms) >= 0.0);
                prop_assert!(counter.value(now_ms) <= sum * 1.0001);
            }
            prop_assert!(counter.value(later) <= counter.value(0));
            let (value, last_ms) = counter.to_parts();
            prop_assert_eq!(Minute::from_parts(value, last_ms), counter);
        }

        #[test]
        fn waiting_in_steps_is_waiting_at_once(x in 0.1f32..1e6, a in 0u64..100_000, b in 0u64..100_000) {
            let (mut once, mut steps) = (Minute::default(), Minute::default());
            once.add(0, x);
            steps.add(0, x);
            steps.add(a, 0.0);
            let (once, steps) = (once.value(a + b), steps.value(a + b));
            prop_assert!((once - steps).abs() <= once * 1e-5);
        }
    }
}
