//! What was read, and what was skipped and why.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::formats::Format;

/// Why a line was not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Skip {
    /// Nothing in it.
    Blank,
    /// It begins like a known format and does not go on like it.
    Torn,
    /// It is not text.
    Binary,
    /// It is longer than [`crate::source::LINE_BYTES_MAX`].
    TooLong,
    /// Its time lies more than 24 h ahead.
    Future,
    /// It is in none of the known formats.
    Unknown,
}

impl Skip {
    /// All reasons, in the order reports show them.
    pub const ALL: [Skip; 6] =
        [Skip::Blank, Skip::Torn, Skip::Binary, Skip::TooLong, Skip::Future, Skip::Unknown];

    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Skip::Blank => "blank",
            Skip::Torn => "torn",
            Skip::Binary => "binary",
            Skip::TooLong => "too-long",
            Skip::Future => "future",
            Skip::Unknown => "unknown",
        }
    }
}

/// One skipped line, shown to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The file's index in [`FeedStats::files`].
    pub file: u32,
    /// The line, from 1.
    pub line: u64,
    /// Its beginning, without control characters.
    pub excerpt: String,
}

/// What one file gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileStats {
    /// Its path; `-` for standard input.
    pub path: PathBuf,
    /// Lines read, skipped ones and comments too.
    pub lines: u64,
    /// Records delivered.
    pub records: u64,
    /// Why reading ended early, in words: a truncated archive, a read error.
    pub warning: Option<String>,
}

/// What was read, and what was skipped and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedStats {
    /// The files in the order given.
    pub files: Vec<FileStats>,
    /// Lines read, skipped ones and comments too.
    pub lines: u64,
    /// Records delivered.
    pub records: u64,
    /// Lines that begin with `#`.
    pub comments: u64,
    /// Records that came too late to be sorted; their time was raised.
    pub late: u64,
    /// Skipped lines by reason.
    pub skipped: BTreeMap<Skip, u64>,
    /// The first lines skipped for each reason.
    pub samples: BTreeMap<Skip, Vec<Sample>>,
    /// Records by format.
    pub formats: BTreeMap<Format, u64>,
}

impl FeedStats {
    /// Skipped lines, all reasons together. Comments are not skipped lines.
    pub fn skipped_total(&self) -> u64 {
        self.skipped.values().sum()
    }
}
