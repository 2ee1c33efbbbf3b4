//! Step four of a request's life: from an assessment to an action.
//!
//! Owns the presets, the bands, the rules about identity classes, the operator's own rules ([`expression`],
//! [`ruleset`]), rate limits, entries that follow from trouble, and the mirror of the lists. A [`Judge`] is the one
//! place where observation becomes a verdict; gateway, forward-auth, `/check` and replay all call it.

pub mod bands;
mod bounds;
pub mod classes;
pub mod expression;
pub mod judge;
pub mod limits;
pub mod lists;
mod memory;
pub mod preset;
pub mod rules;
pub mod ruleset;
mod trouble;
pub mod weigh;

pub use bands::{Bands, BandsOutOfOrder};
pub use bounds::BOUNDS;
pub use judge::{Around, EntryWish, Judge, Judged, Level, plainly};
pub use limits::{LimitSettings, PathLimit};
pub use lists::{ListEffect, ListEntry, ListMirror};
pub use memory::TroubleError;
pub use preset::Preset;
pub use rules::{Circumstances, DryRun, Policy};
pub use ruleset::{EntryKind, OddEntry, RuleEffect, RuleError, RuleSource, Ruleset, Warning, WarningReason};
pub use trouble::{BandEntries, EntrySettings};
