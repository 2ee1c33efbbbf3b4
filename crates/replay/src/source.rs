//! Files, archives and standard input as lines of bounded length.

use std::path::PathBuf;

/// Longest line that is looked at, in bytes; longer ones are skipped without being held.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// A file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no such file.
    #[error("{path}: no such file; check the path, or use - for standard input", path = .0.display())]
    Missing(PathBuf),
    /// It is a folder.
    #[error("{path} is a directory; name the files in it, as in {path}/*.log", path = .0.display())]
    Directory(PathBuf),
    /// It cannot be read.
    #[error("{path} cannot be read: {reason}; check its permissions", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
}
