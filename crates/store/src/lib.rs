//! Storage traits, in-memory and SQLite stores, one contract.
//!
//! Owns what outlives a request: list entries, verdict events and labels ([`Lists`], [`Events`], [`Labels`]), the
//! layout of the data folder ([`DataDir`]) and opaque snapshot files ([`snapshot`]). Every method and every key takes a
//! [`TenantId`](palisade_domain::TenantId), so that two tenants with equal keys never meet; [`contract`] holds every
//! store to that.
//!
//! It does not own history (a cache, kept by `detect`), and it reads no clock: `now` is an argument.

pub mod bounds;
pub mod contract;
pub mod keys;
pub mod snapshot;

mod data_dir;
mod error;
mod event;
mod label;
mod list;
mod memory;
mod sqlite;
mod words;

pub use bounds::{BOUNDS, StoreLimits};
pub use data_dir::{DataDir, DataDirError};
pub use error::{Fault, OpenError, ReadError, WriteError};
pub use event::{Client, Event, EventId, EventQuery, Events, IdentityRecord, SignalRecord, StoredEvent};
pub use label::{Label, LabelId, LabelSource, LabelSubject, LabelVerdict, Labels, NewLabel, Weight};
pub use list::{Effect, EffectKind, EntryId, EntrySource, ListEntry, Lists, NewEntry, Page};
pub use memory::MemoryStore;
pub use sqlite::{SqliteSettings, SqliteStore};

/// Everything one store keeps; what the rest of Palisade holds as `Arc<dyn Store>`.
pub trait Store: Lists + Events + Labels {}

impl<T: Lists + Events + Labels> Store for T {}
