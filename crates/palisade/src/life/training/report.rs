//! What a training says of itself: lines of JSON for whoever began it, a bar and sentences for people.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;

use palisade_learn::labels::Why;
use palisade_store::ModelVersionId;
use serde::{Deserialize, Serialize};

use crate::shell;

/// Least step of a stage that is told.
const STEP: f64 = 0.02;

/// One line of a child's standard output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Line {
    /// It has done its work.
    Done {
        /// What came of it, for people.
        outcome: String,
        /// The version it is about.
        model_version: Option<i64>,
    },
    /// It could not.
    Failed {
        /// Why, for people.
        error: String,
    },
    /// How far it is.
    At {
        /// In which stage.
        stage: String,
        /// How much of it is done, 0.0..=1.0.
        progress: f64,
    },
}

/// Where it is said.
pub(super) struct Report {
    as_json: bool,
    told: Cell<f64>,
}

impl Report {
    pub(super) fn new(as_json: bool) -> Self {
        Report { as_json, told: Cell::new(0.0) }
    }

    /// A stage begins.
    ///
    /// # Errors
    /// Where nobody reads any more: whoever began it is gone.
    pub(super) fn stage(&self, stage: &str, progress: f64) -> io::Result<()> {
        self.told.set(progress);
        match self.as_json {
            true => say(&Line::At { stage: stage.to_owned(), progress }),
            false => {
                if shell::watched() {
                    shell::complain(&format!("{stage} …"));
                }
                Ok(())
            }
        }
    }

    /// So much of a stage is done. Small steps are kept to ourselves.
    pub(super) fn progress(&self, stage: &str, share: f64) {
        if self.as_json && share - self.told.get() >= STEP {
            self.told.set(share);
            // The next stage finds out that nobody reads.
            let _ = say(&Line::At { stage: stage.to_owned(), progress: share });
        }
    }

    /// What labels came to.
    ///
    /// # Errors
    /// As [`Report::stage`].
    pub(super) fn counted(&self, counts: &BTreeMap<Why, u64>) -> io::Result<()> {
        if self.as_json {
            return Ok(());
        }
        let lines: Vec<String> =
            counts.iter().map(|(why, count)| format!("{count:>10}  {}", why.name())).collect();
        if lines.is_empty() { Ok(()) } else { shell::say(&format!("labels\n{}", lines.join("\n"))) }
    }

    /// What was read, and what was left out, for people.
    ///
    /// # Errors
    /// As [`Report::stage`].
    pub(super) fn table(&self, table: &str) -> io::Result<()> {
        if self.as_json { Ok(()) } else { shell::say(table.trim_end()) }
    }

    /// What came of it.
    ///
    /// # Errors
    /// As [`Report::stage`].
    pub(super) fn done(&self, version: Option<ModelVersionId>, outcome: &str) -> io::Result<()> {
        match self.as_json {
            true => say(&Line::Done { outcome: outcome.to_owned(), model_version: version.map(|id| id.0) }),
            false => shell::say(outcome),
        }
    }

    /// Why nothing came of it; people read that elsewhere.
    pub(super) fn failed(&self, error: &anyhow::Error) {
        if self.as_json {
            let _ = say(&Line::Failed { error: format!("{error:#}") });
        }
    }
}

fn say(line: &Line) -> io::Result<()> {
    shell::say(&serde_json::to_string(line)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_round_trip() {
        let lines = [
            Line::At { stage: "train".to_owned(), progress: 0.5 },
            Line::Done { outcome: "model version 3 is live".to_owned(), model_version: Some(3) },
            Line::Failed { error: "too few".to_owned() },
        ];
        for line in lines {
            let text = serde_json::to_string(&line).unwrap();
            assert_eq!(serde_json::from_str::<Line>(&text).unwrap(), line, "{text}");
        }
        for bad in ["", "{}", "[]", "{\"stage\":1}", "words"] {
            assert!(serde_json::from_str::<Line>(bad).is_err(), "{bad}");
        }
    }
}
