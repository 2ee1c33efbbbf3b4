//! Questions asked of the outside world: names of addresses, published ranges, key directories, providers of CAPTCHAs.
//!
//! Owns the one client for outbound requests ([`outbound`]): https, no redirects, no private addresses, bounded in size
//! and time. What comes back is judged by `crawl`; nothing here decides anything, and nothing on the way of a request waits
//! for it, with one exception: where the operator wants a provider's word on a form ([`providers`]), the form waits for
//! that word, three seconds at most.

pub mod keys;
pub mod names;
pub mod outbound;
pub mod providers;
pub mod ranges;

mod public;

pub use names::{NameAnswer, NameSettings, Names};
pub use outbound::{FetchError, Fetched, Outbound, OutboundSettings};
