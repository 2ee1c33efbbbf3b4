//! Versions of models for people and for programs.

use palisade_model::{Model, ModelError};
use palisade_store::{ModelChange, ModelStep, ModelVersion};
use serde_json::{Value, json};

use crate::columns::{aligned, harmless, moment};
use crate::models::Opened;

/// Digits of a digest that are shown in a table.
const DIGITS: usize = 12;

/// The table of all versions.
pub(super) fn list(versions: &[ModelVersion], as_json: bool) -> serde_json::Result<String> {
    if as_json {
        return serde_json::to_string(&versions.iter().map(object).collect::<Vec<_>>());
    }
    if versions.is_empty() {
        let way = "`palisade train --from-store` makes one, `palisade models import FILE` reads one in";
        return Ok(format!("there are no model versions; {way}"));
    }
    let head = ["ID", "NAME", "KIND", "SUBJECT", "STATUS", "MADE", "SHA-256"].map(str::to_owned);
    let row = |version: &ModelVersion| {
        [
            version.id.0.to_string(),
            harmless(&version.name),
            harmless(&version.kind),
            harmless(&version.subject),
            version.status.name().to_owned(),
            moment(version.created_at),
            version.sha256.chars().take(DIGITS).collect(),
        ]
    };
    Ok(aligned(&std::iter::once(head).chain(versions.iter().map(row)).collect::<Vec<_>>()))
}

/// One version, with its card where its file can be read.
pub(super) fn one(
    version: &ModelVersion,
    changes: &[ModelChange],
    labels: usize,
    model: Result<&Model, &ModelError>,
    as_json: bool,
) -> serde_json::Result<String> {
    if as_json {
        let mut value = object(version);
        value["labels"] = labels.into();
        value["changes"] = changes.iter().map(change).collect();
        value["card"] = model.map_or(Value::Null, |model| json!(model.file().card));
        value["refused"] = model.err().map(ToString::to_string).into();
        return serde_json::to_string(&value);
    }
    let mut text = format!(
        "model version {}: {}, {}, judges {}, {}\nmade {}, {} bytes, sha256 {}\ntrained on {labels} labels, rows {}\n",
        version.id.0,
        harmless(&version.name),
        harmless(&version.kind),
        harmless(&version.subject),
        version.status.name(),
        moment(version.created_at),
        version.size,
        version.sha256,
        harmless(&version.data_sha256),
    );
    text.push_str(&figures(&version.metrics));
    match model {
        Ok(model) => text.push_str(&card(model)),
        Err(why) => text.push_str(&format!("\nthis release cannot use its file: {why}\n")),
    }
    text.push('\n');
    for change in changes {
        let reason = harmless(&change.reason);
        let (when, by) = (moment(change.time), harmless(&change.author));
        text.push_str(&format!("{when}  {} (by {by}): {reason}\n", change.to.name()));
    }
    Ok(text)
}

/// A model that is no stored version.
pub(super) fn file(opened: &Opened, as_json: bool) -> serde_json::Result<String> {
    let said = opened.model().map(Model::file);
    if as_json {
        return serde_json::to_string(&json!({
            "name": opened.id(),
            "kind": opened.kind(),
            "sha256": opened.sha256(),
            "subject": said.map(|file| file.subject),
            "schema": said.map(|file| &file.schema.id),
            "trained": said.map(|file| &file.trained),
            "card": said.map(|file| &file.card),
        }));
    }
    let mut text = format!("{}, {}\nsha256 {}\n", harmless(opened.id()), opened.kind(), opened.sha256());
    let Some(model) = opened.model() else {
        text.push_str("A model of another make: it says how likely a program is, and gives no reasons.\n");
        return Ok(text);
    };
    let file = model.file();
    text.push_str(&format!(
        "schema {}, {} rows of {} groups, {}\n",
        harmless(&file.schema.id),
        file.trained.rows,
        file.trained.groups,
        harmless(&file.trained.data_sha256)
    ));
    text.push_str(&figures(&Value::Object(file.metrics.clone()).to_string()));
    text.push_str(&card(model));
    Ok(text)
}

/// What a model's file says of it in sentences.
fn card(model: &Model) -> String {
    let card = &model.file().card;
    let mut text =
        format!("\n{}\n{}\n{}\n", harmless(&card.summary), harmless(&card.data), harmless(&card.trust));
    card.weaknesses.iter().for_each(|weakness| text.push_str(&format!("- {}\n", harmless(weakness))));
    text
}

/// What a step changed.
pub(super) fn changed(
    step: &ModelStep,
    changed: &[ModelVersion],
    as_json: bool,
) -> serde_json::Result<String> {
    if as_json {
        return serde_json::to_string(&json!({
            "step": step.action(),
            "changed": changed.iter().map(object).collect::<Vec<_>>(),
        }));
    }
    let mut lines: Vec<String> = changed
        .iter()
        .map(|version| {
            let (id, name) = (version.id.0, harmless(&version.name));
            format!("model version {id} ({name}) is {} now", version.status.name())
        })
        .collect();
    if matches!(step, ModelStep::RollBack(_)) && changed.len() < 2 {
        lines.push("no stored version was live before it: what the configuration names decides".to_owned());
    }
    Ok(lines.join("\n"))
}

fn object(version: &ModelVersion) -> Value {
    json!({
        "id": version.id.0,
        "name": version.name,
        "kind": version.kind,
        "subject": version.subject,
        "status": version.status.name(),
        "created_at": moment(version.created_at),
        "sha256": version.sha256,
        "data_sha256": version.data_sha256,
        "bytes": version.size,
        "before": version.before.map(|id| id.0),
        "metrics": serde_json::from_str(&version.metrics).unwrap_or(Value::Null),
    })
}

fn change(change: &ModelChange) -> Value {
    json!({
        "time": moment(change.time),
        "from": change.from.map(palisade_store::ModelStatus::name),
        "to": change.to.name(),
        "reason": change.reason,
        "author": change.author,
    })
}

/// The plain figures among the metrics; what is nested is for programs.
fn figures(metrics: &str) -> String {
    let Ok(Value::Object(metrics)) = serde_json::from_str(metrics) else { return String::new() };
    let plain = metrics.iter().filter(|(_, value)| value.is_number() || value.is_string());
    plain.map(|(name, value)| format!("{} {}\n", harmless(name), harmless(&value.to_string()))).collect()
}
