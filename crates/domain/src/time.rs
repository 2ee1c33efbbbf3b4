//! Moments and how finely they are known. Nothing here reads a clock.

/// Microseconds since 1970-01-01T00:00:00Z. Range: any `i64`; logs of the past are fine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// From whole milliseconds since the epoch; saturates.
    pub fn from_millis(millis: i64) -> Self {
        Timestamp(millis.saturating_mul(1_000))
    }

    /// From whole seconds since the epoch; saturates.
    pub fn from_secs(secs: i64) -> Self {
        Timestamp(secs.saturating_mul(1_000_000))
    }

    /// Whole milliseconds since the epoch, rounded towards the past.
    pub fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds since the epoch, rounded towards the past.
    pub fn secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Microseconds from `earlier` to `self`; 0 where `earlier` is not earlier.
    pub fn micros_since(self, earlier: Timestamp) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    /// Milliseconds from `earlier` to `self`; 0 where `earlier` is not earlier.
    pub fn millis_since(self, earlier: Timestamp) -> u64 {
        self.micros_since(earlier) / 1_000
    }

    /// `self` moved by `millis` (may be negative); saturates.
    pub fn plus_millis(self, millis: i64) -> Self {
        Timestamp(self.0.saturating_add(millis.saturating_mul(1_000)))
    }
}

/// How finely a vantage knows the time. A detector that needs a finer clock returns no signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resolution {
    /// Whole seconds: most access logs.
    #[default]
    Second,
    /// Milliseconds: JSON logs, HAProxy.
    Milli,
    /// Microseconds: the gateway itself.
    Micro,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_runs_backwards() {
        assert_eq!(Timestamp(5).micros_since(Timestamp(9)), 0);
        assert_eq!(Timestamp::from_millis(-1).secs(), -1);
        assert!(Resolution::Micro > Resolution::Second);
    }
}
