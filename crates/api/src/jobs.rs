//! Trainings as the API sees them: begun, looked at, cancelled. Who carries them out is plugged in by the binary.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// It waits for its turn.
    Queued,
    /// It is under way.
    Running,
    /// It has done its work; `outcome` says what came of it.
    Done,
    /// It could not do its work; `error` says why.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
}

impl JobState {
    /// Will nothing more come of it?
    pub fn is_over(self) -> bool {
        matches!(self, JobState::Done | JobState::Failed | JobState::Cancelled)
    }
}

/// A training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// Its number.
    pub id: String,
    /// How far it is.
    pub state: JobState,
    /// What it is at: `export`, `read`, `judge`, `train`, `store`.
    pub stage: String,
    /// How much of that stage is done, 0.0..=1.0.
    #[schema(minimum = 0.0, maximum = 1.0)]
    pub progress: f64,
    /// When it was begun (RFC 3339).
    pub started: Option<String>,
    /// When it was over.
    pub ended: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The version it made, as `palisade models list` numbers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_version: Option<i64>,
    /// What came of it, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

/// What a model is trained to judge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TrainKind {
    /// Who sends requests: from stored events and their labels.
    #[default]
    Traffic,
    /// Whose hand moves on a page: from stored interactions and their labels.
    Behaviour,
}

/// What is asked of a training.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainWish {
    /// What is trained.
    #[serde(default)]
    pub kind: TrainKind,
    /// Rounds over the data, 1..=10,000.
    pub epochs: Option<u32>,
    /// Rows that a step looks at; the additive model always looks at all of them.
    pub batch_size: Option<u32>,
    /// How the model computes.
    pub model: Option<String>,
}

/// Why no job was begun.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobRefusal {
    /// One is under way.
    #[error("job {0} is under way; wait for it, or cancel it with DELETE /jobs/{0}")]
    Busy(String),
    /// No such model is trained.
    #[error("model {asked:?} is not trained here; it is one of {}", known.join(", "))]
    Model {
        /// What was asked for.
        asked: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// It cannot be written down.
    #[error("the job cannot be kept: {0}")]
    Store(String),
}

/// Who trains.
pub trait Jobs: Send + Sync {
    /// Begins a job and returns its number; it goes on by itself.
    ///
    /// # Errors
    /// While another is under way, for a model that is not trained, or where it cannot be kept.
    fn begin(&self, wish: &TrainWish) -> Result<String, JobRefusal>;

    /// How far a job is; `None` where there is none of that number, or it was forgotten.
    fn job(&self, id: &str) -> Option<Job>;

    /// Cancels a job that is not over; what is over stays as it is. `None` where there is none of that number.
    fn cancel(&self, id: &str) -> Option<Job>;
}
