//! Interactions: what widgets recorded, kept so that a model can be trained on it.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use crate::bounds::INTERACTION_PAGE_MAX;
use crate::{LabelVerdict, Page, ReadError, WriteError};

/// The name of an interaction: 128 bits, random, as text a UUID in lower case. Whoever knows it may label it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InteractionId(pub u128);

impl InteractionId {
    /// The name made of random bits; the bits that tell a UUID's kind are set (RFC 9562, version 4).
    pub fn from_random(bits: u128) -> Self {
        const VERSION: u128 = 0xf << 76;
        const VARIANT: u128 = 0b11 << 62;
        InteractionId(bits & !VERSION & !VARIANT | 4 << 76 | 0b10 << 62)
    }
}

impl fmt::Display for InteractionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.0;
        let part = |shift: u32, bits: u32| id >> shift & ((1 << bits) - 1);
        let (time, mid, high) = (part(96, 32), part(80, 16), part(64, 16));
        write!(f, "{time:08x}-{mid:04x}-{high:04x}-{:04x}-{:012x}", part(48, 16), part(0, 48))
    }
}

/// Some text is no name of an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an interaction's name is 32 hexadecimal digits, as 00000000-0000-4000-8000-000000000000 or without its dashes"
)]
pub struct NoInteractionId;

impl FromStr for InteractionId {
    type Err = NoInteractionId;

    /// With its dashes, or without all four of them: libraries of UUIDs write both.
    fn from_str(text: &str) -> Result<Self, NoInteractionId> {
        let bytes = text.as_bytes();
        let dashed = match bytes.len() {
            36 => true,
            32 => false,
            _ => return Err(NoInteractionId),
        };
        let mut id = 0_u128;
        for (at, byte) in bytes.iter().enumerate() {
            match (at, byte) {
                (8 | 13 | 18 | 23, b'-') if dashed => {}
                (8 | 13 | 18 | 23, _) if dashed => return Err(NoInteractionId),
                _ => {
                    let digit = char::from(*byte).to_digit(16).ok_or(NoInteractionId)?;
                    id = id << 4 | u128::from(digit);
                }
            }
        }
        Ok(InteractionId(id))
    }
}

/// How an interaction came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InteractionSource {
    /// A widget sent it to be judged, and the server's sample took it.
    Widget,
    /// The protected application stored it (`/api/store`).
    Application,
    /// A file that was read in.
    Import,
}

impl InteractionSource {
    /// Every source.
    pub const ALL: [InteractionSource; 3] =
        [InteractionSource::Widget, InteractionSource::Application, InteractionSource::Import];

    /// The name used on the surface and in the database.
    pub fn name(self) -> &'static str {
        match self {
            InteractionSource::Widget => "widget",
            InteractionSource::Application => "application",
            InteractionSource::Import => "import",
        }
    }

    /// The source called `name`.
    pub fn named(name: &str) -> Option<Self> {
        InteractionSource::ALL.into_iter().find(|source| source.name() == name)
    }
}

/// An interaction to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct NewInteraction {
    /// Its name.
    pub id: InteractionId,
    /// When it came.
    pub time: Timestamp,
    /// What was recorded: JSON in the one spelling of `palisade-challenge`, without keys, values and names of fields. At most
    /// [`crate::bounds::INTERACTION_BYTES_MAX`].
    pub data: String,
    /// Who it was, where that is known. The label's source and weight stand with the labels.
    pub label: Option<LabelVerdict>,
    /// How it came here.
    pub source: InteractionSource,
    /// What it was judged to be then: 0.0 (a program) to 1.0 (a person).
    pub score: Option<f64>,
}

/// What a row takes beside its data.
const ROW_BYTES: usize = 128;

impl NewInteraction {
    /// What it takes when it is stored, roughly.
    pub(crate) fn bytes(&self) -> u64 {
        (ROW_BYTES + self.data.len()) as u64
    }

