//! Token bucket, sliding window, decaying averages, sketches and bounded tables; the clock is an argument.
//!
//! Everything here has a size that no stranger can grow: either it is a few bytes and `Copy`
//! ([`TokenBucket`], [`SlidingWindow`], [`Decayed`], [`DistinctSketch`]), or it is fixed when it is made
//! ([`CountMin`]), or it holds at most so many entries and drops the least valuable ([`BoundedTable`]).
//! Times are milliseconds of any one clock (`now_ms`); a clock that goes back is harmless everywhere.
//!
//! This crate knows no client, no request and no policy. It draws no random numbers: the same calls in the same
//! order leave the same state. Keys and hashes are `u64` that the caller made with a **keyed** hash (SipHash with a
//! secret key, say); with an unkeyed one, a stranger could aim at one shard or one cell.

pub mod bound;
pub mod bucket;
pub mod count_min;
pub mod decayed;
pub mod distinct;
pub mod table;
pub mod window;

pub use bound::Bound;
pub use bucket::{BucketRate, Take, TokenBucket};
pub use count_min::{CountMin, CountMinSettings};
pub use decayed::Decayed;
pub use distinct::DistinctSketch;
pub use table::{BoundedTable, BoundedTableSettings};
pub use window::SlidingWindow;

/// The named bounds of this crate.
pub const BOUNDS: &[Bound] = &[
    Bound {
        name: "limits.table_shards_max",
        value: table::SHARDS_MAX as u64,
        unit: "shards",
        reason: "one lock each: enough that one worker per core seldom meets another on the same lock",
        when_full: "never full; a table of few entries has fewer",
    },
    Bound {
        name: "limits.table_chunk_entries",
        value: table::CHUNK_ENTRIES as u64,
        unit: "entries",
        reason: "memory grows by this much at a time in each shard, so an idle table holds nothing",
        when_full: "the next chunk is allocated, up to the entries of the table",
    },
    Bound {
        name: "limits.count_min_cells_max",
        value: count_min::CELLS_MAX as u64,
        unit: "cells of 4 bytes",
        reason: "a sketch is allocated at once; this holds it to 16 MiB whatever the settings say",
        when_full: "a wider or deeper sketch is narrowed to it",
    },
];
