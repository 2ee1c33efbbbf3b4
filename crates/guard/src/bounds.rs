//! Every bound of this crate, with its reason.

use palisade_limits::Bound;

use crate::{guard, health, load, names, peer, record, signatures, standing, totals, worker};

/// The named bounds of this crate.
pub const BOUNDS: &[Bound] = &[
    Bound::new(
        "guard.hops_max",
        peer::HOPS_MAX as u64,
        "hops of a request",
        "real chains of proxies have two or three; the rest of a list is the client's own writing",
        "the last hop looked at counts as the client",
    ),
    Bound::new(
        "guard.names_max",
        names::NAMES_MAX as u64,
        "addresses",
        "whoever says it is a known crawler makes one entry; the operators have some ten thousand addresses",
        "the least used is forgotten and asked for again",
    ),
    Bound::new(
        "guard.standings_max",
        standing::STANDINGS_MAX as u64,
        "addresses",
        "one takes 40 bytes; whoever asks for a reputation asks about those who were here lately",
        "the least used is forgotten; what was stored of it still counts",
    ),
    Bound::new(
        "guard.signature_results_max",
        signatures::RESULTS_MAX as u64,
        "signatures",
        "an agent signs each request anew; what repeats, repeats soon",
        "the least used is forgotten and checked again",
    ),
    Bound::new(
        "guard.signature_origins_max",
        signatures::ORIGINS_MAX as u64,
        "origins",
        "anybody may name an origin; the agents that sign are some dozens",
        "the one that proved nothing for longest is forgotten",
    ),
    Bound::new(
        "guard.signature_origins_asked_max",
        signatures::ASKED_MAX as u64,
        "origins",
        "remembered so that one origin is asked for once a minute",
        "the least used is forgotten and may be asked for sooner",
    ),
    Bound::new(
        "guard.signature_keys_max",
        signatures::KEYS_PER_ORIGIN_MAX as u64,
        "keys of an origin",
        "rotation needs two or three",
        "the rest is left out",
    ),
    Bound::new(
        "guard.signature_input_bytes_max",
        signatures::INPUT_BYTES_MAX as u64,
        "bytes",
        "real ones stay below 500",
        "the signature is unverified",
    ),
    Bound::new(
        "guard.load_lanes_max",
        load::LANES_MAX as u64,
        "sites",
        "each takes about 50 KiB once it is asked for anything",
        "further sites share measures",
    ),
    Bound::new(
        "guard.rolled_up_sites_max",
        totals::SITES_MAX as u64,
        "sites",
        "each takes about 10 KiB; sites are the operator's, so nobody else can make more",
        "further sites count in the totals only",
    ),
    Bound::new(
        "guard.events_max",
        guard::EVENTS_MAX as u64,
        "events that wait for the worker",
        "40 times what the worker takes at once; about 30 MiB when every request is recorded",
        "the newest is dropped and counted; verdicts do not change",
    ),
    Bound::new(
        "guard.entries_max",
        guard::ENTRIES_MAX as u64,
        "entries that wait for the worker",
        "rules write one entry per client and time, not per request",
        "the newest is dropped and counted; what the rule decided holds in memory",
    ),
    Bound::new(
        "guard.questions_max",
        guard::QUESTIONS_MAX as u64,
        "questions",
        "more than a resolver answers in the time a crawler waits",
        "the newest is dropped, counted, and asked again when the client comes back",
    ),
    Bound::new(
        "guard.sampled_events_per_minute_max",
        record::SAMPLED_PER_MINUTE as u64,
        "events of ordinary clients",
        "200 a second (DESIGN, section 5); with event_sample = 1.0 everything is kept and this does not hold",
        "further ordinary requests are in the roll-ups only",
    ),
    Bound::new(
        "guard.watched_max",
        record::WATCHED_MAX as u64,
        "verdicts a watcher may be behind",
        "who watches reads along, or misses some",
        "the oldest are skipped and the watcher is told how many",
    ),
    Bound::new(
        "guard.waiting_events_max",
        worker::WAITING_EVENTS_MAX as u64,
        "events the store did not take yet",
        "about a minute of the sample; a full disk does not become full memory",
        "the oldest are dropped and counted",
    ),
    Bound::new(
        "guard.waiting_entries_max",
        worker::WAITING_ENTRIES_MAX as u64,
        "entries the store did not take yet",
        "as many as a large attack makes in the time a disk is freed",
        "the oldest are dropped and counted",
    ),
    Bound::new(
        "guard.kept_max",
        crate::kept::KEPT_MAX as u64,
        "interactions and labels that wait for the store",
        "a sample: some 4 MiB of recordings",
        "the newest is dropped and counted",
    ),
    Bound::new(
        "guard.named_proxies_max",
        health::PROXIES_MAX as u64,
        "proxies nobody told us to trust",
        "a site has one or two; a CDN counts as one",
        "further ones count with the last",
    ),
];
