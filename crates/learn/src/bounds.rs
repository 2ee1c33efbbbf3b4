//! The named bounds of this crate.

use palisade_limits::Bound;

/// Most rows of a data set.
pub const ROWS_MAX: usize = 2_000_000;
/// Most clients of a data set.
pub const CLIENTS_MAX: usize = 500_000;

/// Most steps and contexts that are counted while a model of sequences is trained.
pub const SEQUENCE_COUNTS_MAX: usize = 4_000_000;

/// The list for `docs/BOUNDS.md`.
pub const BOUNDS: &[Bound] = &[
    Bound {
        name: "learn.rows_max",
        value: ROWS_MAX as u64,
        unit: "rows",
        reason: "a gigabyte of numbers and steps; more of the same clients teach nothing",
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
        name: "learn.sequence_counts_max",
        value: SEQUENCE_COUNTS_MAX as u64,
        unit: "steps after contexts",
        reason: "300 MB; thirty times what a model keeps",
        when_full: "what comes first then is counted after shorter contexts only",
    },
    Bound {
        name: "learn.evaluated_rows_max",
        value: crate::evaluation::ROWS_MAX as u64,
        unit: "rows",
        reason: "a thousand resamples of them take twenty seconds; more make no interval that a person could tell",
        when_full: "the evaluation is refused",
    },
    Bound {
        name: "learn.parameters_requests_max",
        value: crate::parameters::REQUESTS_MAX as u64,
        unit: "benign requests",
        reason: "what a site's parameters look like is known from far fewer",
        when_full: "the rest is not learned from",
    },
    Bound {
        name: "learn.parameters_routes_max",
        value: crate::parameters::ROUTES_MAX as u64,
        unit: "routes of a site",
        reason: "templates, ids taken out; a site with more has names in its paths",
        when_full: "further routes count as never seen",
    },
    Bound {
        name: "learn.parameters_names_max",
        value: crate::parameters::NAMES_MAX as u64,
        unit: "parameters of a route",
        reason: "forms have some dozen",
        when_full: "further names count as never seen",
    },
    Bound {
        name: "learn.parameters_max",
        value: crate::parameters::PARAMETERS_MAX as u64,
        unit: "parameters of a request",
        reason: "far more than a form has",
        when_full: "the rest is not looked at",
    },
    Bound {
        name: "learn.parameters_value_bytes_max",
        value: crate::parameters::VALUE_BYTES_MAX as u64,
        unit: "bytes of a value",
        reason: "an attack shows in its first lines",
        when_full: "the rest is not looked at",
    },
    Bound {
        name: "learn.resamples_max",
        value: crate::evaluation::RESAMPLES_MAX as u64,
        unit: "resamples",
        reason: "a percentile of ten thousand varies in its third digit",
        when_full: "the evaluation is refused",
    },
];
