//! Recorded movements of a mouse, by person and by how often the recorder looked.
//!
//! Only places and times are taken, for every set alike: what one set notes and another lacks (clicks, the page) would tell the sets
//! apart. A place that does not change is no event, as in a browser.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::ensure;
use palisade_challenge::behaviour::trace::Move;

use super::recorded;

/// How long a piece of a session is, ms: about as long as a form takes.
const PIECE_MS: f64 = 30_000.0;
/// Fewest events of a movement.
const EVENTS_MIN: usize = 12;
/// Pieces of one person: the same of each, spread over all sessions.
const PIECES_MAX: usize = 60;

/// What one person did in a choice, or in half a minute.
#[derive(Clone, Debug)]
pub(super) struct Movement {
    /// The set and the person's number in it.
    pub(super) person: String,
    /// How often the recorder looked.
    pub(super) rate: &'static str,
    pub(super) moves: Vec<Move>,
}

/// Every movement, by person.
///
/// # Errors
/// Where a recording cannot be read, or there are too few people.
pub(super) fn all(data: &Path) -> anyhow::Result<Vec<Movement>> {
    let mut all = choices(&recorded::text(&data.join("mouse-choice-kh2017/raw_data.csv.gz"))?);
    for folder in recorded::folders(&data.join("balabit-mouse"))? {
        all.extend(sessions(&folder)?);
    }
    let people: std::collections::BTreeSet<_> = all.iter().map(|movement| &movement.person).collect();
    ensure!(people.len() >= 20, "{}: {} people", data.display(), people.len());
    Ok(all)
}

/// Events of places that changed.
fn events(moves: impl Iterator<Item = Move>) -> Vec<Move> {
    let mut kept: Vec<Move> = Vec::new();
    for at in moves {
        if kept.last().is_none_or(|last| (last.x, last.y) != (at.x, at.y)) {
            kept.push(at);
        }
    }
    kept
}

/// One choice a line: its person, and three lists in quotes.
fn choices(csv: &str) -> Vec<Movement> {
    let line = |line: &str| {
        let (person, _) = line.split_once(',')?;
        let moves = events(recorded::choice(line)?.moves.into_iter());
        let person = format!("mouse-choice {person}");
        (moves.len() >= EVENTS_MIN).then_some(Movement { person, rate: "10 ms", moves })
    };
    csv.lines().skip(1).filter_map(line).collect()
}

/// Sessions of one person, in pieces of half a minute, as many as of any other.
fn sessions(folder: &Path) -> anyhow::Result<Vec<Movement>> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // One machine ticks as a browser's frames do; the others note a place every tenth of a second.
    let rate = if name == "user7" { "16 ms" } else { "110 ms" };
    let mut pieces: Vec<Vec<Move>> = Vec::new();
    for file in recorded::files(folder)? {
        let mut of_file: BTreeMap<i64, Vec<Move>> = BTreeMap::new();
        for at in recorded::places(&recorded::text(&file)?) {
            of_file.entry((at.time / PIECE_MS) as i64).or_default().push(at);
        }
        pieces.extend(of_file.into_values().map(|piece| events(piece.into_iter())));
    }
    pieces.retain(|piece| piece.len() >= EVENTS_MIN);
    let every = pieces.len().div_ceil(PIECES_MAX).max(1);
    let person = format!("balabit {name}");
    let taken = pieces.into_iter().step_by(every);
    Ok(taken.map(|moves| Movement { person: person.clone(), rate, moves }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_stays_is_no_event() {
        let at = |x: f64, time: f64| Move { x, y: 0.0, time };
        let kept = events([at(1.0, 0.0), at(1.0, 10.0), at(2.0, 20.0), at(1.0, 30.0)].into_iter());
        assert_eq!(kept.iter().map(|at| at.time).collect::<Vec<_>>(), [0.0, 20.0, 30.0]);
    }

    #[test]
    fn choices_are_read_by_person() {
        let list = |from: u32| {
            let numbers: Vec<String> = (0..14).map(|at| (from + at * 10).to_string()).collect();
            format!("\"[{}]\"", numbers.join(", "))
        };
        let csv = format!("head\n7,1,x,{},{},{}\n7,2,x,\"[1]\",\"[2]\",\"[3]\"\n", list(0), list(5), list(9));
        let found = choices(&csv);
        assert_eq!((found.len(), found[0].person.as_str(), found[0].moves.len()), (1, "mouse-choice 7", 14));
    }
}
