//! Lines per second of a whole replay: read, parse on all cores, sort, judge in time order on one core, count. Budget:
//! 130,000 lines per second (issue 2). The log is the shipped sample, repeated day after day.
//!
//! No criterion: one run takes seconds. Each figure is the median of three runs; `--quick` takes a tenth of the lines.
#![allow(clippy::print_stdout, reason = "lines per second are what this bench is asked for")]

use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::{Span, Timestamp as Moment};
use palisade_detect::{Engine, EngineSettings, HashSeed};
use palisade_domain::Timestamp;
use palisade_policy::{Judge, Policy};
use palisade_replay::merge::{Feed, FeedOptions};
use palisade_replay::run::{ReplayOptions, replay};

// As the program itself: parsing allocates a text per line.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Lines replayed.
const LINES: usize = 2_000_000;

/// Runs per figure.
const RUNS: usize = 3;

/// Days from one copy of the sample to the next: it spans two.
const DAYS: i64 = 2;

fn main() {
    let lines = if std::env::args().any(|arg| arg == "--quick") { LINES / 10 } else { LINES };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("access.log");
    let written = write_log(&path, lines).expect("the log can be written");
    let paths = [path];
    report("replay/parse only", written, || count(&paths));
    report("replay/whole", written, || judge(&paths));
}

/// The sample log again and again, each copy later than the one before.
fn write_log(path: &Path, lines: usize) -> std::io::Result<usize> {
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/sample-access.log.gz");
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(sample)?).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let sample: Vec<(&str, &str, &str)> = text.lines().filter_map(dated).collect();
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    let mut written = 0;
    for copy in 0.. {
        for (before, date, after) in &sample {
            if written == lines {
                file.flush()?;
                return Ok(written);
            }
            writeln!(file, "{before}[{}{after}", later(date, copy * DAYS))?;
            written += 1;
        }
    }
    Ok(written)
}

/// What stands before, is and follows a line's date; the sample holds a few lines that have none.
fn dated(line: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = line.split_once('[')?;
    let (date, after) = rest.split_at_checked("30/Jun/2026".len())?;
    day(date).map(|_| (before, date, after))
}

const FORM: &str = "%d/%b/%Y";

fn day(date: &str) -> Option<Date> {
    strtime::parse(FORM, date).and_then(|parts| parts.to_date()).ok()
}

/// `30/Jun/2026` so many days later.
fn later(date: &str, days: i64) -> String {
    let day = day(date).expect("only dated lines are written");
    day.saturating_add(Span::new().days(days)).strftime(FORM).to_string()
}

fn feed() -> FeedOptions {
    // After every copy: nothing is from the future.
    let end: DateTime = "2050-01-01T00:00:00".parse().expect("a date");
    let end: Moment = end.to_zoned(jiff::tz::TimeZone::UTC).expect("UTC has every time").timestamp();
    FeedOptions { format: None, now: Timestamp::from_secs(end.as_second()) }
}

/// Reads, parses and sorts.
fn count(paths: &[PathBuf]) -> u64 {
    let mut feed = Feed::open(paths, feed()).expect("the log was just written");
    let mut records = 0;
    while let Some(batch) = feed.next_batch() {
        records += batch.len() as u64;
    }
    records
}

/// All of it, as `palisade replay` does.
fn judge(paths: &[PathBuf]) -> u64 {
    let settings = EngineSettings::new(HashSeed([1, 2]));
    let judge = Judge::new(Engine::new(settings), Policy::default());
    let options = ReplayOptions { feed: feed(), anonymise: false, labels: None };
    replay(paths, &judge, &options, |_| ()).expect("the log was just written").summary.requests
}

fn report(name: &str, lines: usize, run: impl Fn() -> u64) {
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            assert!(run() * 100 > lines as u64 * 99, "nearly every line is a request");
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    println!(
        "{name}: {:.0} lines/s, {lines} lines in {:.2} s",
        lines as f64 / seconds[RUNS / 2],
        seconds[RUNS / 2]
    );
}
