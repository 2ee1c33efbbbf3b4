//! `[model]`: which model scores.

use std::path::PathBuf;

use palisade_model::ModelUri;

use crate::section::Section;

/// `[model]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSettings {
    /// `builtin:NAME`, a model file, or `onnx:FILE`.
    pub uri: ModelUri,
    /// The folder models may be loaded from.
    pub trusted_dir: PathBuf,
    /// Train again after so many new labels and stored interactions, 0..=1_000_000; 0 never does.
    pub retrain_after: u64,
    /// Train again after so many hours, 0..=8_760; 0 never does.
    pub retrain_every_hours: u32,
    /// Whether a challenger that proves better takes the live model's place by itself.
    pub auto_promote: bool,
    /// Whether the live model's bins follow new labels in small bounded steps between trainings.
    pub online: bool,
}

impl Default for ModelSettings {
    fn default() -> Self {
        ModelSettings {
            uri: ModelUri::Builtin("http".to_owned()),
            trusted_dir: PathBuf::from("models"),
            retrain_after: 10_000,
            retrain_every_hours: 0,
            auto_promote: true,
            online: false,
        }
    }
}

impl ModelSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let default = ModelSettings::default();
        let trusted_dir = default.trusted_dir.display().to_string();
        ModelSettings {
            uri: section
                .text("uri", default.uri, |text| ModelUri::parse(text).map_err(|error| error.to_string())),
            trusted_dir: section
                .text("trusted_dir", trusted_dir, |text| not_empty(text, "names no folder"))
                .into(),
            retrain_after: section.integer("retrain_after", default.retrain_after, &(0..=1_000_000)),
            retrain_every_hours: section.integer(
                "retrain_every_hours",
                default.retrain_every_hours,
                &(0..=8_760),
            ),
            auto_promote: section.boolean("auto_promote", default.auto_promote),
            online: section.boolean("online", default.online),
        }
    }
}

fn not_empty(text: &str, problem: &str) -> Result<String, String> {
    if text.is_empty() { Err(format!("\"\" {problem}")) } else { Ok(text.to_owned()) }
}
