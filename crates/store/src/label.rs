//! Labels: what somebody knows about who it was.

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use crate::bounds::{WORD_BYTES_MAX, cut};
use crate::{Client, EventId, InteractionId, Page, ReadError, WriteError};

/// What a label says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LabelVerdict {
    /// A person.
    Human,
    /// A program.
    Bot,
}

impl LabelVerdict {
    /// The name used on the surface and in the database.
    pub fn name(self) -> &'static str {
        match self {
            LabelVerdict::Human => "human",
            LabelVerdict::Bot => "bot",
        }
    }

    /// The verdict called `name`.
    pub fn named(name: &str) -> Option<Self> {
        [LabelVerdict::Human, LabelVerdict::Bot].into_iter().find(|verdict| verdict.name() == name)
    }
}

/// By which way a label came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LabelSource {
    /// A person at the desk or command line.
    Operator,
    /// The protected application (`/feedback`, `/api/update`).
    Application,
    /// Another program of the operator's (`/webhook`).
    Webhook,
    /// A trap that was walked into.
    Trap,
    /// A challenge's outcome.
    Challenge,
    /// A slow opinion behind the queue.
    Escalation,
    /// A file that was read in.
    Import,
}

impl LabelSource {
    /// Every source.
    pub const ALL: [LabelSource; 7] = [
        LabelSource::Operator,
        LabelSource::Application,
        LabelSource::Webhook,
        LabelSource::Trap,
        LabelSource::Challenge,
        LabelSource::Escalation,
        LabelSource::Import,
    ];

    /// The name used on the surface and in the database.
    pub fn name(self) -> &'static str {
        match self {
            LabelSource::Operator => "operator",
            LabelSource::Application => "application",
            LabelSource::Webhook => "webhook",
            LabelSource::Trap => "trap",
            LabelSource::Challenge => "challenge",
            LabelSource::Escalation => "escalation",
            LabelSource::Import => "import",
        }
    }

    /// The source called `name`.
    pub fn named(name: &str) -> Option<Self> {
        LabelSource::ALL.into_iter().find(|source| source.name() == name)
    }
}

/// What a label rests on: a model that learns from its own decisions learns nothing but them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LabelBasis {
    /// Somebody who knows says so.
    Told,
    /// It repeats, or follows from, a decision of ours.
    Decision,
    /// That a program did, or did not do, the work of a challenge, and nothing else.
    Work,
}

impl LabelBasis {
    /// Every basis.
    pub const ALL: [LabelBasis; 3] = [LabelBasis::Told, LabelBasis::Decision, LabelBasis::Work];

    /// The name used on the surface and in the database.
    pub fn name(self) -> &'static str {
        match self {
            LabelBasis::Told => "told",
            LabelBasis::Decision => "decision",
            LabelBasis::Work => "work",
        }
    }

    /// The basis called `name`.
    pub fn named(name: &str) -> Option<Self> {
        LabelBasis::ALL.into_iter().find(|basis| basis.name() == name)
    }
}

/// What a label is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LabelSubject {
    /// One stored event. The event may be gone by now; the label stays.
    Event(EventId),
    /// A client at a moment, where no event was stored.
    Client {
        /// Who.
        client: Client,
        /// When.
        time: Timestamp,
    },
    /// One stored interaction. It may be gone by now; the label stays.
    Interaction(InteractionId),
}

impl LabelSubject {
    /// The subject as it is stored.
    pub(crate) fn bounded(&self) -> LabelSubject {
        match self {
            LabelSubject::Event(id) => LabelSubject::Event(*id),
            LabelSubject::Interaction(id) => LabelSubject::Interaction(*id),
            LabelSubject::Client { client, time } => {
                LabelSubject::Client { client: client.bounded(), time: *time }
            }
        }
    }
}

/// How much a label counts in training, 0.0..=1.0. Labels caused by our own decision stay at 0.1 or below.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Weight(f64);

impl Weight {
    /// A label that counts in full.
    pub const FULL: Weight = Weight(1.0);

