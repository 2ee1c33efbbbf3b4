//! `[limits]`: how long anybody may take, how many at once, and how often.

use super::site::parse_path;
use crate::bounds::LIST_ITEMS_MAX;
use crate::section::Section;

/// An hour: whoever waits longer waits for nothing.
const MS_MAX: i64 = 3_600_000;
/// Highest rate that can be set.
const PER_MINUTE_MAX: i64 = 10_000_000;

/// `[limits]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsSettings {
    /// Until a request head must be complete, 100..=3600000.
    pub head_timeout_ms: u64,
    /// Without a byte of a request body, 100..=3600000.
    pub body_idle_timeout_ms: u64,
    /// Without a request on a kept connection, 100..=3600000.
    pub idle_timeout_ms: u64,
    /// Until an upstream must have accepted a connection, 10..=3600000.
    pub upstream_connect_timeout_ms: u64,
    /// Until an upstream must have begun its answer, 100..=3600000.
    pub upstream_timeout_ms: u64,
    /// Connections of clients at the same time, 1..=10000000.
    pub connections_max: usize,
    /// For requests in flight after SIGTERM, 0..=3600000.
    pub drain_timeout_ms: u64,
    /// For the beginning of a body that detectors look at, 0..=10000; what came until then is what they see.
    pub body_prefix_wait_ms: u64,
    /// Answers held back slowly at the same time, 0..=1000000; beyond, a tarpit is a plain 429.
    pub tarpits_max: usize,
    /// How often.
    pub rates: RateSettings,
}

/// Requests a minute, in `[limits]` too. 0 sets no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateSettings {
    /// Of one address (IPv6: one /64).
    pub network_per_minute: u32,
    /// Of one session that we signed.
    pub session_per_minute: u32,
    /// Of one site, all clients together.
    pub site_per_minute: u32,
    /// Of one API key.
    pub key_per_minute: u32,
    /// Of one address on some paths.
    pub paths: Vec<PathRate>,
    /// Whether limits tighten for doubtful clients while the site is under load.
    pub adaptive: bool,
}

/// One of `[limits] paths`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathRate {
    /// The path, and everything below it: `/login` covers `/login/reset`, not `/logins`.
    pub path: String,
    /// Requests a minute of one address, 1..=10000000.
    pub per_minute: u32,
}

impl Default for LimitsSettings {
    fn default() -> Self {
        LimitsSettings {
            head_timeout_ms: 10_000,
            body_idle_timeout_ms: 30_000,
            idle_timeout_ms: 60_000,
            upstream_connect_timeout_ms: 3_000,
            upstream_timeout_ms: 60_000,
            connections_max: 20_000,
            drain_timeout_ms: 25_000,
            body_prefix_wait_ms: 250,
            tarpits_max: 1_000,
            rates: RateSettings::default(),
        }
    }
}

impl Default for RateSettings {
    /// Two hundred requests a second of one address: 200 people behind it, all reading at once, stay below.
    fn default() -> Self {
        RateSettings {
            network_per_minute: 12_000,
            session_per_minute: 0,
            site_per_minute: 0,
            key_per_minute: 0,
            paths: Vec::new(),
            adaptive: true,
        }
    }
}

impl LimitsSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let default = LimitsSettings::default();
        let mut ms = |key, default, least| section.integer(key, default, &(least..=MS_MAX));
        let head_timeout_ms = ms("head_timeout_ms", default.head_timeout_ms, 100);
        let body_idle_timeout_ms = ms("body_idle_timeout_ms", default.body_idle_timeout_ms, 100);
        let idle_timeout_ms = ms("idle_timeout_ms", default.idle_timeout_ms, 100);
        let upstream_connect_timeout_ms =
            ms("upstream_connect_timeout_ms", default.upstream_connect_timeout_ms, 10);
        let upstream_timeout_ms = ms("upstream_timeout_ms", default.upstream_timeout_ms, 100);
        let drain_timeout_ms = ms("drain_timeout_ms", default.drain_timeout_ms, 0);
        LimitsSettings {
            head_timeout_ms,
            body_idle_timeout_ms,
            idle_timeout_ms,
            upstream_connect_timeout_ms,
            upstream_timeout_ms,
            connections_max: section.integer("connections_max", default.connections_max, &(1..=10_000_000)),
            drain_timeout_ms,
            body_prefix_wait_ms: section.integer(
                "body_prefix_wait_ms",
                default.body_prefix_wait_ms,
                &(0..=10_000),
            ),
            tarpits_max: section.integer("tarpits_max", default.tarpits_max, &(0..=1_000_000)),
            rates: RateSettings::read(section),
        }
    }
}

impl RateSettings {
    fn read(section: &mut Section<'_>) -> Self {
        let default = RateSettings::default();
        let mut rate = |key, default| section.integer(key, default, &(0..=PER_MINUTE_MAX));
        RateSettings {
            network_per_minute: rate("network_per_minute", default.network_per_minute),
            session_per_minute: rate("session_per_minute", default.session_per_minute),
            site_per_minute: rate("site_per_minute", default.site_per_minute),
            key_per_minute: rate("key_per_minute", default.key_per_minute),
            paths: section.tables("paths", LIST_ITEMS_MAX, PathRate::read),
            adaptive: section.boolean("adaptive", default.adaptive),
        }
    }
}

impl PathRate {
    fn read(section: &mut Section<'_>) -> Self {
        for key in ["path", "per_minute"] {
            if !section.is_set(key) {
                section.incomplete(format!("has no `{key}`; write {{ path = \"/login\", per_minute = 20 }}"));
            }
        }
        PathRate {
            path: section.text("path", "/".to_owned(), parse_path),
            per_minute: section.integer("per_minute", 20, &(1..=PER_MINUTE_MAX)),
        }
    }
}
