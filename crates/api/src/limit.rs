//! How often a caller may call: a token bucket for each group of routes and caller.

use std::hash::{BuildHasher, RandomState};

use axum::http::{HeaderMap, HeaderValue};
use palisade_domain::{NetPrefix, Timestamp};
use palisade_limits::{BoundedTable, BoundedTableSettings, BucketRate, Take, TokenBucket};
use palisade_store::KeyId;

use crate::bounds::CALLERS_MAX;
use crate::settings::ApiLimits;

/// Routes that share a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// See [`ApiLimits::check`].
    Check,
    /// See [`ApiLimits::write`].
    Write,
    /// See [`ApiLimits::read`].
    Read,
    /// See [`ApiLimits::webhook`].
    Webhook,
    /// See [`ApiLimits::open`].
    Open,
}

impl Group {
    fn rate(self, limits: &ApiLimits) -> Option<BucketRate> {
        match self {
            Group::Check => limits.check,
            Group::Write => limits.write,
            Group::Read => limits.read,
            Group::Webhook => limits.webhook,
            Group::Open => limits.open,
        }
    }
}

/// What is left to a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Most calls at once.
    pub limit: u32,
    /// Calls left.
    pub remaining: u32,
    /// Seconds until all are there again.
    pub reset_secs: u64,
    /// Seconds until the next one; `None` where this call was let through.
    pub retry_secs: Option<u64>,
}

impl Allowance {
    /// Says so: `X-RateLimit-Limit`, `-Remaining`, `-Reset` (seconds), and `Retry-After` where it is over.
    pub fn write(&self, headers: &mut HeaderMap) {
        headers.insert("x-ratelimit-limit", HeaderValue::from(self.limit));
        headers.insert("x-ratelimit-remaining", HeaderValue::from(self.remaining));
        headers.insert("x-ratelimit-reset", HeaderValue::from(self.reset_secs));
        if let Some(secs) = self.retry_secs {
            headers.insert(axum::http::header::RETRY_AFTER, HeaderValue::from(secs));
        }
    }
}

/// Whose calls are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    /// A key.
    Key(KeyId),
    /// A network, where no key was shown: an address, or the /64 of one.
    Network(NetPrefix),
}

/// All buckets.
#[derive(Debug)]
pub struct Limiter {
    /// Keyed anew in each process, so that nobody can aim at somebody else's bucket.
    hasher: RandomState,
    tables: [BoundedTable<TokenBucket>; 5],
}

impl Default for Limiter {
    fn default() -> Self {
        let table = |name| BoundedTable::new(BoundedTableSettings { name, entries_max: CALLERS_MAX });
        Limiter {
            hasher: RandomState::new(),
            tables: ["api.check", "api.write", "api.read", "api.webhook", "api.open"].map(table),
        }
    }
}

impl Limiter {
    /// Counts one call of `caller`; `None` where the group has no limit.
    pub fn take(
        &self,
        group: Group,
        limits: &ApiLimits,
        caller: Caller,
        now: Timestamp,
    ) -> Option<Allowance> {
        let rate = group.rate(limits)?;
        let now_ms = u64::try_from(now.millis()).unwrap_or(0);
        let (take, remaining) = self.tables[group as usize].update(
            self.hasher.hash_one(caller),
            || TokenBucket::new(rate, now_ms),
            |bucket, _| {
                bucket.set_rate(rate, now_ms);
                (bucket.try_take(now_ms, 1), bucket.tokens(now_ms))
            },
        );
        let retry_secs = match take {
            Take::Allowed => None,
            Take::RetryAfterMs(ms) => Some(ms.div_ceil(1_000).max(1)),
            Take::Never => Some(3_600),
        };
        let missing = u64::from(rate.burst.saturating_sub(remaining));
        let reset_secs = (missing * 60).checked_div(u64::from(rate.per_minute)).unwrap_or(3_600);
        Some(Allowance { limit: rate.burst, remaining, reset_secs, retry_secs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills() {
        let limits =
            ApiLimits { read: Some(BucketRate { per_minute: 60, burst: 2 }), ..ApiLimits::default() };
        let limiter = Limiter::default();
        let take = |caller, secs| {
            limiter.take(Group::Read, &limits, Caller::Key(KeyId(caller)), Timestamp::from_secs(secs))
        };
        let check = |caller, secs, remaining, retry_secs| {
            let allowance = take(caller, secs).unwrap();
            assert_eq!(
                (allowance.remaining, allowance.retry_secs),
                (remaining, retry_secs),
                "{caller} {secs}"
            );
        };
        check(1, 100, 1, None);
        check(1, 100, 0, None);
        check(1, 100, 0, Some(1));
        check(2, 100, 1, None);
        check(1, 101, 0, None);
        assert_eq!(limiter.take(Group::Check, &limits, Caller::Key(KeyId(1)), Timestamp(0)), None);
    }
}
