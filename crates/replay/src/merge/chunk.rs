//! One chunk of lines, parsed: pure work that any thread may do.

use palisade_domain::Timestamp;

use super::stats::{Findings, Skip};
use crate::formats::{Format, Record};
use crate::source::{Chunk, RawLine};

/// Times further ahead of now than this are a broken clock: 24 h covers any time zone (SURFACE, `replay`).
const FUTURE_MICROS_MAX: i64 = 24 * 3_600 * 1_000_000;

/// How the lines of one file are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// The file's index.
    pub(super) file: u32,
    /// The only format to try.
    pub(super) only: Option<Format>,
    /// The format to try first.
    pub(super) hint: Option<Format>,
    /// The current time.
    pub(super) now: Timestamp,
}

/// What a chunk gave.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// Its records in the order of their lines.
    pub(super) records: Vec<Record>,
    /// What was not a record.
    pub(super) findings: Findings,
}

/// Parses all lines of `chunk`.
pub(super) fn parse(chunk: &Chunk, reading: Reading) -> Parsed {
    let mut parsed = Parsed::default();
    let mut parser = Parser { reading, hint: reading.hint, scratch: String::new() };
    for (number, line) in chunk.lines() {
        match parser.line(line) {
            Ok(Some(mut record)) => {
                record.file = reading.file;
                record.line = number;
                parsed.records.push(record);
            }
            Ok(None) => parsed.findings.comments += 1,
            Err(reason) => {
                let (RawLine::Whole(bytes) | RawLine::TooLong(bytes)) = line;
                parsed.findings.skip(reason, reading.file, number, bytes);
            }
        }
    }
    parsed
}

struct Parser {
    reading: Reading,
    /// The format of the line before: lines of one format mostly stand together.
    hint: Option<Format>,
    scratch: String,
}

impl Parser {
    /// The record of a line; a comment has none.
    fn line(&mut self, line: RawLine<'_>) -> Result<Option<Record>, Skip> {
        let RawLine::Whole(bytes) = line else { return Err(Skip::TooLong) };
        if bytes.trim_ascii().is_empty() {
            return Err(Skip::Blank);
        }
        if bytes.starts_with(b"#") {
            return Ok(None);
        }
        // No text log holds NUL; blocks of it are what a crash leaves behind.
        if memchr::memchr(0, bytes).is_some() {
            return Err(Skip::Binary);
        }
        let text = String::from_utf8_lossy(bytes);
        let record = self.record(&text).ok_or_else(|| why_not(bytes))?;
        let ahead = record.time.0.saturating_sub(self.reading.now.0);
        if ahead > FUTURE_MICROS_MAX { Err(Skip::Future) } else { Ok(Some(record)) }
    }

    fn record(&mut self, text: &str) -> Option<Record> {
        let record = match self.reading.only {
            Some(format) => format.parse(text, &mut self.scratch)?,
            None => Format::parse_any(text, self.hint, &mut self.scratch)?,
        };
        self.hint = Some(record.format);
        Some(record)
    }
}

/// Why a line is in no format.
fn why_not(bytes: &[u8]) -> Skip {
    match std::str::from_utf8(bytes) {
        Err(_) => Skip::Binary,
        Ok(text) if text.contains(|c: char| c.is_control() && c != '\t') => Skip::Binary,
        Ok(text) if Format::is_torn(text) => Skip::Torn,
        Ok(_) => Skip::Unknown,
    }
}
