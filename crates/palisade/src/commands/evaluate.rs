//! `palisade evaluate`: hold a model against labelled traffic.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use palisade_learn::evaluation::{
    EvaluateOptions, Evaluation, FeatureShape, Scored, curves, evaluate, page as report, terminal,
};
use palisade_learn::traffic::{self, CHALLENGE};

use super::{Global, page, reading, train};
use crate::exit::UsageError;
use crate::models::Opened;
use crate::{models, shell};

/// Hold a model, or the hand-set tables, against labelled traffic.
///
/// A client is scored as after its last request. A rate that so few people cannot support is left out. Traffic that the model was
/// trained on flatters it: use other.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Labelled traffic: NDJSON, access logs, exported events; .gz and .zst are read as they are
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A model file, an ONNX file, "builtin:http" for the one that ships, or "rules" for the hand-set tables
    #[arg(long, value_name = "MODEL", default_value = "rules")]
    model: String,
    /// What is judged; behaviour comes with a later release
    #[arg(long, value_name = "KIND", default_value = "traffic", value_parser = ["traffic"])]
    kind: String,
    /// Known labels: lines of client,label or client,label,family
    #[arg(long, value_name = "KNOWN.csv")]
    labels: Option<PathBuf>,
    /// What one row is: a client, or a client's session
    #[arg(long, value_name = "WHAT", default_value = "client", value_parser = ["client", "session"])]
    group: String,
    /// Write a line for each client: client,label,score
    #[arg(long, value_name = "OUT.csv")]
    scores: Option<PathBuf>,
    /// Write a report as one self-contained HTML page
    #[arg(long, value_name = "OUT.html")]
    report: Option<PathBuf>,
}

/// Runs it.
pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let model_path = (!is_named(&args.model)).then(|| PathBuf::from(&args.model));
    let read = || args.files.iter().chain(&args.labels).chain(&model_path);
    for (flag, path) in [("--scores", &args.scores), ("--report", &args.report)] {
        if let Some(path) = path {
            page::check(flag, path, read())?;
        }
    }
    let model = model_of(&args.model)?;
    let data = train::read(&args.files, args.labels.as_deref(), &args.group)?;
    let by_rules = traffic::score_by_rules(&data);
    let rows =
        model.as_ref().map_or_else(|| by_rules.clone(), |model| traffic::score_by(&model.learned(), &data));
    let options = EvaluateOptions {
        threshold: CHALLENGE,
        nominal_fpr: model.as_ref().map(|_| 0.005),
        ..EvaluateOptions::default()
    };
    let found = evaluate(&rows, &options).map_err(|error| UsageError(format!("{}: {error}", args.model)))?;
    if let Some(path) = &args.scores {
        page::write(path, scores(&rows))?;
    }
    if let Some(path) = &args.report {
        let mut models = vec![(name(model.as_ref()), found.clone(), curves(&rows))];
        if model.is_some() {
            let rules = EvaluateOptions { nominal_fpr: None, ..options };
            models.push(("rules".to_owned(), evaluate(&by_rules, &rules)?, curves(&by_rules)));
        }
        let notes = notes(&found, data.clients.len(), rows.len());
        page::write(path, report("Evaluation", &models, &shapes(model.as_ref()), &notes))?;
    }
    if global.json {
        shell::say(&serde_json::to_string(&found)?)?;
    } else {
        shell::say(&reading::table(&data.read))?;
        shell::say(&terminal(&found))?;
        if let Some(path) = &args.report {
            shell::say(&format!("Report: {}", path.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// True for a name, where all else is a file.
fn is_named(model: &str) -> bool {
    model == models::RULES || model.starts_with("builtin:")
}

fn model_of(named: &str) -> anyhow::Result<Option<Opened>> {
    if named == models::RULES {
        return Ok(None);
    }
    let found = match named.strip_prefix("builtin:") {
        Some(name) => models::builtin(name),
        None => models::named(named),
    };
    let hint = "a file that training wrote, an ONNX file, \"builtin:http\" or \"rules\"";
    Ok(Some(found.map_err(|why| UsageError(format!("--model: {why}; name {hint}")))?))
}

fn name(model: Option<&Opened>) -> String {
    model.map_or_else(|| "rules".to_owned(), |model| model.id().to_owned())
}

fn scores(rows: &[Scored]) -> String {
    let mut text = "client,label,score\n".to_owned();
    for row in rows {
        let label = if row.is_bot { "bot" } else { "human" };
        let name = row.name.replace('"', "\"\"");
        // Writing to memory cannot fail.
        let _ = writeln!(text, "\"{name}\",{label},{:.6}", row.score);
    }
    text
}

/// Of an additive model; others have none.
fn shapes(model: Option<&Opened>) -> Vec<FeatureShape> {
    let Some(model) = model.and_then(Opened::model) else { return Vec::new() };
    let file = model.file();
    let views = file.views.iter().flat_map(|view| view.shapes.iter().map(move |shape| (view, shape)));
    views
        .map(|(view, shape)| FeatureShape {
            name: format!("{}: {}", view.name, file.schema.features[usize::from(shape.feature)]),
            edges: shape.edges.clone(),
            weights: shape.weights.clone(),
        })
        .collect()
}

fn notes(found: &Evaluation, clients: usize, judged: usize) -> Vec<String> {
    let mut notes = vec!["Each client is scored as after its last request.".to_owned()];
    if judged < clients {
        notes.push(format!(
            "{} clients were seen from a vantage that the model does not judge.",
            clients - judged
        ));
    }
    if let Some(floor) = found.fpr_floor() {
        notes.push(format!("These people support no false-positive rate below {:.2} %.", 100.0 * floor));
    }
    notes
}
