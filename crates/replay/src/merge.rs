//! Several files as one stream of records in time order.
//!
//! A thread reads chunks, parses them on all cores, sorts each file within its window and merges the files; batches
//! come out through a short queue. What comes out depends on the files alone, not on the number of threads.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use palisade_domain::Timestamp;

use crate::formats::{Format, Record};
use crate::source::{Counter, Source, SourceError};

mod chunk;
mod lane;
mod stats;

use lane::{Lane, Window};
pub use stats::{FeedStats, FileStats, SAMPLES_MAX, Sample, Skip};

/// Records of one batch: enough that the queue costs nothing, few enough that a progress bar moves.
const BATCH_RECORDS: usize = 4_096;

/// Batches that wait for whoever assesses them.
const QUEUED_BATCHES: usize = 4;

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
    batches: Option<Receiver<Vec<Record>>>,
    reader: Option<JoinHandle<()>>,
    stats: Arc<Mutex<FeedStats>>,
    counter: Counter,
    bytes_total: Option<u64>,
}

impl Feed {
    /// Opens `paths` (`-` is standard input) and begins to read.
    ///
    /// # Errors
    /// Where one of them cannot be opened; nothing is read then.
    pub fn open(paths: &[PathBuf], options: FeedOptions) -> Result<Feed, SourceError> {
        let counter = Counter::default();
        let mut sources = Vec::with_capacity(paths.len());
        let mut bytes_total = Some(0u64);
        for path in paths {
            let (source, length) = Source::open(path, &counter)?;
            sources.push(source);
            bytes_total = bytes_total.zip(length).map(|(total, length)| total.saturating_add(length));
        }
        let window = Window::shared_by(sources.len());
        let mut feed = Feed::over(sources, options, window);
        feed.counter = counter;
        feed.bytes_total = bytes_total;
        Ok(feed)
    }

    fn over(sources: Vec<Source>, options: FeedOptions, window: Window) -> Feed {
        let (sender, receiver) = sync_channel(QUEUED_BATCHES);
        let stats = Arc::new(Mutex::new(FeedStats::default()));
        let shared = Arc::clone(&stats);
        let reader = std::thread::spawn(move || {
            let read = merge(sources, options, window, &sender);
            *shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = read;
        });
        let counter = Counter::default();
        Feed { batches: Some(receiver), reader: Some(reader), stats, counter, bytes_total: None }
    }

    /// The next records in order, at most a few thousand; `None` at the end.
    pub fn next_batch(&mut self) -> Option<Vec<Record>> {
        self.batches.as_ref()?.recv().ok()
    }

    /// How far reading has come. Reading is ahead of [`Feed::next_batch`] by at most the reorder window.
    pub fn progress(&self) -> Progress {
        Progress { bytes_read: self.counter.load(Ordering::Relaxed), bytes_total: self.bytes_total }
    }

    /// Stops reading and says what was read and what was skipped.
    pub fn finish(mut self) -> FeedStats {
        // Without a receiver the reader stops at its next batch.
        self.batches = None;
        if let Some(reader) = self.reader.take() {
            // A panic in the reader is our own fault; its statistics are then those of nothing read.
            let _ = reader.join();
        }
        std::mem::take(&mut *self.stats.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// Merges the files and sends their records in order; ends early where nobody listens any more.
fn merge(
    sources: Vec<Source>,
    options: FeedOptions,
    window: Window,
    batches: &SyncSender<Vec<Record>>,
) -> FeedStats {
    let mut lanes: Vec<Lane> =
        (0..).zip(sources).map(|(file, source)| Lane::new(file, source, options, window)).collect();
    let mut stats = FeedStats::default();
    let mut reached = Timestamp(i64::MIN);
    let mut batch = Vec::with_capacity(BATCH_RECORDS);
    while let Some(mut record) = earliest(&mut lanes) {
        if record.time < reached {
            record.time = reached;
            stats.late += 1;
        }
        reached = record.time;
        *stats.formats.entry(record.format).or_default() += 1;
        batch.push(record);
        if batch.len() == BATCH_RECORDS
            && batches.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH_RECORDS))).is_err()
        {
            break;
        }
    }
    if !batch.is_empty() {
        // Nobody listens where the run was stopped; the statistics are still theirs.
        let _ = batches.send(batch);
    }
    for lane in lanes {
        lane.report(&mut stats);
    }
    stats
}

