//! SQLite's result codes as [`Fault`]s.

use std::path::Path;

use crate::Fault;

// https://www.sqlite.org/rescode.html
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const READONLY: u32 = 8;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const CANTOPEN: u32 = 14;
const NOTADB: u32 = 26;

/// What `error` means for the database at `path`.
pub(super) fn fault(path: &Path, error: sqlx::Error) -> Fault {
    let path = path.to_owned();
    match result_code(&error) {
        Some(FULL) => Fault::DiskFull { path },
        Some(READONLY) => Fault::ReadOnly { path },
        Some(BUSY | LOCKED) => Fault::Locked { path },
        Some(CANTOPEN) => Fault::CannotOpen { path },
        Some(CORRUPT | NOTADB) => Fault::Corrupt { path, detail: detail(&error) },
        _ if matches!(error, sqlx::Error::PoolTimedOut) => Fault::Locked { path },
        _ => Fault::Unexpected { path, source: error },
    }
}

/// The primary result code: the low byte of the extended one.
fn result_code(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

fn detail(error: &sqlx::Error) -> String {
    error.as_database_error().map(|error| error.message().to_owned()).unwrap_or_default()
}
