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
// Extended codes.
const IOERR_WRITE: u32 = 778;
const IOERR_FSYNC: u32 = 1034;
const IOERR_TRUNCATE: u32 = 1546;
const IOERR_SHMSIZE: u32 = 4874;

/// What `error` means for the database at `path`.
pub(super) fn fault(path: &Path, error: sqlx::Error) -> Fault {
    let path = path.to_owned();
    let code = result_code(&error);
    match code.map(|code| if is_failed_write(code) { IOERR_WRITE } else { primary(code) }) {
        Some(IOERR_WRITE) => Fault::WriteFailed { path },
        Some(FULL) => Fault::DiskFull { path },
        Some(READONLY) => Fault::ReadOnly { path },
        Some(BUSY | LOCKED) => Fault::Locked { path },
        Some(CANTOPEN) => Fault::CannotOpen { path },
        Some(CORRUPT | NOTADB) => Fault::Corrupt { path, detail: detail(&error) },
        _ if matches!(error, sqlx::Error::PoolTimedOut) => Fault::Locked { path },
        _ => Fault::Unexpected { path, source: error },
    }
}

/// The extended result code.
fn result_code(error: &sqlx::Error) -> Option<u32> {
    error.as_database_error()?.code()?.parse().ok()
}

fn is_failed_write(code: u32) -> bool {
    matches!(code, IOERR_WRITE | IOERR_FSYNC | IOERR_TRUNCATE | IOERR_SHMSIZE)
}

/// The primary result code: the low byte of the extended one.
fn primary(code: u32) -> u32 {
    code & 0xff
}

fn detail(error: &sqlx::Error) -> String {
    error.as_database_error().map(|error| error.message().to_owned()).unwrap_or_default()
}
