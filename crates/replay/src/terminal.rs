//! The summary for a terminal: what `palisade replay access.log` prints.
//!
//! Plain text of bounded width; colour only underlines what the words and marks say anyway. Whether there is a
//! terminal, how wide it is and whether it wants colour is the caller's business.

use palisade_domain::Action;

use crate::summary::{ByAction, ClientSummary, Summary};
use crate::words::{self, count, counted, date_minute, percent, shown};

mod layout;

use layout::{Align, Paint, cut, table, wrapped};

/// Narrower terminals get lines of this width all the same; wider than the other nobody reads.
const WIDTHS: std::ops::RangeInclusive<usize> = 60..=120;
const SIGNALS_MAX: usize = 8;
const CLIENTS_MAX: usize = 10;

/// One mark per action, so that bars are read without colour.
const MARKS: [char; 7] = ['░', '▒', '~', '?', '$', '=', '█'];

/// `summary` in lines of at most `width` characters (held to 60..=120), with ANSI colours where `colour`.
pub fn text(summary: &Summary, width: usize, colour: bool) -> String {
    let width = width.clamp(*WIDTHS.start(), *WIDTHS.end());
    let paint = Paint(colour);
    let mut out = heading(summary, width, paint);
    out += &wrapped(&words::lead(summary).join(" "), width, "");
    let sections = [
        ("What Palisade would have done", actions(summary, width, paint)),
        ("Who", classes(summary, width)),
        ("Why", signals(summary, width)),
        ("The clients to look at", clients(summary, width, paint)),
        ("Presets: requests slowed, challenged or refused", presets(summary, width)),
        ("Welcome programs in the way", welcome(summary, width)),
        ("Challenges", challenges(summary, width)),
        ("Skipped lines", skips(summary, width)),
        ("Notes", notes(summary, width)),
        ("Next", next(summary, width)),
    ];
    for (title, body) in sections.into_iter().filter(|(_, body)| !body.is_empty()) {
        out.push('\n');
        out += &paint.bold(title);
        out.push('\n');
        out += &body;
    }
    out
}

fn heading(summary: &Summary, width: usize, paint: Paint) -> String {
    let files = summary.files.iter().map(|file| shown(file, 60)).collect::<Vec<_>>().join(", ");
    let mut lines = vec![cut(&format!("Palisade replay of {files}"), width)];
    if let Some((from, to)) = summary.span {
        let (from, to) = (date_minute(from), date_minute(to));
        let policy = format!("preset {}, enforce = \"{}\"", summary.preset, summary.enforce);
        lines.push(cut(&format!("{from} to {to} UTC, {policy}"), width));
    }
    lines.into_iter().map(|line| paint.dim(&line) + "\n").collect::<String>() + "\n"
}

fn actions(summary: &Summary, width: usize, paint: Paint) -> String {
    if summary.requests == 0 {
        return String::new();
    }
    let (said, done) = (&summary.by_action, &summary.by_enforced);
    let mut out = format!("  {}\n", bar(said, width - 2, paint));
    let ranks: Vec<usize> = (0..7).filter(|&rank| said.0[rank] + done.0[rank] > 0).collect();
    let mut rows = vec![row(["", "policy", "share", "carried out"])];
    rows.extend(ranks.iter().map(|&rank| {
        let name = format!("{} {}", MARKS[rank], Action::NAMES[rank]);
        vec![name, count(said.0[rank]), percent(said.0[rank], said.total()), count(done.0[rank])]
    }));
    let lines = table(&rows, &[Align::Left, Align::Right, Align::Right, Align::Right], width);
    for (line, rank) in lines.into_iter().zip(std::iter::once(None).chain(ranks.into_iter().map(Some))) {
        out += &rank
            .map_or_else(|| paint.dim(&line), |rank| paint.action(rank, &line, &MARKS[rank].to_string()));
        out.push('\n');
    }
    out
}

