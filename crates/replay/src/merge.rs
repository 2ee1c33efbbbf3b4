//! Several files as one stream of records in time order.

use std::path::PathBuf;

use palisade_domain::Timestamp;

use crate::formats::{Format, Record};
use crate::source::SourceError;

mod stats;

pub use stats::{FeedStats, FileStats, Sample, Skip};

/// How to read.
#[derive(Clone, Copy, Debug)]
pub struct FeedOptions {
    /// Read every line as this format; otherwise each file's format is found by itself.
    pub format: Option<Format>,
    /// The current time: lines more than 24 h after it are skipped.
    pub now: Timestamp,
}

/// How far reading has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read from the files, as they lie on disk (compressed ones count compressed).
    pub bytes_read: u64,
    /// Bytes of all files; `None` where one is a stream without an end we know.
    pub bytes_total: Option<u64>,
}

/// The merged stream. Records come in (time, file, line) order, the same for any number of threads.
#[derive(Debug)]
pub struct Feed {
    stats: FeedStats,
}

impl Feed {
    /// Opens `paths` (`-` is standard input) and begins to read.
    ///
    /// # Errors
    /// Where one of them cannot be opened; nothing is read then.
    pub fn open(_paths: &[PathBuf], _options: FeedOptions) -> Result<Feed, SourceError> {
        Ok(Feed { stats: FeedStats::default() })
    }

    /// The next records in order, at most a few thousand; `None` at the end.
    pub fn next_batch(&mut self) -> Option<Vec<Record>> {
        None
    }

    /// How far reading has come.
    pub fn progress(&self) -> Progress {
        Progress::default()
    }

    /// Stops reading and says what was read and what was skipped.
    pub fn finish(self) -> FeedStats {
        self.stats
    }
}
