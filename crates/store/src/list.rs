//! List entries: what the operator and others decided about networks.

use async_trait::async_trait;
use palisade_domain::{ClientIp, NetPrefix, Rate, TenantId, Timestamp};

use crate::bounds::{self, PAGE_MAX};
use crate::{ReadError, WriteError};

/// What an entry does to the clients of its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Let them pass, whatever they score.
    Allow,
    /// Refuse them.
    Block,
    /// 429 above a rate.
    Throttle(Rate),
    /// Look closely: weight, no decision.
    Flag,
}

impl Effect {
    /// Its kind, without parameters.
    pub fn kind(self) -> EffectKind {
        match self {
            Effect::Allow => EffectKind::Allow,
            Effect::Block => EffectKind::Block,
            Effect::Throttle(_) => EffectKind::Throttle,
            Effect::Flag => EffectKind::Flag,
        }
    }

    /// The rate of a throttle.
    pub fn rate(self) -> Option<Rate> {
        match self {
            Effect::Throttle(rate) => Some(rate),
            Effect::Allow | Effect::Block | Effect::Flag => None,
        }
    }
}

/// The kind of an [`Effect`]; a network has at most one entry of each. In the order in which entries are consulted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EffectKind {
    /// See [`Effect::Allow`].
    Allow,
    /// See [`Effect::Block`].
    Block,
    /// See [`Effect::Throttle`].
    Throttle,
    /// See [`Effect::Flag`].
    Flag,
}

impl EffectKind {
    /// Every kind.
    pub const ALL: [EffectKind; 4] =
        [EffectKind::Allow, EffectKind::Block, EffectKind::Throttle, EffectKind::Flag];

    /// The name used on the surface and in the database.
    pub fn name(self) -> &'static str {
        match self {
            EffectKind::Allow => "allow",
            EffectKind::Block => "block",
            EffectKind::Throttle => "throttle",
            EffectKind::Flag => "flag",
        }
    }

    /// The effect of this kind; `rate` counts for a throttle only and must be there for one.
    pub fn with_rate(self, rate: Option<Rate>) -> Option<Effect> {
        Some(match self {
            EffectKind::Allow => Effect::Allow,
            EffectKind::Block => Effect::Block,
            EffectKind::Throttle => Effect::Throttle(rate?),
            EffectKind::Flag => Effect::Flag,
        })
    }

    /// The kind called `name`.
    pub fn named(name: &str) -> Option<Self> {
        EffectKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Who asked for an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntrySource {
    /// A person, by command line or desk.
    Operator,
    /// A rule of the policy.
    Rule,
    /// The protected application, by API or webhook.
    Application,
    /// A trap that was walked into.
    Trap,
    /// A slow opinion behind the queue.
    Escalation,
    /// A list shared by other installations.
    Community,
    /// A file that was read in.
    Import,
}

impl EntrySource {
    /// Every source.
    pub const ALL: [EntrySource; 7] = [
        EntrySource::Operator,
        EntrySource::Rule,
        EntrySource::Application,
        EntrySource::Trap,
        EntrySource::Escalation,
        EntrySource::Community,
        EntrySource::Import,
    ];

    /// The name used on the surface and in the database.
    pub fn name(self) -> &'static str {
        match self {
            EntrySource::Operator => "operator",
            EntrySource::Rule => "rule",
            EntrySource::Application => "application",
            EntrySource::Trap => "trap",
            EntrySource::Escalation => "escalation",
            EntrySource::Community => "community",
            EntrySource::Import => "import",
        }
    }

    /// The source called `name`.
    pub fn named(name: &str) -> Option<Self> {
        EntrySource::ALL.into_iter().find(|source| source.name() == name)
    }
}

/// The number of an entry within its tenant, 1 and up, never given twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub i64);

