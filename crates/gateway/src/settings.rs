//! How a gateway is set up.

use std::net::SocketAddr;
use std::time::Duration;

use palisade_visitor::Tags;
use palisade_visitor::theme::Theme;

use crate::bounds;

/// How a gateway is set up.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// Where it listens; port 0 takes a free one, see [`crate::Gateway::addresses`].
    pub listeners: Vec<SocketAddr>,
    /// Threads, each with its own runtime; 0 is one per core.
    pub workers: usize,
    /// False for a plain proxy that asks nobody (for benches).
    pub judge: bool,
    /// Paths below this are ours: begins and ends with `/`.
    pub visitor_prefix: String,
    /// How challenge pages look.
    pub theme: Theme,
    /// What they say of the page in whose place they stand.
    pub open_graph: OpenGraph,
    /// Times and amounts.
    pub limits: Limits,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        GatewaySettings {
            listeners: Vec::new(),
            workers: 0,
            judge: true,
            visitor_prefix: palisade_visitor::route::PREFIX.to_owned(),
            theme: Theme::neutral().clone(),
            open_graph: OpenGraph::default(),
            limits: Limits::default(),
        }
    }
}

/// What a challenge page says of the page in whose place it stands, for link previews.
#[derive(Clone, Debug, Default)]
pub struct OpenGraph {
    /// Whether the site is asked for the tags of a page that is challenged.
    pub enabled: bool,
    /// How long they are good.
    pub cache_secs: u32,
    /// Whether pages that differ in their query are different pages.
    pub query: bool,
    /// What is always said, and by nobody else.
    pub fixed: Tags,
}

/// Times and amounts of a gateway; the defaults are the named bounds of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at once, over all threads.
    pub connections_max: usize,
    /// From the first byte of a request head to its last.
    pub head_timeout: Duration,
    /// How long a connection may stay open between two requests.
    pub idle_timeout: Duration,
    /// A request body must bring [`Limits::body_bytes_min`] in each such span.
    pub body_window: Duration,
    /// See [`Limits::body_window`].
    pub body_bytes_min: u64,
    /// How long a client may take nothing of an answer.
    pub write_timeout: Duration,
    /// How long the start of a body is waited for before the request is judged without more of it.
    pub prefix_timeout: Duration,
    /// To reach an upstream.
    pub connect_timeout: Duration,
    /// From the request to the head of the upstream's answer.
    pub answer_timeout: Duration,
    /// How long an upstream may be silent within an answer.
    pub upstream_silence: Duration,
    /// How long an upgraded connection may be silent in both directions.
    pub tunnel_silence: Duration,
    /// Idle connections kept to one upstream, per thread.
    pub upstream_idle_max: usize,
    /// How long one of them is kept; shorter than what upstreams keep, so that we are the ones who close.
    pub upstream_idle_timeout: Duration,
    /// Slow answers (tarpit) under way at once, over all threads.
    pub slow_answers_max: usize,
    /// How long a slow answer lasts at most.
    pub slow_answer_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let ms = Duration::from_millis;
        Limits {
            connections_max: bounds::CONNECTIONS_MAX,
            head_timeout: ms(bounds::HEAD_TIMEOUT_MS),
            idle_timeout: ms(bounds::IDLE_TIMEOUT_MS),
            body_window: ms(bounds::BODY_WINDOW_MS),
            body_bytes_min: bounds::BODY_BYTES_MIN,
            write_timeout: ms(bounds::WRITE_TIMEOUT_MS),
            prefix_timeout: ms(bounds::PREFIX_TIMEOUT_MS),
            connect_timeout: ms(bounds::CONNECT_TIMEOUT_MS),
            answer_timeout: ms(bounds::ANSWER_TIMEOUT_MS),
            upstream_silence: ms(bounds::UPSTREAM_SILENCE_MS),
            tunnel_silence: ms(bounds::TUNNEL_SILENCE_MS),
            upstream_idle_max: bounds::UPSTREAM_IDLE_MAX,
            upstream_idle_timeout: ms(bounds::UPSTREAM_IDLE_TIMEOUT_MS),
            slow_answers_max: bounds::SLOW_ANSWERS_MAX,
            slow_answer_timeout: ms(bounds::SLOW_ANSWER_TIMEOUT_MS),
        }
    }
}
