//! The only SQLite-specific words of this crate. Everything else is SQL that PostgreSQL reads as well.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::SqliteSettings;

/// Begins a transaction that will write. Taking the lock at once avoids the upgrade that SQLite refuses when another
/// writer came first.
pub(super) const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

/// Moves what was written into the main file and empties the log beside it.
pub(super) const EMPTY_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// WAL: readers go on while one writes. FULL: a commit is on the disk before it is acknowledged. `secure_delete`: what
/// is deleted is overwritten, because addresses and keys of persons are deleted for good.
pub(super) fn options(path: &Path, settings: SqliteSettings) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(settings.busy_timeout)
        .pragma("secure_delete", "ON");
    match settings.pages_max {
        Some(pages) => options.pragma("max_page_count", pages.to_string()),
        None => options,
    }
}
