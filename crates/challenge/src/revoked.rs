//! Passes that were taken back before their time.

use std::hash::Hasher;

use palisade_domain::{TenantId, Timestamp};
use palisade_limits::{BoundedTable, BoundedTableSettings};
use siphasher::sip::SipHasher13;

/// Most revocations remembered.
pub const REVOKED_MAX: usize = 100_000;

/// Which passes hold no longer.
pub struct Revoked {
    table: BoundedTable<Timestamp>,
    keys: [u64; 2],
}

impl Revoked {
    pub(crate) fn new(keys: [u64; 2]) -> Self {
        let settings = BoundedTableSettings { name: "challenge.revoked", entries_max: REVOKED_MAX };
        Revoked { table: BoundedTable::new(settings), keys }
    }

    /// Takes back pass `id` of `tenant`, which would have ended at `until`.
    pub fn insert(&self, tenant: TenantId, id: u128, until: Timestamp) {
        self.table.update(self.key(tenant, id), || until, |held, _| *held = until);
    }

    /// Was it taken back? Costs a read of an empty table where none ever was.
    pub fn contains(&self, tenant: TenantId, id: u128) -> bool {
        self.table.read(self.key(tenant, id), |_| ()).is_some()
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// True where none is.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    fn key(&self, tenant: TenantId, id: u128) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.keys[0], self.keys[1]);
        hasher.write_u32(tenant.0);
        hasher.write_u128(id);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_back_is_of_one_tenant() {
        let revoked = Revoked::new([1, 2]);
        revoked.insert(TenantId(1), 7, Timestamp(9));
        assert!(revoked.contains(TenantId(1), 7) && !revoked.contains(TenantId(2), 7));
        assert!(!revoked.contains(TenantId(1), 8));
    }
}