/// An entry to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// Whom it is about.
    pub network: NetPrefix,
    /// What it does.
    pub effect: Effect,
    /// Its end; `None` stays until removed.
    pub expires_at: Option<Timestamp>,
    /// Who asked for it.
    pub source: EntrySource,
    /// Why, for people; cut to [`bounds::REASON_BYTES_MAX`].
    pub reason: String,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// An entry as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListEntry {
    /// Its number.
    pub id: EntryId,
    /// Whose entry.
    pub tenant: TenantId,
    /// Whom it is about.
    pub network: NetPrefix,
    /// What it does.
    pub effect: Effect,
    /// Its end; `None` stays until removed.
    pub expires_at: Option<Timestamp>,
    /// Who asked for it.
    pub source: EntrySource,
    /// Why, for people.
    pub reason: String,
    /// When it was asked for.
    pub created_at: Timestamp,
}

impl ListEntry {
    /// `new` under number `id`, its text cut to the bounds.
    pub(crate) fn made(id: EntryId, tenant: TenantId, new: &NewEntry) -> Self {
        ListEntry {
            id,
            tenant,
            network: new.network,
            effect: new.effect,
            expires_at: new.expires_at,
            source: new.source,
            reason: bounds::cut(&new.reason, bounds::REASON_BYTES_MAX),
            created_at: new.created_at,
        }
    }

    /// True before its end. The end itself no longer counts.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }

    /// Sorts the narrowest network first, then by effect: the order in which entries are consulted.
    pub(crate) fn by_precedence(&self) -> (std::cmp::Reverse<u8>, EffectKind) {
        (std::cmp::Reverse(self.network.len()), self.effect.kind())
    }
}

/// A slice of a listing, ordered by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Rows after this number; 0 starts at the beginning.
    pub after: i64,
    /// At most this many rows, capped at [`PAGE_MAX`].
    pub limit: usize,
}

impl Page {
    /// From the beginning, as many rows as one page holds.
    pub const FIRST: Page = Page { after: 0, limit: PAGE_MAX };

    /// The limit after the cap.
    pub(crate) fn rows(self) -> usize {
        self.limit.min(PAGE_MAX)
    }
}

/// List entries. A change is durable when its call returns.
#[async_trait]
pub trait Lists: Send + Sync {
    /// Makes all `entries` or none; one with the tenant, network and kind of effect of an older one replaces it and
    /// keeps its number. Returns them as stored, in order.
    async fn put(&self, tenant: TenantId, entries: &[NewEntry]) -> Result<Vec<ListEntry>, WriteError>;

    /// Removes the entries of exactly `network`: of one kind of effect, or all. Returns how many there were.
    async fn remove(
        &self,
        tenant: TenantId,
        network: NetPrefix,
        effect: Option<EffectKind>,
    ) -> Result<u64, WriteError>;

    /// The live entries whose network holds `client`, narrowest first, then allow, block, throttle, flag.
    async fn find(
        &self,
        tenant: TenantId,
        client: ClientIp,
        now: Timestamp,
    ) -> Result<Vec<ListEntry>, ReadError>;

    /// One page of all entries, expired ones included.
    async fn entries(&self, tenant: TenantId, page: Page) -> Result<Vec<ListEntry>, ReadError>;

    /// How many entries there are, expired ones included.
    async fn count_entries(&self, tenant: TenantId) -> Result<u64, ReadError>;

    /// Removes what is over at `now`. Returns how many there were.
    async fn purge_expired(&self, tenant: TenantId, now: Timestamp) -> Result<u64, WriteError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for kind in EffectKind::ALL {
            assert_eq!(EffectKind::named(kind.name()), Some(kind));
            assert_eq!(kind.with_rate(Some(Rate(5))).map(Effect::kind), Some(kind));
        }
        for source in EntrySource::ALL {
            assert_eq!(EntrySource::named(source.name()), Some(source));
        }
        assert_eq!(EffectKind::Throttle.with_rate(None), None);
        assert_eq!(EffectKind::named("Block"), None);
    }
}
