//! When is a training due by itself? Pure.

use palisade_api::{TrainKind, TrainWish};
use palisade_config::settings::ModelSettings;
use palisade_domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::ONLINE;

/// What there was to learn from, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(i64, i64)", into = "(i64, i64)")]
pub(super) struct Seen {
    /// When it was looked.
    pub(super) at: Timestamp,
    /// The number of the newest label; 0 before the first.
    pub(super) label: i64,
}

impl From<(i64, i64)> for Seen {
    fn from((at, label): (i64, i64)) -> Self {
        Seen { at: Timestamp(at), label }
    }
}

impl From<Seen> for (i64, i64) {
    fn from(seen: Seen) -> Self {
        (seen.at.0, seen.label)
    }
}

/// What the last trainings looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Last {
    /// The last one on traffic.
    pub(super) traffic: Seen,
    /// The newest label when the live model last followed, or was trained.
    pub(super) followed: i64,
    /// The last one on interactions.
    pub(super) behaviour: Seen,
}

/// How many labels came since, withdrawn ones included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct New {
    /// About clients, since the last training on traffic.
    pub(super) trained: u64,
    /// About clients, since the live model last followed.
    pub(super) followed: u64,
    /// About interactions, since the last training on them.
    pub(super) hands: u64,
    /// Was anything ever said about a client?
    pub(super) any_traffic: bool,
}

/// Can a training be due by itself at all?
pub(super) fn is_ever_due(settings: &ModelSettings) -> bool {
    settings.retrain_after > 0 || settings.retrain_every_hours > 0 || settings.online
}

/// New labels after which the live model follows them, where `[model] online` says so.
const FOLLOW_AFTER: u64 = 20;

const HOUR_MS: i64 = 3_600_000;

/// The training that is due, with `last` as it was and `now` as it is; of two that are, the one that waits longer.
pub(super) fn due(settings: &ModelSettings, last: &Last, now: Seen, new: New) -> Option<TrainWish> {
    let enough = |new: u64| settings.retrain_after > 0 && new >= settings.retrain_after;
    let hours = i64::from(settings.retrain_every_hours);
    // A clock that was set back does not train for ever, nor one that was set forward at once.
    let late = |last: Seen| hours > 0 && now.at.millis().saturating_sub(last.at.millis()) >= hours * HOUR_MS;
    let traffic = enough(new.trained) || (late(last.traffic) && new.any_traffic);
    // Unlike traffic, an interaction without a label teaches nothing: where none is new, the same model would be made again.
    let behaviour = enough(new.hands) || (late(last.behaviour) && new.hands > 0);
    if traffic && (!behaviour || last.traffic.at <= last.behaviour.at) {
        return Some(TrainWish::default());
    }
    if behaviour {
        return Some(TrainWish { kind: TrainKind::Behaviour, ..TrainWish::default() });
    }
    let follows = settings.online && new.followed >= FOLLOW_AFTER;
    follows.then(|| TrainWish { model: Some(ONLINE.to_owned()), ..TrainWish::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: &str = "nobody";

    fn check(settings: &ModelSettings, passed_hours: i64, new: (u64, u64, u64), expect: &str) {
        let seen = Seen { at: Timestamp(0), label: 100 };
        let last = Last { traffic: seen, followed: 100, behaviour: seen };
        let (trained, followed, hands) = new;
        let now = Seen {
            at: Timestamp::from_millis(passed_hours * HOUR_MS),
            label: 100 + (trained + hands) as i64,
        };
        let new = New { trained, followed, hands, any_traffic: trained > 0 };
        let wish = due(settings, &last, now, new);
        let found = match wish {
            None => NOBODY,
            Some(wish) if wish.model.as_deref() == Some(ONLINE) => ONLINE,
            Some(wish) if wish.kind == TrainKind::Behaviour => "behaviour",
            Some(_) => "traffic",
        };
        assert_eq!(found, expect, "{passed_hours} {new:?}");
    }

    fn after(labels: u64, hours: u32, online: bool) -> ModelSettings {
        ModelSettings {
            retrain_after: labels,
            retrain_every_hours: hours,
            online,
            ..ModelSettings::default()
        }
    }

    #[test]
    fn by_labels() {
        let settings = after(10, 0, false);
        check(&settings, 1_000, (9, 9, 0), NOBODY);
        check(&settings, 0, (10, 10, 0), "traffic");
        check(&settings, 0, (9, 9, 9), NOBODY);
        check(&settings, 0, (9, 9, 10), "behaviour");
        check(&settings, 0, (10, 10, 10), "traffic");
        check(&after(0, 0, false), 1_000, (1 << 40, 1 << 40, 1 << 40), NOBODY);
    }

    #[test]
    fn by_the_clock() {
        let settings = after(0, 24, false);
        check(&settings, 23, (1 << 40, 0, 1 << 40), NOBODY);
        check(&settings, 24, (1, 0, 0), "traffic");
        check(&settings, -5, (1, 0, 1), NOBODY);
        let nothing = Seen { at: Timestamp::from_millis(24 * HOUR_MS), label: 0 };
        let last = Last {
            traffic: Seen { at: Timestamp(0), label: 0 },
            followed: 0,
            behaviour: Seen { at: Timestamp(0), label: 0 },
        };
        assert_eq!(due(&settings, &last, nothing, New::default()), None, "nobody ever said anything");
    }

    #[test]
    fn interactions_wait_for_a_word_about_them() {
        let settings = after(0, 24, false);
        let early = Seen { at: Timestamp(0), label: 5 };
        let now = Seen { at: Timestamp::from_millis(24 * HOUR_MS), label: 9 };
        let last = Last { traffic: now, followed: 9, behaviour: early };
        assert_eq!(due(&settings, &last, now, New::default()), None);
        let wish = due(&settings, &last, now, New { hands: 1, ..New::default() });
        assert_eq!(wish.map(|wish| wish.kind), Some(TrainKind::Behaviour));
        let both = New { trained: 9, hands: 9, any_traffic: true, ..New::default() };
        let wish = due(&after(5, 0, false), &last, now, both);
        assert_eq!(wish.map(|wish| wish.kind), Some(TrainKind::Behaviour), "it waits longer");
    }

    #[test]
    fn the_live_model_follows_what_is_said_about_clients() {
        let settings = after(1_000, 0, true);
        check(&settings, 0, (19, 19, 999), NOBODY);
        check(&settings, 0, (500, 20, 0), ONLINE);
        check(&settings, 0, (500, 19, 0), NOBODY);
        check(&settings, 0, (1_000, 20, 0), "traffic");
        check(&after(1_000, 0, false), 0, (500, 500, 0), NOBODY);
    }
}
