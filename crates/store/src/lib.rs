//! Storage traits, in-memory and SQLite stores, one contract.
//!
//! Owns what outlives a request: list entries, verdict events, labels, interactions, versions of models, the frozen set, roll-ups, API and site keys, the audit log and the queue
//! of slow opinions ([`Store`] is all of them), the layout of the data folder ([`DataDir`]), what the first start makes
//! ([`first_run`]) and opaque snapshot files ([`snapshot`]). Every method and every key takes a
//! [`TenantId`](palisade_domain::TenantId), so that two tenants with equal keys never meet; [`contract`] holds every
//! store to that.
//!
//! It does not own history (a cache, kept by `detect`), and it reads no clock and draws no random numbers: both are
//! arguments.

pub mod bounds;
pub mod contract;
pub mod keys;
pub mod privacy;
pub mod secret_file;
pub mod snapshot;

mod api_key;
mod audit;
mod changes;
mod codec;
mod data_dir;
mod error;
mod escalation;
mod event;
mod first_run;
mod frozen;
mod interaction;
mod label;
mod list;
mod memory;
mod model;
mod revoked;
mod rollup;
mod site_key;
mod sqlite;
mod words;

pub use api_key::{ApiKey, KeyHash, KeyId, KeyRecord, Keys, NewKey, Scope, Scopes, UnknownScope};
pub use audit::heads;
pub use audit::{
    Audit, AuditHead, AuditId, AuditLine, AuditRandom, AuditVerdict, Broken, BrokenLine, NewAuditLine,
    Personal, PersonalShown,
};
pub use bounds::{BOUNDS, StoreLimits};
pub use changes::{Changes, Watched};
pub use data_dir::{DataDir, DataDirError};
pub use error::{Fault, OpenError, ReadError, WriteError};
pub use escalation::{AfterFailure, Escalation, EscalationId, Escalations};
pub use event::{
    Client, Event, EventId, EventQuery, Events, EventsSize, IdentityRecord, Reputation, SignalRecord,
    StoredEvent,
};
pub use first_run::{FirstRun, FirstRunError, FirstRunRandom, Made, WebhookSecret, first_run};
pub use frozen::{Frozen, FrozenRow};
pub use interaction::{
    InteractionId, InteractionSource, Interactions, InteractionsSize, NewInteraction, NoInteractionId,
    StoredInteraction,
};
pub use label::{
    Label, LabelBasis, LabelId, LabelSource, LabelSubject, LabelVerdict, Labels, NewLabel, NewLabels, Weight,
};
pub use list::{Effect, EffectKind, EntryId, EntrySource, ListEntry, Lists, NewEntry, Page};
pub use memory::MemoryStore;
pub use model::{
    ModelChange, ModelStatus, ModelStep, ModelVersion, ModelVersionId, Models, NewModel, StepError,
    StepRefusal, model_with,
};
pub use revoked::{RevokedPass, RevokedPasses};
pub use rollup::{ActionName, Rollup, RollupQuery, RollupSum, Rollups};
pub use site_key::{NewSiteKey, SiteKeyRecord, SiteKeys};
pub use sqlite::{SqliteSettings, SqliteStore};

/// Everything one store keeps; what the rest of Palisade holds as `Arc<dyn Store>`.
pub trait Store:
    Lists
    + Events
    + Labels
    + Interactions
    + Rollups
    + Keys
    + SiteKeys
    + RevokedPasses
    + Audit
    + Escalations
    + Models
    + Frozen
    + Changes
{
}

impl<
    T: Lists
        + Events
        + Labels
        + Interactions
        + Rollups
        + Keys
        + SiteKeys
        + RevokedPasses
        + Audit
        + Escalations
        + Models
        + Frozen
        + Changes,
> Store for T
{
}
