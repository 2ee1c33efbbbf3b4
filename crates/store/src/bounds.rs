//! Every bound of this crate, with its reason. What a stranger can grow is listed here and nowhere else.

use palisade_limits::Bound;

/// Most list entries one tenant may hold.
pub const LIST_ENTRIES_MAX: usize = 500_000;
/// Most events kept per tenant; the oldest go first.
pub const EVENTS_MAX: usize = 2_000_000;
/// Most labels one tenant may hold.
pub const LABELS_MAX: usize = 1_000_000;
/// Most interactions kept per tenant; the oldest go first.
pub const INTERACTIONS_MAX: usize = 500_000;
/// Bytes that one tenant's interactions may take; the oldest go first.
pub const INTERACTIONS_BYTES_MAX: u64 = 1 << 30;
/// Most versions of models one tenant may hold.
pub const MODELS_MAX: usize = 32;
/// Bytes of a model file; a longer one is refused. As `palisade-model` reads no longer ones.
pub const MODEL_BYTES_MAX: usize = 16 << 20;
/// Bytes of a version's figures; longer ones are refused.
pub const METRICS_BYTES_MAX: usize = 64 << 10;
/// Most clients of the frozen set.
pub const FROZEN_ROWS_MAX: usize = 20_000;
/// Numbers kept of one client of the frozen set.
pub const FROZEN_VALUES_MAX: usize = 512;
/// Bytes of one interaction; a longer one is refused.
pub const INTERACTION_BYTES_MAX: usize = 512 << 10;
/// Most interactions one page holds.
pub const INTERACTION_PAGE_MAX: usize = 64;
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
/// Bytes that one tenant's events may take; the oldest go first.
pub const EVENTS_BYTES_MAX: u64 = 2 << 30;
/// Bytes of an event's export line; a longer one is not kept at all.
pub const FACTS_BYTES_MAX: usize = 64 << 10;
/// Most events one page of an export holds.
pub const EXPORT_PAGE_MAX: usize = 256;
/// The newest events of one client that its reputation is read from.
pub const REPUTATION_EVENTS_MAX: usize = 100_000;
/// Most API keys one tenant may hold.
pub const KEYS_MAX: usize = 1_000;
/// Most passes that one tenant has taken back; those that are over go.
pub const REVOKED_PASSES_MAX: usize = 100_000;
/// Bytes kept of a key's name.
pub const KEY_NAME_BYTES_MAX: usize = 128;
/// Bytes of a site key's text and hosts together.
pub const HOSTNAMES_BYTES_MAX: usize = 4 << 10;
/// Most lines of one tenant's audit log.
pub const AUDIT_LINES_MAX: usize = 10_000_000;
/// Bytes kept of the name under which a person is erased.
pub const AUDIT_SUBJECT_BYTES_MAX: usize = 192;
/// Bytes kept of one fact or text of an audit line.
pub const AUDIT_FIELD_BYTES_MAX: usize = 512;
/// Facts about persons kept per audit line.
pub const AUDIT_PERSONAL_MAX: usize = 4;
/// Most bytes that are read of the file with the heads of the audit log.
pub const AUDIT_HEADS_BYTES_MAX: u64 = 16 << 20;
/// Most roll-up rows kept per tenant; the oldest minutes go first.
pub const ROLLUPS_MAX: usize = 2_000_000;
/// Most items that wait for slow opinions, per tenant.
pub const ESCALATIONS_MAX: usize = 10_000;
/// Bytes of a queued item; a longer one is refused.
pub const ESCALATION_BYTES_MAX: usize = 64 << 10;
/// How often a queued item is tried.
pub const ESCALATION_ATTEMPTS_MAX: u32 = 5;
/// Most bytes that are read of a file with a secret.
pub const SECRET_FILE_BYTES_MAX: u64 = 4 << 10;
/// Most bytes of a snapshot file that are read back.
pub const SNAPSHOT_BYTES_MAX: u64 = 4 << 30;

