//! What of tokens a stranger can grow, and how far.

use palisade_limits::Bound;

/// Bytes of a token: what Turnstile promises its customers at most.
pub const TOKEN_BYTES_MAX: usize = 2_048;
/// Bytes of `action`.
pub const ACTION_BYTES_MAX: usize = 64;
/// Bytes of `hostname`: the longest name there is (RFC 1035, section 2.3.4).
pub const HOSTNAME_BYTES_MAX: usize = 253;
/// Bytes of `interaction_id`.
pub const INTERACTION_BYTES_MAX: usize = 64;
/// Bytes of `cdata`: as many as Turnstile takes.
pub const CDATA_BYTES_MAX: usize = 255;
/// Older keys that are held.
pub const OLDER_KEYS_MAX: usize = 8;
/// Bytes of a call of siteverify.
pub const SITEVERIFY_BYTES_MAX: usize = 16 << 10;
/// Verdicts remembered by idempotency key.
pub const REPLAYS_MAX: usize = 50_000;

/// The named bounds of tokens.
pub const BOUNDS: &[Bound] = &[
    Bound {
        name: "challenge.token_bytes_max",
        value: TOKEN_BYTES_MAX as u64,
        unit: "bytes",
        reason: "ours have at most 2,000 with every text as long as it may be; form fields elsewhere take 2,048",
        when_full: "the token is refused unread",
    },
    Bound {
        name: "challenge.token_action_bytes_max",
        value: ACTION_BYTES_MAX as u64,
        unit: "bytes",
        reason: "Turnstile takes 32, and people write a word",
        when_full: "the rest is cut off",
    },
    Bound {
        name: "challenge.older_keys_max",
        value: OLDER_KEYS_MAX as u64,
        unit: "keys",
        reason: "one is replaced in 30 days and held for a day; more than two come of rotating by hand",
        when_full: "those whose tokens end first are no longer known",
    },
    Bound {
        name: "challenge.siteverify_bytes_max",
        value: SITEVERIFY_BYTES_MAX as u64,
        unit: "bytes",
        reason: "a token of 2 KiB, a secret and a few words, three bytes for each where they are percent-encoded",
        when_full: "the call is refused unread",
    },
    Bound {
        name: "challenge.replays_max",
        value: REPLAYS_MAX as u64,
        unit: "verdicts",
        reason: "160 verifications a second with an idempotency key over the 5 minutes that they are remembered",
        when_full: "the oldest is forgotten: repeating that call says that its token was used before",
    },
];
