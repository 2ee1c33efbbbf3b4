//! What the template needs, already in words. The template only places it.

use askama::Template;
use palisade_domain::Action;

use super::ReportOptions;
use super::chart::{self, Stack};
use crate::summary::{ByAction, Summary};
use crate::words::{self, count, counted, date_minute, percent, shown};

mod clients;
mod tables;

use clients::Client;
use tables::{ActionRow, Columns, HourRow, PresetRow, Row, SignalRow, SkipRow, WelcomeRow};

/// Longest name or file shown, in characters.
const NAME_CHARS: usize = 120;

/// The whole page.
#[derive(Template)]
#[template(path = "report.html", whitespace = "minimize")]
pub(super) struct Page {
    marks: String,
    title: String,
    files: String,
    span: Option<(String, String)>,
    generated: String,
    policy: String,
    first: String,
    more: Vec<String>,
    figures: Vec<Figure>,
    actions_bar: String,
    actions: Vec<ActionRow>,
    over_time: Option<Stack>,
    beyond: Option<Stack>,
    slot: String,
    hours: Columns<HourRow>,
    classes: Vec<Row>,
    families: Vec<Row>,
    signals: Vec<SignalRow>,
    clients: Vec<Client>,
    presets: Vec<PresetRow>,
    welcome: String,
    hindered: Vec<WelcomeRow>,
    challenges: Option<String>,
    coverage: String,
    coverage_bar: String,
    notes: Vec<String>,
    skipped: String,
    skips: Vec<SkipRow>,
    late: Option<String>,
    glossary: Vec<(String, &'static str, &'static str)>,
    elapsed: String,
}

/// A number with what it counts.
struct Figure {
    number: String,
    caption: String,
}

impl Page {
    /// The page of `summary`.
    pub(super) fn new(summary: &Summary, options: &ReportOptions) -> Page {
        let mut paragraphs = words::lead(summary).into_iter();
        Page {
            marks: chart::marks(),
            title: title(summary, &options.title),
            files: files(&summary.files),
            span: summary.span.map(|(from, to)| (date_minute(from), date_minute(to))),
            generated: date_minute(options.generated_at),
            policy: format!("preset {}, enforce = \"{}\"", summary.preset, summary.enforce),
            first: paragraphs.next().unwrap_or_default(),
            more: paragraphs.collect(),
            figures: figures(summary),
            actions_bar: chart::actions_bar(&summary.by_action),
            actions: tables::actions(&summary.by_action, &summary.by_enforced),
            over_time: chart::stack(&summary.timeline, 0..7),
            beyond: beyond(summary),
            slot: slot(summary),
            hours: tables::hours(&summary.timeline),
            classes: tables::classes(&summary.classes),
            families: tables::families(&summary.families),
            signals: tables::signals(summary),
            clients: clients::all(summary.clients_shown(), summary.timeline.slots.len()),
            presets: tables::presets(&summary.presets, summary.preset),
            welcome: words::welcome(summary),
            challenges: (!summary.challenges.is_empty()).then(|| words::challenges(summary)),
            hindered: tables::hindered(&summary.hindered),
            coverage: words::coverage(summary),
            coverage_bar: chart::bar(&[("ink", (summary.coverage.clamp(0.0, 1.0) * 1_000.0) as u64)], 1_000),
            notes: summary.notes.iter().map(|note| shown(note, 1_000)).collect(),
            skipped: skipped(summary),
            skips: tables::skips(&summary.skips),
            late: (summary.late > 0).then(|| late(summary.late)),
            glossary: glossary(),
            elapsed: format!("{:.1}\u{a0}s", summary.elapsed_ms as f64 / 1_000.0),
        }
    }
}

/// The title; where it is but the file's path, the file's name.
fn title(summary: &Summary, title: &str) -> String {
    let is_path = matches!(summary.files.as_slice(), [file] if file == title);
    shown(if is_path { base(title) } else { title }, NAME_CHARS)
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// `access.log, access.log.1 and 12 more`; of several only the names, their folders would bury the rest.
fn files(files: &[String]) -> String {
    if let [file] = files {
        return shown(file, NAME_CHARS);
    }
    let mut names: Vec<_> = files.iter().take(3).map(|file| shown(base(file), NAME_CHARS)).collect();
    if files.len() > 3 {
        names.push(format!("and {} more", count(files.len() as u64 - 3)));
    }
    if names.is_empty() { "no file".to_owned() } else { names.join(", ") }
}

fn figures(summary: &Summary) -> Vec<Figure> {
    let beyond = summary.by_action.beyond_monitor();
    let hindered = summary.hindered.len() as u64;
    let figure = |n: u64, caption: String| Figure { number: count(n), caption };
    let span =
        summary.span.map_or_else(String::new, |(from, to)| format!(" in {}", words::duration(from, to)));
    vec![
        figure(summary.requests, format!("requests{span}")),
        figure(summary.clients, "clients, by address or name".to_owned()),
        figure(beyond, format!("slowed, challenged or refused: {}", percent(beyond, summary.requests))),
        figure(hindered, format!("of {} in the way", counted(summary.welcome_programs, "welcome program"))),
    ]
}

/// The harsh actions alone, where they would be lost in the whole.
fn beyond(summary: &Summary) -> Option<Stack> {
    let share = summary.by_action.beyond_monitor() as f64 / summary.requests.max(1) as f64;
    if share < 0.5 { chart::stack(&summary.timeline, 2..7) } else { None }
}

fn slot(summary: &Summary) -> String {
    let minutes = summary.timeline.slot_ms as f64 / 60_000.0;
    match minutes {
        m if m < 1.0 => format!("{:.0} seconds", m * 60.0),
        m if m < 90.0 => format!("{m:.0} minutes"),
        m if m < 36.0 * 60.0 => format!("{:.0} hours", m / 60.0),
        m => format!("{:.0} days", m / 1_440.0),
    }
}

fn skipped(summary: &Summary) -> String {
    match summary.skipped {
        0 => "Every line could be read.".to_owned(),
        n => format!("{} could not be used; nothing above counts them.", counted(n, "line")),
    }
}

fn late(n: u64) -> String {
    format!(
        "{} came out of order by more than the sorting window and kept its place in the file.",
        counted(n, "line")
    )
}

/// All seven actions, explained once.
fn glossary() -> Vec<(String, &'static str, &'static str)> {
    (0..7).map(|rank| (chart::mark(rank), Action::NAMES[rank], words::MEANS[rank])).collect()
}

/// An action's name with its mark.
struct Chip {
    mark: String,
    name: &'static str,
}

impl Chip {
    fn new(rank: usize) -> Chip {
        let rank = rank.min(6);
        Chip { mark: chart::mark(rank), name: Action::NAMES[rank] }
    }
}

/// "312 refused, 40 slowed", harshest first; `none` where nothing went beyond monitor.
fn harsh_words(actions: &ByAction, none: &str) -> String {
    let parts: Vec<_> = (2..7)
        .rev()
        .filter(|&rank| actions.0[rank] > 0)
        .map(|rank| format!("{} {}", count(actions.0[rank]), words::DONE[rank]))
        .collect();
    if parts.is_empty() { none.to_owned() } else { parts.join(", ") }
}
