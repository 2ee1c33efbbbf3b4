//! `[model]`: which model scores.

use std::path::PathBuf;

use crate::section::Section;

/// `[model]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSettings {
    /// `builtin:NAME`, or a model file.
    pub uri: String,
    /// The folder models may be loaded from.
    pub trusted_dir: PathBuf,
}

impl Default for ModelSettings {
    fn default() -> Self {
        ModelSettings { uri: "builtin:http".to_owned(), trusted_dir: PathBuf::from("models") }
    }
}

impl ModelSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let default = ModelSettings::default();
        let trusted_dir = default.trusted_dir.display().to_string();
        ModelSettings {
            uri: section.text("uri", default.uri, |text| not_empty(text, "names no model")),
            trusted_dir: section
                .text("trusted_dir", trusted_dir, |text| not_empty(text, "names no folder"))
                .into(),
        }
    }
}

fn not_empty(text: &str, problem: &str) -> Result<String, String> {
    if text.is_empty() { Err(format!("\"\" {problem}")) } else { Ok(text.to_owned()) }
}
