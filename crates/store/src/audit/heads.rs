//! The heads of the audit log, one a day, in a file beside the database: who rewrites the log must rewrite this too.
//!
//! One JSON object a line: `{"time_ms":…,"tenant":0,"line":17,"hash":"…"}`. Copy the file to another machine to make
//! that impossible.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use palisade_domain::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AuditHead, AuditId};
use crate::bounds::AUDIT_HEADS_BYTES_MAX;
use crate::{DataDir, codec};

const DAY_SECS: i64 = 86_400;

#[derive(Serialize, Deserialize)]
struct Line {
    time_ms: i64,
    tenant: u32,
    line: i64,
    hash: String,
}

/// The heads could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum HeadsError {
    /// The file could not be read.
    #[error("{}: cannot be read ({why}); check its permission", path.display())]
    CannotRead {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The file could not be written.
    #[error("{}: cannot be written ({why}); check its permission and the free space", path.display())]
    CannotWrite {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// A line of it is not what this writes.
    #[error("{}:{line}: is no audit head; restore the file from its copy", path.display())]
    NotAHead {
        /// The file.
        path: PathBuf,
        /// The line's number, 1 and up.
        line: usize,
    },
}

/// Puts down `head`, unless one of `tenant` was put down today or no line was written since. Returns whether it did.
/// Cheap enough to be called every few minutes.
///
/// # Errors
/// Where the file cannot be read or written.
pub fn export_daily(
    data: &DataDir,
    tenant: TenantId,
    head: &AuditHead,
    now: Timestamp,
) -> Result<bool, HeadsError> {
    let path = data.audit_heads();
    let day = |time_ms: i64| time_ms.div_euclid(DAY_SECS * 1_000);
    let known = lines(&path)?;
    if head.line.0 == 0 {
        return Ok(false);
    }
    let last = known.iter().rev().find(|line| line.tenant == tenant.0);
    if last.is_some_and(|last| day(last.time_ms) == day(now.millis()) || last.line == head.line.0) {
        return Ok(false);
    }
    let line = Line { time_ms: now.millis(), tenant: tenant.0, line: head.line.0, hash: head.hash_text() };
    append(&path, &line).map_err(|why| HeadsError::CannotWrite { path, why })?;
    Ok(true)
}

/// The heads of `tenant` that were put down, oldest first. None where there is no file.
///
/// # Errors
/// Where the file cannot be read or was damaged.
pub fn exported(data: &DataDir, tenant: TenantId) -> Result<Vec<AuditHead>, HeadsError> {
    let path = data.audit_heads();
    let of_tenant = lines(&path)?.into_iter().enumerate().filter(|(_, line)| line.tenant == tenant.0);
    of_tenant
        .map(|(n, line)| {
            let hash = codec::hash_from_hex(&line.hash);
            let hash = hash.ok_or_else(|| HeadsError::NotAHead { path: path.clone(), line: n + 1 })?;
            Ok(AuditHead { line: AuditId(line.line), hash })
        })
        .collect()
}

fn lines(path: &Path) -> Result<Vec<Line>, HeadsError> {
    let cannot_read = |why| HeadsError::CannotRead { path: path.to_owned(), why };
    let file = match File::open(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file.map_err(cannot_read)?,
    };
    let mut bytes = Vec::new();
    file.take(AUDIT_HEADS_BYTES_MAX).read_to_end(&mut bytes).map_err(cannot_read)?;
    let whole = bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    whole
        .map(|(n, line)| {
            serde_json::from_slice(line)
                .map_err(|_| HeadsError::NotAHead { path: path.to_owned(), line: n + 1 })
        })
        .collect()
}

fn append(path: &Path, line: &Line) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let text = serde_json::to_string(line).map_err(io::Error::other)?;
    file.write_all(format!("{text}\n").as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(line: i64, byte: u8) -> AuditHead {
        AuditHead { line: AuditId(line), hash: [byte; 32] }
    }

    #[test]
    fn one_head_a_day_is_put_down() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let (one, two) = (TenantId(1), TenantId(2));
        let put = |tenant, head: AuditHead, secs| {
            export_daily(&data, tenant, &head, Timestamp::from_secs(secs)).unwrap()
        };
        assert!(!put(one, head(0, 9), 1), "an empty log has no head");
        assert!(exported(&data, one).unwrap().is_empty());
        assert!(put(one, head(1, 1), 5));
        assert!(!put(one, head(2, 2), DAY_SECS - 1), "the same day");
        assert!(put(two, head(7, 7), 6), "the other tenant's day");
        assert!(!put(one, head(1, 1), DAY_SECS), "nothing new");
        assert!(put(one, head(3, 3), DAY_SECS));
        assert_eq!(exported(&data, one).unwrap(), [head(1, 1), head(3, 3)]);
        assert_eq!(exported(&data, two).unwrap(), [head(7, 7)]);
    }

    #[test]
    fn a_damaged_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        export_daily(&data, TenantId(1), &head(1, 1), Timestamp(0)).unwrap();
        let good = std::fs::read_to_string(data.audit_heads()).unwrap();
        for bad in ["x", "{}", "{\"time_ms\":1,\"tenant\":1,\"line\":1,\"hash\":\"00\"}"] {
            std::fs::write(data.audit_heads(), format!("{good}{bad}\n")).unwrap();
            let error = exported(&data, TenantId(1)).unwrap_err();
            assert!(error.to_string().contains("audit-heads.ndjson:2: is no audit head"), "{error}");
        }
    }
}
