//! Roll-ups: how many requests a minute, by site, action and class. They count all traffic, stored as events or not.

use async_trait::async_trait;
use palisade_domain::{Action, IdentityClass, SiteId, TenantId, Timestamp};

use crate::{ReadError, WriteError};

/// The kind of an [`Action`], without its parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionName(&'static str);

impl ActionName {
    /// Every name, mildest first: the index is [`Action::rank`].
    pub const ALL: [ActionName; Action::NAMES.len()] = {
        let mut all = [ActionName(""); Action::NAMES.len()];
        let mut rank = 0;
        while rank < all.len() {
            all[rank] = ActionName(Action::NAMES[rank]);
            rank += 1;
        }
        all
    };

    /// The word.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The action called `name`.
    pub fn named(name: &str) -> Option<Self> {
        ActionName::ALL.into_iter().find(|known| known.0 == name)
    }
}

impl From<Action> for ActionName {
    fn from(action: Action) -> Self {
        ActionName(action.name())
    }
}

/// What was counted in one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rollup {
    /// Any moment of the minute; stored as its beginning.
    pub minute: Timestamp,
    /// On which site.
    pub site: SiteId,
    /// What was done.
    pub action: ActionName,
    /// To whom.
    pub class: IdentityClass,
    /// Requests.
    pub requests: u64,
    /// Those of them that were held for a bot's.
    pub bots: u64,
}

const MINUTE_US: i64 = 60_000_000;

/// Which rows are added up: minute, site, action, class.
pub(crate) type RollupKey = (i64, SiteId, ActionName, &'static str);

impl Rollup {
    /// The beginning of its minute.
    pub(crate) fn beginning(&self) -> Timestamp {
        Timestamp(self.minute.0.saturating_sub(self.minute.0.rem_euclid(MINUTE_US)))
    }

    /// What two rows must share to be added up.
    pub(crate) fn key(&self) -> RollupKey {
        (self.beginning().0, self.site, self.action, self.class.name())
    }
}

/// Which minutes are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollupQuery {
    /// The first moment that counts: minutes that begin at or after it.
    pub from: Timestamp,
    /// The first moment that no longer counts.
    pub until: Timestamp,
    /// Only this site's.
    pub site: Option<SiteId>,
}

impl RollupQuery {
    /// All minutes of all sites.
    pub const ALL: RollupQuery =
        RollupQuery { from: Timestamp(i64::MIN), until: Timestamp(i64::MAX), site: None };
}

/// The sum over a span, for one site, action and class (`minute` is the first one that counted).
pub type RollupSum = Rollup;

/// Roll-ups; beyond the bound the oldest minutes are dropped.
#[async_trait]
pub trait Rollups: Send + Sync {
    /// Adds all `rows` to what was counted before, or none.
    async fn add_rollups(&self, tenant: TenantId, rows: &[Rollup]) -> Result<(), WriteError>;

    /// Minute by minute, oldest first; at most [`crate::bounds::PAGE_MAX`] rows.
    async fn rollups(&self, tenant: TenantId, query: RollupQuery) -> Result<Vec<Rollup>, ReadError>;

    /// Added up over the span: a row for each site, action and class that occurred, in this order.
    async fn rollup_sums(&self, tenant: TenantId, query: RollupQuery) -> Result<Vec<RollupSum>, ReadError>;

    /// Deletes minutes that began before `before`. Returns how many rows there were.
    async fn delete_rollups_before(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::BlockReason;

    #[test]
    fn actions_go_by_their_names() {
        let block = ActionName::from(Action::Block(BlockReason::List));
        assert_eq!(ActionName::named("block"), Some(block));
        assert_eq!(ActionName::named("Block"), None);
        assert_eq!(ActionName::ALL[Action::Monitor.rank()].as_str(), "monitor");
    }

    #[test]
    fn minutes_begin_at_or_before_their_moments() {
        let check = |micros, expect| {
            let row = Rollup {
                minute: Timestamp(micros),
                site: SiteId(0),
                action: ActionName::from(Action::Allow),
                class: IdentityClass::Unknown,
                requests: 0,
                bots: 0,
            };
            assert_eq!(row.beginning(), Timestamp(expect), "{micros}");
        };
        check(0, 0);
        check(59_999_999, 0);
        check(60_000_000, 60_000_000);
        check(-1, -60_000_000);
        check(i64::MAX, i64::MAX - i64::MAX % 60_000_000);
    }
}