    /// Cut JSON would be another recording or none, so one beyond the bound is refused.
    pub(crate) fn check(&self) -> Result<(), WriteError> {
        let (bytes, max) = (self.data.len(), crate::bounds::INTERACTION_BYTES_MAX);
        if bytes > max { Err(WriteError::TooLong { what: "the interaction", bytes, max }) } else { Ok(()) }
    }

    /// As it is stored: a score that is none is left out.
    pub(crate) fn bounded(&self) -> NewInteraction {
        let score = self.score.filter(|score| (0.0..=1.0).contains(score));
        NewInteraction { data: self.data.replace('\0', "."), score, ..self.clone() }
    }
}

/// An interaction as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredInteraction {
    /// Its number within its tenant, 1 and up, in the order of storing: pages begin after it.
    pub number: i64,
    /// Whose interaction.
    pub tenant: TenantId,
    /// The interaction, with its newest label.
    pub interaction: NewInteraction,
}

/// How much is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InteractionsSize {
    /// Interactions.
    pub interactions: u64,
    /// Those of them that bear a label.
    pub labelled: u64,
    /// What all of them take, roughly.
    pub bytes: u64,
}

/// At most so many rows of a page: they are long.
pub(crate) fn rows(page: Page) -> usize {
    page.limit.min(INTERACTION_PAGE_MAX)
}

/// Interactions; beyond the bounds (rows, bytes) the oldest numbers are dropped.
#[async_trait]
pub trait Interactions: Send + Sync {
    /// Stores one; false where its name is taken, and nothing is changed.
    ///
    /// # Errors
    /// [`WriteError::TooLong`] for one that is longer than its bound.
    async fn add_interaction(&self, tenant: TenantId, new: &NewInteraction) -> Result<bool, WriteError>;

    /// Writes a label on one; false where there is none of that name.
    async fn label_interaction(
        &self,
        tenant: TenantId,
        id: InteractionId,
        label: LabelVerdict,
    ) -> Result<bool, WriteError>;

    /// The one of that name.
    async fn interaction(
        &self,
        tenant: TenantId,
        id: InteractionId,
    ) -> Result<Option<StoredInteraction>, ReadError>;

    /// One page in the order of storing; at most [`INTERACTION_PAGE_MAX`] rows.
    async fn interactions(&self, tenant: TenantId, page: Page) -> Result<Vec<StoredInteraction>, ReadError>;

    /// Deletes what came before `before`. Returns how many there were.
    async fn delete_interactions_before(
        &self,
        tenant: TenantId,
        before: Timestamp,
    ) -> Result<u64, WriteError>;

    /// How many there are and what they take.
    async fn interactions_size(&self, tenant: TenantId) -> Result<InteractionsSize, ReadError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_uuids() {
        let text = "5e6f7a8b-0000-4000-8000-00000000000b";
        assert_eq!(text.parse::<InteractionId>().map(|id| id.to_string()), Ok(text.to_owned()));
        assert_eq!(InteractionId::from_random(u128::MAX).to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(InteractionId::from_random(0).to_string(), "00000000-0000-4000-8000-000000000000");
        for bad in [
            "",
            "5e6f7a8b000040008000000000000000000b",
            "5e6f7a8b-0000-4000-8000-00000000",
            "5e6f7a8b00004000800000000000000g",
            "../../../../etc/passwd-0000-4000-800",
            "5e6f7a8b-0000-4000-8000-00000000000g",
            "5e6f7a8b-0000-4000-8000-00000000000b0",
            "+e6f7a8b-0000-4000-8000-00000000000b",
            "5e6f7a8b-0000-4000-8000-0000000000é",
        ] {
            assert_eq!(bad.parse::<InteractionId>(), Err(NoInteractionId), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn names_round_trip(id in any::<u128>()) {
            let id = InteractionId(id);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
            prop_assert_eq!(id.to_string().replace('-', "").parse(), Ok(id));
        }
    }
}
