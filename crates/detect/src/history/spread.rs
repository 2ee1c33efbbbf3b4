//! What many clients show together: fingerprints in many networks, the site's asset habits.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use palisade_limits::{BoundedTable, BoundedTableSettings, DistinctSketch};

use super::client::ClientHistory;
use super::codec::{Reader, put_counters, set_counters, take_counters};
use super::keys::Keys;
use super::markov::mix;
use super::snapshot::SnapshotError;
use crate::gather::Kind;

/// Sites whose asset habits are counted; more share counters.
const SITES: usize = 1 << 10;

/// Clients of a site behind which its asset share is believed.
const CLIENTS_MIN: u32 = 20;

/// Page requests after which a client's asset habit is counted, once.
const HABIT_AFTER_PAGES: u32 = 3;

/// Cross-client counters; lock-free but for the fingerprint table.
#[derive(Debug)]
pub(super) struct Spread {
    fingerprints: BoundedTable<DistinctSketch<1>>,
    readers: Box<[AtomicU32]>,
    loaders: Box<[AtomicU32]>,
    /// Highest share seen so far, in thousandths: a crowd that loads nothing must not talk a site out of its assets.
    peaks: Box<[AtomicU32]>,
}

impl Spread {
    pub(super) fn new(fingerprints_max: usize) -> Self {
        let zeros = || (0..SITES).map(|_| AtomicU32::new(0)).collect();
        Spread {
            fingerprints: BoundedTable::new(BoundedTableSettings {
                name: "history.fingerprints",
                entries_max: fingerprints_max,
            }),
            readers: zeros(),
            loaders: zeros(),
            peaks: zeros(),
        }
    }

    /// Networks within the hour on which this client's claimed fingerprint was seen; 0 where unseen.
    pub(super) fn note_fingerprint(&self, keys: &Keys, now_ms: i64) -> f32 {
        let Some(fingerprint) = keys.fingerprint else { return 0.0 };
        let now_ms = u64::try_from(now_ms).unwrap_or(0);
        self.fingerprints.update(fingerprint, DistinctSketch::<1>::default, |networks, _| {
            networks.insert(now_ms, keys.network);
            networks.estimate(now_ms)
        })
    }

    /// Counts a client's asset habit at its third page; returns the highest share of the site's
    /// clients that were seen to load assets.
    pub(super) fn note_habit(&self, site: u64, client: &ClientHistory, kind: Kind) -> Option<f32> {
        let at = mix(site) as usize % SITES;
        if kind == Kind::Navigation && client.pages_total == HABIT_AFTER_PAGES {
            self.readers[at].fetch_add(1, Relaxed);
            if client.assets_total > 0 {
                self.loaders[at].fetch_add(1, Relaxed);
            }
        }
        let (readers, loaders) = (self.readers[at].load(Relaxed), self.loaders[at].load(Relaxed));
        if readers < CLIENTS_MIN {
            return None;
        }
        let share = (u64::from(loaders) * 1_000 / u64::from(readers)) as u32;
        let peak = self.peaks[at].fetch_max(share, Relaxed).max(share);
        Some(peak as f32 / 1_000.0)
    }

    /// Networks by fingerprint.
    pub(super) fn fingerprints(&self) -> &BoundedTable<DistinctSketch<1>> {
        &self.fingerprints
    }

    /// Appends the sites' asset habits.
    pub(super) fn put_habits(&self, out: &mut Vec<u8>) {
        put_counters(&self.readers, out);
        put_counters(&self.loaders, out);
        put_counters(&self.peaks, out);
    }

    /// Takes over what [`Habits::take`] read.
    pub(super) fn set_habits(&self, habits: &Habits) {
        set_counters(&self.readers, &habits.readers);
        set_counters(&self.loaders, &habits.loaders);
        set_counters(&self.peaks, &habits.peaks);
    }

    pub(super) fn bytes(&self) -> usize {
        self.fingerprints.bytes() + 2 * SITES * size_of::<AtomicU32>()
    }
}

/// What [`Spread::put_habits`] wrote.
pub(super) struct Habits {
    readers: Vec<(usize, u32)>,
    loaders: Vec<(usize, u32)>,
    peaks: Vec<(usize, u32)>,
}

impl Habits {
    pub(super) fn take(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        from.part = "asset habits";
        let mut counters = || take_counters(from, SITES);
        Ok(Habits { readers: counters()?, loaders: counters()?, peaks: counters()? })
    }
}
