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

    /// Somebody there met a challenge.
    pub fn met(&self, tenant: TenantId, network: u64, now: Timestamp) {
        let now_ms = millis(now);
        // More were never met than issued, whatever was forgotten in between.
        self.networks.update(self.slot(tenant, network), Counts::default, |counts, fresh| {
            if !fresh {
                counts.met.add(now_ms, 1.0);
            }
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
    fn unmet(&self, now_ms: u64) -> u32 {
        (self.issued.value(now_ms) - self.met.value(now_ms)).max(0.0) as u32
    }
}

fn millis(time: Timestamp) -> u64 {
    u64::try_from(time.millis()).unwrap_or(0)
}
