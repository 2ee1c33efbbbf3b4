//! What a restart would otherwise forget: who was in trouble and how often, and what is usual for each site.
//!
//! Opaque bytes without addresses or text; where they lie, check sums and atomic replacement are the store's business. The
//! client history is kept apart, by its owner, and the lists are durable anyway.

use palisade_domain::{SiteId, Timestamp};
use palisade_policy::TroubleError;

use crate::load::{LANES_MAX, Usual};
use crate::{Guard, keyed};

/// Version of the layout. It goes up with every change of a kept field; older bytes are refused, not guessed at.
pub const SNAPSHOT_VERSION: u32 = 1;

/// Hashed under the seed: tells whether the keys mean anything here.
const SEED_MARK: &str = "palisade guard";

/// What was usual this long ago tells nothing of today.
const USUAL_KEPT_MS: i64 = 24 * 3_600_000;

/// Bytes of one site's usual minute.
const USUAL_BYTES: usize = 16;

/// What was restored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// Networks whose trouble still matters.
    pub networks: usize,
    /// Sites whose usual load is known.
    pub sites: usize,
}

/// The bytes are not what this guard remembered; nothing was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Its keys were hashed under another seed.
    #[error("it was kept under another hash seed")]
    OtherSeed,
    /// It ends too early.
    #[error("it ends after {bytes} bytes, before its {part}")]
    TooShort {
        /// Before what.
        part: &'static str,
        /// How many bytes there are.
        bytes: usize,
    },
    /// A usual load that cannot be.
    #[error("the usual load of site {site} cannot be")]
    BadUsual {
        /// Of which site.
        site: u32,
    },
    /// Trouble that cannot be.
    #[error(transparent)]
    Trouble(#[from] TroubleError),
}

impl Guard {
    /// Everything [`Guard::restore`] takes, as it is at `now`.
    pub fn to_snapshot(&self, now: Timestamp) -> Vec<u8> {
        let usual = self.load.usual();
        let mut out = Vec::new();
        out.extend_from_slice(&self.seed_mark().to_le_bytes());
        out.extend_from_slice(&now.0.to_le_bytes());
        out.extend_from_slice(&u32::try_from(usual.len()).unwrap_or(0).to_le_bytes());
        for (site, usual) in usual {
            out.extend_from_slice(&site.0.to_le_bytes());
            usual.iter().for_each(|part| out.extend_from_slice(&part.to_le_bytes()));
        }
        out.extend_from_slice(&self.judge().trouble_to_bytes());
        out
    }

    /// Takes over what [`Guard::to_snapshot`] gave before a restart, as far as it still matters at `now`. Meant for a guard
    /// that has judged nobody yet. Any bytes are fine.
    ///
    /// # Errors
    /// Where the bytes are of another installation, or not what `to_snapshot` gives.
    pub fn restore(&self, bytes: &[u8], now: Timestamp) -> Result<Remembered, SnapshotError> {
        let short = |part| SnapshotError::TooShort { part, bytes: bytes.len() };
        let (mark, rest) = bytes.split_first_chunk().ok_or(short("seed mark"))?;
        if u64::from_le_bytes(*mark) != self.seed_mark() {
            return Err(SnapshotError::OtherSeed);
        }
        let (saved_at, rest) = rest.split_first_chunk().ok_or(short("time"))?;
        let (count, rest) = rest.split_first_chunk().ok_or(short("count of sites"))?;
        let count = u32::from_le_bytes(*count) as usize;
        let (sites, trouble) = match count <= LANES_MAX {
            true => rest.split_at_checked(count * USUAL_BYTES).ok_or(short("sites"))?,
            false => return Err(short("sites")),
        };
        let age_ms = now.millis().saturating_sub(Timestamp(i64::from_le_bytes(*saved_at)).millis());
        // Everything is read before anything is taken over; trouble is so by itself, all of it or nothing.
        let usual = sites.as_chunks::<USUAL_BYTES>().0.iter().map(usual_of).collect::<Result<Vec<_>, _>>()?;
        let networks = self.judge().restore_trouble(trouble, now)?;
        if age_ms.saturating_abs() > USUAL_KEPT_MS {
            return Ok(Remembered { networks, sites: 0 });
        }
        let sites = self.sites();
        let own = usual.into_iter().filter(|(site, _)| !sites.is_successor(*site));
        let recalled = own.map(|(site, usual)| self.load.recall(site, usual));
        Ok(Remembered { networks, sites: recalled.count() })
    }

    fn seed_mark(&self) -> u64 {
        keyed::of_text(self.settings.seed, SEED_MARK)
    }
}

/// One site's usual minute.
fn usual_of(bytes: &[u8; USUAL_BYTES]) -> Result<(SiteId, Usual), SnapshotError> {
    let word = |at: usize| [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    let site = u32::from_le_bytes(word(0));
    Usual::recalled([4, 8, 12].map(|at| f32::from_le_bytes(word(at))))
        .filter(|_| (site as usize) < LANES_MAX)
        .map(|usual| (SiteId(site), usual))
        .ok_or(SnapshotError::BadUsual { site })
}