/// The named bounds of this crate.
pub const BOUNDS: &[Bound] = &[
    Bound::new(
        "store.list_entries_max",
        LIST_ENTRIES_MAX as u64,
        "entries per tenant",
        "the largest public block lists have about 300,000 networks",
        "the change is refused and says so",
    ),
    Bound::new(
        "store.events_max",
        EVENTS_MAX as u64,
        "events per tenant",
        "at about 1 KiB each this is the 2 GiB that events may take",
        "the oldest are dropped",
    ),
    Bound::new(
        "store.labels_max",
        LABELS_MAX as u64,
        "labels per tenant",
        "more than any training set here uses",
        "the label is refused and says so: dropping one would lose acknowledged work",
    ),
    Bound::new(
        "store.models_max",
        MODELS_MAX as u64,
        "versions per tenant",
        "half a year of weekly ones; at most 512 MiB, usually some 10",
        "the oldest that is over and nothing returns to is dropped; where there is none, the new one is refused",
    ),
    Bound::new(
        "store.model_bytes_max",
        MODEL_BYTES_MAX as u64,
        "bytes",
        "no longer model file is read",
        REFUSED,
    ),
    Bound::new("store.metrics_bytes_max", METRICS_BYTES_MAX as u64, "bytes", "figures are a page", REFUSED),
    Bound::new(
        "store.frozen_rows_max",
        FROZEN_ROWS_MAX as u64,
        "clients per tenant",
        "beyond ten thousand people no false-positive rate that matters can be told better",
        "further clients are left out; those that are there stay",
    ),
    Bound::new(
        "store.frozen_values_max",
        FROZEN_VALUES_MAX as u64,
        "numbers",
        "as many as a model's schema may have",
        CUT,
    ),
    Bound::new(
        "store.interactions_max",
        INTERACTIONS_MAX as u64,
        "interactions per tenant",
        "far more than a behaviour model needs; most have some KiB",
        "the oldest are dropped",
    ),
    Bound::new(
        "store.interactions_bytes_max",
        INTERACTIONS_BYTES_MAX,
        "bytes per tenant",
        "half of what events may take of a small server's disk",
        "the oldest are dropped",
    ),
    Bound::new(
        "store.interaction_bytes_max",
        INTERACTION_BYTES_MAX as u64,
        "bytes",
        "the longest trace that is read has less than 400 KiB in our spelling",
        REFUSED,
    ),
    Bound::new(
        "store.interaction_page_max",
        INTERACTION_PAGE_MAX as u64,
        "rows",
        "one page stays below 32 MiB with the longest traces",
        "the page ends; the next one continues",
    ),
    Bound::new(
        "store.page_max",
        PAGE_MAX as u64,
        "rows",
        "one answer stays below 32 MiB",
        "the answer ends; the next page continues",
    ),
    Bound::new(
        "store.reason_bytes_max",
        REASON_BYTES_MAX as u64,
        "bytes",
        "a reason is a sentence, and webhooks may write it",
        CUT,
    ),
    Bound::new(
        "store.client_bytes_max",
        CLIENT_BYTES_MAX as u64,
        "bytes",
        "names of clients without address come from foreign files",
        CUT,
    ),
    Bound::new(
        "store.method_bytes_max",
        METHOD_BYTES_MAX as u64,
        "bytes",
        "the usual methods have at most 9",
        CUT,
    ),
    Bound::new(
        "store.target_bytes_max",
        TARGET_BYTES_MAX as u64,
        "bytes",
        "enough to recognise a request; it has been judged in full",
        CUT,
    ),
    Bound::new(
        "store.user_agent_bytes_max",
        USER_AGENT_BYTES_MAX as u64,
        "bytes",
        "honest ones stay below 400",
        CUT,
    ),
    Bound::new(
        "store.word_bytes_max",
        WORD_BYTES_MAX as u64,
        "bytes",
        "names of rules and signals are ours and short",
        CUT,
    ),
    Bound::new(
        "store.detail_bytes_max",
        DETAIL_BYTES_MAX as u64,
        "bytes",
        "an explanation is a sentence",
        CUT,
    ),
    Bound::new(
        "store.signals_max",
        SIGNALS_MAX as u64,
        "signals per event",
        "what one request can carry",
        "the weakest are left out",
    ),
    Bound::new(
        "store.events_bytes_max",
        EVENTS_BYTES_MAX,
        "bytes per tenant",
        "what events may take of a small server's disk",
        "the oldest are dropped",
    ),
    Bound::new(
        "store.facts_bytes_max",
        FACTS_BYTES_MAX as u64,
        "bytes per event",
        "one line that replay reads, and replay reads no longer ones",
        "the line is left out: half of it would be replayed as another request",
    ),
    Bound::new(
        "store.export_page_max",
        EXPORT_PAGE_MAX as u64,
        "rows",
        "one page stays below 20 MiB with the longest lines",
        "the page ends; the next one continues",
    ),
    Bound::new(
        "store.reputation_events_max",
        REPUTATION_EVENTS_MAX as u64,
        "events",
        "a reputation is read in some 20 ms even of the busiest client",
        "the newest count",
    ),
    Bound::new(
        "store.revoked_passes_max",
        REVOKED_PASSES_MAX as u64,
        "passes per tenant",
        "servers hold them all in memory; raising the epoch withdraws every pass at once",
        REFUSED,
    ),
    Bound::new(
        "store.keys_max",
        KEYS_MAX as u64,
        "keys per tenant",
        "servers hold them all in memory",
        REFUSED,
    ),
    Bound::new("store.key_name_bytes_max", KEY_NAME_BYTES_MAX as u64, "bytes", "a name is a few words", CUT),
    Bound::new(
        "store.hostnames_bytes_max",
        HOSTNAMES_BYTES_MAX as u64,
        "bytes",
        "sixteen hosts of the longest kind, or two hundred of the usual",
        REFUSED,
    ),
    Bound::new(
        "store.audit_lines_max",
        AUDIT_LINES_MAX as u64,
        "lines per tenant",
        "about 4 GiB, and a check of the chain stays below a minute or two",
        "the line, and with it what it would record, is refused and says so",
    ),
    Bound::new(
        "store.audit_subject_bytes_max",
        AUDIT_SUBJECT_BYTES_MAX as u64,
        "bytes",
        "names of persons and addresses are shorter",
        CUT,
    ),
    Bound::new(
        "store.audit_field_bytes_max",
        AUDIT_FIELD_BYTES_MAX as u64,
        "bytes",
        "a sentence or a user agent",
        CUT,
    ),
    Bound::new(
        "store.audit_personal_max",
        AUDIT_PERSONAL_MAX as u64,
        "facts per line",
        "who did it, from where, with what, to whom",
        "the rest is left out",
    ),
    Bound::new(
        "store.audit_heads_bytes_max",
        AUDIT_HEADS_BYTES_MAX,
        "bytes",
        "a line a day for three centuries",
        "later heads are not compared",
    ),
    Bound::new(
        "store.rollups_max",
        ROLLUPS_MAX as u64,
        "rows per tenant",
        "30 days of 46 combinations of site, action and class in each minute",
        "the oldest minutes are dropped",
    ),
    Bound::new(
        "store.escalations_max",
        ESCALATIONS_MAX as u64,
        "items per tenant",
        "at most 640 MiB, hours of work for a slow opinion",
        REFUSED,
    ),
    Bound::new(
        "store.escalation_bytes_max",
        ESCALATION_BYTES_MAX as u64,
        "bytes",
        "one described request with its body's beginning",
        REFUSED,
    ),
    Bound::new(
        "store.escalation_attempts_max",
        ESCALATION_ATTEMPTS_MAX as u64,
        "attempts",
        "what fails five times fails for its own reasons",
        "the item is dropped",
    ),
    Bound::new(
        "store.secret_file_bytes_max",
        SECRET_FILE_BYTES_MAX,
        "bytes",
        "files with secrets are a few lines",
        "the rest is not read, and the file counts as damaged",
    ),
    Bound::new(
        "store.snapshot_bytes_max",
        SNAPSHOT_BYTES_MAX,
        "bytes",
        "4 Mi clients of 600 bytes, and room",
        "the snapshot counts as damaged and the history starts empty",
    ),
];

