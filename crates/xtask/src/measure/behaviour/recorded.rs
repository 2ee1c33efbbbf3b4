//! Recorded people as traces.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use flate2::read::GzDecoder;
use palisade_challenge::behaviour::Trace;
use palisade_challenge::behaviour::trace::{Click, Move, Phase, Touch};

/// How long a piece of a session is, ms: about as long as a form takes.
const PIECE_MS: f64 = 30_000.0;
/// Fewest moves of a piece.
const MOVES_MIN: usize = 10;
/// Seed 000's client notes a position each so many ms.
const OLD_CLIENT_MS: f64 = 100.0;
/// Sentences of typing that are read.
const SENTENCES_MAX: usize = 5_000;

/// Every set, with its name.
pub(super) fn all(data: &Path) -> anyhow::Result<Vec<(String, Vec<Trace>)>> {
    let mut sets = Vec::new();
    let mouse = balabit(&data.join("balabit-mouse"))?;
    sets.push(("balabit-mouse, pieces of 30 s".to_owned(), mouse.clone()));
    sets.push(("balabit-mouse, a position each 100 ms".to_owned(), mouse.into_iter().map(thinned).collect()));
    let choices = choices(&text(&data.join("mouse-choice-kh2017/raw_data.csv.gz"))?);
    sets.push(("mouse-choice-kh2017, one choice each".to_owned(), choices.clone()));
    sets.push(("mouse-choice-kh2017, each 100 ms".to_owned(), choices.into_iter().map(thinned).collect()));
    sets.push((
        "meu-mobile-touch-keys, one word each".to_owned(),
        taps(&data.join("meu-mobile-touch-keys"))?,
    ));
    let keys = typing(&text(&data.join("keystrokes-136m/keystrokes.tsv.gz"))?);
    sets.push(("keystrokes-136m, one sentence each".to_owned(), keys));
    Ok(sets)
}

pub(super) fn text(path: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut text = String::new();
        GzDecoder::new(&bytes[..]).read_to_string(&mut text)?;
        return Ok(text);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

pub(super) fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "gz" || extension == "csv") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The folders in `folder`, by name.
pub(super) fn folders(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut found = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    found.retain(|path| path.is_dir());
    found.sort();
    Ok(found)
}

/// The trace as an old client would have noted it.
fn thinned(trace: Trace) -> Trace {
    let mut last = f64::MIN;
    let mut moves = trace.moves;
    moves.retain(|at| {
        let keep = at.time - last >= OLD_CLIENT_MS;
        last = if keep { at.time } else { last };
        keep
    });
    Trace { moves, ..trace }
}

/// Sessions of remote desktops, in pieces.
fn balabit(folder: &Path) -> anyhow::Result<Vec<Trace>> {
    let mut all = Vec::new();
    for file in files(folder)? {
        let mut pieces: BTreeMap<i64, Trace> = BTreeMap::new();
        for (state, Move { x, y, time }) in text(&file)?.lines().skip(1).filter_map(session_line) {
            let piece = pieces.entry((time / PIECE_MS) as i64).or_default();
            match state {
                "Move" | "Drag" => piece.moves.push(Move { x, y, time }),
                "Pressed" | "Released" => piece.clicks.push(Click { down: state == "Pressed", x, y, time }),
                _ => {}
            }
        }
        all.extend(pieces.into_values().filter(|piece| piece.moves.len() >= MOVES_MIN));
    }
    Ok(all)
}

/// State, place and time (of the client's clock) of a line of a session; none where the recorder says that a place is none.
fn session_line(line: &str) -> Option<(&str, Move)> {
    let columns: Vec<_> = line.split(',').collect();
    let [_, time, _, state, x, y] = columns[..] else { return None };
    let number = |text: &str| text.parse::<f64>().ok();
    let (time, x, y) = (number(time)?, number(x)?, number(y)?);
    let is_place = x < 65_535.0 && y < 65_535.0;
    is_place.then(|| (state, Move { x, y, time: (time * 1_000.0).round() }))
}

/// The places of a session where the mouse moved.
pub(super) fn places(csv: &str) -> Vec<Move> {
    let moved = |(state, at)| matches!(state, "Move" | "Drag").then_some(at);
    csv.lines().skip(1).filter_map(session_line).filter_map(moved).collect()
}

fn choices(csv: &str) -> Vec<Trace> {
    csv.lines().skip(1).filter_map(choice).collect()
}

/// One choice; three columns of its line are lists in quotes.
pub(super) fn choice(line: &str) -> Option<Trace> {
    let numbers = |text: &str| -> Vec<f64> {
        text.trim_matches(['[', ']']).split(',').filter_map(|number| number.trim().parse().ok()).collect()
    };
    let lists: Vec<_> = line.split('"').filter(|part| part.starts_with('[')).map(numbers).collect();
    let [times, xs, ys] = &lists[..] else { return None };
    let moves = times.iter().zip(xs).zip(ys).map(|((time, x), y)| Move { x: *x, y: *y, time: *time });
    Some(Trace { moves: moves.collect(), ..Trace::default() })
}

/// A word on a screen's keyboard: when each finger came, how long it stayed, how hard. Where is not recorded.
fn taps(folder: &Path) -> anyhow::Result<Vec<Trace>> {
    const KEYS: usize = 14;
    let mut all = Vec::new();
    for file in files(folder)? {
        for line in text(&file)?.lines() {
            let columns: Vec<f64> = line.split(',').filter_map(|number| number.parse().ok()).collect();
            if columns.len() < 4 * KEYS {
                continue;
            }
            let (holds, downs) = (&columns[..KEYS], &columns[KEYS..2 * KEYS - 1]);
            let forces = &columns[3 * KEYS - 2..4 * KEYS - 2];
            let mut trace = Trace::default();
            let mut time = 1_000.0;
            for key in 0..KEYS {
                let (x, y) = (40.0 * key as f64, 500.0 + 30.0 * (key % 3) as f64);
                let touch = |phase, time| Touch { phase, x, y, time, force: Some(forces[key]) };
                trace.keys.push(time);
                trace.touches.extend([touch(Phase::Start, time), touch(Phase::End, time + holds[key])]);
                time += downs.get(key).copied().unwrap_or(0.0);
            }
            trace.touches.sort_by(|a, b| a.time.total_cmp(&b.time));
            all.push(trace);
        }
    }
    Ok(all)
}

/// A sentence typed in a browser.
fn typing(tsv: &str) -> Vec<Trace> {
    let mut all: Vec<Trace> = Vec::new();
    let mut sentence = (String::new(), String::new());
    for line in tsv.lines().skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        let [person, section, _, press, ..] = columns[..] else { continue };
        let Ok(press) = press.parse() else { continue };
        if sentence != (person.to_owned(), section.to_owned()) {
            if all.len() == SENTENCES_MAX {
                break;
            }
            sentence = (person.to_owned(), section.to_owned());
            all.push(Trace::default());
        }
        if let Some(trace) = all.last_mut() {
            trace.keys.push(press);
        }
    }
    all
}
