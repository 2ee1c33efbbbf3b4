//! The token bucket: a steady rate with room for a burst.
//!
//! Source: Turner, *New Directions in Communications* (1986); RFC 2697 section 3 uses the same meter. Exact: all
//! arithmetic is in whole sixty-thousandths of a token, so a rate per minute needs no rounding at any millisecond.

/// Parts of a token; one minute in milliseconds, so that a rate per minute adds `per_minute` parts each ms.
const TOKEN: u64 = 60_000;

/// What a bucket is filled with and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BucketRate {
    /// Tokens that come in per minute.
    pub per_minute: u32,
    /// Most tokens that can be saved up.
    pub burst: u32,
}

/// The answer of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// The tokens are taken.
    Allowed,
    /// Nothing is taken; after so many milliseconds there will be enough, if nobody else takes.
    RetryAfterMs(u64),
    /// Nothing is taken, and there will never be enough: more than the burst, or a rate of nothing.
    Never,
}

/// A token bucket, 24 bytes. Over any time of t minutes it allows at most `burst + t × per_minute` tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenBucket {
    rate: BucketRate,
    parts: u64,
    last_ms: u64,
}

impl TokenBucket {
    /// A full bucket.
    pub fn new(rate: BucketRate, now_ms: u64) -> Self {
        TokenBucket { rate, parts: capacity(rate), last_ms: now_ms }
    }

    /// Takes `n` tokens or none. A `now_ms` before the last one counts as the last.
    pub fn try_take(&mut self, now_ms: u64, n: u32) -> Take {
        self.refill(now_ms);
        let wanted = u64::from(n) * TOKEN;
        if wanted <= self.parts {
            self.parts -= wanted;
            return Take::Allowed;
        }
        if n > self.rate.burst || self.rate.per_minute == 0 {
            return Take::Never;
        }
        Take::RetryAfterMs((wanted - self.parts).div_ceil(u64::from(self.rate.per_minute)))
    }

    /// Whole tokens in the bucket at `now_ms`.
    pub fn tokens(&self, now_ms: u64) -> u32 {
        let mut now = *self;
        now.refill(now_ms);
        (now.parts / TOKEN) as u32
    }

    /// Goes on at another rate; tokens beyond the new burst are lost.
    pub fn set_rate(&mut self, rate: BucketRate, now_ms: u64) {
        self.refill(now_ms);
        self.rate = rate;
        self.parts = self.parts.min(capacity(rate));
    }

    fn refill(&mut self, now_ms: u64) {
        let passed_ms = now_ms.saturating_sub(self.last_ms);
        let gained = passed_ms.saturating_mul(u64::from(self.rate.per_minute));
        self.parts = self.parts.saturating_add(gained).min(capacity(self.rate));
        self.last_ms = self.last_ms.max(now_ms);
    }
}

fn capacity(rate: BucketRate) -> u64 {
    u64::from(rate.burst) * TOKEN
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const THIRTY: BucketRate = BucketRate { per_minute: 30, burst: 5 };

    #[test]
    fn a_burst_then_the_rate() {
        let mut bucket = TokenBucket::new(THIRTY, 0);
        assert!((0..5).all(|_| bucket.try_take(0, 1) == Take::Allowed));
        assert_eq!(bucket.try_take(0, 1), Take::RetryAfterMs(2_000));
        assert_eq!(bucket.try_take(1_999, 1), Take::RetryAfterMs(1));
        assert_eq!(bucket.try_take(2_000, 1), Take::Allowed);
        assert_eq!(bucket.tokens(u64::MAX), 5);
    }

    #[test]
    fn what_can_never_be_had_is_said() {
        let mut bucket = TokenBucket::new(THIRTY, 0);
        assert_eq!(bucket.try_take(0, 6), Take::Never);
        assert_eq!(TokenBucket::new(BucketRate { per_minute: 0, burst: 0 }, 0).try_take(9, 1), Take::Never);
        assert_eq!(bucket.try_take(0, 0), Take::Allowed);
    }

    #[test]
    fn a_clock_going_back_gives_and_takes_nothing() {
        let mut bucket = TokenBucket::new(THIRTY, 10_000);
        (0..5).for_each(|_| assert_eq!(bucket.try_take(10_000, 1), Take::Allowed));
        assert_eq!(bucket.try_take(0, 1), Take::RetryAfterMs(2_000));
        assert_eq!(bucket.try_take(10_000, 1), Take::RetryAfterMs(2_000));
    }

    #[test]
    fn another_rate_keeps_what_fits() {
        let mut bucket = TokenBucket::new(THIRTY, 0);
        bucket.set_rate(BucketRate { per_minute: 60, burst: 2 }, 0);
        assert_eq!(bucket.tokens(0), 2);
    }

    proptest! {
        #[test]
        fn never_more_than_burst_and_rate(
            per_minute in 0u32..10_000, burst in 0u32..100,
            takes in prop::collection::vec((0u64..500, 1u32..4), 1..200),
        ) {
            let mut bucket = TokenBucket::new(BucketRate { per_minute, burst }, 0);
            let (mut now_ms, mut taken) = (0, 0u64);
            for (wait_ms, n) in takes {
                now_ms += wait_ms;
                match bucket.try_take(now_ms, n) {
                    Take::Allowed => taken += u64::from(n),
                    Take::RetryAfterMs(ms) => {
                        prop_assert!(ms > 0);
                        let mut later = bucket;
                        prop_assert_eq!(later.try_take(now_ms + ms, n), Take::Allowed);
                        prop_assert_ne!(bucket.try_take(now_ms + ms - 1, n), Take::Allowed);
                        now_ms += ms - 1;
                    }
                    Take::Never => prop_assert!(n > burst || per_minute == 0),
                }
                prop_assert!(taken * TOKEN <= u64::from(burst) * TOKEN + now_ms * u64::from(per_minute));
            }
        }
    }
}