/// Takes the earliest record of all files. Few files: a look at each costs less than a heap.
fn earliest(lanes: &mut [Lane]) -> Option<Record> {
    let (_, lane) = lanes
        .iter_mut()
        .enumerate()
        .filter_map(|(at, lane)| lane.head().map(|time| (time, at)).map(|key| (key, lane)))
        .min_by_key(|(key, _)| *key)?;
    lane.take()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;
    use std::path::Path;

    const NOW: Timestamp = Timestamp(2_000_000_000_000_000);

    fn line(time_ms: i64, name: &str) -> String {
        format!("{{\"time_ms\":{time_ms},\"client\":\"{name}\",\"method\":\"GET\",\"path\":\"/\"}}\n")
    }

    fn feed(files: &[String], window: Window) -> Feed {
        let source = |text: &String| {
            let input = Box::new(Cursor::new(text.clone().into_bytes()));
            Source::over(Path::new("test"), input, &Counter::default()).unwrap()
        };
        let sources = files.iter().map(source).collect();
        Feed::over(sources, FeedOptions { format: None, now: NOW }, window)
    }

    fn drain(mut feed: Feed) -> (Vec<Record>, FeedStats) {
        let records = std::iter::from_fn(|| feed.next_batch()).flatten().collect();
        (records, feed.finish())
    }

    fn read(files: &[String]) -> (Vec<Record>, FeedStats) {
        drain(feed(files, Window::shared_by(files.len())))
    }

    #[test]
    fn what_comes_too_late_is_delivered_at_the_time_reached() {
        let mut text: String = (1_000..30_000).map(|n| line(n, "a")).collect();
        text.push_str(&line(5, "late"));
        let (records, stats) = drain(feed(&[text], Window::of_bytes(1)));
        assert!(records.is_sorted_by_key(|record| record.time));
        assert_eq!((records.len(), stats.late), (29_001, 1));
        let late = records.iter().find(|record| record.line == 29_001).unwrap();
        assert!(late.time > Timestamp::from_millis(1_000), "{:?}", late.time);
    }

    #[test]
    fn what_comes_out_does_not_depend_on_the_number_of_threads() {
        let text: String = (0..30_000).map(|n| line(n * 7_919 % 30_011, "a")).collect();
        let with_threads = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (sender, receiver) = sync_channel(1_000);
            let input = Box::new(Cursor::new(text.clone().into_bytes()));
            let source = Source::over(Path::new("test"), input, &Counter::default()).unwrap();
            let options = FeedOptions { format: None, now: NOW };
            let stats = pool.install(|| merge(vec![source], options, Window::of_bytes(1_000_000), &sender));
            drop(sender);
            (receiver.iter().flatten().collect::<Vec<_>>(), stats)
        };
        assert_eq!(with_threads(1), with_threads(3));
    }

    #[test]
    fn nothing_gives_nothing() {
        let (records, stats) = read(&[String::new(), "# a comment\n".to_owned()]);
        assert!(records.is_empty());
        assert_eq!((stats.lines, stats.comments, stats.skipped_total()), (1, 1, 0));
    }

    #[test]
    fn lines_are_skipped_by_reason_and_shown() {
        let future = line(NOW.millis() + 25 * 3_600_000, "a");
        let text = format!("\n{{\"time_ms\":1,\"cli\nab\u{0}c\nsome words\n{future}{}", line(5, "a"));
        let (records, stats) = read(&[text]);
        assert_eq!(records.len(), 1);
        for reason in [Skip::Blank, Skip::Torn, Skip::Binary, Skip::Unknown, Skip::Future] {
            assert_eq!(stats.skipped.get(&reason), Some(&1), "{}", reason.name());
        }
        let sample = &stats.samples[&Skip::Binary][0];
        assert_eq!((sample.file, sample.line, sample.excerpt.as_str()), (0, 3, "ab.c"));
        assert_eq!((stats.lines, stats.records), (6, 1));
    }

    #[test]
    fn blank_lines_are_counted_and_not_kept() {
        let blank = 300_000;
        let text = format!("{}{}{}", line(1, "a"), "\n".repeat(blank), line(2, "a"));
        let (records, stats) = read(&[text]);
        assert_eq!(records.iter().map(|record| record.line).collect::<Vec<_>>(), [1, blank as u64 + 2]);
        assert_eq!(stats.skipped.get(&Skip::Blank), Some(&(blank as u64)));
        assert_eq!(stats.samples[&Skip::Blank].len(), SAMPLES_MAX);
    }

    #[test]
    fn utf16_is_said_with_its_file() {
        let bytes = line(1, "a").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let input = Box::new(Cursor::new(bytes));
        let source = Source::over(Path::new("wide.log"), input, &Counter::default()).unwrap();
        let options = FeedOptions { format: None, now: NOW };
        let (records, stats) = drain(Feed::over(vec![source], options, Window::shared_by(1)));
        assert!(records.is_empty());
        let warning = "wide.log: UTF-16: convert it with iconv -f UTF-16 -t UTF-8";
        assert_eq!(stats.warnings().collect::<Vec<_>>(), [warning]);
    }

    #[test]
    fn whoever_stops_early_still_gets_statistics() {
        let text: String = (0..50_000).map(|n| line(n, "a")).collect();
        let mut feed = feed(&[text], Window::shared_by(1));
        assert_eq!(feed.next_batch().map(|batch| batch.len()), Some(BATCH_RECORDS));
        let stats = feed.finish();
        assert!(stats.records >= BATCH_RECORDS as u64, "{}", stats.records);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn records_come_in_order_of_time_file_and_line(
            files in prop::collection::vec(prop::collection::vec(0i64..50, 0..40), 0..5),
        ) {
            let texts: Vec<String> = files.iter()
                .map(|times| times.iter().map(|time| line(*time, "a")).collect())
                .collect();
            let (records, stats) = read(&texts);
            let keys: Vec<_> = records.iter().map(|record| (record.time, record.file, record.line)).collect();
            prop_assert!(keys.is_sorted());
            let mut expect: Vec<_> = (0u32..).zip(&files)
                .flat_map(|(file, times)| (1u64..).zip(times).map(move |(line, time)| {
                    (Timestamp::from_millis(*time), file, line)
                }))
                .collect();
            expect.sort();
            prop_assert_eq!(keys, expect);
            prop_assert_eq!(stats.late, 0);
        }
    }
}
