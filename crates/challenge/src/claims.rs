//! Atomic claims: what may be used once is used once, whoever asks at the same moment.
//!
//! A claim is held until its subject expires, in memory, in shards of one lock each, by second of expiry. Claims go in that
//! order only, because they are over or because there are too many; each shard knows up to which second it has forgotten, and
//! whatever expires no later is refused. So nothing is ever accepted twice, neither when the table is full nor when a clock
//! jumps ahead and comes back: at worst something is refused that was never used. After a restart whose predecessor did not save
//! its claims, everything issued before is refused ([`Claims::since`]).

use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use palisade_domain::{TenantId, Timestamp};
use siphasher::sip::SipHasher13;

/// Most claims held.
pub const CLAIMS_MAX: usize = 1_000_000;
const SHARDS: usize = 16;
/// How much longer than its subject a claim is held, seconds: clocks of several machines may be off by as much.
const KEPT_SECS: i64 = 60;

/// What is claimed, first word of its key: a ticket and a token with the same bits are two things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A ticket's redemption.
    Ticket = 1,
    /// A result token's redemption.
    Token,
    /// A sealed body's sending on.
    Seal,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Ticket, Kind::Token, Kind::Seal];
}

/// The outcome of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody had claimed it; it is the caller's.
    Won,
    /// Somebody had.
    Spent,
    /// It was issued or expires at a moment of which claims are no longer known.
    Unknown,
}

/// Everything that was claimed and has not expired.
#[derive(Debug)]
pub struct Claims {
    shards: [Mutex<Shard>; SHARDS],
    shard_claims_max: usize,
    /// What was issued at or before this, in ms, is refused.
    floor_ms: i64,
    dropped: AtomicU64,
}

/// What was claimed. The ids are random bits of ours that nobody chooses, so the hash needs no secret.
type Ids = HashSet<(u32, Kind, u128), BuildHasherDefault<SipHasher13>>;

/// By second of expiry, so that what is over goes in one piece.
#[derive(Debug)]
struct Shard {
    by_expiry: BTreeMap<i64, Ids>,
    /// Everything that expires in this second or before is no longer known.
    forgotten: i64,
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
        Claims::with(CLAIMS_MAX, floor.millis(), i64::MIN)
    }

    fn with(claims_max: usize, floor_ms: i64, forgotten: i64) -> Self {
        let shard = || Mutex::new(Shard { by_expiry: BTreeMap::new(), forgotten, len: 0 });
        Claims {
            shards: std::array::from_fn(|_| shard()),
            shard_claims_max: claims_max / SHARDS,
            floor_ms,
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
        if issued.millis() <= self.floor_ms {
            return Claim::Unknown;
        }
        let mut shard = self.shard(id);
        shard.forget(now.secs());
        let second = second(expires);
        if second <= shard.forgotten {
            return Claim::Unknown;
        }
        if !shard.insert(second, (tenant.0, kind, id)) {
            return Claim::Spent;
        }
        // May drop the claim just made, which is then as unknown as all that expire with it.
        while shard.len > self.shard_claims_max {
            let dropped = shard.drop_oldest();
            self.dropped.fetch_add(dropped as u64, Ordering::Relaxed);
        }
        Claim::Won
    }

    /// Gives up a claim that was won, with what it was claimed with: nothing came of it, and it may be claimed once more.
    pub fn release(&self, tenant: TenantId, kind: Kind, id: u128, expires: Timestamp) {
        self.shard(id).remove(second(expires), &(tenant.0, kind, id));
    }

    /// How many are held.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len).sum()
    }

    /// True where none is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Claims dropped because there were too many.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Everything held, as bytes, for [`Claims::from_bytes`]. Whoever reads them back must take them away first: after an
    /// unclean end they would be too few.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&self.floor_ms.to_be_bytes());
        let forgotten = self.shards.iter().map(|shard| lock(shard).forgotten).max();
        out.extend_from_slice(&forgotten.unwrap_or(i64::MIN).to_be_bytes());
        for shard in &self.shards {
            let shard = lock(shard);
            for (second, ids) in &shard.by_expiry {
                for (tenant, kind, id) in ids {
                    out.extend_from_slice(&second.to_be_bytes());
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
        let (floor, rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk()?;
        let (forgotten, rest) = rest.split_first_chunk()?;
        let (records, rest) = rest.as_chunks::<RECORD_BYTES>();
        if !rest.is_empty() || records.len() > CLAIMS_MAX {
            return None;
        }
        let claims = Claims::with(CLAIMS_MAX, i64::from_be_bytes(*floor), i64::from_be_bytes(*forgotten));
        for record in records {
            let (second, record) = record.split_first_chunk()?;
            let (tenant, record) = record.split_first_chunk()?;
            let (number, id) = record.split_first()?;
            let kind = Kind::ALL.into_iter().find(|kind| *kind as u8 == *number)?;
            let id = u128::from_be_bytes(id.try_into().ok()?);
            claims.shard(id).insert(i64::from_be_bytes(*second), (u32::from_be_bytes(*tenant), kind, id));
        }
        Some(claims)
    }

    fn shard(&self, id: u128) -> MutexGuard<'_, Shard> {
        lock(&self.shards[(id ^ id >> 64) as usize % SHARDS])
    }
}

const MAGIC: &[u8] = b"palisade claims 1\n";
const RECORD_BYTES: usize = 8 + 4 + 1 + 16;

/// The second by whose end it is over.
fn second(expires: Timestamp) -> i64 {
    expires.secs() + 1
}

/// A shard whose holder panicked is whole: nothing in here panics between its changes.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    /// False where it is there already.
    fn insert(&mut self, second: i64, id: (u32, Kind, u128)) -> bool {
        let new = self.by_expiry.entry(second).or_default().insert(id);
        self.len += usize::from(new);
        new
    }

    fn remove(&mut self, second: i64, id: &(u32, Kind, u128)) {
        let Some(ids) = self.by_expiry.get_mut(&second) else { return };
        self.len -= usize::from(ids.remove(id));
        if ids.is_empty() {
            self.by_expiry.remove(&second);
        }
    }

    /// Forgets what was over before `now`, seconds.
    fn forget(&mut self, now: i64) {
        while self
            .by_expiry
            .first_key_value()
            .is_some_and(|(second, _)| second.saturating_add(KEPT_SECS) <= now)
        {
            self.drop_oldest();
        }
    }

    /// Drops all that expire first; how many.
    fn drop_oldest(&mut self) -> usize {
        let Some((second, ids)) = self.by_expiry.pop_first() else { return 0 };
        self.forgotten = self.forgotten.max(second);
        self.len -= ids.len();
        ids.len()
    }
}

#[cfg(test)]
mod tests;
