//! Log formats: one line in, one [`Record`] out.
//!
//! One file per format and one visible list, [`Format::ALL`]. A format says what its lines really show and nothing
//! more: a column that holds `-` is `Absent`, a column the format does not have is `Unseen`.
//!
//! Not here: reading files (`source`), putting lines into order (`merge`).

mod alb;
mod caddy;
mod check;
mod clf;
mod clock;
mod cloudflare;
mod draft;
mod fields;
mod haproxy;
mod json;
mod labelled;
mod nginx_json;
mod own;
mod palisade;
mod proxy_manager;
mod record;
mod syslog;
mod text;
mod traefik;

pub use check::{CheckBody, CheckError};
pub use own::{Ended, Place, Verdict};
pub use record::{Label, Record};

use std::fmt;
use std::str::FromStr;

use draft::Draft;

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
    /// What the gateway exports of what it saw, judgement by judgement.
    Palisade,
    /// Our own labelled traffic.
    Labelled,
    /// Bodies of `POST /check`.
    Check,
}

impl Format {
    /// Every format, in the order in which a line is tried.
    pub const ALL: [Format; 12] = [
        Format::Combined,
        Format::Common,
        Format::ProxyManager,
        Format::Haproxy,
        Format::Alb,
        Format::Palisade,
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
            Format::Palisade => "palisade",
            Format::Labelled => "labelled",
            Format::Check => "check",
        }
    }
}

impl Format {
    /// Reads one line as this format, whatever a log shipper put before it. `None` where it is not of this format,
    /// or only a part of a line. `scratch` is only there to be reused. Linear in the length of `line`.
    pub fn parse(self, line: &str, scratch: &mut String) -> Option<Record> {
        self.draft(syslog::strip(line)).map(|draft| draft.into_record(scratch))
    }

    /// Reads one line as `hint` or else as whichever format understands it.
    pub fn parse_any(line: &str, hint: Option<Format>, scratch: &mut String) -> Option<Record> {
        let line = syslog::strip(line);
        // Our own lines are labelled traffic too, which must not be a reason to read less of them.
        let hint = if Format::Palisade.may_be(line) { Some(Format::Palisade) } else { hint };
        let others = Format::ALL.into_iter().filter(|format| Some(*format) != hint && format.may_be(line));
        hint.into_iter()
            .chain(others)
            .find_map(|format| format.draft(line))
            .map(|draft| draft.into_record(scratch))
    }

    /// Does a line that is in no format look like the part of one? JSON that does not end, or an access log's time.
    pub fn is_torn(line: &str) -> bool {
        let line = syslog::strip(line);
        match line.strip_prefix('{') {
            Some(_) => serde_json::from_str::<serde::de::IgnoredAny>(line).is_err(),
            None => (clf::has_time(line) && !haproxy::is_notice(line)) || alb::looks_alike(line),
        }
    }

    fn draft(self, line: &str) -> Option<Draft<'_>> {
        match self {
            // One parser tells the two apart, line by line.
            Format::Common | Format::Combined => clf::parse(line),
            Format::ProxyManager => proxy_manager::parse(line),
            Format::Haproxy => haproxy::parse(line),
            Format::Alb => alb::parse(line),
            Format::Palisade => palisade::parse(line),
            Format::Labelled => labelled::parse(line),
            Format::NginxJson => nginx_json::parse(line),
            Format::CaddyJson => caddy::parse(line),
            Format::TraefikJson => traefik::parse(line),
            Format::Cloudflare => cloudflare::parse(line),
            Format::Check => check::parse(line),
        }
    }

    /// A cheap look that spares the tries that cannot succeed.
    fn may_be(self, line: &str) -> bool {
        if self == Format::Palisade {
            return line.starts_with(palisade::BEGINNING);
        }
        let is_json = matches!(
            self,
            Format::Labelled
                | Format::NginxJson
                | Format::CaddyJson
                | Format::TraefikJson
                | Format::Cloudflare
                | Format::Check
        );
        is_json == line.starts_with('{') && self != Format::Common
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
