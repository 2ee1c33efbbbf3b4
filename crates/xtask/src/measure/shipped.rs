//! Whom the model that ships would hit: people of an access log, recorded sessions of people on another site, and recorded browsers,
//! each after its last request and at its worst moment, at the challenge band. None of it is a claim below three in the number of people.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::ensure;
use palisade_detect::schema::{FeatureVector, expected};
use palisade_detect::{Learned, scorer};
use palisade_domain::Timestamp;
use palisade_learn::dataset::{Dataset, DatasetOptions};
use palisade_learn::evaluation::wilson;
use palisade_model::{Contributions, Model};
use palisade_replay::labels::Labels;
use palisade_replay::merge::FeedOptions;

use super::sessions;
use crate::models::{captures, people};
use crate::repo;

/// The score at which a client is challenged.
const CHALLENGE: f32 = 70.0;
/// How many there are, and how many were hit.
struct Hits {
    people: usize,
    at_the_end: usize,
    ever: usize,
    /// By what the model says alone, at the end.
    by_model: usize,
}

/// Prints a table, and fails where more of a set are hit at the end than its line promises.
///
/// # Errors
/// Where data are missing, or too many people are hit.
pub(super) fn run(data: &Path) -> anyhow::Result<()> {
    let bytes = std::fs::read(repo::root().join("models/http.model"))?;
    let model = Learned::new(Arc::new(expected(|expect| Model::read(&bytes, expect))?));
    let log = data.join("access-log-apache-semicomplete/access.log.gz");
    let labels = people::labels(&log, 0)?;
    let recorded = sessions::read(&data.join("weblog-human-bot-mklab/weblog_data.csv.gz"))?;
    let visits = sessions::labelled(&recorded.iter().collect())?;
    let browsers = captures::labelled(&data.join("client-captures"))?;
    println!(
        "| people | n | hit at the end, 95 % interval | hit ever | at 70 by the model alone | no rate below |\n\
         |---|---|---|---|---|---|"
    );
    let sets = [
        ("clients of the access log that load parts of pages", log, Some(labels), 1),
        // Five sessions that this set calls human ask for /HNAP1/ and SQLiteManager: they are scanners.
        ("sessions of people (MKLab)", visits.path().to_owned(), None, 5),
        ("recorded browsers", browsers.path().to_owned(), None, 0),
    ];
    let mut missed = Vec::new();
    for (name, path, labels, hits_max) in sets {
        let found = hits(&model, path, labels)?;
        let n = found.people as f64;
        let interval = wilson(found.at_the_end as f64 / n, n);
        println!(
            "| {name} | {} | {} ({:.2} to {:.2} %) | {} | {} | {:.2} % |",
            found.people,
            found.at_the_end,
            100.0 * interval.lo,
            100.0 * interval.hi,
            found.ever,
            found.by_model,
            300.0 / n
        );
        if found.at_the_end > hits_max {
            missed.push(format!("{name}: {} hit", found.at_the_end));
        }
    }
    ensure!(missed.is_empty(), "{}", missed.join("; "));
    Ok(())
}

fn hits(model: &Learned, path: PathBuf, labels: Option<Labels>) -> anyhow::Result<Hits> {
    let options = DatasetOptions {
        feed: FeedOptions { format: None, now: Timestamp::from_secs(4_000_000_000) },
        labels,
        by_session: false,
    };
    let data = Dataset::read(&[path], &options, |_| {})?;
    let mut contributions = Contributions::new();
    let mut ever = vec![false; data.clients.len()];
    let mut found = Hits { people: 0, at_the_end: 0, ever: 0, by_model: 0 };
    for (at, row) in data.rows.iter().enumerate().filter(|(_, row)| !row.is_bot) {
        let vector = FeatureVector::of(data.row(at));
        let opinion = model.opinion(row.vantage, &vector, &mut contributions);
        let log_odds = opinion.map_or(row.by_rules, |opinion| opinion.with(row.by_rules));
        let is_hit = scorer::calibrate(log_odds) >= CHALLENGE;
        ever[row.client as usize] |= is_hit;
        if row.is_last {
            found.people += 1;
            found.at_the_end += usize::from(is_hit);
            let alone = opinion.map_or(0.0, |opinion| scorer::calibrate(opinion.log_odds));
            found.by_model += usize::from(alone >= CHALLENGE);
        }
    }
    found.ever = ever.into_iter().filter(|hit| *hit).count();
    Ok(found)
}
