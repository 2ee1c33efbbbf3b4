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

/// Skipped lines shown per reason.
pub const SAMPLES_MAX: usize = 5;

/// Characters of a skipped line that are shown.
const EXCERPT_CHARS_MAX: usize = 100;

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
    /// Why reading ended early, or why nothing in it can be read, in words: a truncated archive, a read error, UTF-16.
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
    /// Why files could not be read to their end, each with its file.
    pub fn warnings(&self) -> impl Iterator<Item = String> + '_ {
        let warning = |file: &FileStats| {
            file.warning.as_ref().map(|warning| format!("{}: {warning}", file.path.display()))
        };
        self.files.iter().filter_map(warning)
    }

    /// Skipped lines, all reasons together. Comments are not skipped lines.
    pub fn skipped_total(&self) -> u64 {
        self.skipped.values().sum()
    }
}

/// What was not a record: counted where lines are parsed, added up per file.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) comments: u64,
    skipped: BTreeMap<Skip, u64>,
    samples: BTreeMap<Skip, Vec<Sample>>,
}

impl Findings {
    /// Counts a skipped line and keeps it as a sample while there is room.
    pub(super) fn skip(&mut self, reason: Skip, file: u32, line: u64, bytes: &[u8]) {
        *self.skipped.entry(reason).or_default() += 1;
        let samples = self.samples.entry(reason).or_default();
        if samples.len() < SAMPLES_MAX {
            samples.push(Sample { file, line, excerpt: excerpt(bytes) });
        }
    }

    /// Adds the findings of later lines.
    pub(super) fn add(&mut self, later: Findings) {
        self.comments += later.comments;
        add_all(&mut self.skipped, &mut self.samples, later.skipped, later.samples);
    }

    /// Adds them to what is reported; files must come in order.
    pub(super) fn report(self, stats: &mut FeedStats) {
        stats.comments += self.comments;
        add_all(&mut stats.skipped, &mut stats.samples, self.skipped, self.samples);
    }
}

fn add_all(
    skipped: &mut BTreeMap<Skip, u64>,
    samples: &mut BTreeMap<Skip, Vec<Sample>>,
    more_skipped: BTreeMap<Skip, u64>,
    more_samples: BTreeMap<Skip, Vec<Sample>>,
) {
    for (reason, count) in more_skipped {
        *skipped.entry(reason).or_default() += count;
    }
    for (reason, more) in more_samples {
        let known = samples.entry(reason).or_default();
        let room = SAMPLES_MAX.saturating_sub(known.len());
        known.extend(more.into_iter().take(room));
    }
}

/// The beginning of a line, safe to print: control characters become `.`.
fn excerpt(bytes: &[u8]) -> String {
    // Four bytes are the most a character has.
    let start = &bytes[..bytes.len().min(EXCERPT_CHARS_MAX * 4)];
    let text = String::from_utf8_lossy(start);
    let mut short: String =
        text.chars().take(EXCERPT_CHARS_MAX).map(|c| if is_printable(c) { c } else { '.' }).collect();
    if text.chars().count() > EXCERPT_CHARS_MAX || bytes.len() > start.len() {
        short.push('…');
    }
    short
}

/// Neither a control character nor one that turns the direction of text around.
fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_short_and_harmless() {
        assert_eq!(excerpt(b"a\x1b[31mb\xff"), "a.[31mb\u{fffd}");
        assert_eq!(excerpt("\u{202e}x".as_bytes()), ".x");
        assert_eq!(excerpt("é".repeat(500).as_bytes()).chars().count(), EXCERPT_CHARS_MAX + 1);
    }

    #[test]
    fn only_the_first_lines_of_a_reason_are_kept() {
        let mut all = Findings::default();
        for line in 0..4 {
            let mut chunk = Findings::default();
            chunk.skip(Skip::Torn, 0, line * 2 + 1, b"x");
            chunk.skip(Skip::Torn, 0, line * 2 + 2, b"x");
            all.add(chunk);
        }
        let lines: Vec<u64> = all.samples[&Skip::Torn].iter().map(|sample| sample.line).collect();
        assert_eq!((lines, all.skipped[&Skip::Torn]), (vec![1, 2, 3, 4, 5], 8));
    }
}
