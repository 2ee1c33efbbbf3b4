//! The only SQLite-specific words of this crate. Everything else is SQL that PostgreSQL reads as well.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::SqliteSettings;

/// Begins a transaction that will write. Taking the lock at once avoids the upgrade that SQLite refuses when another
/// writer came first.
pub(super) const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

/// WAL: readers go on while one writes. FULL: a commit is on the disk before it is acknowledged.
pub(super) fn options(path: &Path, settings: SqliteSettings) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(settings.busy_timeout);
    match settings.pages_max {
        Some(pages) => options.pragma("max_page_count", pages.to_string()),
        None => options,
    }
}
