//! History as bytes and back: what a restart would otherwise forget.
//!
//! Everything is kept: clients, networks, fingerprints, the sites' habits and page chains; a restored history goes on
//! as if nothing had happened. The bytes hold no address and no text, as history itself. Who may write the bytes
//! decides what is remembered, so they belong into a file of the service's own user. Where they lie, check sums and
//! atomic replacement are the store's business.

use palisade_limits::{BoundedTable, DistinctSketch};

use super::codec::{Kept, Reader};
use super::markov::Chain;
use super::spread::Habits;
use super::{CLIENTS_MAX, ClientHistory, FINGERPRINTS_MAX, History, NETWORKS_MAX, NetworkHistory};

/// Version of the layout. It goes up with every change of a kept field; older bytes are refused, not guessed at.
pub const SNAPSHOT_VERSION: u32 = 3;

/// Hashed under the seed: tells whether keys of the snapshot mean anything here.
const SEED_MARK: &str = "palisade history";

/// The bytes are no history of this installation; nothing was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Another layout.
    #[error("the history has version {found}, this binary reads version {known}")]
    OtherVersion {
        /// Its version.
        found: u32,
        /// [`SNAPSHOT_VERSION`].
        known: u32,
    },
    /// Its keys were hashed under another seed.
    #[error("the history was kept under another hash seed")]
    OtherSeed,
    /// It ends too early.
    #[error("the history ends in the middle of its {part}")]
    TooShort {
        /// Where.
        part: &'static str,
    },
    /// More entries than a table holds.
    #[error("the history names {found} {part}, {max} is the most")]
    TooMany {
        /// Of what.
        part: &'static str,
        /// How many it promises.
        found: u32,
        /// The bound.
        max: usize,
    },
    /// A value that history never has.
    #[error("the history holds {what} among its {part}, which cannot be")]
    BadValue {
        /// Where.
        part: &'static str,
        /// What is wrong.
        what: &'static str,
    },
    /// Bytes after the end.
    #[error("{bytes} bytes follow after the end of the history")]
    Trailing {
        /// How many.
        bytes: usize,
    },
}

/// Everything that was read, before any of it counts.
struct Restored {
    clients: Vec<(u64, ClientHistory)>,
    networks: Vec<(u64, NetworkHistory)>,
    fingerprints: Vec<(u64, DistinctSketch<1>)>,
    habits: Habits,
    chain: Chain,
}

impl History {
    /// Everything remembered, as bytes. Same history, same bytes. Other threads may go on meanwhile: what they note
    /// then is in it or not.
    pub fn to_snapshot(&self) -> Vec<u8> {
        let mut out = Vec::new();
        SNAPSHOT_VERSION.put(&mut out);
        self.keys.short(SEED_MARK).put(&mut out);
        put_table(&self.clients, &mut out);
        put_table(&self.networks, &mut out);
        put_table(self.spread.fingerprints(), &mut out);
        self.spread.put_habits(&mut out);
        self.markov.put(&mut out);
        out
    }

    /// Takes over what [`History::to_snapshot`] gave, all of it or nothing, and returns the number of clients known
    /// from it. Meant for a history that has noted nothing yet; entries of the same client are replaced.
    ///
    /// Any bytes are fine: memory is bounded by their length, and by the tables.
    ///
    /// # Errors
    /// Where the bytes are of another version, of another installation, or not what `to_snapshot` gives.
    pub fn restore(&self, bytes: &[u8]) -> Result<usize, SnapshotError> {
        let restored = self.read(bytes)?;
        set_table(&self.clients, &restored.clients);
        set_table(&self.networks, &restored.networks);
        set_table(self.spread.fingerprints(), &restored.fingerprints);
        self.spread.set_habits(&restored.habits);
        self.markov.set(&restored.chain);
        Ok(restored.clients.len())
    }

