//! Versions of models: the file, what it was trained on, what became of it and why.
//!
//! A version is stored whole or not at all, and a step (shadow, promote, reject, roll back) changes every version that it
//! touches, their histories and the audit log in one transaction: after a crash either all of it holds or nothing.

mod labels;
mod steps;

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use crate::bounds::{METRICS_BYTES_MAX, MODEL_BYTES_MAX, WORD_BYTES_MAX, cut};
use crate::codec::{hex, sha256};
use crate::{AuditRandom, LabelId, NewAuditLine, Page, ReadError, WriteError};

pub(crate) use labels::{from_ranges, ranges};
pub use steps::{ModelStep, StepRefusal};
pub(crate) use steps::{Move, droppable, moves};

/// The number of a version within its tenant, 1 and up, never given twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelVersionId(pub i64);

/// Where a version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ModelStatus {
    /// Trained or imported; it scores nothing.
    Candidate,
    /// It scores live traffic beside the live model, and decides nothing.
    Shadow,
    /// It decides. At most one version of a subject is live.
    Live,
    /// It was live.
    Retired,
    /// It was not good enough.
    Rejected,
}

impl ModelStatus {
    /// Every status.
    pub const ALL: [ModelStatus; 5] = [
        ModelStatus::Candidate,
        ModelStatus::Shadow,
        ModelStatus::Live,
        ModelStatus::Retired,
        ModelStatus::Rejected,
    ];

    /// The name used on the surface and in the database.
    pub fn name(self) -> &'static str {
        match self {
            ModelStatus::Candidate => "candidate",
            ModelStatus::Shadow => "shadow",
            ModelStatus::Live => "live",
            ModelStatus::Retired => "retired",
            ModelStatus::Rejected => "rejected",
        }
    }

    /// The status called `name`.
    pub fn named(name: &str) -> Option<Self> {
        ModelStatus::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// A version to be stored. The store does not look into the file: whoever adds one has read it.
#[derive(Clone, Debug, PartialEq)]
pub struct NewModel {
    /// The model's own name; cut to [`WORD_BYTES_MAX`].
    pub name: String,
    /// How it computes: `additive`; cut to [`WORD_BYTES_MAX`].
    pub kind: String,
    /// What it judges: `traffic`, `behaviour`; cut to [`WORD_BYTES_MAX`].
    pub subject: String,
    /// Digest of the rows it was trained on; cut to [`WORD_BYTES_MAX`].
    pub data_sha256: String,
    /// Figures of its evaluation, a JSON object; at most [`METRICS_BYTES_MAX`].
    pub metrics: String,
    /// The labels it was trained on, in any order.
    pub labels: Vec<LabelId>,
    /// The model file; at most [`MODEL_BYTES_MAX`].
    pub file: Vec<u8>,
}

impl NewModel {
    /// Half a file, or half of its figures, is another or none, so what is beyond its bound is refused.
    pub(crate) fn check(&self) -> Result<(), WriteError> {
        let too_long = |what, bytes, max| Err(WriteError::TooLong { what, bytes, max });
        match (self.file.len(), self.metrics.len()) {
            (bytes, _) if bytes > MODEL_BYTES_MAX => too_long("the model file", bytes, MODEL_BYTES_MAX),
            (_, bytes) if bytes > METRICS_BYTES_MAX => {
                too_long("the model's metrics", bytes, METRICS_BYTES_MAX)
            }
            _ => Ok(()),
        }
    }
}

/// A version as stored, without its file.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelVersion {
    /// Its number.
    pub id: ModelVersionId,
    /// Whose version.
    pub tenant: TenantId,
    /// The model's own name.
    pub name: String,
    /// How it computes.
    pub kind: String,
    /// What it judges.
    pub subject: String,
    /// SHA-256 of the whole file, 64 hexadecimal digits.
    pub sha256: String,
    /// Digest of the rows it was trained on.
    pub data_sha256: String,
    /// When it was stored.
    pub created_at: Timestamp,
    /// Figures of its evaluation, a JSON object.
    pub metrics: String,
    /// Where it stands.
    pub status: ModelStatus,
    /// The version that was live before it; none where it never was live, or nothing of the store was before.
    pub before: Option<ModelVersionId>,
    /// Bytes of its file.
    pub size: u64,
}

