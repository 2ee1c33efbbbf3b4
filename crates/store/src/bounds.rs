//! Every bound of this crate, with its reason. What a stranger can grow is listed here and nowhere else.

use palisade_limits::Bound;

/// Most list entries one tenant may hold.
pub const LIST_ENTRIES_MAX: usize = 500_000;
/// Most events kept per tenant; the oldest go first.
pub const EVENTS_MAX: usize = 2_000_000;
/// Most labels one tenant may hold.
pub const LABELS_MAX: usize = 1_000_000;
/// Most rows one read returns, whatever limit it asks for.
pub const PAGE_MAX: usize = 10_000;
/// Bytes kept of a reason.
pub const REASON_BYTES_MAX: usize = 256;
/// Bytes kept of a client's opaque name.
pub const CLIENT_BYTES_MAX: usize = 128;
/// Bytes kept of a method.
pub const METHOD_BYTES_MAX: usize = 16;
/// Bytes kept of a request target.
pub const TARGET_BYTES_MAX: usize = 2048;
/// Bytes kept of a user agent.
pub const USER_AGENT_BYTES_MAX: usize = 512;
/// Bytes kept of our own words in an event (rule, claimed name, signal id).
pub const WORD_BYTES_MAX: usize = 64;
/// Bytes kept of one signal's explanation.
pub const DETAIL_BYTES_MAX: usize = 256;
/// Signals kept per event: what one request can carry.
pub const SIGNALS_MAX: usize = palisade_domain::Signal::PER_REQUEST_MAX;
/// Most bytes of a snapshot file that are read back.
pub const SNAPSHOT_BYTES_MAX: u64 = 4 << 30;

/// The named bounds of this crate.
pub const BOUNDS: &[Bound] = &[
    bound(
        "store.list_entries_max",
        LIST_ENTRIES_MAX as u64,
        "entries per tenant",
        "the largest public block lists have about 300,000 networks",
        "the change is refused and says so",
    ),
    bound(
        "store.events_max",
        EVENTS_MAX as u64,
        "events per tenant",
        "at about 1 KiB each this is the 2 GiB that events may take",
        "the oldest are dropped",
    ),
    bound(
        "store.labels_max",
        LABELS_MAX as u64,
        "labels per tenant",
        "more than any training set here uses",
        "the label is refused and says so: dropping one would lose acknowledged work",
    ),
    bound(
        "store.page_max",
        PAGE_MAX as u64,
        "rows",
        "one answer stays below 32 MiB",
        "the answer ends; the next page continues",
    ),
    bound(
        "store.reason_bytes_max",
        REASON_BYTES_MAX as u64,
        "bytes",
        "a reason is a sentence, and webhooks may write it",
        CUT,
    ),
    bound(
        "store.client_bytes_max",
        CLIENT_BYTES_MAX as u64,
        "bytes",
        "names of clients without address come from foreign files",
        CUT,
    ),
    bound(
        "store.method_bytes_max",
        METHOD_BYTES_MAX as u64,
        "bytes",
        "the usual methods have at most 9",
        CUT,
    ),
    bound(
        "store.target_bytes_max",
        TARGET_BYTES_MAX as u64,
        "bytes",
        "enough to recognise a request; it has been judged in full",
        CUT,
    ),
    bound(
        "store.user_agent_bytes_max",
        USER_AGENT_BYTES_MAX as u64,
        "bytes",
        "honest ones stay below 400",
        CUT,
    ),
    bound(
        "store.word_bytes_max",
        WORD_BYTES_MAX as u64,
        "bytes",
        "names of rules and signals are ours and short",
        CUT,
    ),
    bound("store.detail_bytes_max", DETAIL_BYTES_MAX as u64, "bytes", "an explanation is a sentence", CUT),
    bound(
        "store.signals_max",
        SIGNALS_MAX as u64,
        "signals per event",
        "what one request can carry",
        "the weakest are left out",
    ),
    bound(
        "store.snapshot_bytes_max",
        SNAPSHOT_BYTES_MAX,
        "bytes",
        "4 Mi clients of 600 bytes, and room",
        "the snapshot counts as damaged and the history starts empty",
    ),
];

const CUT: &str = "the rest is cut off";

const fn bound(
    name: &'static str,
    value: u64,
    unit: &'static str,
    reason: &'static str,
    when_full: &'static str,
) -> Bound {
    Bound { name, value, unit, reason, when_full }
}

/// Row limits of one store; smaller ones serve tests and small machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// See [`LIST_ENTRIES_MAX`].
    pub list_entries_max: usize,
    /// See [`EVENTS_MAX`].
    pub events_max: usize,
    /// See [`LABELS_MAX`].
    pub labels_max: usize,
}

impl Default for StoreLimits {
    fn default() -> Self {
        StoreLimits { list_entries_max: LIST_ENTRIES_MAX, events_max: EVENTS_MAX, labels_max: LABELS_MAX }
    }
}

/// The start of `text`, at most `bytes_max` bytes, cut at a character boundary. NUL becomes `.`: PostgreSQL's text
/// cannot hold it.
pub(crate) fn cut(text: &str, bytes_max: usize) -> String {
    text[..text.floor_char_boundary(bytes_max)].replace('\0', ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_characters() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
        assert_eq!(cut("a\0b", 9), "a.b");
        assert_eq!(cut("", 3), "");
    }

    #[test]
    fn bounds_are_complete() {
        assert!(BOUNDS.iter().all(Bound::is_complete));
    }
}
