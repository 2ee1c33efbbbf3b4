//! Every bound of this crate, with its reason. What a stranger can grow is listed here and nowhere else.

use palisade_limits::Bound;

/// Most bytes of a request body.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Deepest nesting of a JSON body.
pub const JSON_DEPTH_MAX: usize = 100;
/// Milliseconds until a request body must be complete.
pub const BODY_MS_MAX: u64 = 10_000;
/// Milliseconds until a request head must be complete.
pub const HEAD_MS_MAX: u64 = 10_000;
/// Milliseconds that a connection without a call under way is kept; at most twice as long.
pub const IDLE_MS_MAX: u64 = 60_000;
/// Most bytes of a request head.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Connections served at a time.
pub const CONNECTIONS_MAX: usize = 4_096;
/// Callers whose rate is remembered, in each group of routes.
pub const CALLERS_MAX: usize = 16_384;
/// Webhook calls remembered so that they are not repeated.
pub const WEBHOOKS_MAX: usize = 4_096;
/// Trainings that are remembered.
pub const JOBS_MAX: usize = 50;
/// Bytes of a caller's own request id that are repeated to it.
pub const REQUEST_ID_BYTES_MAX: usize = 128;

/// The named bounds of this crate.
pub const BOUNDS: &[Bound] = &[
    Bound::new(
        "api.body_bytes_max",
        BODY_BYTES_MAX as u64,
        "bytes",
        "a described request with a body prefix has less than 100 KiB",
        "413, before the rest is read",
    ),
    Bound::new(
        "api.jobs_max",
        JOBS_MAX as u64,
        "trainings",
        "a year of weekly ones; the audit log has them all",
        "the oldest that is over is forgotten",
    ),
    Bound::new(
        "api.json_depth_max",
        JSON_DEPTH_MAX as u64,
        "levels",
        "bodies here have 3; details of an event may have a few more",
        "400",
    ),
    Bound::new(
        "api.body_ms_max",
        BODY_MS_MAX,
        "milliseconds",
        "1 MiB over a bad mobile line takes less",
        "408, and the connection is closed",
    ),
    Bound::new(
        "api.head_ms_max",
        HEAD_MS_MAX,
        "milliseconds",
        "programs send their head at once",
        "the connection is closed",
    ),
    Bound::new(
        "api.idle_ms_max",
        IDLE_MS_MAX,
        "milliseconds",
        "pools keep a connection for some seconds; one that asks nothing takes the place of another",
        "the connection is closed",
    ),
    Bound::new(
        "api.head_bytes_max",
        HEAD_BYTES_MAX as u64,
        "bytes",
        "as on the data plane (SURFACE)",
        "431, and the connection is closed",
    ),
    Bound::new(
        "api.connections_max",
        CONNECTIONS_MAX as u64,
        "connections",
        "callers are servers with a pool each; one costs about 20 KiB",
        "new ones wait in the kernel's queue until one ends",
    ),
    Bound::new(
        "api.callers_max",
        CALLERS_MAX as u64,
        "callers in each group of routes",
        "far more keys and addresses than call at a time",
        "the one that has been silent longest begins again with a full bucket",
    ),
    Bound::new(
        "api.webhooks_max",
        WEBHOOKS_MAX as u64,
        "calls",
        "60 in 60 s from several senders, for 10 minutes",
        "the oldest is forgotten: a repetition of it would act again, which changes nothing but the end of an entry",
    ),
    Bound::new(
        "api.request_id_bytes_max",
        REQUEST_ID_BYTES_MAX as u64,
        "bytes",
        "trace ids have at most 64",
        "the rest is cut off",
    ),
];
