//! `[store]`: where things are kept.

use std::fmt;

use crate::section::Section;
use crate::value::quote_text;

/// Where records are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Records {
    /// The database in the data folder.
    #[default]
    Sqlite,
}

/// Where history is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hot {
    /// This process.
    #[default]
    Memory,
}

impl fmt::Display for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sqlite")
    }
}

impl fmt::Display for Hot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory")
    }
}

/// `[store]`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StoreSettings {
    /// Records: events, labels, lists.
    pub records: Records,
    /// Client history.
    pub hot: Hot,
    /// Share of ordinary clients whose events are kept, 0.0..=1.0.
    pub event_sample: f64,
}

impl Default for StoreSettings {
    fn default() -> Self {
        StoreSettings { records: Records::default(), hot: Hot::default(), event_sample: 0.01 }
    }
}

impl StoreSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let default = StoreSettings::default();
        StoreSettings {
            records: section.text("records", default.records, |text| match text {
                "sqlite" => Ok(Records::Sqlite),
                _ => Err(elsewhere(text, &["postgres://", "postgresql://"], "sqlite")),
            }),
            hot: section.text("hot", default.hot, |text| match text {
                "memory" => Ok(Hot::Memory),
                _ => Err(elsewhere(text, &["redis://", "rediss://"], "memory")),
            }),
            event_sample: section.number("event_sample", default.event_sample, &(0.0..=1.0)),
        }
    }
}

/// What is wrong with `text`. An address of a database may hold a password and is never repeated.
fn elsewhere(text: &str, schemes: &[&str], instead: &str) -> String {
    match schemes.iter().find(|scheme| text.starts_with(**scheme)) {
        Some(scheme) => format!("{scheme}… is not built yet; use \"{instead}\""),
        None if text.contains("://") => format!("is no known kind of address; use \"{instead}\""),
        None => format!("{} is not \"{instead}\"", quote_text(text)),
    }
}
