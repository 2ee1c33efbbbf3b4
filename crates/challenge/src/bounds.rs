//! Every bound of this crate, with its reason. Each value stands where it is used.

use palisade_limits::Bound;

use crate::behaviour::trace::{EVENTS_MAX, MARKS_MAX, SOLUTIONS_MAX, TRACE_BYTES_MAX};
use crate::canonical::Signed;
use crate::claims::CLAIMS_MAX;
use crate::ladder::{HASHES_MAX, NETWORKS_MAX, TRIES_EACH};
use crate::novelty::SHAPES_MAX;
use crate::open::MINUTES_MAX;
use crate::sealed::{BODY_BYTES_MAX, FIELDS_BYTES_MAX, TEXT_BYTES_MAX};

/// The named bounds of this crate.
pub const BOUNDS: &[Bound] = &[
    Bound {
        name: "challenge.asking_max",
        value: crate::challenges::ASKING_MAX as u64,
        unit: "networks",
        reason: "buckets of 24 bytes; who is forgotten begins with a full one",
        when_full: "the network that asked longest ago is forgotten",
    },
    Bound {
        name: "challenge.revoked_max",
        value: crate::revoked::REVOKED_MAX as u64,
        unit: "passes",
        reason: "as many as the store holds for one tenant",
        when_full: "the one looked at longest ago is forgotten in memory",
    },
    Bound::new(
        "challenge.claims_max",
        CLAIMS_MAX as u64,
        "claims",
        "1,600 redeemed tickets a second over the ten minutes that each lives; about 64 MiB",
        "those that expire first are dropped, and what expires no later is refused as if it were spent",
    ),
    Bound::new(
        "challenge.signed_bytes_max",
        Signed::BYTES_MAX as u64,
        "bytes",
        "the longest of ours, a ticket with all its fields, has 150; reading one allocates nothing",
        "the text is not one of ours",
    ),
    Bound::new(
        "challenge.sealed_body_bytes_max",
        BODY_BYTES_MAX as u64,
        "bytes",
        "forms are smaller; the page carries four thirds of it",
        "the request is refused with 413 before its body is read",
    ),
    Bound::new(
        "challenge.sealed_fields_bytes_max",
        FIELDS_BYTES_MAX as u64,
        "bytes",
        "servers behind us take targets of 8 KiB to 16 KiB",
        "the request is refused and not sealed",
    ),
    Bound::new(
        "challenge.sealed_text_bytes_max",
        TEXT_BYTES_MAX as u64,
        "bytes",
        "the largest body with the longest fields, in base64url",
        "the text is refused unread",
    ),
    Bound::new(
        "challenge.pressure_networks_max",
        NETWORKS_MAX as u64,
        "networks",
        "more /24 and /48 than challenge within a quarter of an hour, unless a flood does; 3 MiB",
        "the one least lately seen is forgotten and asked for no more work than others",
    ),
    Bound::new(
        "challenge.hashes_max",
        HASHES_MAX,
        "hashes",
        "four times the default: 2 s on average where the default takes half a second",
        "no visitor is asked for more, whatever its score, the load and its network",
    ),
    Bound::new(
        "challenge.tries_each",
        TRIES_EACH as u64,
        "tries at one kind",
        "once by accident, once more",
        "the next kind comes; after the last one a page with the reason",
    ),
    Bound::new(
        "challenge.trace_bytes_max",
        TRACE_BYTES_MAX as u64,
        "bytes",
        "a widget's buffers hold about 60 KB; old clients note a little more on long visits",
        "the body is refused as too large",
    ),
    Bound::new(
        "challenge.trace_events_max",
        EVENTS_MAX as u64,
        "events of each kind",
        "more than a score looks at; about 300 KiB in memory while one trace is judged",
        "the first ones are kept, the rest is counted",
    ),
    Bound::new(
        "challenge.trace_marks_max",
        MARKS_MAX as u64,
        "marks",
        "the widget looks for some twenty",
        "the rest is not read",
    ),
    Bound::new(
        "challenge.solutions_max",
        SOLUTIONS_MAX as u64,
        "solutions",
        "no ticket asks for more puzzles",
        "the work is refused as malformed",
    ),
    Bound::new(
        "challenge.shapes_max",
        SHAPES_MAX as u64,
        "shapes of traces",
        "three a second for a day; about 16 MiB",
        "the oldest is forgotten, and a recording of it would count once more",
    ),
    Bound::new(
        "challenge.open_minutes_max",
        MINUTES_MAX as u64,
        "minutes",
        "a ticket lives ten; open ones are counted by the minute of their end",
        "a ticket that ends later is not counted when it is left",
    ),
];
