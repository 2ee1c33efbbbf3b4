//! `palisade train`: learn from labelled traffic.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use palisade_learn::dataset::{Dataset, DatasetOptions};
use palisade_learn::evaluation::{EvaluateOptions, evaluate, terminal};
use palisade_learn::traffic::{self, CHALLENGE, TrafficSettings};
use palisade_learn::train::AdditiveSettings;
use palisade_model::{Card, Source};
use palisade_replay::merge::FeedOptions;
use sha2::{Digest as _, Sha256};

use super::{Global, page, reading};
use crate::exit::UsageError;
use crate::shell;

/// Learn from labelled traffic: a model file, and how it does on clients that it never saw.
///
/// Every line needs a client; each client needs a label ("label": "human" or "bot" on its lines, or --labels). Clients of one
/// "group" are never on both sides of a split. The figures printed are of models that never saw the group they judge; the model
/// written has learned from everything. The same files and seed give the same model, bit for bit.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Labelled traffic: NDJSON, access logs, exported events; .gz and .zst are read as they are
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where the model is written
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    /// What is learned; behaviour comes with a later release
    #[arg(long, value_name = "KIND", default_value = "traffic", value_parser = ["traffic"])]
    kind: String,
    /// How it computes; other kinds come with a later release
    #[arg(long, value_name = "MODEL-KIND", default_value = "additive", value_parser = ["additive"])]
    model: String,
    /// Known labels: lines of client,label or client,label,family
    #[arg(long, value_name = "KNOWN.csv")]
    labels: Option<PathBuf>,
    /// What one row is: a client, or a client's session
    #[arg(long, value_name = "WHAT", default_value = "client", value_parser = ["client", "session"])]
    group: String,
    /// Its name [default: that of the file]
    #[arg(long, value_name = "NAME")]
    id: Option<String>,
    /// Under what terms the traffic may be used, for the model's card
    #[arg(long, value_name = "TERMS", default_value = "not stated")]
    licence: String,
    /// What everything random follows from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Runs it.
pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    page::check("--out", &args.out, args.files.iter().chain(&args.labels))?;
    let data = read(&args.files, args.labels.as_deref(), &args.group)?;
    let settings = TrafficSettings {
        id: args.id.clone().unwrap_or_else(|| name_of(&args.out)),
        // Not the time of the training: the same traffic gives the same file.
        at_ms: data.newest_ms,
        additive: AdditiveSettings { seed: args.seed, ..AdditiveSettings::default() },
        folds: 5,
        repeats: 1,
        sources: sources(args)?,
        card: Card {
            summary: "How likely a program sent a request, from the request and the history of its client."
                .to_owned(),
            data: format!("{} clients of {} file(s)", data.clients.len(), args.files.len()),
            weaknesses: vec!["It knows the programs and people of its files, and no others.".to_owned()],
            trust: "As far as its figures on clients that it never saw, which `palisade evaluate` prints."
                .to_owned(),
        },
    };
    let trained = traffic::train(&data, &settings).map_err(|error| UsageError(error.to_string()))?;
    let options =
        EvaluateOptions { threshold: CHALLENGE, nominal_fpr: Some(0.005), ..EvaluateOptions::default() };
    let found = evaluate(&trained.unseen, &options)?;
    page::write(&args.out, trained.model.to_bytes())?;
    if global.json {
        let mut value = serde_json::to_value(&found)?;
        value["model"] = args.out.display().to_string().into();
        value["id"] = trained.model.id().into();
        shell::say(&value.to_string())?;
    } else {
        shell::say(&reading::table(&data.read))?;
        shell::say(&terminal(&found))?;
        shell::say(&format!(
            "These figures are of models that never saw whom they judge. The model is {}: {}",
            trained.model.id(),
            args.out.display()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Labelled clients in numbers, as `train` and `evaluate` read them.
pub(super) fn read(files: &[PathBuf], labels: Option<&Path>, group: &str) -> anyhow::Result<Dataset> {
    let options = DatasetOptions {
        feed: FeedOptions { format: None, now: shell::now() },
        labels: labels.map(reading::labels).transpose()?,
        by_session: group == "session",
    };
    let bar = reading::progress_bar();
    let data = Dataset::read(files, &options, |progress| reading::show(&bar, progress));
    bar.finish_and_clear();
    Ok(data.map_err(|error| UsageError(error.to_string()))?)
}

fn name_of(out: &Path) -> String {
    let stem = out.file_stem().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let plain =
        |letter: char| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '-' };
    let name: String = stem.chars().map(plain).take(128).collect();
    if name.is_empty() { "model".to_owned() } else { name }
}

fn sources(args: &Args) -> anyhow::Result<Vec<Source>> {
    // Standard input was read once; what it held is in the digest of the rows.
    let files = args.files.iter().filter(|path| path.as_os_str() != "-");
    files
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(Source { name, licence: args.licence.clone(), rows: 0, sha256: digest(path)? })
        })
        .collect()
}

fn digest(path: &Path) -> anyhow::Result<String> {
    let mut file = std::io::BufReader::with_capacity(1 << 20, std::fs::File::open(path)?);
    let mut hash = Sha256::new();
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        }
        hash.update(bytes);
        let read = bytes.len();
        file.consume(read);
    }
}
