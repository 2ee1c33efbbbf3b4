//! The frozen set: labelled clients that never train, in numbers, so that every model is held against the same ones.
//!
//! Rows outlive the events they were made of and name nobody: a client is a keyed hash. A row stays as it was put, and goes with the
//! label it rests on.

use std::sync::Arc;

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use crate::bounds::{FROZEN_VALUES_MAX, WORD_BYTES_MAX, cut};
use crate::{LabelId, LabelVerdict, Page, ReadError, WriteError};

/// One client after its last request.
#[derive(Clone, Debug, PartialEq)]
pub struct FrozenRow {
    /// Which client, as a keyed hash; cut to [`WORD_BYTES_MAX`].
    pub client: String,
    /// The schema of its numbers; cut to [`WORD_BYTES_MAX`].
    pub schema: String,
    /// Who it was.
    pub verdict: LabelVerdict,
    /// The label that says so.
    pub label: LabelId,
    /// From where it was seen; cut to [`WORD_BYTES_MAX`].
    pub vantage: String,
    /// After how many requests.
    pub requests: u32,
    /// What the hand-set tables said, log-odds.
    pub by_rules: f32,
    /// What the numbers are called, in their order, so that another release finds them; each cut to [`WORD_BYTES_MAX`]. Empty in rows
    /// of before names were kept.
    pub features: Arc<[String]>,
    /// The numbers; NaN is unseen. At most [`FROZEN_VALUES_MAX`].
    pub values: Vec<f32>,
    /// When it was put there.
    pub created_at: Timestamp,
}

impl FrozenRow {
    /// As it is stored.
    pub(crate) fn bounded(&self) -> FrozenRow {
        let word = |text: &str| cut(text, WORD_BYTES_MAX);
        let values = self.values.iter().take(FROZEN_VALUES_MAX).copied().collect();
        let fits = |names: &[String]| {
            names.len() <= FROZEN_VALUES_MAX && names.iter().all(|name| name.len() <= WORD_BYTES_MAX)
        };
        let features = match &self.features {
            names if fits(names) => Arc::clone(names),
            names => names.iter().take(FROZEN_VALUES_MAX).map(|name| word(name)).collect(),
        };
        FrozenRow {
            client: word(&self.client),
            schema: word(&self.schema),
            vantage: word(&self.vantage),
            features,
            values,
            ..*self
        }
    }
}

/// Numbers as bytes, four each, little-endian.
pub(crate) fn to_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Reads what [`to_bytes`] wrote; `None` for a length that is none.
pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Vec<f32>> {
    let (values, rest) = bytes.as_chunks::<4>();
    rest.is_empty().then(|| values.iter().map(|value| f32::from_le_bytes(*value)).collect())
}

/// The frozen set.
#[async_trait]
pub trait Frozen: Send + Sync {
    /// Puts rows in, all or none of those there is room for; a client that is there already stays as it is. Returns how many came
    /// in.
    async fn add_frozen(&self, tenant: TenantId, rows: &[FrozenRow]) -> Result<usize, WriteError>;

    /// One page of the rows of a schema, in the order they came in, each with its number.
    async fn frozen_rows(
        &self,
        tenant: TenantId,
        schema: &str,
        page: Page,
    ) -> Result<Vec<(i64, FrozenRow)>, ReadError>;

    /// How many rows there are, of every schema.
    async fn count_frozen(&self, tenant: TenantId) -> Result<u64, ReadError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip() {
        let values = [0.0, -1.5, f32::INFINITY, f32::MIN_POSITIVE];
        assert_eq!(from_bytes(&to_bytes(&values)).as_deref(), Some(&values[..]));
        assert!(from_bytes(&to_bytes(&[f32::NAN])).is_some_and(|read| read[0].is_nan()));
        assert_eq!(from_bytes(&[1, 2, 3]), None);
    }
}
