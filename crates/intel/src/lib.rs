//! Questions asked of the outside world, always behind a queue: names of addresses, published ranges, key directories.
//!
//! Owns the one client for outbound requests ([`outbound`]): https, no redirects, no private addresses, bounded in size
//! and time. What comes back is judged by `crawl`; nothing here decides anything, and nothing on the way of a request waits
//! for it.

pub mod keys;
pub mod names;
pub mod outbound;
pub mod ranges;

mod public;

pub use names::{NameAnswer, NameSettings, Names};
pub use outbound::{FetchError, Fetched, Outbound, OutboundSettings};
