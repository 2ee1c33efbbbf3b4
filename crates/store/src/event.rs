//! Verdict events: what was seen, what was thought of it and what was done.

use async_trait::async_trait;
use palisade_domain::{
    Action, ClaimStatus, ClientIp, ClientKey, IdentityClass, RequestId, Score, SiteId, TenantId, Timestamp,
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
    /// The request's reference number, where it has one.
    pub request_id: Option<RequestId>,
    /// The request as a line of labelled traffic (JSON, no line break), for `palisade replay`. Not kept where it is
    /// longer than [`bounds::FACTS_BYTES_MAX`]. Read back by [`Events::export`] only.
    pub facts: Option<String>,
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
            facts: self.facts.as_deref().filter(|facts| fits_a_line(facts)).map(str::to_owned),
            ..*self
        }
    }
}

/// What a row takes beside its texts.
const ROW_BYTES: usize = 256;

impl Event {
    /// What the event takes when it is stored, roughly.
    pub(crate) fn bytes(&self) -> u64 {
        let of = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let client = match &self.client {
            Client::Ip(_) => 40,
            Client::Opaque(name) => name.len(),
        };
        let signals: usize =
            self.signals.iter().map(|signal| 48 + signal.id.len() + signal.detail.len()).sum();
        let texts = [&self.method, &self.target, &self.user_agent, &self.identity.claimed, &self.facts];
        let texts: usize = texts.into_iter().map(of).sum();
        (ROW_BYTES + client + self.rule.len() + signals + texts) as u64
    }
}

/// Cut JSON would be another request or none.
fn fits_a_line(facts: &str) -> bool {
    facts.len() <= bounds::FACTS_BYTES_MAX && !facts.bytes().any(|byte| byte < b' ')
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

/// What the stored events say about one client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reputation {
    /// Its stored events; at most the newest [`bounds::REPUTATION_EVENTS_MAX`] are looked at.
    pub requests: u64,
    /// Those of them with at least the score asked for.
    pub bot_requests: u64,
    /// The mean of their scores, 0.0..=100.0.
    pub mean_score: f64,
    /// The oldest event that is stored.
    pub first_seen: Timestamp,
    /// The newest.
    pub last_seen: Timestamp,
}

/// How much is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventsSize {
    /// Events.
    pub events: u64,
    /// What they take, roughly.
    pub bytes: u64,
}

/// Verdict events; beyond the bounds (rows, bytes) the oldest numbers are dropped.
#[async_trait]
pub trait Events: Send + Sync {
    /// Stores all `events` or none. Returns their numbers, in order.
    async fn append(&self, tenant: TenantId, events: &[Event]) -> Result<Vec<EventId>, WriteError>;

    /// The events of `query`, newest first (by time, then number), without their facts.
    async fn query(&self, tenant: TenantId, query: &EventQuery) -> Result<Vec<StoredEvent>, ReadError>;

    /// Events in the order of storing, from number `from` on, with their facts. At most `limit`, capped at
    /// [`bounds::EXPORT_PAGE_MAX`]; the next page begins after the last number.
    async fn export(
        &self,
        tenant: TenantId,
        from: EventId,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, ReadError>;

    /// The newest event of the request with this reference number, without its facts.
    async fn find_event(
        &self,
        tenant: TenantId,
        request: RequestId,
    ) -> Result<Option<StoredEvent>, ReadError>;

    /// What is known of `client`; a request counts as a bot's from `bot_score` on. `None` where nothing is stored.
    async fn reputation(
        &self,
        tenant: TenantId,
        client: &Client,
        bot_score: Score,
    ) -> Result<Option<Reputation>, ReadError>;

    /// Deletes what happened before `before`. Returns how many there were.
    async fn delete_before(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError>;

    /// Shortens addresses in what happened before `before`, see [`crate::privacy`]. Returns how many events had not
    /// been shortened yet.
    async fn shorten_addresses(&self, tenant: TenantId, before: Timestamp) -> Result<u64, WriteError>;

    /// How many events there are.
    async fn count_events(&self, tenant: TenantId) -> Result<u64, ReadError>;

    /// How many there are and what they take.
    async fn events_size(&self, tenant: TenantId) -> Result<EventsSize, ReadError>;
}