impl ModelVersion {
    /// `new` under number `id`, its text cut to the bounds.
    pub(crate) fn made(id: ModelVersionId, tenant: TenantId, new: &NewModel, now: Timestamp) -> Self {
        let word = |text: &str| cut(text, WORD_BYTES_MAX);
        ModelVersion {
            id,
            tenant,
            name: cut(&new.name, crate::bounds::KEY_NAME_BYTES_MAX),
            kind: word(&new.kind),
            subject: word(&new.subject),
            sha256: hex(&sha256(&[&new.file])),
            data_sha256: word(&new.data_sha256),
            created_at: now,
            metrics: new.metrics.replace('\0', "."),
            status: ModelStatus::Candidate,
            before: None,
            size: new.file.len() as u64,
        }
    }
}

/// One change of a version's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelChange {
    /// Which version.
    pub model: ModelVersionId,
    /// When.
    pub time: Timestamp,
    /// What it was before; none where it was added.
    pub from: Option<ModelStatus>,
    /// What it became.
    pub to: ModelStatus,
    /// Why, in a sentence or several; cut to [`crate::bounds::AUDIT_FIELD_BYTES_MAX`].
    pub reason: String,
    /// Who, in the words of the audit log.
    pub author: String,
}

/// A step was not made; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// It may not be made.
    #[error(transparent)]
    Refused(#[from] StepRefusal),
    /// The store could not write it.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<crate::Fault> for StepError {
    fn from(fault: crate::Fault) -> Self {
        StepError::Write(fault.into())
    }
}

impl From<ReadError> for StepError {
    fn from(error: ReadError) -> Self {
        StepError::Write(error.into())
    }
}

/// Versions of models. Time, author and reason of a change are those of the audit line that goes with it.
#[async_trait]
pub trait Models: Send + Sync {
    /// Stores a version as a candidate, with `line` in the audit log, whose object becomes `model:NUMBER`. Beyond the bound the
    /// oldest version goes that is neither live, nor in the shadow, nor what a roll-back would return to, nor a candidate.
    ///
    /// # Errors
    /// [`WriteError::TooLong`] for a file or figures beyond their bound, [`WriteError::Full`] where no version may go.
    async fn add_model(
        &self,
        tenant: TenantId,
        new: &NewModel,
        line: &NewAuditLine,
        random: &AuditRandom,
    ) -> Result<ModelVersion, WriteError>;

    /// Makes a step, with `line` in the audit log. Returns the versions it changed, as they are now.
    ///
    /// # Errors
    /// [`StepError::Refused`] where it may not be made.
    async fn step_model(
        &self,
        tenant: TenantId,
        step: &ModelStep,
        line: &NewAuditLine,
        random: &AuditRandom,
    ) -> Result<Vec<ModelVersion>, StepError>;

    /// All versions, by number; there are few.
    async fn models(&self, tenant: TenantId) -> Result<Vec<ModelVersion>, ReadError>;

    /// The file of a version.
    async fn model_file(&self, tenant: TenantId, id: ModelVersionId) -> Result<Option<Vec<u8>>, ReadError>;

    /// The labels a version was trained on, by number; nothing for a version that is not there.
    async fn model_labels(&self, tenant: TenantId, id: ModelVersionId) -> Result<Vec<LabelId>, ReadError>;

    /// What became of a version, oldest first; nothing for one that is not there.
    async fn model_changes(
        &self,
        tenant: TenantId,
        id: ModelVersionId,
        page: Page,
    ) -> Result<Vec<ModelChange>, ReadError>;
}

/// The version of `subject` with `status`; the newest where several have it.
pub fn model_with<'a>(
    versions: &'a [ModelVersion],
    subject: &str,
    status: ModelStatus,
) -> Option<&'a ModelVersion> {
    versions.iter().rev().find(|version| version.subject == subject && version.status == status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for status in ModelStatus::ALL {
            assert_eq!(ModelStatus::named(status.name()), Some(status));
        }
        assert_eq!(ModelStatus::named("alive"), None);
    }

    #[test]
    fn what_is_beyond_its_bound_is_refused() {
        let new = |file, metrics| NewModel {
            name: "m".into(),
            kind: "additive".into(),
            subject: "traffic".into(),
            data_sha256: String::new(),
            metrics: "x".repeat(metrics),
            labels: Vec::new(),
            file: vec![0; file],
        };
        assert!(new(MODEL_BYTES_MAX, METRICS_BYTES_MAX).check().is_ok());
        assert!(matches!(new(MODEL_BYTES_MAX + 1, 0).check(), Err(WriteError::TooLong { .. })));
        assert!(matches!(new(0, METRICS_BYTES_MAX + 1).check(), Err(WriteError::TooLong { .. })));
    }
}
