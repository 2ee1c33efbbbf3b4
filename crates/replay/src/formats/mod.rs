//! Log formats: one line in, one [`Record`] out.
//!
//! One file per format and one visible list, [`Format::ALL`]. A format says what its lines really show and nothing
//! more: a column that holds `-` is `Absent`, a column the format does not have is `Unseen`.
//!
//! Not here: reading files (`source`), putting lines into order (`merge`).

mod record;

pub use record::{Label, Record};

use std::fmt;
use std::str::FromStr;

/// A log format that is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// Apache common: `client ident user [time] "request" status bytes`.
    Common,
    /// Apache and nginx combined: common, then `"referer" "user agent"`, then whatever the site added.
    Combined,
    /// nginx proxy manager's two formats.
    ProxyManager,
    /// nginx with a JSON `log_format`.
    NginxJson,
    /// Caddy's JSON access log.
    CaddyJson,
    /// Traefik's JSON access log.
    TraefikJson,
    /// HAProxy's HTTP log (`option httplog`).
    Haproxy,
    /// AWS Application Load Balancer.
    Alb,
    /// Cloudflare Logpush HTTP requests.
    Cloudflare,
    /// Our own labelled traffic, and what the gateway exports.
    Labelled,
    /// Bodies of `POST /check`.
    Check,
}

impl Format {
    /// Every format, in the order in which a line is tried.
    pub const ALL: [Format; 11] = [
        Format::Combined,
        Format::Common,
        Format::ProxyManager,
        Format::Haproxy,
        Format::Alb,
        Format::Labelled,
        Format::NginxJson,
        Format::CaddyJson,
        Format::TraefikJson,
        Format::Cloudflare,
        Format::Check,
    ];

    /// The name used by `--format` and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Format::Common => "common",
            Format::Combined => "combined",
            Format::ProxyManager => "nginx-proxy-manager",
            Format::NginxJson => "nginx-json",
            Format::CaddyJson => "caddy-json",
            Format::TraefikJson => "traefik-json",
            Format::Haproxy => "haproxy",
            Format::Alb => "aws-alb",
            Format::Cloudflare => "cloudflare",
            Format::Labelled => "labelled",
            Format::Check => "check",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name is not one of [`Format::ALL`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a log format; known are {list}", list = Format::ALL.map(Format::name).join(", "))]
pub struct UnknownFormat(pub String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Format::ALL
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}