    fn read(&self, bytes: &[u8]) -> Result<Restored, SnapshotError> {
        let mut from = Reader::new(bytes);
        let found = u32::take(&mut from)?;
        if found != SNAPSHOT_VERSION {
            return Err(SnapshotError::OtherVersion { found, known: SNAPSHOT_VERSION });
        }
        if u32::take(&mut from)? != self.keys.short(SEED_MARK) {
            return Err(SnapshotError::OtherSeed);
        }
        let restored = Restored {
            clients: take_table(&mut from, "clients", CLIENTS_MAX)?,
            networks: take_table(&mut from, "networks", NETWORKS_MAX)?,
            fingerprints: take_table(&mut from, "fingerprints", FINGERPRINTS_MAX)?,
            habits: Habits::take(&mut from)?,
            chain: Chain::take(&mut from)?,
        };
        match from.left() {
            0 => Ok(restored),
            bytes => Err(SnapshotError::Trailing { bytes }),
        }
    }
}

fn put_table<V: Kept>(table: &BoundedTable<V>, out: &mut Vec<u8>) {
    let at = out.len();
    0u32.put(out);
    let mut count = 0u32;
    table.for_each(|key, value| {
        count += 1;
        key.put(out);
        value.put(out);
    });
    out[at..at + 4].copy_from_slice(&count.to_le_bytes());
}

fn take_table<V: Kept>(
    from: &mut Reader<'_>,
    part: &'static str,
    max: usize,
) -> Result<Vec<(u64, V)>, SnapshotError> {
    from.part = part;
    let count = from.count(max)?;
    let mut entries = Vec::new();
    for _ in 0..count {
        entries.push((u64::take(from)?, V::take(from)?));
    }
    Ok(entries)
}

fn set_table<V: Copy>(table: &BoundedTable<V>, entries: &[(u64, V)]) {
    for &(key, kept) in entries {
        table.update(key, || kept, |value, _| *value = kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::HashSeed;

    fn history(seed: u64) -> History {
        History::new(HashSeed([seed, 2]))
    }

    fn known(clients: u64) -> History {
        let history = history(1);
        for key in 0..clients {
            history.clients.update(key, || ClientHistory::new(5), |_, _| ());
            history.networks.update(key, || NetworkHistory::new(5), |_, _| ());
        }
        history
    }

    #[test]
    fn nothing_is_kept_of_nothing() {
        let bytes = history(1).to_snapshot();
        assert!(bytes.len() < 64, "{} bytes", bytes.len());
        assert_eq!(history(1).restore(&bytes), Ok(0));
    }

    #[test]
    fn a_known_client_costs_less_than_in_memory() {
        let bytes = known(1_000).to_snapshot();
        assert!(bytes.len() / 1_000 < 300, "{} bytes a client", bytes.len() / 1_000);
        let back = history(1);
        assert_eq!(back.restore(&bytes), Ok(1_000));
        assert_eq!(back.to_snapshot(), bytes);
    }

    #[test]
    fn what_is_wrong_is_said_and_nothing_restored() {
        let check = |expect: SnapshotError, spoil: fn(&mut Vec<u8>)| {
            let mut bytes = known(3).to_snapshot();
            spoil(&mut bytes);
            let back = history(1);
            assert_eq!(back.restore(&bytes), Err(expect));
            assert_eq!(back.clients(), 0);
        };
        check(SnapshotError::OtherVersion { found: 9, known: SNAPSHOT_VERSION }, |bytes| bytes[0] = 9);
        check(SnapshotError::OtherSeed, |bytes| bytes[4] ^= 1);
        check(SnapshotError::TooShort { part: "head" }, |bytes| bytes.truncate(6));
        check(SnapshotError::TooShort { part: "clients" }, |bytes| bytes.truncate(100));
        check(SnapshotError::TooShort { part: "page chain" }, |bytes| bytes.truncate(bytes.len() - 1));
        check(SnapshotError::TooMany { part: "clients", found: u32::MAX, max: CLIENTS_MAX }, |bytes| {
            bytes[8..12].fill(0xff);
        });
        check(SnapshotError::BadValue { part: "clients", what: "a time" }, |bytes| bytes[20..28].fill(0x7f));
        check(SnapshotError::Trailing { bytes: 1 }, |bytes| bytes.push(0));
        assert_eq!(history(2).restore(&known(3).to_snapshot()), Err(SnapshotError::OtherSeed));
    }
}