    /// `value` as a weight; `None` outside 0.0..=1.0 and for NaN.
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Weight(value))
    }

    /// The number, 0.0..=1.0.
    pub fn value(self) -> f64 {
        self.0
    }
}

/// A label to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct NewLabel {
    /// What it is about.
    pub subject: LabelSubject,
    /// What it says.
    pub verdict: LabelVerdict,
    /// By which way it came.
    pub source: LabelSource,
    /// Who says so, in the words of the audit log: `key:3`, `cli`; empty where nobody in particular does. Cut to
    /// [`WORD_BYTES_MAX`].
    pub author: String,
    /// What it rests on.
    pub basis: LabelBasis,
    /// How much it counts.
    pub weight: Weight,
    /// When it was given.
    pub created_at: Timestamp,
}

/// The number of a label within its tenant, 1 and up, never given twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabelId(pub i64);

/// A label as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Its number.
    pub id: LabelId,
    /// Whose label.
    pub tenant: TenantId,
    /// What it is about.
    pub subject: LabelSubject,
    /// What it says.
    pub verdict: LabelVerdict,
    /// By which way it came.
    pub source: LabelSource,
    /// Who says so, in the words of the audit log: `key:3`, `cli`; empty where nobody in particular does. Cut to
    /// [`WORD_BYTES_MAX`].
    pub author: String,
    /// What it rests on.
    pub basis: LabelBasis,
    /// How much it counts.
    pub weight: Weight,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it was withdrawn: it counts no longer, and stays so that it is known what was trained on it.
    pub withdrawn_at: Option<Timestamp>,
}

impl Label {
    /// `new` under number `id`, its text cut to the bounds.
    pub(crate) fn made(id: LabelId, tenant: TenantId, new: &NewLabel) -> Self {
        Label {
            id,
            tenant,
            subject: new.subject.bounded(),
            verdict: new.verdict,
            source: new.source,
            author: cut(&new.author, WORD_BYTES_MAX),
            basis: new.basis,
            weight: new.weight,
            created_at: new.created_at,
            withdrawn_at: None,
        }
    }
}

/// Labels that came after some number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewLabels {
    /// The highest number of all labels; 0 where there are none.
    pub newest: LabelId,
    /// New ones about clients and events.
    pub traffic: u64,
    /// New ones about interactions.
    pub interactions: u64,
}

/// Labels. A label is durable when its call returns.
#[async_trait]
pub trait Labels: Send + Sync {
    /// Stores a label; one about the same subject by the same way and author is replaced and keeps its number, withdrawn
    /// or not: people change their minds.
    async fn put_label(&self, tenant: TenantId, label: &NewLabel) -> Result<Label, WriteError>;

    /// One page of all labels.
    async fn labels(&self, tenant: TenantId, page: Page) -> Result<Vec<Label>, ReadError>;

    /// Withdraws a label: `None` where there is none of that number. One that is withdrawn already stays as it is.
    async fn withdraw_label(
        &self,
        tenant: TenantId,
        id: LabelId,
        now: Timestamp,
    ) -> Result<Option<Label>, WriteError>;

    /// How many labels there are, withdrawn ones included.
    async fn count_labels(&self, tenant: TenantId) -> Result<u64, ReadError>;

    /// How many labels got a number above `after`, withdrawn ones included. One that was said again has its old number.
    async fn labels_after(&self, tenant: TenantId, after: LabelId) -> Result<NewLabels, ReadError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_stay_in_range() {
        assert_eq!(Weight::new(0.1).map(Weight::value), Some(0.1));
        for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(Weight::new(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_round_trip() {
        for source in LabelSource::ALL {
            assert_eq!(LabelSource::named(source.name()), Some(source));
        }
        for basis in LabelBasis::ALL {
            assert_eq!(LabelBasis::named(basis.name()), Some(basis));
        }
        assert_eq!(LabelVerdict::named("bot"), Some(LabelVerdict::Bot));
        assert_eq!(LabelVerdict::named("1"), None);
    }
}
