//! The named bounds of this crate.

use palisade_limits::Bound;

/// Most rows of a data set.
pub const ROWS_MAX: usize = 2_000_000;
/// Most clients of a data set.
pub const CLIENTS_MAX: usize = 500_000;

/// The list for `docs/BOUNDS.md`.
pub const BOUNDS: &[Bound] = &[
    Bound {
        name: "learn.rows_max",
        value: ROWS_MAX as u64,
        unit: "rows",
        reason: "700 MB of numbers; more of the same clients teach nothing",
        when_full: "further requests are left out, counted and said",
    },
    Bound {
        name: "learn.clients_max",
        value: CLIENTS_MAX as u64,
        unit: "clients",
        reason: "as many as are remembered, twice",
        when_full: "further clients are left out, counted and said",
    },
    Bound {
        name: "learn.evaluated_rows_max",
        value: crate::evaluation::ROWS_MAX as u64,
        unit: "rows",
        reason: "a thousand resamples of them take twenty seconds; more make no interval that a person could tell",
        when_full: "the evaluation is refused",
    },
    Bound {
        name: "learn.resamples_max",
        value: crate::evaluation::RESAMPLES_MAX as u64,
        unit: "resamples",
        reason: "a percentile of ten thousand varies in its third digit",
        when_full: "the evaluation is refused",
    },
];
