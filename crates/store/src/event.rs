//! Verdict events: what was seen, what was thought of it and what was done.

use async_trait::async_trait;
use palisade_domain::{
    Action, ClaimStatus, ClientIp, ClientKey, IdentityClass, Score, SiteId, TenantId, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::bounds::{self, cut};
use crate::{ReadError, WriteError};

/// Whom an event is attributed to; owns what [`ClientKey`] borrows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Client {
    /// An address.
    Ip(ClientIp),
    /// A name without an address; cut to [`bounds::CLIENT_BYTES_MAX`].
    Opaque(String),
}

impl Client {
    /// The client as it is stored and looked up.
    pub(crate) fn bounded(&self) -> Client {
        match self {
            Client::Ip(ip) => Client::Ip(*ip),
            Client::Opaque(name) => Client::Opaque(cut(name, bounds::CLIENT_BYTES_MAX)),
        }
    }
}

impl From<ClientKey<'_>> for Client {
    fn from(key: ClientKey<'_>) -> Self {
        match key {
            ClientKey::Ip(ip) => Client::Ip(ip),
            ClientKey::Opaque(name) => Client::Opaque(name.to_owned()),
        }
    }
}

/// Class, claimed name and status as they were judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityRecord {
    /// What kind of client.
    pub class: IdentityClass,
    /// The name it went by.
    pub claimed: Option<String>,
    /// How far the claim was proven.
    pub status: ClaimStatus,
}

/// One line of the explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalRecord {
    /// The signal's dotted name.
    pub id: String,
    /// Score points.
    pub points: i16,
    /// Why, rendered.
    pub detail: String,
    /// True where it was shown but worth nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// One verdict to be remembered. Text beyond its bound is cut when it is stored, see [`bounds`].
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When the request arrived.
    pub time: Timestamp,
    /// On which site.
    pub site: SiteId,
    /// Whom it is attributed to.
    pub client: Client,
    /// Its method.
    pub method: Option<String>,
    /// Its path and query.
    pub target: Option<String>,
    /// Its user agent.
    pub user_agent: Option<String>,
    /// Status of the response.
    pub status: Option<u16>,
    /// 0..=100 bot.
    pub score: Score,
    /// What the policy said.
    pub action: Action,
    /// What was done.
    pub enforced: Action,
    /// The rule that decided.
    pub rule: String,
    /// Who it was.
    pub identity: IdentityRecord,
    /// The explanation, strongest first; at most [`bounds::SIGNALS_MAX`] lines are kept.
    pub signals: Vec<SignalRecord>,
}

impl Event {
    /// The event as it is stored: every text within its bound.
    pub(crate) fn bounded(&self) -> Event {
        let cut_option = |text: &Option<String>, max| text.as_deref().map(|text| cut(text, max));
        Event {
            client: self.client.bounded(),
            method: cut_option(&self.method, bounds::METHOD_BYTES_MAX),
            target: cut_option(&self.target, bounds::TARGET_BYTES_MAX),
            user_agent: cut_option(&self.user_agent, bounds::USER_AGENT_BYTES_MAX),
            rule: cut(&self.rule, bounds::WORD_BYTES_MAX),
            identity: IdentityRecord {
                claimed: cut_option(&self.identity.claimed, bounds::WORD_BYTES_MAX),
                ..self.identity
            },
            signals: self.signals.iter().take(bounds::SIGNALS_MAX).map(SignalRecord::bounded).collect(),
            ..*self
        }
    }
}

impl SignalRecord {
    fn bounded(&self) -> SignalRecord {
        SignalRecord {
            id: cut(&self.id, bounds::WORD_BYTES_MAX),
            detail: cut(&self.detail, bounds::DETAIL_BYTES_MAX),
            ..*self
        }
    }
}

/// The number of an event within its tenant, 1 and up, in the order of storing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub i64);

/// An event as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// Its number.
    pub id: EventId,
    /// Whose event.
    pub tenant: TenantId,
    /// The event, cut to the bounds.
    pub event: Event,
}

/// Which events to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventQuery {
    /// The first moment that counts.
    pub from: Timestamp,
    /// The first moment that no longer counts.
    pub until: Timestamp,
    /// Only this client's.
    pub client: Option<Client>,
    /// At most this many, capped at [`bounds::PAGE_MAX`].
    pub limit: usize,
}

impl EventQuery {
    /// Everything, as much as one answer holds.
    pub const ALL: EventQuery = EventQuery {
        from: Timestamp(i64::MIN),
        until: Timestamp(i64::MAX),
        client: None,
        limit: bounds::PAGE_MAX,
    };

    /// The limit after the cap.
    pub(crate) fn rows(&self) -> usize {
        self.limit.min(bounds::PAGE_MAX)
    }
}

/// Verdict events; beyond the bound the oldest numbers are dropped.
#[async_trait]
pub trait Events: Send + Sync {
    /// Stores all `events` or none. Returns their numbers, in order.
    async fn append(&self, tenant: TenantId, events: &[Event]) -> Result<Vec<EventId>, WriteError>;

    /// The events of `query`, newest first (by time, then number).
    async fn query(&self, tenant: TenantId, query: &EventQuery) -> Result<Vec<StoredEvent>, ReadError>;

    /// Deletes what happened before `before`. Returns how many there were.
    async fn delete_before(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError>;

    /// How many events there are.
    async fn count_events(&self, tenant: TenantId) -> Result<u64, ReadError>;
}
