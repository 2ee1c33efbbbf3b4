//! When is a training due by itself? Pure.

use palisade_config::settings::ModelSettings;
use palisade_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// How much there was to learn from, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(i64, u64)", into = "(i64, u64)")]
pub(super) struct Seen {
    /// When it was counted.
    pub(super) at: Timestamp,
    /// Labels and interactions.
    pub(super) count: u64,
}

impl From<(i64, u64)> for Seen {
    fn from((at, count): (i64, u64)) -> Self {
        Seen { at: Timestamp(at), count }
    }
}

impl From<Seen> for (i64, u64) {
    fn from(seen: Seen) -> Self {
        (seen.at.0, seen.count)
    }
}

/// New labels after which the live model follows them, where `[model] online` says so.
pub(super) const FOLLOW_AFTER: u64 = 20;

const HOUR_MS: i64 = 3_600_000;

/// Is it time, with `last` as it was at the last training, and `now` as it is?
pub(super) fn is_due(settings: &ModelSettings, last: Seen, now: Seen) -> bool {
    let enough = settings.retrain_after > 0 && now.count.saturating_sub(last.count) >= settings.retrain_after;
    let hours = i64::from(settings.retrain_every_hours);
    // A clock that was set back does not train for ever, nor one that was set forward at once.
    let late = hours > 0 && now.at.millis().saturating_sub(last.at.millis()) >= hours * HOUR_MS;
    enough || (late && now.count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(after: u64, hours: u32, passed_hours: i64, count: u64, expect: bool) {
        let settings =
            ModelSettings { retrain_after: after, retrain_every_hours: hours, ..ModelSettings::default() };
        let last = Seen { at: Timestamp(0), count: 100 };
        let now = Seen { at: Timestamp::from_millis(passed_hours * HOUR_MS), count };
        assert_eq!(is_due(&settings, last, now), expect, "{after} {hours} {passed_hours} {count}");
    }

    #[test]
    fn by_labels_or_by_the_clock() {
        check(10, 0, 1_000, 109, false);
        check(10, 0, 0, 110, true);
        check(10, 0, 0, 5, false);
        check(0, 0, 1_000, 1 << 40, false);
        check(0, 24, 23, 1 << 40, false);
        check(0, 24, 24, 101, true);
        check(0, 24, 24, 0, false);
        check(0, 24, -5, 101, false);
    }
}
