//! The audit log: who changed what and when, in a chain that shows every later change.
//!
//! Each line's hash covers all its columns and the hash of the line before it ([`chain`]). What tells about a person
//! (addresses, user agents, names) is sealed with a key of that person alone ([`seal`]); the chain covers the sealed
//! form, so deleting the key erases the person and leaves every hash as it was.
//!
//! A chain cannot show that its own end was cut off. Two things can: the count of lines given so far, and the heads
//! that [`heads`] writes to a file once a day, best copied to another machine.

pub(crate) mod chain;
pub mod heads;
pub(crate) mod seal;

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use crate::bounds::{self, cut};
use crate::{Page, ReadError, WriteError, codec};

pub use chain::Broken;
pub use seal::AuditRandom;

/// One personal fact of a line, and whom it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Personal {
    /// The person, by the name under which they are erased: `ip:192.0.2.1`, `user:alice`; cut to
    /// [`bounds::AUDIT_SUBJECT_BYTES_MAX`].
    pub subject: String,
    /// What it is: `address`, `user_agent`, `actor`; cut to [`bounds::WORD_BYTES_MAX`]. Not personal itself.
    pub field: String,
    /// The fact; cut to [`bounds::AUDIT_FIELD_BYTES_MAX`].
    pub value: String,
}

/// A line to be written. Nothing personal belongs in the four plain texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAuditLine {
    /// When.
    pub time: Timestamp,
    /// Who, in our words: `cli`, `key:3`, `rule:login`.
    pub actor: String,
    /// What was done: `list.add`, `key.revoke`.
    pub action: String,
    /// To what: `entry:17`, `key:3`.
    pub object: String,
    /// How it went, and what people should know; cut to [`bounds::AUDIT_FIELD_BYTES_MAX`].
    pub detail: String,
    /// What is about persons; at most [`bounds::AUDIT_PERSONAL_MAX`] of them are kept.
    pub personal: Vec<Personal>,
}

impl NewAuditLine {
    /// The line as it is stored.
    pub(crate) fn bounded(&self) -> NewAuditLine {
        let personal = |fact: &Personal| Personal {
            subject: cut(&fact.subject, bounds::AUDIT_SUBJECT_BYTES_MAX),
            field: cut(&fact.field, bounds::WORD_BYTES_MAX),
            value: cut(&fact.value, bounds::AUDIT_FIELD_BYTES_MAX),
        };
        NewAuditLine {
            time: self.time,
            actor: cut(&self.actor, bounds::WORD_BYTES_MAX),
            action: cut(&self.action, bounds::WORD_BYTES_MAX),
            object: cut(&self.object, bounds::AUDIT_FIELD_BYTES_MAX),
            detail: cut(&self.detail, bounds::AUDIT_FIELD_BYTES_MAX),
            personal: self.personal.iter().take(bounds::AUDIT_PERSONAL_MAX).map(personal).collect(),
        }
    }
}

/// The number of a line within its tenant, 1 and up, without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AuditId(pub i64);

/// A personal fact as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalShown {
    /// What it is.
    pub field: String,
    /// The fact; `None` where the person was erased.
    pub value: Option<String>,
}

/// A line as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// Its number.
    pub id: AuditId,
    /// When.
    pub time: Timestamp,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// How it went.
    pub detail: String,
    /// What is about persons.
    pub personal: Vec<PersonalShown>,
}

/// The end of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// How many lines there are; 0 before the first.
    pub line: AuditId,
    /// The hash of the last one.
    pub hash: [u8; 32],
}

impl AuditHead {
    /// The hash in hexadecimal digits.
    pub fn hash_text(&self) -> String {
        codec::hex(&self.hash)
    }
}

/// What a check of the whole chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditVerdict {
    /// Lines that were read and are sound.
    pub sound: u64,
    /// The end of the sound part.
    pub head: AuditHead,
    /// The first line that is not sound, and why.
    pub broken: Option<BrokenLine>,
}

/// The first line that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct BrokenLine {
    /// The number it should have.
    pub line: i64,
    /// What is wrong.
    pub why: Broken,
}

/// The audit log. A line is durable when its call returns.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Appends a line. `random` must be fresh for each call.
    async fn append_audit(
        &self,
        tenant: TenantId,
        line: &NewAuditLine,
        random: &AuditRandom,
    ) -> Result<AuditId, WriteError>;

    /// One page of the log, by number. Facts of persons that were erased read `None`.
    async fn audit_lines(&self, tenant: TenantId, page: Page) -> Result<Vec<AuditLine>, ReadError>;

    /// The end of the chain.
    async fn audit_head(&self, tenant: TenantId) -> Result<AuditHead, ReadError>;

    /// Reads every line and checks the chain, and that it passes through each of `known`: heads that were put down
    /// elsewhere earlier, in any order.
    async fn verify_audit(&self, tenant: TenantId, known: &[AuditHead]) -> Result<AuditVerdict, ReadError>;

    /// Erases a person: what was sealed for `subject` can never be read again. False where no line is about them.
    async fn erase_subject(&self, tenant: TenantId, subject: &str) -> Result<bool, WriteError>;
}
