//! `palisade evaluate`: hold a model against labelled traffic, or against labelled interactions.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use palisade_learn::dataset::Dataset;
use palisade_learn::evaluation::{
    EvaluateOptions, Evaluation, FeatureShape, Report, Scored, by_vantage, curves, evaluate, page as report,
    terminal, terminal_cost, terminal_vantages,
};
use palisade_learn::subject;
use palisade_learn::traffic::{self, CHALLENGE};
use palisade_model::Subject;

use super::train::Judged;
use super::{Global, behaviour, compare, page, train};
use crate::exit::UsageError;
use crate::models::Opened;
use crate::{models, shell};

/// Hold a model, or the hand-set tables, against labelled traffic.
///
/// A client is scored as after its last request. A rate that so few people cannot support is left out. Traffic that the model was
/// trained on flatters it: use other.
///
/// With --kind behaviour the files hold interactions, one visit a line, and each visit is scored.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Labelled traffic: NDJSON, access logs, exported events; or labelled interactions; .gz and .zst are read as they are
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A model file, an ONNX file, "builtin:http" for the one that ships, or "rules" for the hand-set tables (of behaviour: weights)
    #[arg(long, value_name = "MODEL", default_value = "rules")]
    model: String,
    /// What is judged: who sends requests, or whose hand moves on a page
    #[arg(long, value_name = "KIND", default_value = "traffic")]
    kind: Judged,
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
    let judged = Subject::from(args.kind);
    if judged == Subject::Behaviour {
        behaviour::check(args.labels.is_some(), &args.group)?;
    }
    let model = model_of(&args.model, judged)?;
    let train::Loaded { data, table } =
        train::read(judged, &args.files, args.labels.as_deref(), &args.group)?;
    let by_rules = traffic::score_by_rules(&data);
    let rows = model.as_ref().map_or_else(|| by_rules.clone(), |model| scored(model, judged, &data));
    let options = EvaluateOptions {
        threshold: CHALLENGE,
        nominal_fpr: model.as_ref().map(|_| 0.005),
        ..EvaluateOptions::default()
    };
    let found = evaluate(&rows, &options).map_err(|error| UsageError(format!("{}: {error}", args.model)))?;
    let seen = traffic::vantages(&data);
    let vantage_of = |row: &Scored| seen.get(row.name.as_str()).map(|vantage| vantage.name());
    let vantages = by_vantage(&rows, vantage_of, &options)?;
    let row_ns = model.as_ref().and_then(Opened::model).map(|model| compare::row_ns(model, &data));
    if let Some(path) = &args.scores {
        page::write(path, scores(&rows))?;
    }
    if let Some(path) = &args.report {
        let mut models = vec![(name(model.as_ref()), found.clone(), curves(&rows))];
        if model.is_some() {
            let rules = EvaluateOptions { nominal_fpr: None, ..options };
            models.push(("rules".to_owned(), evaluate(&by_rules, &rules)?, curves(&by_rules)));
        }
        let notes = notes(judged, &found, data.clients.len(), rows.len());
        let of = Report {
            title: "Evaluation",
            models: &models,
            vantages: vantages.clone(),
            row_ns,
            shapes: &shapes(model.as_ref()),
            notes: &notes,
        };
        page::write(path, report(&of))?;
    }
    if global.json {
        let mut value = serde_json::to_value(&found)?;
        value["per_vantage"] = serde_json::to_value(&vantages)?;
        value["cost"] = serde_json::json!({ "row_ns": row_ns });
        shell::say(&value.to_string())?;
    } else {
        shell::say(&table)?;
        let cost = row_ns.map_or_else(String::new, terminal_cost);
        shell::say(&format!("{}{}{cost}", terminal(&found), terminal_vantages(&vantages)))?;
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

/// Each client or visit of `data`, by `model`.
fn scored(model: &Opened, judged: Subject, data: &Dataset) -> Vec<Scored> {
    match (judged, model.model()) {
        (Subject::Behaviour, Some(own)) => subject::score(own, data),
        _ => traffic::score_by(&model.learned(), data),
    }
}

fn model_of(named: &str, judged: Subject) -> anyhow::Result<Option<Opened>> {
    if named == models::RULES {
        return Ok(None);
    }
    let found = match named.strip_prefix("builtin:") {
        Some(name) => models::builtin(name, judged),
        None => models::named(named, judged),
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

fn notes(judged: Subject, found: &Evaluation, clients: usize, scored: usize) -> Vec<String> {
    let each = match judged {
        Subject::Traffic => "Each client is scored as after its last request.",
        Subject::Behaviour => "Each visit is scored by its whole trace. Rules are the hand-set weights.",
    };
    let mut notes = vec![each.to_owned()];
    if scored < clients {
        notes.push(format!(
            "{} clients were seen from a vantage that the model does not judge.",
            clients - scored
        ));
    }
    if let Some(floor) = found.fpr_floor() {
        notes.push(format!("These people support no false-positive rate below {:.2} %.", 100.0 * floor));
    }
    notes
}
