//! Every kind of ours beside LightGBM and scikit-learn's random forest: the same sessions, rows, features and parts, one table.
//!
//! The peers run in Python (`scripts/peers`), in an environment of their own under `target/`, which is made from pinned versions the
//! first time. They get our rows as numbers and give scores back; all figures are made here, by the same code for everybody.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use palisade_detect::schema;
use palisade_learn::dataset::{Dataset, Row};
use palisade_learn::train::KindSettings;
use palisade_learn::train::cross::out_of_fold;
use palisade_model::Kind;

use super::sessions;
use crate::repo;

/// Clients are asked about after so many requests, too.
const AFTER: u32 = 10;
/// Kinds that are held to the directions of features.
const DIRECTED: [Kind; 3] = [Kind::Additive, Kind::Boosted, Kind::Forest];
/// What is installed, at which versions.
const REQUIREMENTS: &str = "scripts/peers/requirements.txt";
/// What trains and scores.
const SCRIPT: &str = "scripts/peers/score.py";

/// A name, and the log-odds of each row by models that never saw its session.
type Scores = (String, Vec<f32>);

pub(super) fn run(data: &Path) -> anyhow::Result<()> {
    let all = sessions::read_all(data)?;
    let data = sessions::dataset(&sessions::of_one_host(&all))?;
    let folds = sessions::folds(&data);
    let python = python()?;
    let mut table = "| by | after the last request, 95 % interval | after 10 |\n|---|---|---|\n".to_owned();
    let columns: Vec<usize> = (0..data.columns.len()).collect();
    let directions: Vec<_> = schema::features().iter().map(|feature| feature.direction).collect();
    for kind in Kind::ALL {
        let scores = out_of_fold(&data, &columns, &directions, KindSettings::of(kind), &folds);
        table += &line(&data, &(kind.to_string(), scores))?;
    }
    // The peers are held to no direction either.
    for kind in DIRECTED {
        let scores = out_of_fold(&data, &columns, &[], KindSettings::of(kind), &folds);
        table += &line(&data, &(format!("{kind}, in any direction"), scores))?;
    }
    for peer in peers(&python, &data, &folds)? {
        table += &line(&data, &peer)?;
    }
    let last = sessions::judged(&data, &vec![0.0; data.rows.len()], |row| row.is_last)?;
    println!("{} people, {} programs, {} rows\n{table}", last.humans, last.bots, data.rows.len());
    Ok(())
}

fn line(data: &Dataset, (name, scores): &Scores) -> anyhow::Result<String> {
    let figure = |takes: &dyn Fn(&Row) -> bool| -> anyhow::Result<String> {
        Ok(sessions::figure(&sessions::judged(data, scores, takes)?))
    };
    let (last, early) = (figure(&|row| row.is_last)?, figure(&|row| row.requests == AFTER)?);
    Ok(format!("| {name} | {last} | {early} |\n"))
}

/// The peers' scores of every row.
fn peers(python: &Path, data: &Dataset, folds: &[(Vec<usize>, usize)]) -> anyhow::Result<Vec<Scores>> {
    let place = tempfile::tempdir()?;
    let (rows, scores) = (place.path().join("rows.csv"), place.path().join("scores.csv"));
    std::fs::write(&rows, text(data, folds))?;
    repo::run(Command::new(python).arg(SCRIPT).args([&rows, &scores]))?;
    let read = std::fs::read_to_string(&scores).with_context(|| format!("{SCRIPT} wrote nothing"))?;
    parsed(&read, data.rows.len())
}

/// The rows as the script reads them.
fn text(data: &Dataset, folds: &[(Vec<usize>, usize)]) -> String {
    let folded = (0..folds.len()).map(|at| format!("fold{at}"));
    let names = ["label", "weight", "last"].map(str::to_owned).into_iter().chain(folded);
    let mut text = names.chain(data.columns.iter().cloned()).collect::<Vec<_>>().join(",");
    text.push('\n');
    // Writing to memory cannot fail.
    for (at, row) in data.rows.iter().enumerate() {
        let _ = write!(text, "{},{},{}", u8::from(row.is_bot), row.weight, u8::from(row.is_last));
        for (fold_of, count) in folds {
            let fold = fold_of[row.group as usize];
            let _ = if fold < *count { write!(text, ",{fold}") } else { write!(text, ",-1") };
        }
        for value in data.row(at) {
            let _ = if value.is_nan() { write!(text, ",") } else { write!(text, ",{value}") };
        }
        text.push('\n');
    }
    text
}

/// What the script wrote: a column for each peer, `rows` lines of log-odds.
fn parsed(text: &str, rows: usize) -> anyhow::Result<Vec<Scores>> {
    let cells = |line: &str| -> Vec<String> {
        // Names have commas and stand in quotes then; numbers have none.
        let (mut cells, mut is_quoted) = (vec![String::new()], false);
        for letter in line.chars() {
            match (letter, is_quoted) {
                ('"', _) => is_quoted = !is_quoted,
                (',', false) => cells.push(String::new()),
                (letter, _) => cells.last_mut().into_iter().for_each(|cell| cell.push(letter)),
            }
        }
        cells
    };
    let mut lines = text.lines();
    let names = cells(lines.next().context("no line of names")?);
    let mut scores: Vec<Scores> = names.into_iter().map(|name| (name, Vec::with_capacity(rows))).collect();
    for line in lines {
        let numbers = cells(line);
        ensure!(numbers.len() == scores.len(), "{line:?} has not {} cells", scores.len());
        for ((_, scores), number) in scores.iter_mut().zip(numbers) {
            scores.push(number.parse().with_context(|| format!("{number:?} in {line:?} is no number"))?);
        }
    }
    ensure!(scores.iter().all(|(_, scores)| scores.len() == rows), "not every one of {rows} rows was scored");
    Ok(scores)
}

/// The Python that has the peers; installed where what is wanted has changed.
fn python() -> anyhow::Result<PathBuf> {
    let folder = repo::target_dir(&repo::root()).join("peers");
    let (wanted, stamp) = (std::fs::read_to_string(REQUIREMENTS)?, folder.join("installed.txt"));
    let python = folder.join("bin/python");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let made = repo::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
    made.context("Python 3.11 or later with venv is needed (Debian: apt-get install python3-venv)")?;
    let install =
        ["-m", "pip", "install", "--quiet", "--only-binary", ":all:", "--requirement", REQUIREMENTS];
    repo::run(Command::new(&python).args(install)).context("the peers come from PyPI")?;
    std::fs::write(stamp, wanted)?;
    Ok(python)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_script_writes_is_read() {
        let text = "LightGBM,\"LightGBM, last rows\"\r\n0.5,-1.25\r\n2,3\r\n";
        let read = parsed(text, 2).unwrap();
        assert_eq!(
            read,
            [("LightGBM".to_owned(), vec![0.5, 2.0]), ("LightGBM, last rows".to_owned(), vec![-1.25, 3.0])]
        );
        for (bad, why) in
            [("", "names"), ("a,b\n1\n", "cells"), ("a\nx\n", "no number"), ("a\n1\n", "every one")]
        {
            assert!(format!("{:#}", parsed(bad, 2).unwrap_err()).contains(why), "{bad:?}");
        }
    }
}
