//! What deciding remembers beside the client history: token buckets, and who was trouble before.
//!
//! Shared by all clones of a judge, so that a reload forgets nothing; bounded; fed with the requests' own times, so
//! that a replay decides as the live run did.

use palisade_detect::Observe;
use palisade_limits::{BoundedTable, BoundedTableSettings, BucketRate, Take, TokenBucket};

use crate::limits::Purpose;
use crate::trouble::Trouble;

/// Most token buckets.
pub(crate) const BUCKETS_MAX: usize = 250_000;
/// Most networks whose trouble is remembered.
pub(crate) const TROUBLE_MAX: usize = 50_000;

/// Buckets and trouble.
#[derive(Debug)]
pub(crate) struct Memory {
    buckets: BoundedTable<TokenBucket>,
    pub(crate) trouble: BoundedTable<Trouble>,
}

impl Default for Memory {
    fn default() -> Self {
        let table = |name, entries_max| BoundedTableSettings { name, entries_max };
        Memory {
            buckets: BoundedTable::new(table("policy.buckets", BUCKETS_MAX)),
            trouble: BoundedTable::new(table("policy.trouble", TROUBLE_MAX)),
        }
    }
}

impl Memory {
    /// Takes one token of the bucket for `purpose` and `key`; true where there was one. Who only asks takes none.
    pub(crate) fn take(
        &self,
        purpose: Purpose,
        key: u64,
        rate: BucketRate,
        now_ms: u64,
        observe: Observe,
    ) -> bool {
        let key = mixed(key, purpose as u64);
        match observe {
            Observe::Note => self.buckets.update(
                key,
                || TokenBucket::new(rate, now_ms),
                |bucket, _| {
                    // The rate may be another one since a reload.
                    bucket.set_rate(rate, now_ms);
                    bucket.try_take(now_ms, 1) == Take::Allowed
                },
            ),
            Observe::Peek => {
                let held = self.buckets.read(key, |bucket| *bucket);
                held.is_none_or(|mut bucket| {
                    bucket.set_rate(rate, now_ms);
                    bucket.try_take(now_ms, 1) == Take::Allowed
                })
            }
        }
    }

    /// Memory of both tables, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.buckets.bytes() + self.trouble.bytes()
    }
}

/// SplitMix64 over a keyed hash and a word of ours: one client has one bucket for each purpose.
pub(crate) fn mixed(key: u64, word: u64) -> u64 {
    let n = key ^ word.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}
