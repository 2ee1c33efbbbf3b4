//! `[audit]`: the log of who changed what.

use std::path::PathBuf;

use super::site::parse_file;
use crate::section::Section;

/// `[audit]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditSettings {
    /// Where the head of the chain is written every day, best on another machine's disk; `None` writes it nowhere.
    pub export_dir: Option<PathBuf>,
}

impl AuditSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        AuditSettings { export_dir: section.text_option("export_dir", parse_file).map(PathBuf::from) }
    }
}
