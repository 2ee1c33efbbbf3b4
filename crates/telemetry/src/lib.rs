//! Events as types: one struct is one log line.
//!
//! Owns the words of the log (event and field names, levels) and how lines look; libraries return evidence, the shell
//! emits one event where an outcome is decided. It decides nothing and keeps nothing.
//!
//! # How a line is made
//! Fields have dotted names with units last (`replay.elapsed_ms`). Labels, the fields one counts by (`reason`,
//! `source`, `store`), have a few values known beforehand; they are `&'static str`.
//! Levels: `error` an operator must act; `warn` something was given up or passed over, the message alone says what
//! and what to do; `info` what a run did; `debug` for those who look for a fault.
//!
//! # Never logged
//! * tokens, passes, keys, seeds and other secrets;
//! * cookies, `Authorization` and any other header value;
//! * bodies, form values, page text;
//! * paths and queries of a site, user agents, referrers;
//! * client addresses: they stand in the audit record and in reports, nowhere else.
//!
//! Files of the operator (configuration, data folder, logs given on the command line) may be named.

pub mod event;
mod human;
pub mod init;

pub use event::{
    ConfigLoaded, ConfigSource, Degraded, Discard, HistoryDiscarded, HistoryRestored, HistorySaved,
    LinesSkipped, RecordsLost, Recovered, ReplayFinished, ReplayStarted, RobotsLineOdd, StoreOpened,
    UpstreamBack, UpstreamDown,
};
pub use init::{Format, InitError, init, subscriber};
