//! Every bound of this crate, with its reason.

use std::time::Duration;

use palisade_limits::Bound;

/// Connections open at once.
pub(crate) const CONNECTIONS_MAX: usize = 20_000;
/// Time for a request head.
pub(crate) const HEAD_TIMEOUT_MS: u64 = 15_000;
/// Time between two requests.
pub(crate) const IDLE_TIMEOUT_MS: u64 = 75_000;
/// Span in which a body must move.
pub(crate) const BODY_WINDOW_MS: u64 = 20_000;
/// Bytes a body must bring per span.
pub(crate) const BODY_BYTES_MIN: u64 = 2_048;
/// Time a client may take nothing.
pub(crate) const WRITE_TIMEOUT_MS: u64 = 60_000;
/// Time the start of a body is held.
pub(crate) const PREFIX_TIMEOUT_MS: u64 = 250;
/// Time to reach an upstream.
pub(crate) const CONNECT_TIMEOUT_MS: u64 = 5_000;
/// Time to the head of an answer.
pub(crate) const ANSWER_TIMEOUT_MS: u64 = 60_000;
/// Silence within an answer.
pub(crate) const UPSTREAM_SILENCE_MS: u64 = 300_000;
/// Silence of a tunnel.
pub(crate) const TUNNEL_SILENCE_MS: u64 = 300_000;
/// Idle connections per upstream and thread.
pub(crate) const UPSTREAM_IDLE_MAX: usize = 256;
/// How long they are kept.
pub(crate) const UPSTREAM_IDLE_TIMEOUT_MS: u64 = 30_000;
/// Largest form with a sealed body: its text, and a few fields beside it.
pub(crate) const SEALED_FORM_BYTES_MAX: usize = palisade_challenge::sealed::TEXT_BYTES_MAX + (8 << 10);
/// How much of a form is searched for its token.
pub(crate) const TOKEN_PREFIX_BYTES_MAX: usize = 64 << 10;
/// How long such a body, or a form to be sealed, is waited for.
pub(crate) const VISIT_BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Such bodies held at once, over all threads.
pub(crate) const HELD_BODIES_MAX: usize = 1_024;
/// Such bodies of one network.
pub(crate) const HELD_BODIES_OF_NETWORK_MAX: usize = 16;
/// Slow answers under way.
pub(crate) const SLOW_ANSWERS_MAX: usize = 1_000;
/// Time of one slow answer.
pub(crate) const SLOW_ANSWER_TIMEOUT_MS: u64 = 60_000;
/// Streams of one HTTP/2 connection.
pub(crate) const STREAMS_MAX: u32 = 100;
/// Bytes that are read and thrown away after a refusal, so that the client can read the answer before the reset.
pub(crate) const LINGER_BYTES_MAX: usize = 256 * 1024;
/// Time for that.
pub(crate) const LINGER_MS: u64 = 1_000;
/// Bytes of a connection held before an upgrade is answered.
pub(crate) const EARLY_BYTES_MAX: usize = 16 * 1024;
/// Pause after an accept that failed for want of descriptors.
pub(crate) const ACCEPT_PAUSE_MS: u64 = 50;
/// How long an upstream that could not be reached is passed over while others can.
pub(crate) const UPSTREAM_DOWN_MS: u64 = 5_000;
/// How long a challenge waits for the tags of its page.
pub(crate) const PREVIEW_WAIT_MS: u64 = 500;
/// How long the site has to give them.
pub(crate) const PREVIEW_TIMEOUT_MS: u64 = 5_000;
/// How long nobody asks again for a page that gave none.
pub(crate) const PREVIEW_NEGATIVE_SECS: u32 = 300;
/// Questions for tags under way in one thread.
pub(crate) const PREVIEWS_ASKED_MAX: usize = 8;
/// Such questions to one site.
pub(crate) const PREVIEWS_OF_SITE_PER_MINUTE: u32 = 120;
/// Such questions on behalf of one network.
pub(crate) const PREVIEWS_OF_NETWORK_PER_MINUTE: u32 = 20;
/// Longest path, with its query, that is asked for.
pub(crate) const PREVIEW_TARGET_BYTES_MAX: usize = 2_048;
/// Pages whose tags are kept.
pub(crate) const PREVIEW_PAGES_MAX: usize = 2_048;
/// Pictures of previews that are kept.
pub(crate) const PREVIEW_PICTURES_MAX: usize = 4_096;
/// Sites and networks whose questions are counted.
pub(crate) const PREVIEW_RATES_MAX: usize = 4_096;

