//! One file on its way into the merge: read, parsed, sorted within its window.

use std::collections::VecDeque;

use palisade_domain::Timestamp;
use rayon::prelude::*;

use super::FeedOptions;
use super::chunk::{self, Parsed, Reading};
use super::stats::{FeedStats, FileStats, Findings};
use crate::formats::Record;
use crate::source::{Chunk, Source};

/// Bytes of records held to be sorted, all files together: about half a million lines. Servers log a request when
/// it ends but date it when it began, so lines are late by as long as the slowest download; half the window is at
/// least how far a line may be out of place. Whole files turned upside down fit as well, up to this size.
const WINDOW_BYTES_MAX: usize = 192 * 1024 * 1024;

/// The least a file gets of it: hundreds of rotated files must not leave each other nothing.
const WINDOW_BYTES_MIN: usize = 2 * 1024 * 1024;

/// Chunks parsed at a time. Not the number of cores: what is read together must not depend on the machine.
const CHUNKS_AT_ONCE: usize = 16;

/// Lines from which a file's format is told.
const DETECTION_RECORDS: usize = 100;

/// How much of a file is held to be sorted, in bytes of records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window(usize);

impl Window {
    /// The share of each of `files`.
    pub(super) fn shared_by(files: usize) -> Window {
        Window((WINDOW_BYTES_MAX / files.max(1)).max(WINDOW_BYTES_MIN))
    }

    /// A window of `bytes`.
    #[cfg(test)]
    pub(super) fn of_bytes(bytes: usize) -> Window {
        Window(bytes)
    }
}

/// One file.
pub(super) struct Lane {
    source: Source,
    reading: Reading,
    window: Window,
    /// Sorted and next in line, as long as `free` lasts.
    sorted: VecDeque<Record>,
    /// How many of `sorted` may go before the window is filled again.
    free: usize,
    held_bytes: usize,
    records: u64,
    findings: Findings,
}

impl Lane {
    /// Nothing is read yet.
    pub(super) fn new(file: u32, source: Source, options: FeedOptions, window: Window) -> Lane {
        let reading = Reading { file, only: options.format, hint: None, now: options.now };
        Lane {
            source,
            reading,
            window,
            sorted: VecDeque::new(),
            free: 0,
            held_bytes: 0,
            records: 0,
            findings: Findings::default(),
        }
    }

    /// The time of the next record.
    pub(super) fn head(&mut self) -> Option<Timestamp> {
        if self.free == 0 {
            self.refill();
        }
        self.sorted.front().map(|record| record.time)
    }

    /// Takes the next record.
    pub(super) fn take(&mut self) -> Option<Record> {
        self.head()?;
        let record = self.sorted.pop_front()?;
        self.free -= 1;
        self.held_bytes -= record.size();
        self.records += 1;
        Some(record)
    }

    /// Reads until the window is full, sorts it, and frees its earlier half; at the end of the file all of it.
    fn refill(&mut self) {
        let mut is_full = false;
        let mut has_new = false;
        while !is_full {
            let batch = self.batch();
            let chunks: Vec<Chunk> = std::iter::from_fn(|| self.source.next_chunk()).take(batch).collect();
            if chunks.is_empty() {
                break;
            }
            has_new = true;
            let reading = self.reading;
            let parsed: Vec<Parsed> = chunks.par_iter().map(|chunk| chunk::parse(chunk, reading)).collect();
            for part in parsed {
                self.findings.add(part.findings);
                self.held_bytes += part.records.iter().map(Record::size).sum::<usize>();
                self.sorted.extend(part.records);
            }
            self.learn_format();
            is_full = self.held_bytes >= self.window.0;
        }
        if has_new {
            // Stable, and nearly free on what is sorted already.
            self.sorted.make_contiguous().sort_by_key(|record| record.time);
        }
        self.free = if is_full { self.sorted.len().div_ceil(2) } else { self.sorted.len() };
    }

    /// The first chunk is read alone, so that all others are read with the format it shows in mind; a small window
    /// is not overrun by a whole round.
    fn batch(&self) -> usize {
        let is_small = self.window.0 <= 2 * WINDOW_BYTES_MIN;
        if self.reading.hint.is_none() || is_small { 1 } else { CHUNKS_AT_ONCE }
    }

    /// The format most of the first records have.
    fn learn_format(&mut self) {
        if self.reading.hint.is_none() {
            let formats = || self.sorted.iter().take(DETECTION_RECORDS).map(|record| record.format);
            let count = |format| formats().filter(|other| *other == format).count();
            self.reading.hint = formats().max_by_key(|format| count(*format));
        }
    }

    /// Adds what this file gave to `stats`.
    pub(super) fn report(self, stats: &mut FeedStats) {
        let file = FileStats {
            path: self.source.path().to_owned(),
            lines: self.source.lines_read(),
            records: self.records,
            warning: self.source.warning().map(str::to_owned),
        };
        stats.lines += file.lines;
        stats.records += file.records;
        stats.files.push(file);
        self.findings.report(stats);
    }
}
