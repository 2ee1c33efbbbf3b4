//! What can go wrong with stored data. Each message names the file and the way out.

use std::path::PathBuf;

/// The database could not do what was asked; common to opening, reading and writing.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// No room left, on the disk or under the configured size.
    #[error("{}: no room left; free space there or move the data folder (--data), then repeat. Nothing stored was lost", path.display())]
    DiskFull {
        /// The database.
        path: PathBuf,
    },
    /// The system took no write, for another reason than a full disk: a quota, a limit on the size of files, a disk that fails.
    #[error("{}: could not be written; look at quotas, at limits on the size of files (`ulimit -f`) and at the disk, then repeat. Nothing stored was lost", path.display())]
    WriteFailed {
        /// The database.
        path: PathBuf,
    },
    /// The file or its folder may not be written.
    #[error("{}: may not be written; give this user write permission on the file and its folder, or name another folder with --data", path.display())]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// Another process held the database for longer than we wait.
    #[error("{}: another process holds the database; stop it or wait for it to finish, then repeat", path.display())]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// The bytes are not a sound database. Nothing was changed or deleted.
    #[error("{}: not a sound database ({detail}); nothing was deleted. Restore a backup, or move the file aside to start empty (`sqlite3 FILE .recover` may save its rows)", path.display())]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What the database engine says.
        detail: String,
    },
    /// The file could not be opened at all.
    #[error("{}: cannot be opened; check that the folder exists and that this user may read and write there", path.display())]
    CannotOpen {
        /// The database.
        path: PathBuf,
    },
    /// Anything else.
    #[error("{}: the database failed", path.display())]
    Unexpected {
        /// The database.
        path: PathBuf,
        /// What the database engine says.
        #[source]
        source: sqlx::Error,
    },
}

/// A store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database was written by a newer Palisade.
    #[error("{}: has schema {found}, this binary knows up to {known}; run the newer palisade that wrote it, or name another folder with --data", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema of this binary.
        known: i64,
    },
    /// The schema could not be brought up to date.
    #[error("{}: schema could not be brought up to date", path.display())]
    Migration {
        /// The database.
        path: PathBuf,
        /// Which step failed, and why.
        #[source]
        source: Box<sqlx::migrate::MigrateError>,
    },
    /// The database failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A change was not made; what was stored before is untouched.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The tenant's table is full.
    #[error(
        "{what} are full: {max} is the most one tenant may hold; remove some (`palisade list remove --expired`, shorter retention), then repeat"
    )]
    Full {
        /// Which table.
        what: &'static str,
        /// Its bound.
        max: usize,
    },
    /// It is longer than can be kept whole.
    #[error("{what} has {bytes} bytes, {max} is the most; send less")]
    TooLong {
        /// What it is.
        what: &'static str,
        /// Its length.
        bytes: usize,
        /// Its bound.
        max: usize,
    },
    /// What the change builds on could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The database failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Something stored could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A row holds what this binary never writes.
    #[error(
        "{table} row {id}: column {column} holds {value:?}, which this binary does not know; remove that row or run the palisade that wrote it"
    )]
    BadRecord {
        /// Which table.
        table: &'static str,
        /// The row's number.
        id: i64,
        /// Which column.
        column: &'static str,
        /// What it holds.
        value: String,
    },
    /// The database failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