/// The named bounds of this crate.
pub const BOUNDS: &[Bound] = &[
    Bound {
        name: "gateway.connections_max",
        value: CONNECTIONS_MAX as u64,
        unit: "connections",
        reason: "each costs a descriptor and about 20 KiB while it works",
        when_full: "a new connection is answered 503 at once and closed",
    },
    Bound {
        name: "gateway.held_bodies_max",
        value: HELD_BODIES_MAX as u64,
        unit: "bodies",
        reason: "answers to challenges, forms to be sealed or asked for a token: 256 KiB at most, most have 2",
        when_full: "503 with Retry-After, or a challenge without the form",
    },
    Bound {
        name: "gateway.held_bodies_of_network_max",
        value: HELD_BODIES_OF_NETWORK_MAX as u64,
        unit: "bodies per address, or /64",
        reason: "an office sends that many at one moment; nobody takes the seats of all others",
        when_full: "as above",
    },
    Bound {
        name: "gateway.token_prefix_bytes_max",
        value: TOKEN_PREFIX_BYTES_MAX as u64,
        unit: "bytes",
        reason: "widgets put their field at the end of a form; files come behind",
        when_full: "a token further back is not found, and the form is refused",
    },
    Bound {
        name: "gateway.sealed_form_bytes_max",
        value: SEALED_FORM_BYTES_MAX as u64,
        unit: "bytes",
        reason: "a sealed body of 64 KiB as text, and room for the fields beside it",
        when_full: "it is no sealed form, and goes on as it is",
    },
    Bound {
        name: "gateway.head_ms_max",
        value: HEAD_TIMEOUT_MS,
        unit: "ms",
        reason: "a head fits a few packets even over a bad mobile line; slowloris lives on longer ones",
        when_full: "the connection is closed",
    },
    Bound {
        name: "gateway.idle_ms_max",
        value: IDLE_TIMEOUT_MS,
        unit: "ms",
        reason: "what nginx keeps by default; browsers come back within it",
        when_full: "the connection is closed",
    },
    Bound {
        name: "gateway.body_window_ms",
        value: BODY_WINDOW_MS,
        unit: "ms",
        reason: "long enough for a phone to change its cell",
        when_full: "see gateway.body_bytes_min",
    },
    Bound {
        name: "gateway.body_bytes_min",
        value: BODY_BYTES_MIN,
        unit: "bytes per window",
        reason: "no line in use is slower than 100 bytes/s; senders that are hold connections on purpose",
        when_full: "a body that brings less is cut: 408, or the upstream's request is aborted",
    },
    Bound {
        name: "gateway.write_ms_max",
        value: WRITE_TIMEOUT_MS,
        unit: "ms",
        reason: "a reader that takes nothing for a minute is gone or holds us on purpose",
        when_full: "the connection is closed",
    },
    Bound {
        name: "gateway.prefix_ms_max",
        value: PREFIX_TIMEOUT_MS,
        unit: "ms",
        reason: "forms arrive with their head; nobody should notice the wait",
        when_full: "the request is judged by what has come",
    },
    Bound {
        name: "gateway.connect_ms_max",
        value: CONNECT_TIMEOUT_MS,
        unit: "ms",
        reason: "upstreams are near; a lost first packet is sent again after one second and after three",
        when_full: "the next upstream is tried, then 502",
    },
    Bound {
        name: "gateway.answer_ms_max",
        value: ANSWER_TIMEOUT_MS,
        unit: "ms",
        reason: "what nginx waits by default",
        when_full: "504",
    },
    Bound {
        name: "gateway.upstream_silence_ms_max",
        value: UPSTREAM_SILENCE_MS,
        unit: "ms",
        reason: "event streams send a comment at least this often",
        when_full: "the answer is aborted, so that it cannot pass for a whole one",
    },
    Bound {
        name: "gateway.tunnel_silence_ms_max",
        value: TUNNEL_SILENCE_MS,
        unit: "ms",
        reason: "WebSocket peers ping each other within a minute or two",
        when_full: "both sides are closed",
    },
    Bound {
        name: "gateway.upstream_idle_max",
        value: UPSTREAM_IDLE_MAX as u64,
        unit: "connections per upstream and thread",
        reason: "covers bursts without holding descriptors of the upstream for ever",
        when_full: "the connection is closed instead of kept",
    },
    Bound {
        name: "gateway.upstream_idle_ms_max",
        value: UPSTREAM_IDLE_TIMEOUT_MS,
        unit: "ms",
        reason: "shorter than most upstreams keep theirs, so a request seldom meets a connection that just closed",
        when_full: "the connection is closed",
    },
    Bound {
        name: "gateway.slow_answers_max",
        value: SLOW_ANSWERS_MAX as u64,
        unit: "answers",
        reason: "waiting is cheap, connections are not",
        when_full: "further ones are answered at once",
    },
    Bound {
        name: "gateway.slow_answer_ms_max",
        value: SLOW_ANSWER_TIMEOUT_MS,
        unit: "ms",
        reason: "a client that hangs longer learns nothing new and holds a connection",
        when_full: "the rest of the answer is written at once",
    },
    Bound {
        name: "gateway.streams_max",
        value: STREAMS_MAX as u64,
        unit: "streams per HTTP/2 connection",
        reason: "what RFC 9113 recommends at least and browsers use at most",
        when_full: "HTTP/2 refuses the stream, the client tries again",
    },
    Bound {
        name: "gateway.linger_bytes_max",
        value: LINGER_BYTES_MAX as u64,
        unit: "bytes",
        reason: "a close with unread bytes resets the connection and takes the refusal with it",
        when_full: "the connection is closed",
    },
    Bound {
        name: "gateway.linger_ms_max",
        value: LINGER_MS,
        unit: "ms",
        reason: "see gateway.linger_bytes_max",
        when_full: "the connection is closed",
    },
    Bound {
        name: "gateway.early_bytes_max",
        value: EARLY_BYTES_MAX as u64,
        unit: "bytes",
        reason: "what a client may send before its upgrade is answered",
        when_full: "no more is read until the answer",
    },
    Bound {
        name: "gateway.accept_pause_ms",
        value: ACCEPT_PAUSE_MS,
        unit: "ms",
        reason: "without descriptors an accept fails at once, again and again",
        when_full: "never full",
    },
    Bound {
        name: "gateway.upstream_down_ms",
        value: UPSTREAM_DOWN_MS,
        unit: "ms",
        reason: "a restart takes seconds; asking it each time would slow every request",
        when_full: "it is asked again",
    },
    Bound {
        name: "gateway.preview_wait_ms_max",
        value: PREVIEW_WAIT_MS,
        unit: "ms",
        reason: "a preview is asked for once, so the first must see the tags; programs that make them wait for seconds",
        when_full: "the challenge goes without tags, the next one has them",
    },
    Bound {
        name: "gateway.preview_ms_max",
        value: PREVIEW_TIMEOUT_MS,
        unit: "ms",
        reason: "what takes longer is no page that anybody shows",
        when_full: "the page counts as one without tags",
    },
    Bound {
        name: "gateway.preview_negative_secs_max",
        value: PREVIEW_NEGATIVE_SECS as u64,
        unit: "s",
        reason: "a private page is asked for again and again, a site that was down comes back",
        when_full: "it is asked again",
    },
    Bound {
        name: "gateway.previews_asked_max",
        value: PREVIEWS_ASKED_MAX as u64,
        unit: "questions per thread",
        reason: "previews must not take the site's time from visitors",
        when_full: "the challenge goes without tags",
    },
    Bound {
        name: "gateway.previews_of_site_per_minute_max",
        value: PREVIEWS_OF_SITE_PER_MINUTE as u64,
        unit: "questions per minute, half of them at once",
        reason: "who is challenged for a thousand paths asks the site for two a second",
        when_full: "the challenge goes without tags",
    },
    Bound {
        name: "gateway.previews_of_network_per_minute_max",
        value: PREVIEWS_OF_NETWORK_PER_MINUTE as u64,
        unit: "questions per minute and address, or /64; half of them at once",
        reason: "a server shows few links a minute; nobody takes the questions of all others",
        when_full: "as above",
    },
    Bound {
        name: "gateway.preview_target_bytes_max",
        value: PREVIEW_TARGET_BYTES_MAX as u64,
        unit: "bytes",
        reason: "links that people share are shorter",
        when_full: "the challenge goes without tags",
    },
    Bound {
        name: "gateway.preview_pages_max",
        value: PREVIEW_PAGES_MAX as u64,
        unit: "pages",
        reason: "12 KiB each at most, most have 1",
        when_full: "the one that was not wanted for longest is forgotten and asked for again",
    },
    Bound {
        name: "gateway.preview_pictures_max",
        value: PREVIEW_PICTURES_MAX as u64,
        unit: "pictures",
        reason: "one or two a page; 32 bytes each",
        when_full: "the one that was not wanted for longest is challenged again",
    },
    Bound {
        name: "gateway.preview_rates_max",
        value: PREVIEW_RATES_MAX as u64,
        unit: "sites and networks",
        reason: "each refills within a minute; 48 bytes each",
        when_full: "the one that did not ask for longest begins anew",
    },
];
