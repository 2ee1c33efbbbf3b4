//! The models that ship, made again from their data: `models/NAME.model` and its card.
//!
//! ```text
//!   access log ──► people.rs: who loads the parts of pages ──┐
//!   recordings of browsers and programs ──► captures.rs ─────┼──► learn::traffic ──► models/http.model, models/http.md
//!   models/http/gym.ndjson.zst: the gym's recording ─────────┘
//! ```
//!
//! The same data give the same bytes; `--check` says whether the files in the repository are those.

pub(crate) mod captures;
mod card;
pub(crate) mod pace;
pub(crate) mod people;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use palisade_detect::learned::UNPROVEN_BOUND;
use palisade_domain::Timestamp;
use palisade_learn::dataset::{Dataset, DatasetOptions};
use palisade_learn::evaluation::{EvaluateOptions, Scored, evaluate};
use palisade_learn::traffic::{self, CHALLENGE, Split, TrafficSettings};
use palisade_learn::train::{AdditiveSettings, KindSettings};
use palisade_model::{Card, Source};
use palisade_replay::merge::FeedOptions;
use sha2::{Digest as _, Sha256};

use crate::repo;

/// What the shipped model does not learn from, and why.
const WITHOUT: [(&str, &str); 26] = [
    ("assets", MADE_THE_LABEL),
    ("assets_a_page", MADE_THE_LABEL),
    ("pages_since_asset", MADE_THE_LABEL),
    ("asked_icon", MADE_THE_LABEL),
    ("parts_gap_mean", MADE_THE_LABEL),
    ("parts_gap_deviation", MADE_THE_LABEL),
    ("parts_gap_most", MADE_THE_LABEL),
    ("requests_ten_seconds", MADE_THE_LABEL),
    ("evidence.no_assets", MADE_THE_LABEL),
    ("evidence.icon_habit", MADE_THE_LABEL),
    ("age", OF_THE_RECORDING),
    ("fetches", OF_THE_SITE),
    ("fetches_a_page", OF_THE_SITE),
    ("machine_files", OF_THE_SITE),
    ("path_depth", OF_THE_SITE),
    ("path_length", OF_THE_SITE),
    ("query_parameters", OF_THE_SITE),
    ("is_page", OF_THE_SITE),
    ("surprise", OF_THE_SITE),
    ("referrer_shown", OF_THE_SITE),
    ("sends", OF_THE_SITE),
    ("sends_a_page", OF_THE_SITE),
    ("network_clients", OF_THE_NETWORK),
    ("network_pages", OF_THE_NETWORK),
    ("crowd_pages", OF_THE_NETWORK),
    ("fingerprint_networks", OF_THE_NETWORK),
];
const MADE_THE_LABEL: &str = "the people of the access log are those who load parts of pages";
const OF_THE_SITE: &str = "it tells the sites of the recordings apart";
const OF_THE_RECORDING: &str = "it tells how long was recorded";
const OF_THE_NETWORK: &str = "recordings on one machine share a network";

/// Where the traffic came from.
struct Origin {
    name: &'static str,
    licence: &'static str,
    /// In the data folder, or in the repository.
    file: PathBuf,
}

/// Makes the models; with `--check` only says whether they would be the same.
///
/// # Errors
/// Where data are missing, or `--check` finds a difference.
pub(crate) fn run(words: &[String]) -> anyhow::Result<()> {
    let root = repo::root();
    let data = root.join("../shared/data");
    ensure!(
        data.is_dir(),
        "{}: the shipped models are made from the data folder beside the repository",
        data.display()
    );
    let origins = origins(&data);
    let (bytes, card) = http(&origins, &data)?;
    let files = [(root.join("models/http.model"), bytes), (root.join("models/http.md"), card.into_bytes())];
    for (path, bytes) in files {
        if words.iter().any(|word| word == "--check") {
            let found = std::fs::read(&path).with_context(|| format!("{}", path.display()))?;
            ensure!(found == bytes, "{}: the data make another; run `cargo xtask models`", path.display());
        } else {
            std::fs::write(&path, bytes).with_context(|| format!("{}", path.display()))?;
        }
    }
    Ok(())
}

