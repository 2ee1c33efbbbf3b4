//! The client history between two runs: read from the named data folder at the start, written back at the end.

use anyhow::Context;
use palisade_detect::history::{History, SNAPSHOT_VERSION, SnapshotError};
use palisade_store::DataDir;
use palisade_store::snapshot::{self, LoadError};
use palisade_telemetry::{Discard, HistoryDiscarded, HistoryRestored, HistorySaved};

/// Puts what `data` remembers into `history`. What cannot be used is moved aside, said once, and the run begins empty.
///
/// # Errors
/// Where the file is there and cannot be read, or cannot be moved aside: going on would overwrite it.
pub(crate) fn recall(history: &History, data: &DataDir) -> anyhow::Result<()> {
    let path = data.history_snapshot();
    let bytes = match snapshot::load(&path, SNAPSHOT_VERSION) {
        Ok(None) => return Ok(()),
        Ok(Some(bytes)) => bytes,
        Err(error @ LoadError::Damaged { .. }) => {
            HistoryDiscarded { reason: Discard::Damaged, error }.emit();
            return Ok(());
        }
        Err(LoadError::OtherVersion { found, known, .. }) => {
            return aside(data, SnapshotError::OtherVersion { found, known });
        }
        Err(error @ LoadError::Io { .. }) => return Err(error.into()),
    };
    match history.restore(&bytes) {
        Ok(clients) => HistoryRestored { clients }.emit(),
        Err(error) => return aside(data, error),
    }
    Ok(())
}

/// Somebody may want it back: an older palisade, or the seed that was lost.
fn aside(data: &DataDir, error: SnapshotError) -> anyhow::Result<()> {
    let path = data.history_snapshot();
    let moved_to = snapshot::set_aside(&path).with_context(|| {
        format!("{}: cannot be moved aside; remove it to begin without it", path.display())
    })?;
    let reason = match error {
        SnapshotError::OtherVersion { .. } => Discard::OtherVersion,
        SnapshotError::OtherSeed => Discard::OtherSeed,
        _ => Discard::Damaged,
    };
    let (path, moved_to) = (path.display(), moved_to.display());
    let error = format!("{path}: {error}; moved to {moved_to} and starting without it");
    HistoryDiscarded { reason, error }.emit();
    Ok(())
}

/// Writes `history` into `data`, in one piece.
///
/// # Errors
/// Where it cannot be written; what was there before is untouched.
pub(crate) fn keep(history: &History, data: &DataDir) -> anyhow::Result<()> {
    let bytes = history.to_snapshot();
    snapshot::save(&data.history_snapshot(), SNAPSHOT_VERSION, &bytes)?;
    HistorySaved { clients: history.clients(), bytes: bytes.len() }.emit();
    Ok(())
}
