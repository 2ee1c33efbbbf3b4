//! `palisade replay`: judge access logs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use palisade_replay::formats::Format;
use palisade_replay::labels::Confusion;
use palisade_replay::merge::FeedOptions;
use palisade_replay::report::{self, ReportOptions};
use palisade_replay::run::{self, ReplayOptions};
use palisade_replay::summary::Summary;
use palisade_replay::{json, terminal};
use palisade_telemetry::{LinesSkipped, ReplayFinished, ReplayStarted};
use serde_json::json;

use super::{Global, page, reading};
use crate::exit::UsageError;
use crate::setup::{self, Overrides};
use crate::shell;

/// Judge access logs: who was there, what would have been done, and why.
///
/// The format is found by itself; several files are merged by time; .gz and .zst are read as they are.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Log files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write a report as one self-contained HTML page
    #[arg(long, value_name = "OUT.html")]
    report: Option<PathBuf>,
    /// Compare with known labels: lines of client,label or client,label,family
    #[arg(long, value_name = "KNOWN.csv")]
    labels: Option<PathBuf>,
    /// Read every line as this format instead of finding it
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// Show numbers instead of addresses, and paths without queries
    #[arg(long)]
    anonymise: bool,
    #[command(flatten)]
    overrides: Overrides,
}

/// Runs it.
pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let data = setup::data(global)?;
    let judge = setup::judge_of_logs(global, &args.overrides, data.as_ref())?;
    let options = ReplayOptions {
        feed: FeedOptions {
            format: args.format.as_deref().map(format_named).transpose()?,
            now: shell::now(),
        },
        anonymise: args.anonymise,
        labels: args.labels.as_deref().map(reading::labels).transpose()?,
    };
    if let Some(path) = &args.report {
        page::check("--report", path, args.files.iter().chain(&args.labels))?;
    }
    ReplayStarted { files: args.files.len() }.emit();
    let started = Instant::now();
    let bar = reading::progress_bar();
    let mut done = run::replay(&args.files, &judge, &options, |progress| reading::show(&bar, progress))
        .map_err(|error| UsageError(error.to_string()))?;
    bar.finish_and_clear();
    done.summary.elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    log(&done.summary);
    // A report that cannot be written must not take the answer with it.
    let written = args.report.as_deref().map(|path| write_report(path, &done.summary)).transpose();
    if global.json {
        let mut value = json::json(&done.summary);
        value["digest"] = json!(format!("{:016x}", done.digest));
        if let Some(confusion) = &done.confusion {
            value["confusion"] = confusion_json(confusion);
        }
        shell::say(&value.to_string())?;
    } else {
        shell::say(&terminal::text(&done.summary, shell::width().min(120), shell::colour()))?;
        if let Some(confusion) = &done.confusion {
            shell::say(&confusion_text(confusion))?;
        }
        if let (Some(path), Ok(_)) = (&args.report, &written) {
            shell::say(&format!("Report: {}", path.display()))?;
        }
    }
    written.map(|_| ExitCode::SUCCESS)
}

fn log(summary: &Summary) {
    for skip in &summary.skips {
        LinesSkipped { reason: skip.reason, count: skip.count }.emit();
    }
    ReplayFinished {
        requests: summary.requests,
        skipped: summary.skipped,
        clients: summary.clients,
        elapsed_ms: summary.elapsed_ms,
    }
    .emit();
}

fn format_named(name: &str) -> anyhow::Result<Format> {
    name.parse().map_err(|error| UsageError(format!("--format: {error}")).into())
}

fn write_report(path: &Path, summary: &Summary) -> anyhow::Result<()> {
    let title = match &summary.files[..] {
        [one] => one.clone(),
        files => format!("{} log files", files.len()),
    };
    let options = ReportOptions { title, generated_at: shell::now() };
    let page = report::html(summary, &options).context("the report cannot be made")?;
    page::write(path, &page).with_context(|| format!("--report: {} cannot be written", path.display()))
}

fn confusion_text(confusion: &Confusion) -> String {
    let cells = confusion.cells();
    let share = |part: u64, whole: u64| match whole {
        0 => "none".to_owned(),
        whole => format!("{:.1} %", 100.0 * part as f64 / whole as f64),
    };
    let (bots, people) =
        (cells.true_positive + cells.false_negative, cells.true_negative + cells.false_positive);
    let mut text = format!(
        "\nAgainst the labels, in clients\n{:>20} {:>12} {:>12}\n{:>20} {:>12} {:>12}\n{:>20} {:>12} {:>12}\n\
         bots found: {}, people called bots: {}, not in the log: {}\n",
        "",
        "called bot",
        "left alone",
        "labelled bot",
        cells.true_positive,
        cells.false_negative,
        "labelled human",
        cells.false_positive,
        cells.true_negative,
        share(cells.true_positive, bots),
        share(cells.false_positive, people),
        cells.unseen
    );
    for (family, cells) in confusion.families() {
        let called = cells.true_positive + cells.false_positive;
        let all = called + cells.true_negative + cells.false_negative;
        text.push_str(&format!("{family:>20}: {called} of {all} called bots\n"));
    }
    text
}

fn confusion_json(confusion: &Confusion) -> serde_json::Value {
    let cells = |cells: palisade_replay::labels::Cells| {
        json!({"true_positive": cells.true_positive, "false_positive": cells.false_positive,
               "true_negative": cells.true_negative, "false_negative": cells.false_negative, "unseen": cells.unseen})
    };
    let families: serde_json::Map<String, serde_json::Value> =
        confusion.families().into_iter().map(|(name, found)| (name.to_owned(), cells(found))).collect();
    json!({"clients": cells(confusion.cells()), "families": families})
}
