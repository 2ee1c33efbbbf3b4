//! What is remembered between two runs, read from the named data folder at the start and written back at the end: the client
//! history, and the guard's own memory (trouble, usual loads).

use anyhow::Context;
use palisade_detect::history::{History, SNAPSHOT_VERSION, SnapshotError};
use palisade_guard::{Guard, remembered};
use palisade_store::DataDir;
use palisade_store::snapshot::{self, LoadError};
use palisade_telemetry::{Discard, HistoryDiscarded, HistoryRestored, HistorySaved};

use crate::shell;

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

/// Puts what `data` remembers of trouble and usual loads into `guard`. What cannot be used is moved aside and said.
///
/// # Errors
/// As [`recall`].
pub(crate) fn recall_guard(guard: &Guard, data: &DataDir) -> anyhow::Result<()> {
    let path = data.guard_snapshot();
    let error = match snapshot::load(&path, remembered::SNAPSHOT_VERSION) {
        Ok(None) => return Ok(()),
        Ok(Some(bytes)) => match guard.restore(&bytes, shell::now()) {
            Ok(_) => return Ok(()),
            Err(error) => error.to_string(),
        },
        Err(error @ LoadError::Io { .. }) => return Err(error.into()),
        Err(error @ LoadError::Damaged { .. }) => {
            shell::complain(&format!("palisade: {error}"));
            return Ok(());
        }
        Err(LoadError::OtherVersion { found, known, .. }) => {
            format!("it has version {found}, this binary reads {known}")
        }
    };
    let moved_to = snapshot::set_aside(&path).with_context(|| {
        format!("{}: cannot be moved aside; remove it to begin without it", path.display())
    })?;
    shell::complain(&format!(
        "palisade: {}: {error}; moved to {} and starting without it",
        path.display(),
        moved_to.display()
    ));
    Ok(())
}

/// Writes `guard`'s memory into `data`, in one piece.
///
/// # Errors
/// As [`keep`].
pub(crate) fn keep_guard(guard: &Guard, data: &DataDir) -> anyhow::Result<()> {
    let bytes = guard.to_snapshot(shell::now());
    Ok(snapshot::save(&data.guard_snapshot(), remembered::SNAPSHOT_VERSION, &bytes)?)
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