/// What the model of requests is made from: access log, recordings of clients, the gym's recording.
fn origins(data: &Path) -> [Origin; 3] {
    [
        Origin {
            name: "access-log-apache-semicomplete",
            licence: "Apache-2.0",
            file: data.join("access-log-apache-semicomplete/access.log.gz"),
        },
        Origin {
            name: "client-captures",
            licence: "CC0-1.0",
            file: data.join("client-captures/sessions.jsonl.gz"),
        },
        Origin { name: "gym", licence: "CC0-1.0", file: repo::root().join("models/http/gym.ndjson.zst") },
    ]
}

/// The rows of `origins`.
fn read(origins: &[Origin; 3], data: &Path) -> anyhow::Result<Dataset> {
    let [log, _, gym] = origins;
    let labels = people::labels(&log.file, 1)?;
    let captured = captures::labelled(&data.join("client-captures"))?;
    let options = DatasetOptions {
        feed: FeedOptions { format: None, now: Timestamp::from_secs(4_000_000_000) },
        labels: Some(labels),
        by_session: false,
    };
    let paths = [log.file.clone(), captured.path().to_owned(), gym.file.clone()];
    Ok(Dataset::read(&paths, &options, |_| {})?)
}

/// How the model of requests is trained on `rows`.
fn settings(origins: &[Origin; 3], rows: &Dataset) -> anyhow::Result<TrafficSettings> {
    Ok(TrafficSettings {
        id: "http".to_owned(),
        at_ms: rows.newest_ms,
        kind: KindSettings::Additive(AdditiveSettings::default()),
        folds: 5,
        repeats: 3,
        sources: origins.iter().map(source).collect::<anyhow::Result<_>>()?,
        card: Card {
            summary: "How likely a program sent a request, by how its client goes about a site. It ships with Palisade.".to_owned(),
            data: format!("{} clients: people and declared programs of one public access log, recorded browsers and programs, and the gym's programs.", rows.clients.len()),
            weaknesses: card::WEAKNESSES.map(str::to_owned).to_vec(),
            trust: format!("Without labels of your own it may add at most {UNPROVEN_BOUND} log-odds to the hand-set tables: a score of 69 at most. It brings no challenge about; it explains, and what it finds can be acted upon by `ml_score`."),
        },
        without: WITHOUT.iter().map(|(name, _)| (*name).to_owned()).collect(),
        contribution_max: UNPROVEN_BOUND,
    })
}

/// The model of requests, and its card.
fn http(origins: &[Origin; 3], data: &Path) -> anyhow::Result<(Vec<u8>, String)> {
    let rows = read(origins, data)?;
    let settings = settings(origins, &rows)?;
    // Figures are of what the model says by itself.
    let alone = TrafficSettings { contribution_max: f32::INFINITY, ..settings.clone() };
    let trained = traffic::train(&rows, &settings)?;
    let options =
        EvaluateOptions { threshold: CHALLENGE, nominal_fpr: Some(0.005), ..EvaluateOptions::default() };
    let by_model = evaluate(&traffic::held_out(&rows, &alone, Split::Groups)?, &options)?;
    let by_rules =
        evaluate(&traffic::score_by_rules(&rows), &EvaluateOptions { nominal_fpr: None, ..options.clone() })?;
    let unseen_families = traffic::held_out(&rows, &alone, Split::Families)?;
    let by_family = evaluate(&unseen_families, &options)?;
    let by_either = evaluate(&with_the_tables(unseen_families, &rows), &options)?;
    let figures = card::Figures {
        rows: &rows,
        by_model: &by_model,
        by_rules: &by_rules,
        by_family: &by_family,
        by_either: &by_either,
    };
    let card = card::page(&trained.model, &figures, &WITHOUT);
    let model = traffic::with_metrics(&trained.model, &by_model, &rows)?;
    Ok((model.to_bytes(), card))
}

/// The same clients, by whichever says more: what scored them, or the hand-set tables.
fn with_the_tables(scored: Vec<Scored>, rows: &Dataset) -> Vec<Scored> {
    let by_rules: BTreeMap<String, f64> =
        traffic::score_by_rules(rows).into_iter().map(|row| (row.name, row.score)).collect();
    let either = |row: Scored| Scored { score: row.score.max(by_rules[&row.name]), ..row };
    scored.into_iter().map(either).collect()
}

fn source(origin: &Origin) -> anyhow::Result<Source> {
    let mut bytes = Vec::new();
    let mut file = std::fs::File::open(&origin.file).with_context(|| format!("{}", origin.file.display()))?;
    file.read_to_end(&mut bytes)?;
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Source { name: origin.name.to_owned(), licence: origin.licence.to_owned(), rows: 0, sha256 })
}
