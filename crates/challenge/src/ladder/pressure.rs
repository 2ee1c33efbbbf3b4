//! How many challenges went to one network lately and came to nothing.

use std::hash::Hasher;

use palisade_domain::{TenantId, Timestamp};
use palisade_limits::{BoundedTable, BoundedTableSettings, Decayed};
use siphasher::sip::SipHasher13;

use crate::secrets::Secrets;

/// Most networks that are remembered.
pub const NETWORKS_MAX: usize = 65_536;
/// After this long what was counted counts half, ms.
pub const HALF_LIFE_MS: u64 = 300_000;

/// Challenges issued and met, both forgetting.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    issued: Decayed<HALF_LIFE_MS>,
    met: Decayed<HALF_LIFE_MS>,
}

/// Per tenant and network ([`crate::Bindings::network`]: a /24 or /48): challenges issued and not met.
#[derive(Debug)]
pub struct Pressure {
    networks: BoundedTable<Counts>,
    key: [u64; 2],
}

impl Pressure {
    /// Nothing counted yet.
    pub fn new(secrets: &Secrets) -> Self {
        let settings = BoundedTableSettings { entries_max: NETWORKS_MAX, name: "challenge.pressure" };
        Pressure { networks: BoundedTable::new(settings), key: secrets.table }
    }

    /// A challenge was issued to somebody there. What came before counts; returned as [`Pressure::of`].
    pub fn issued(&self, tenant: TenantId, network: u64, now: Timestamp) -> u32 {
        let now_ms = millis(now);
        self.networks.update(self.slot(tenant, network), Counts::default, |counts, _| {
            let before = counts.unmet(now_ms);
            counts.issued.add(now_ms, 1.0);
            before
        })
    }

    /// Somebody there met a challenge. Counts against one that was issued there, never in advance: who answers here what was
    /// issued elsewhere (a phone that left the house) pays for nobody.
    pub fn met(&self, tenant: TenantId, network: u64, now: Timestamp) {
        let now_ms = millis(now);
        self.networks.update(self.slot(tenant, network), Counts::default, |counts, _| {
            counts.met.add(now_ms, counts.open(now_ms).min(1.0));
        });
    }

    /// Challenges issued there lately and not met, rounded down.
    pub fn of(&self, tenant: TenantId, network: u64, now: Timestamp) -> u32 {
        self.networks.read(self.slot(tenant, network), |counts| counts.unmet(millis(now))).unwrap_or(0)
    }

    /// Networks remembered now.
    pub fn len(&self) -> usize {
        self.networks.len()
    }

    /// True where none is.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }

    fn slot(&self, tenant: TenantId, network: u64) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.key[0], self.key[1]);
        hasher.write(b"pressure");
        hasher.write_u32(tenant.0);
        hasher.write_u64(network);
        hasher.finish()
    }
}

impl Counts {
    fn open(&self, now_ms: u64) -> f32 {
        (self.issued.value(now_ms) - self.met.value(now_ms)).max(0.0)
    }

    /// A thousandth more, so that one of one does not become none by rounding.
    fn unmet(&self, now_ms: u64) -> u32 {
        (self.open(now_ms) + 0.001) as u32
    }
}

fn millis(time: Timestamp) -> u64 {
    u64::try_from(time.millis()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: (TenantId, u64) = (TenantId(1), 77);

    fn pressure() -> Pressure {
        Pressure::new(&Secrets::derive(&[1; 32]))
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(1_000_000 + secs)
    }

    #[test]
    fn what_is_issued_and_not_met_counts() {
        let pressure = pressure();
        for n in 0..10 {
            assert_eq!(pressure.issued(HERE.0, HERE.1, at(0)), n);
        }
        for _ in 0..4 {
            pressure.met(HERE.0, HERE.1, at(0));
        }
        assert_eq!(pressure.of(HERE.0, HERE.1, at(0)), 6);
        assert_eq!(pressure.of(HERE.0, HERE.1, at(300)), 3, "half after a half-life");
        assert_eq!(pressure.of(HERE.0, HERE.1, at(86_400)), 0);
    }

    #[test]
    fn nobody_meets_challenges_in_advance() {
        let pressure = pressure();
        for _ in 0..100 {
            pressure.met(HERE.0, HERE.1, at(0));
        }
        pressure.issued(HERE.0, HERE.1, at(1));
        pressure.issued(HERE.0, HERE.1, at(1));
        assert_eq!(pressure.of(HERE.0, HERE.1, at(1)), 2);
    }

    #[test]
    fn networks_and_tenants_do_not_meet() {
        let pressure = pressure();
        pressure.issued(HERE.0, HERE.1, at(0));
        assert_eq!(pressure.of(TenantId(2), HERE.1, at(0)), 0);
        assert_eq!(pressure.of(HERE.0, 78, at(0)), 0);
        assert_eq!(pressure.len(), 1);
    }

    #[test]
    fn a_flood_of_networks_stays_within_the_bound() {
        let pressure = pressure();
        for network in 0..NETWORKS_MAX as u64 + 10_000 {
            pressure.issued(HERE.0, network, at(0));
        }
        assert!(pressure.len() <= NETWORKS_MAX && !pressure.is_empty());
    }
}