/// All actions as one line of marks; whatever occurs gets at least one.
fn bar(actions: &ByAction, width: usize, paint: Paint) -> String {
    let total = actions.total().max(1) as f64;
    let mut cells = actions
        .0
        .map(|n| if n == 0 { 0 } else { ((n as f64 / total * width as f64).round() as usize).max(1) });
    // Rounding up is paid for by the longest piece.
    while cells.iter().sum::<usize>() != width {
        let longest = (0..7).max_by_key(|&rank| cells[rank]).unwrap_or(0);
        if cells.iter().sum::<usize>() > width { cells[longest] -= 1 } else { cells[longest] += 1 }
    }
    (0..7).map(|rank| paint.rank(rank, &MARKS[rank].to_string().repeat(cells[rank]))).collect()
}

fn classes(summary: &Summary, width: usize) -> String {
    let seen = summary.classes.iter().filter(|class| class.clients > 0);
    let mut rows: Vec<_> = seen
        .map(|class| {
            let name = words::class(class.class).to_owned();
            vec![name, count(class.clients), count(class.requests), count(class.beyond_monitor)]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    rows.insert(0, row(["", "clients", "requests", "beyond monitor"]));
    lines(table(&rows, &[Align::Left, Align::Right, Align::Right, Align::Right], width))
}

fn signals(summary: &Summary, width: usize) -> String {
    let mut found: Vec<_> = summary.signals.iter().filter(|(_, n)| **n > 0).collect();
    found.sort_by_key(|&(id, n)| (std::cmp::Reverse(*n), *id));
    let says = |id| summary.signal_examples.get(id).map_or_else(String::new, |words| shown(words, 120));
    let rows: Vec<_> =
        found.iter().take(SIGNALS_MAX).map(|&(id, n)| vec![(*id).to_owned(), count(*n), says(id)]).collect();
    let mut out = lines(table(&rows, &[Align::Left, Align::Right, Align::Left], width));
    if found.len() > SIGNALS_MAX {
        out += &format!("  and {} more\n", counted((found.len() - SIGNALS_MAX) as u64, "signal"));
    }
    out
}

fn clients(summary: &Summary, width: usize, paint: Paint) -> String {
    let top: Vec<_> = summary.clients_shown().iter().take(CLIENTS_MAX).collect();
    if top.is_empty() {
        return String::new();
    }
    let mut rows = vec![row(["", "action", "score", "requests", "because"])];
    rows.extend(top.iter().map(|client| {
        let name = cut(&shown(&client.client, 39), width / 3);
        vec![
            name,
            client.action.name().to_owned(),
            client.score.to_string(),
            count(client.requests),
            reason(client),
        ]
    }));
    let aligns = [Align::Left, Align::Left, Align::Right, Align::Right, Align::Left];
    let mut printed = table(&rows, &aligns, width).into_iter();
    let mut out = paint.dim(&printed.next().unwrap_or_default()) + "\n";
    for (line, client) in printed.zip(top) {
        out += &paint.action(client.action.rank(), &line, client.action.name());
        out.push('\n');
    }
    out
}

/// Whom it says it is, and why it stands here.
fn reason(client: &ClientSummary) -> String {
    let why = shown(words::reason(client), 120);
    match client.claimed {
        Some(name) => format!("says {name}: {why}"),
        None => why,
    }
}

fn presets(summary: &Summary, width: usize) -> String {
    if summary.presets.is_empty() {
        return String::new();
    }
    let mut rows = vec![row(["", "enforce = \"all\"", "enforce = \"hard\"", "clients"])];
    rows.extend(summary.presets.iter().map(|preset| {
        let chosen = if preset.name == summary.preset { "> " } else { "  " };
        vec![
            format!("{chosen}{}", preset.name),
            count(preset.all.beyond_monitor()),
            count(preset.hard.beyond_monitor()),
            count(preset.clients_beyond_monitor),
        ]
    }));
    lines(table(&rows, &[Align::Left, Align::Right, Align::Right, Align::Right], width))
}

fn challenges(summary: &Summary, width: usize) -> String {
    if summary.challenges.is_empty() {
        return String::new();
    }
    wrapped(&words::challenges(summary), width, "  ")
}

fn welcome(summary: &Summary, width: usize) -> String {
    let mut out = wrapped(&words::welcome(summary), width, "  ");
    let rows: Vec<_> = summary
        .hindered
        .iter()
        .map(|program| {
            let name = format!("{} ({}, {})", program.name, program.class, program.status);
            vec![
                name,
                program.action.to_owned(),
                counted(program.requests, "request"),
                program.rule.to_owned(),
            ]
        })
        .collect();
    out += &lines(table(&rows, &[Align::Left, Align::Left, Align::Right, Align::Left], width));
    out
}

fn skips(summary: &Summary, width: usize) -> String {
    let mut out = String::new();
    for skip in summary.skips.iter().filter(|skip| skip.count > 0) {
        out += &format!("  {} {}\n", count(skip.count), skip.reason);
        for sample in skip.samples.iter().take(3) {
            out += &cut(&format!("    {}", shown(&near(sample, width), width)), width);
            out.push('\n');
        }
    }
    out
}

/// `access.log:17: excerpt`; of a long path only the file's name, so that line and excerpt stay.
fn near(sample: &str, width: usize) -> String {
    let (place, excerpt) = sample.split_once(": ").unwrap_or((sample, ""));
    match place.rsplit_once('/') {
        Some((_, name)) if place.chars().count() > width / 3 => format!("…/{name}: {excerpt}"),
        _ => sample.trim_end().to_owned(),
    }
}

fn notes(summary: &Summary, width: usize) -> String {
    let notes = summary.notes.iter().map(|note| shown(note, 600));
    let mut out: String = notes.map(|note| wrapped(&note, width, "  ")).collect();
    if summary.requests > 0 {
        out += &wrapped(&words::coverage(summary), width, "  ");
    }
    out
}

fn next(summary: &Summary, width: usize) -> String {
    let room = width - "  palisade replay  --report report.html".len();
    let is_typed_easily = |file: &&String| file.chars().count() <= room && **file == shown(file, room);
    let file = match summary.files.as_slice() {
        [file] if is_typed_easily(&file) => file,
        [_] | [] => "FILE",
        _ => "FILE…",
    };
    let story = "writes the whole story as a page: over time, and each client's score line by line.";
    format!("  palisade replay {file} --report report.html\n") + &wrapped(story, width, "    ")
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

fn lines(lines: Vec<String>) -> String {
    lines.into_iter().map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::made_up;

    #[test]
    fn small_summary_is_golden() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/terminal/small.txt");
        let made = text(&made_up::small(), 100, false);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        assert_eq!(made, std::fs::read_to_string(&path).unwrap(), "UPDATE_GOLDEN=1 cargo test rewrites it");
    }

    #[test]
    fn lines_keep_their_width() {
        for summary in [made_up::empty(), made_up::small(), made_up::rich(), made_up::hostile()] {
            for width in [0, 60, 80, 100, 500] {
                for line in text(&summary, width, false).lines() {
                    assert!(line.chars().count() <= width.clamp(60, 120), "{width}: {line}");
                }
            }
        }
    }

    #[test]
    fn hostile_text_moves_no_cursor() {
        let made = text(&made_up::hostile(), 80, false);
        assert!(made.chars().all(|c| c == '\n' || !c.is_control()));
        assert!(!made.contains('\u{202e}'));
    }

    #[test]
    fn colour_changes_no_word() {
        let plain = text(&made_up::rich(), 90, false);
        let coloured = text(&made_up::rich(), 90, true);
        let mut stripped = String::new();
        for (at, piece) in coloured.split('\u{1b}').enumerate() {
            stripped += if at == 0 { piece } else { piece.split_once('m').unwrap().1 };
        }
        assert_eq!(stripped, plain);
        assert_ne!(coloured, plain);
    }

    #[test]
    fn long_paths_leave_room_for_the_line() {
        let sample = format!("/var/log/{}/access.log:17: 192.0.2.1 - -", "x".repeat(80));
        assert_eq!(near(&sample, 80), "…/access.log:17: 192.0.2.1 - -");
        assert_eq!(near("access.log:17: 192.0.2.1", 80), "access.log:17: 192.0.2.1");
    }

    #[test]
    fn every_action_that_occurs_has_a_mark() {
        let line = bar(&ByAction([1_000_000, 1, 0, 1, 0, 0, 1]), 40, Paint(false));
        assert_eq!(line.chars().count(), 40);
        assert!(line.ends_with("▒?█"), "{line}");
    }
}
