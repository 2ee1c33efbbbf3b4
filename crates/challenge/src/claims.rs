//! Atomic claims: what may be used once is used once, whoever asks at the same moment.
//!
//! A claim is held until its subject expires, in memory, in shards of one lock each. When the table is full the oldest claims
//! go, and with them everything that was issued before the youngest of those: nothing is ever accepted twice, at worst
//! something is refused that was never used. The same holds for a restart whose predecessor did not save its claims.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use palisade_domain::{TenantId, Timestamp};

/// Most claims held.
pub const CLAIMS_MAX: usize = 1_000_000;
const SHARDS: usize = 16;

/// What is claimed, first word of its key: a ticket and a token with the same bits are two things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A ticket's redemption.
    Ticket = 1,
    /// A result token's redemption.
    Token,
    /// A sealed body's sending on.
    Seal,
    /// A step without script.
    Step,
}

/// The outcome of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody had claimed it; it is the caller's.
    Won,
    /// Somebody had.
    Spent,
    /// It was issued at or before a moment of which claims are no longer known.
    Unknown,
}

/// Everything that was claimed and has not expired.
#[derive(Debug)]
pub struct Claims {
    shards: [Mutex<Shard>; SHARDS],
    /// What was issued at or before this, in ms, is refused.
    floor_ms: AtomicI64,
    dropped: AtomicU64,
}

/// By second of expiry, so that what is over goes in one piece.
#[derive(Debug, Default)]
struct Shard {
    by_expiry: BTreeMap<i64, HashSet<(u32, Kind, u128)>>,
    /// Latest moment of issue by second of expiry, ms.
    issued: BTreeMap<i64, i64>,
    len: usize,
}

impl Default for Claims {
    fn default() -> Self {
        Claims::since(Timestamp(0))
    }
}

impl Claims {
    /// No claims; what was issued at or before `floor` is refused.
    pub fn since(floor: Timestamp) -> Self {
        Claims {
            shards: Default::default(),
            floor_ms: AtomicI64::new(floor.millis()),
            dropped: AtomicU64::new(0),
        }
    }

    /// Claims `id` of `tenant`, issued at `issued` and of no use to anybody from `expires` on.
    pub fn claim(
        &self,
        tenant: TenantId,
        kind: Kind,
        id: u128,
        issued: Timestamp,
        expires: Timestamp,
        now: Timestamp,
    ) -> Claim {
        let at = (id as usize ^ (id >> 64) as usize) % SHARDS;
        let mut shard = self.shards[at].lock().unwrap_or_else(PoisonError::into_inner);
        if issued.millis() <= self.floor_ms.load(Ordering::Relaxed) {
            return Claim::Unknown;
        }
        shard.forget(now.secs());
        // Rounded up: never forgotten before it is over.
        let second = expires.secs() + 1;
        if !shard.by_expiry.entry(second).or_default().insert((tenant.0, kind, id)) {
            return Claim::Spent;
        }
        let latest = shard.issued.entry(second).or_insert(i64::MIN);
        *latest = (*latest).max(issued.millis());
        shard.len += 1;
        while shard.len > CLAIMS_MAX / SHARDS {
            let Some((dropped, issued)) = shard.drop_oldest() else { break };
            self.dropped.fetch_add(dropped as u64, Ordering::Relaxed);
            self.floor_ms.fetch_max(issued, Ordering::Relaxed);
        }
        Claim::Won
    }

    /// How many are held.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len).sum()
    }

    /// True where none is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Claims dropped because there were too many.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Everything held, as bytes, for [`Claims::from_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.floor_ms.load(Ordering::Relaxed).to_be_bytes().to_vec();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for (second, ids) in &shard.by_expiry {
                let issued = shard.issued.get(second).copied().unwrap_or(i64::MIN);
                for (tenant, kind, id) in ids {
                    out.extend_from_slice(&second.to_be_bytes());
                    out.extend_from_slice(&issued.to_be_bytes());
                    out.extend_from_slice(&tenant.to_be_bytes());
                    out.push(*kind as u8);
                    out.extend_from_slice(&id.to_be_bytes());
                }
            }
        }
        out
    }

    /// Reads what [`Claims::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        const RECORD: usize = 8 + 8 + 4 + 1 + 16;
        let (floor, rest) = bytes.split_first_chunk::<8>()?;
        let (records, rest) = rest.as_chunks::<RECORD>();
        if !rest.is_empty() || records.len() > CLAIMS_MAX {
            return None;
        }
        let claims = Claims::since(Timestamp::from_millis(i64::from_be_bytes(*floor)));
        for record in records {
            let (second, record) = record.split_first_chunk::<8>()?;
            let (issued, record) = record.split_first_chunk::<8>()?;
            let (tenant, record) = record.split_first_chunk::<4>()?;
            let (kind, id) = record.split_first()?;
            let kind = [Kind::Ticket, Kind::Token, Kind::Seal, Kind::Step].into_iter().find(|k| *k as u8 == *kind)?;
            let id = u128::from_be_bytes(id.try_into().ok()?);
            let at = (id as usize ^ (id >> 64) as usize) % SHARDS;
            let mut shard = claims.shards[at].lock().unwrap_or_else(PoisonError::into_inner);
            let (second, issued) = (i64::from_be_bytes(*second), i64::from_be_bytes(*issued));
            if shard.by_expiry.entry(second).or_default().insert((u32::from_be_bytes(*tenant), kind, id)) {
                shard.len += 1;
            }
            let latest = shard.issued.entry(second).or_insert(i64::MIN);
            *latest = (*latest).max(issued);
        }
        Some(claims)
    }
}

impl Shard {
    /// Drops what expired before `now`.
    fn forget(&mut self, now: i64) {
        // A minute later than needed: clocks may be off by as much.
        while let Some(entry) = self.by_expiry.first_entry() {
            if *entry.key() + 60 > now {
                break;
            }
            self.issued.remove(entry.key());
            self.len -= entry.remove().len();
        }
    }

    fn drop_oldest(&mut self) -> Option<(usize, i64)> {
        let (second, ids) = self.by_expiry.pop_first()?;
        self.len -= ids.len();
        Some((ids.len(), self.issued.remove(&second).unwrap_or(i64::MIN)))
    }
}