const CUT: &str = "the rest is cut off";
const REFUSED: &str = "it is refused and says so";

/// Limits of one store; smaller ones serve tests and small machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// See [`LIST_ENTRIES_MAX`].
    pub list_entries_max: usize,
    /// See [`EVENTS_MAX`].
    pub events_max: usize,
    /// See [`EVENTS_BYTES_MAX`].
    pub events_bytes_max: u64,
    /// See [`LABELS_MAX`].
    pub labels_max: usize,
    /// See [`INTERACTIONS_MAX`].
    pub interactions_max: usize,
    /// See [`INTERACTIONS_BYTES_MAX`].
    pub interactions_bytes_max: u64,
    /// See [`MODELS_MAX`].
    pub models_max: usize,
    /// See [`FROZEN_ROWS_MAX`].
    pub frozen_rows_max: usize,
    /// See [`KEYS_MAX`].
    pub keys_max: usize,
    /// See [`AUDIT_LINES_MAX`].
    pub audit_lines_max: usize,
    /// See [`ROLLUPS_MAX`].
    pub rollups_max: usize,
    /// See [`ESCALATIONS_MAX`].
    pub escalations_max: usize,
}

impl StoreLimits {
    /// The usual ones.
    pub const USUAL: StoreLimits = StoreLimits {
        list_entries_max: LIST_ENTRIES_MAX,
        events_max: EVENTS_MAX,
        events_bytes_max: EVENTS_BYTES_MAX,
        labels_max: LABELS_MAX,
        interactions_max: INTERACTIONS_MAX,
        interactions_bytes_max: INTERACTIONS_BYTES_MAX,
        models_max: MODELS_MAX,
        frozen_rows_max: FROZEN_ROWS_MAX,
        keys_max: KEYS_MAX,
        audit_lines_max: AUDIT_LINES_MAX,
        rollups_max: ROLLUPS_MAX,
        escalations_max: ESCALATIONS_MAX,
    };
}

impl Default for StoreLimits {
    fn default() -> Self {
        StoreLimits::USUAL
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
}
