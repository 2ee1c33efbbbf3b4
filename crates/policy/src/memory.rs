//! What deciding remembers beside the client history: token buckets, and who was trouble before.
//!
//! Shared by all clones of a judge, so that a reload forgets nothing; bounded; fed with the requests' own times, so
//! that a replay decides as the live run did.

use palisade_detect::Observe;
use palisade_domain::Timestamp;
use palisade_limits::{BoundedTable, BoundedTableSettings, BucketRate, Take, TokenBucket};

use crate::limits::Purpose;
use crate::trouble::{KEPT_BYTES, Trouble};

/// Most token buckets.
pub(crate) const BUCKETS_MAX: usize = 250_000;
/// Most networks whose trouble is remembered.
pub(crate) const TROUBLE_MAX: usize = 50_000;

/// A key and its trouble.
const RECORD_BYTES: usize = 8 + KEPT_BYTES;

/// The bytes are nobody's trouble; nothing was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TroubleError {
    /// The last network is not whole.
    #[error("{bytes} bytes end in the middle of a network")]
    TooShort {
        /// How many there are.
        bytes: usize,
    },
    /// More networks than are remembered.
    #[error("{found} networks, {max} is the most")]
    TooMany {
        /// How many.
        found: usize,
        /// The bound.
        max: usize,
    },
    /// A value that trouble never has.
    #[error("network {at} has values that cannot be")]
    BadValue {
        /// Which one, from 0.
        at: usize,
    },
}

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

    /// Everybody's trouble, as bytes: key and trouble, one network after the other. Buckets are not in it: a minute later
    /// they are full again.
    pub(crate) fn trouble_to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.trouble.for_each(|key, trouble| {
            out.extend_from_slice(&key.to_le_bytes());
            out.extend_from_slice(&trouble.to_bytes());
        });
        out
    }

    /// Takes over what [`Memory::trouble_to_bytes`] gave, all of it or nothing, as far as it still matters at `now`.
    pub(crate) fn restore_trouble(&self, bytes: &[u8], now: Timestamp) -> Result<usize, TroubleError> {
        let (records, rest) = bytes.as_chunks::<RECORD_BYTES>();
        if !rest.is_empty() {
            return Err(TroubleError::TooShort { bytes: bytes.len() });
        }
        if records.len() > TROUBLE_MAX {
            return Err(TroubleError::TooMany { found: records.len(), max: TROUBLE_MAX });
        }
        let read = |(at, record): (usize, &[u8; RECORD_BYTES])| {
            let (key, trouble) = record.split_first_chunk().expect("a record is longer than its key");
            let trouble = trouble.try_into().ok().and_then(Trouble::from_bytes);
            Ok((u64::from_le_bytes(*key), trouble.ok_or(TroubleError::BadValue { at })?))
        };
        let mut kept: Vec<(u64, Trouble)> =
            records.iter().enumerate().map(read).collect::<Result<_, TroubleError>>()?;
        kept.retain(|(_, trouble)| trouble.is_remembered(now));
        for (key, trouble) in &kept {
            self.trouble.update(*key, || *trouble, |held, _| *held = *trouble);
        }
        Ok(kept.len())
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
