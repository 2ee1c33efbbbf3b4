//! The named bounds of this crate.

use palisade_limits::Bound;

use crate::expression::{CONDITION_BYTES_MAX, CONDITION_DEPTH_MAX, CONDITION_PARTS_MAX, PATTERN_BYTES_MAX};
use crate::limits::PATHS_MAX;
use crate::memory::{BUCKETS_MAX, TROUBLE_MAX};
use crate::ruleset::RULES_MAX;
use crate::weigh::WEIGHTS_MAX;

const REFUSED: &str = "refused when the policy is loaded, with its place";

/// The named bounds of this crate.
pub const BOUNDS: &[Bound] = &[
    Bound {
        name: "policy.buckets_max",
        value: BUCKETS_MAX as u64,
        unit: "token buckets",
        reason: "one for each network, session and rule in use, 48 bytes each; memory grows only with use",
        when_full: "the bucket least recently used in its shard is forgotten, which is a full bucket",
    },
    Bound {
        name: "policy.trouble_max",
        value: TROUBLE_MAX as u64,
        unit: "networks",
        reason: "networks that exceeded limits or were flagged; few do",
        when_full: "the network least recently in trouble in its shard starts anew; written entries stay in the lists",
    },
    Bound {
        name: "policy.rules_max",
        value: RULES_MAX as u64,
        unit: "rules",
        reason: "what the policy budget is measured with",
        when_full: REFUSED,
    },
    Bound {
        name: "policy.condition_bytes_max",
        value: CONDITION_BYTES_MAX as u64,
        unit: "bytes",
        reason: "a condition is read by people",
        when_full: REFUSED,
    },
    Bound {
        name: "policy.condition_depth_max",
        value: CONDITION_DEPTH_MAX as u64,
        unit: "levels",
        reason: "the reader is recursive",
        when_full: REFUSED,
    },
    Bound {
        name: "policy.condition_parts_max",
        value: CONDITION_PARTS_MAX as u64,
        unit: "operators, calls and brackets",
        reason: "chains of operators nest in the tree that is checked",
        when_full: REFUSED,
    },
    Bound {
        name: "policy.pattern_bytes_max",
        value: PATTERN_BYTES_MAX as u64,
        unit: "bytes",
        reason: "repeats within repeats make small patterns large",
        when_full: REFUSED,
    },
    Bound {
        name: "policy.limited_paths_max",
        value: PATHS_MAX as u64,
        unit: "path prefixes",
        reason: "each is compared with every path",
        when_full: "further ones are not looked at",
    },
    Bound {
        name: "policy.weights_max",
        value: WEIGHTS_MAX as u64,
        unit: "weights",
        reason: "lines of one explanation",
        when_full: "further weights of the same request do not count",
    },
];
