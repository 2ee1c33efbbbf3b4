//! The one place where the gateway reads the wall clock.

use std::time::{SystemTime, UNIX_EPOCH};

use palisade_domain::Timestamp;

/// Now.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
