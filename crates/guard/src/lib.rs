//! What every edge asks about a live request, and what it may be told while it runs.
//!
//! Owns the judge that is swapped whole, the sites by host name, who the client behind trusted proxies is ([`peer`]),
//! proofs that arrived from outside ([`names`]), how much the site is under ([`load`]), totals ([`totals`]), and the
//! bounded queue to the record ([`record`]), signatures ([`signatures`]), what does not work as it should ([`health`]) and
//! how lists change ([`lists`]) and what a restart keeps ([`remembered`]). The hot side ([`Guard::request`], [`Guard::response`]) is synchronous, reads
//! memory only and never waits; what is slow sits behind [`Backlog`] and is run by the [`worker`].
//!
//! It opens no socket, and knows neither HTTP servers nor answers to visitors: those are the edges'.

pub mod answers;
pub mod bounds;
pub mod guard;
pub mod health;
pub mod kept;
mod keyed;
pub mod lists;
pub mod load;
pub mod names;
pub mod peer;
pub mod record;
pub mod remembered;
pub mod signatures;
pub mod sites;
pub mod standing;
pub mod totals;
pub mod vouching;
pub mod web_bot_auth;
pub mod worker;

pub use bounds::BOUNDS;
pub use guard::{Guard, GuardSettings, Pending, Ruling};
pub use health::Degradation;
pub use peer::{Arrival, TrustedProxies};
pub use record::{Backlog, Question, Verdicts, Watched};
pub use sites::{GIVEN_BEFORE_REUSE, Known, Numbers, ReplaceError, Site, Sites};
