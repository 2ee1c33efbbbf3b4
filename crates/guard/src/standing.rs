//! What each address has done lately: counts for `/reputation`, where the store holds refusals and a sample only.

use palisade_detect::HashSeed;
use palisade_domain::{ClientIp, Score, TenantId, Timestamp};
use palisade_limits::{BoundedTable, BoundedTableSettings};

use crate::keyed;

/// Addresses whose requests are counted.
pub const STANDINGS_MAX: usize = 65_536;

/// The requests of one address, as far as they are remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Requests.
    pub requests: u64,
    /// Those of them that were held for a bot's.
    pub bots: u64,
    /// The sum of their scores.
    pub score_sum: u64,
    /// The first one that is remembered.
    pub first_seen: Timestamp,
    /// The last one.
    pub last_seen: Timestamp,
}

/// All of them; shared between threads.
#[derive(Debug)]
pub struct Standings {
    seed: HashSeed,
    table: BoundedTable<Standing>,
}

impl Standings {
    /// An empty table. `seed` keys its hashes.
    pub fn new(seed: HashSeed) -> Self {
        let settings = BoundedTableSettings { name: "guard.standings", entries_max: STANDINGS_MAX };
        Standings { seed, table: BoundedTable::new(settings) }
    }

    /// Counts one request of `ip`.
    pub fn note(&self, tenant: TenantId, ip: ClientIp, score: Score, is_bot: bool, time: Timestamp) {
        let fresh = || Standing { first_seen: time, last_seen: time, ..Standing::default() };
        self.table.update(keyed::of_tenants_ip(self.seed, tenant, ip), fresh, |standing, _| {
            standing.requests = standing.requests.saturating_add(1);
            standing.bots = standing.bots.saturating_add(u64::from(is_bot));
            standing.score_sum = standing.score_sum.saturating_add(u64::from(score.value()));
            standing.last_seen = standing.last_seen.max(time);
        });
    }

    /// What is remembered of `ip`.
    pub fn of(&self, tenant: TenantId, ip: ClientIp) -> Option<Standing> {
        self.table.read(keyed::of_tenants_ip(self.seed, tenant, ip), |standing| *standing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::address::documentation_ip;

    #[test]
    fn requests_are_counted_by_tenant_and_address() {
        let standings = Standings::new(HashSeed([1, 2]));
        let (one, other) = (TenantId(1), TenantId(2));
        for (n, score) in [80, 0, 100].into_iter().enumerate() {
            let time = Timestamp::from_secs(n as i64);
            standings.note(one, documentation_ip(1), Score::new(score).unwrap(), score > 50, time);
        }
        let expect = Standing {
            requests: 3,
            bots: 2,
            score_sum: 180,
            first_seen: Timestamp::from_secs(0),
            last_seen: Timestamp::from_secs(2),
        };
        assert_eq!(standings.of(one, documentation_ip(1)), Some(expect));
        assert_eq!(standings.of(other, documentation_ip(1)), None);
        assert_eq!(standings.of(one, documentation_ip(2)), None);
    }
}
