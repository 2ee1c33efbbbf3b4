//! What a model file says, field by field, before anything is checked.
//!
//! The names of the fields are the names in the file. `Model::new` and `Model::read` check; nothing here does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::form::Form;
use crate::kind::Kind;
use crate::score::Anchors;
use crate::shape::{Pair, Shape};

/// The document of a model file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Its name, such as `traffic-2026-11`: 1 to 128 of `a-z`, `0-9`, `.`, `_`, `-`.
    pub id: String,
    /// How it computes.
    pub kind: Kind,
    /// What it judges.
    pub subject: Subject,
    /// The features it was trained on.
    pub schema: Schema,
    /// How it came to be.
    pub trained: Trained,
    /// Named figures of its evaluation. Kept and shown; nothing here reads them.
    pub metrics: serde_json::Map<String, serde_json::Value>,
    /// What people should know before they trust it.
    pub card: Card,
    /// Most log-odds that the model may add to a request, 0.0 and up; without end where it is fully trusted, which
    /// the file says as `null`. Whoever adds the evidence up applies it: [`crate::View::score_into`] does not.
    #[serde(with = "endless")]
    pub contribution_max: f32,
    /// One part for each set of vantages, at least one.
    pub views: Vec<ViewFile>,
}

/// What a model judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A request with the history of its client.
    Traffic,
    /// What a hand did on a page.
    Behaviour,
}

impl Subject {
    /// The word for it, as in files, on the command line and in the store.
    pub fn name(self) -> &'static str {
        match self {
            Subject::Traffic => "traffic",
            Subject::Behaviour => "behaviour",
        }
    }
}

/// The features a model was trained on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Name and version of the schema; it changes whenever a feature changes its meaning, not where one is added.
    pub id: String,
    /// Names of the features, each once. Their positions are what the views speak of.
    pub features: Vec<String>,
}

/// How a model came to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trained {
    /// When, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// Rows it was trained from.
    pub rows: u64,
    /// Groups of rows that were never divided between training and evaluation (clients, sessions).
    pub groups: u64,
    /// SHA-256 of those rows, 64 lower-case hex digits.
    pub data_sha256: String,
    /// Where the rows came from.
    pub sources: Vec<Source>,
    /// Seed of the training: same rows, settings and seed, same model.
    pub seed: u64,
    /// Settings of the training.
    pub settings: BTreeMap<String, String>,
}

/// One origin of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Under what terms the rows may be used.
    pub licence: String,
    /// Rows that came from it.
    pub rows: u64,
    /// SHA-256 of what came from it, 64 lower-case hex digits.
    pub sha256: String,
}

/// What people should know before they trust a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// What it is for, in a sentence or two.
    pub summary: String,
    /// From what it learned.
    pub data: String,
    /// Where it errs.
    pub weaknesses: Vec<String>,
    /// How far it may be trusted, and why.
    pub trust: String,
}

/// The part of a model that judges what some vantages see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewFile {
    /// Its name, such as `log` or `gateway-tls`; of the same characters as a model's.
    pub name: String,
    /// The vantages it judges, at least one; no vantage belongs to two views.
    pub vantages: Vec<String>,
    /// The features it may use, as ascending positions in the schema.
    pub features: Vec<u16>,
    /// Log-odds where nothing else speaks.
    pub intercept: f32,
    /// Of an additive model, one per feature at most; of others none.
    pub shapes: Vec<Shape>,
    /// Of an additive model: interactions, one per two features at most; of others none.
    pub pairs: Vec<Pair>,
    /// How all but an additive model computes; left out of the file of an additive one.
    #[serde(default, skip_serializing_if = "Form::is_additive")]
    pub form: Form,
    /// From the sum to log-odds that mean what they say.
    pub calibration: Calibration,
    /// From log-odds to the score.
    pub anchors: Anchors,
}

/// A number that may have no end; JSON has no word for that but `null`.
mod endless {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f32, to: S) -> Result<S::Ok, S::Error> {
        Some(*value).filter(|value| *value != f32::INFINITY).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f32, D::Error> {
        Ok(Option::deserialize(from)?.unwrap_or(f32::INFINITY))
    }
}
