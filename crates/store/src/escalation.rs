//! The queue of slow opinions: what `/escalate` and `/webhook` hand over, kept until somebody has dealt with it.

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use crate::bounds::{self, cut};
use crate::{ReadError, WriteError};

/// The number of a queued item within its tenant, 1 and up, never given twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EscalationId(pub i64);

/// One item, taken from the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// Its number.
    pub id: EscalationId,
    /// Who deals with it: a word such as `webhook` or `opinion`.
    pub kind: String,
    /// What it is about, as the one who put it wrote it.
    pub payload: String,
    /// When it was put.
    pub created_at: Timestamp,
    /// How often it has been taken, this time included.
    pub attempts: u32,
}

/// What becomes of a failed item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// It is taken again later.
    Retried,
    /// It has failed [`crate::bounds::ESCALATION_ATTEMPTS_MAX`] times and is gone.
    GivenUp,
    /// Somebody else has it by now, or it is done.
    NotOurs,
}

/// A durable queue. What was put stays until it is done or has failed too often; nobody else is given what one has
/// taken before its lease is over.
#[async_trait]
pub trait Escalations: Send + Sync {
    /// Queues `payload` for whoever deals with `kind`.
    ///
    /// # Errors
    /// Where the queue is full or the payload is longer than [`crate::bounds::ESCALATION_BYTES_MAX`]: it is not
    /// cut, because half of it would say something else.
    async fn put_escalation(
        &self,
        tenant: TenantId,
        kind: &str,
        payload: &str,
        now: Timestamp,
    ) -> Result<EscalationId, WriteError>;

    /// Takes up to `limit` of the oldest items of `kind` that nobody holds, until `lease_until`. What was taken too
    /// often and never came back is removed on the way.
    async fn take_escalations(
        &self,
        tenant: TenantId,
        kind: &str,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Escalation>, WriteError>;

    /// It is dealt with. False where it was gone already.
    async fn escalation_done(&self, tenant: TenantId, id: EscalationId) -> Result<bool, WriteError>;

    /// It could not be dealt with; it may be taken again at `retry_at`.
    async fn escalation_failed(
        &self,
        tenant: TenantId,
        taken: &Escalation,
        retry_at: Timestamp,
    ) -> Result<AfterFailure, WriteError>;

    /// Deletes what was put before `before`, held or not, and returns how many: an opinion that comes so late is of no
    /// use, and what is asked about names people.
    async fn delete_escalations_before(&self, tenant: TenantId, before: Timestamp)
    -> Result<u64, WriteError>;

    /// How many items wait or are held.
    async fn count_escalations(&self, tenant: TenantId) -> Result<u64, ReadError>;
}

/// Kind and payload as they are stored.
pub(crate) fn checked(kind: &str, payload: &str) -> Result<(String, String), WriteError> {
    let (bytes, max) = (payload.len(), bounds::ESCALATION_BYTES_MAX);
    if bytes > max {
        return Err(WriteError::TooLong { what: "the escalation", bytes, max });
    }
    Ok((cut(kind, bounds::WORD_BYTES_MAX), cut(payload, max)))
}
