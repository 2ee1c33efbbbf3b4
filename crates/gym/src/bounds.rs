//! The named bounds of this crate.

use palisade_limits::Bound;

/// Connections of one run at the same moment.
pub const RELAY_AT_ONCE_MAX: usize = 64;
/// Read at once from one side of a connection.
pub const RELAY_BUFFER_BYTES: usize = 16 * 1024;
/// Most requests that a run may be asked for.
pub const REQUESTS_MAX: u32 = 300;
/// Most clients of one program.
pub const CLIENTS_MAX: u32 = 100;
/// Addresses of one distributed crawl.
pub const ADDRESSES_PER_RUN: usize = 8;
/// What a run may send for each request it was asked for.
pub const BYTES_PER_REQUEST: u64 = 8 * 1024;
/// Seconds after which a run is ended, whatever it does.
pub const RUN_SECONDS_MAX: u64 = 120;
/// What is kept of a program's own words, for saying why it failed.
pub const WORDS_BYTES_MAX: u64 = 4 * 1024;

/// The list for `docs/BOUNDS.md`.
pub const BOUNDS: &[Bound] = &[
    Bound::new(
        "gym.relay_at_once_max",
        RELAY_AT_ONCE_MAX as u64,
        "connections",
        "no program is asked for more; what opens more waits",
        "further connections wait to be accepted",
    ),
    Bound::new(
        "gym.relay_buffer_bytes",
        RELAY_BUFFER_BYTES as u64,
        "bytes",
        "a request's head at once; 64 connections take 2 MiB",
        "read again",
    ),
    Bound::new(
        "gym.requests_max",
        REQUESTS_MAX as u64,
        "requests",
        "a run must fit into what is recorded in a second or two (200 events a second)",
        "the command line is refused",
    ),
    Bound::new(
        "gym.clients_max",
        CLIENTS_MAX as u64,
        "clients",
        "a hundred of each program say more than enough, and take an hour",
        "the command line is refused",
    ),
    Bound::new(
        "gym.addresses_per_run",
        ADDRESSES_PER_RUN as u64,
        "addresses",
        "each carries some requests of a distributed crawl",
        "they are used in turn",
    ),
    Bound::new(
        "gym.bytes_per_request",
        BYTES_PER_REQUEST,
        "bytes",
        "a browser's head with a form; a program that does not keep to its number of requests ends here",
        "its connections are closed",
    ),
    Bound::new(
        "gym.run_seconds_max",
        RUN_SECONDS_MAX,
        "seconds",
        "a slow crawl of a dozen pages",
        "the program and its children are killed; what it did counts",
    ),
    Bound::new(
        "gym.words_bytes_max",
        WORDS_BYTES_MAX,
        "bytes",
        "the last lines say why a program failed",
        "the rest of its output is thrown away",
    ),
];
