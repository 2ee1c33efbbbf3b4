//! Where a request was seen.

use crate::Resolution;

/// The place we look from. It fixes which facts can be seen at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vantage {
    /// Our own TLS listener: everything, bytes and microseconds.
    GatewayTls,
    /// Our own clear-text listener: everything but TLS.
    GatewayClear,
    /// A sub-request of nginx, Caddy or Traefik: their copy of the headers.
    ForwardAuth,
    /// An application's own description of a request (`POST /check`).
    Check,
    /// A line of an access log.
    Log,
}

impl Vantage {
    /// Every vantage.
    pub const ALL: [Vantage; 5] =
        [Vantage::GatewayTls, Vantage::GatewayClear, Vantage::ForwardAuth, Vantage::Check, Vantage::Log];

    /// The finest clock this vantage can have; a log format may know less (see `RequestFacts::resolution`).
    pub fn finest_resolution(self) -> Resolution {
        match self {
            Vantage::GatewayTls | Vantage::GatewayClear | Vantage::ForwardAuth => Resolution::Micro,
            Vantage::Check | Vantage::Log => Resolution::Milli,
        }
    }

    /// The name used in configuration, logs and reports.
    pub fn name(self) -> &'static str {
        match self {
            Vantage::GatewayTls => "gateway-tls",
            Vantage::GatewayClear => "gateway-clear",
            Vantage::ForwardAuth => "forward-auth",
            Vantage::Check => "check",
            Vantage::Log => "log",
        }
    }
}
