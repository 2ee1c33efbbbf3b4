//! What commands that read traffic have in common: labels that stand beside it, and a bar that shows how far reading has come.

use std::path::Path;
#[cfg(feature = "train")]
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
#[cfg(feature = "train")]
use palisade_learn::dataset::Read;
use palisade_replay::labels::Labels;
use palisade_replay::merge::Progress;

use crate::exit::UsageError;
use crate::shell;

/// Faults of a labels file that are shown.
const ERRORS_SHOWN: usize = 10;

/// The labels in the file at `path`.
///
/// # Errors
/// Where it cannot be read, with its first faults.
pub(super) fn labels(path: &Path) -> anyhow::Result<Labels> {
    let text = std::fs::read_to_string(path).map_err(|why| {
        let path = path.display();
        UsageError(format!("--labels: {path}: cannot be read ({why}); a line is client,label[,family]"))
    })?;
    Labels::read(&text).map_err(|errors| {
        let mut lines: Vec<String> =
            errors.iter().take(ERRORS_SHOWN).map(|error| format!("{}: {error}", path.display())).collect();
        if errors.len() > ERRORS_SHOWN {
            lines.push(format!("and {} more", errors.len() - ERRORS_SHOWN));
        }
        UsageError(format!("--labels is refused\n{}", lines.join("\n"))).into()
    })
}

/// A bar, where somebody watches.
pub(super) fn progress_bar() -> ProgressBar {
    if !shell::watched() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {binary_bytes_per_sec}  {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// What `work` makes, with a line that says `what` is being done and for how long, where somebody watches.
#[cfg(feature = "train")]
pub(super) fn watched<R>(what: &str, work: impl FnOnce() -> R) -> R {
    if !shell::watched() {
        return work();
    }
    let style = ProgressStyle::with_template("{spinner} {msg}  {elapsed}");
    let bar =
        ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(TICK);
    let made = work();
    bar.finish_and_clear();
    made
}

/// How often the line moves.
#[cfg(feature = "train")]
const TICK: Duration = Duration::from_millis(120);

/// Moves the bar.
pub(super) fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.bytes_total.unwrap_or(progress.bytes_read));
    bar.set_position(progress.bytes_read);
}

/// What was read, and what was left out and why.
#[cfg(feature = "train")]
pub(super) fn table(read: &Read) -> String {
    let mut rows = vec![("requests".to_owned(), read.requests)];
    let left_out = [
        ("clients without a label", read.unlabelled_clients),
        ("clients with both labels", read.contradicting_clients),
        ("requests beyond the bounds", read.left_out),
    ];
    rows.extend(
        left_out
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| (format!("left out: {name}"), count)),
    );
    rows.extend(read.feed.skipped.iter().map(|(why, count)| (format!("skipped: {}", why.name()), *count)));
    let warnings = read.feed.warnings().map(|warning| format!("{warning}\n"));
    rows.iter().map(|(name, count)| format!("{name:>40}  {count}\n")).chain(warnings).collect()
}
