//! Logs: what would make verdicts about them wrong.

use std::path::PathBuf;
use std::process::ExitCode;

use palisade_replay::doctor::Doctor;
use palisade_replay::merge::{Feed, FeedOptions, FeedStats};

use crate::exit::{self, UsageError};
use crate::shell;

/// Looks at `files`; exit code 1 where something was found.
///
/// # Errors
/// Where a file cannot be read.
pub(super) fn run(files: &[PathBuf], as_json: bool) -> anyhow::Result<ExitCode> {
    let options = FeedOptions { format: None, now: shell::now() };
    let mut feed = Feed::open(files, options).map_err(|error| UsageError(error.to_string()))?;
    let mut doctor = Doctor::default();
    while let Some(batch) = feed.next_batch() {
        for record in &batch {
            let headers = record.header_entries();
            doctor.look(&record.facts(&headers));
        }
    }
    let stats = feed.finish();
    let mut notes = doctor.notes();
    notes.extend(stats.warnings());
    notes.extend(unread(&stats));
    say(&stats, &notes, as_json)?;
    Ok(if notes.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(exit::NO) })
}

/// Where more than a tenth of the lines could not be read.
fn unread(stats: &FeedStats) -> Option<String> {
    let reasons: Vec<String> =
        stats.skipped.iter().map(|(reason, count)| format!("{count} {}", reason.name())).collect();
    (stats.skipped_total() * 10 > stats.lines).then(|| {
        let skipped = stats.skipped_total();
        format!("{skipped} of {} lines could not be read: {}.", stats.lines, reasons.join(", "))
    })
}

fn say(stats: &FeedStats, notes: &[String], as_json: bool) -> anyhow::Result<()> {
    let formats: Vec<String> =
        stats.formats.iter().map(|(format, lines)| format!("{format} ({lines} lines)")).collect();
    if as_json {
        let value = serde_json::json!({
            "lines": stats.lines, "requests": stats.records, "skipped": stats.skipped_total(),
            "formats": stats.formats.iter().map(|(format, lines)| (format.name(), *lines))
                .collect::<std::collections::BTreeMap<_, _>>(),
            "notes": notes,
        });
        return Ok(shell::say(&value.to_string())?);
    }
    let mut text = match &formats[..] {
        [] => format!("No request in {} lines\n", stats.lines),
        formats => format!("{} requests in {}\n", stats.records, formats.join(", ")),
    };
    if notes.is_empty() {
        text.push_str("Nothing found: client addresses, user agents and times look as they should.\n");
    }
    notes.iter().for_each(|note| text.push_str(&format!("- {note}\n")));
    Ok(shell::say(&text)?)
}
