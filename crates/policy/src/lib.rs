//! Step four of a request's life: from an assessment to an action.
//!
//! Owns the presets, the bands, the rules about identity classes and the mirror of the lists. A [`Judge`] is the one
//! place where observation becomes a verdict; gateway, forward-auth, `/check` and replay all call it.

pub mod bands;
pub mod classes;
pub mod expression;
pub mod judge;
pub mod lists;
pub mod preset;
pub mod rules;
pub mod ruleset;

pub use bands::{Bands, BandsOutOfOrder};
pub use judge::{Around, EntryWish, Judge, Judged, Level};
pub use lists::{ListEffect, ListEntry, ListMirror};
pub use preset::Preset;
pub use rules::{Circumstances, Policy};
pub use ruleset::{EntryKind, RuleEffect, RuleError, RuleSource, Ruleset, Warning, WarningReason};
