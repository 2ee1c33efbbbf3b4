//! `[server]`: who listens where, and whom it believes.

use std::fmt;
use std::str::FromStr;

use palisade_domain::NetPrefix;

use super::{Listen, VisitorPrefix};
use crate::section::Section;
use crate::value::{one_of, quote_text};

/// Whose forwarding headers are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrustedProxy {
    /// This machine.
    Loopback,
    /// Private networks (RFC 1918, RFC 4193).
    Private,
    /// Cloudflare's published ranges.
    Cloudflare,
    /// A network.
    Network(NetPrefix),
}

impl fmt::Display for TrustedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrustedProxy::Loopback => f.write_str("loopback"),
            TrustedProxy::Private => f.write_str("private"),
            TrustedProxy::Cloudflare => f.write_str("cloudflare"),
            TrustedProxy::Network(network) => network.fmt(f),
        }
    }
}

impl FromStr for TrustedProxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "loopback" => Ok(TrustedProxy::Loopback),
            "private" => Ok(TrustedProxy::Private),
            "cloudflare" => Ok(TrustedProxy::Cloudflare),
            _ => match text.parse::<NetPrefix>() {
                Ok(network) if network.is_everyone() => {
                    Err(format!("{} would believe everybody's forwarding headers", quote_text(text)))
                }
                Ok(network) => Ok(TrustedProxy::Network(network)),
                Err(_) => Err(format!(
                    "{} is none of loopback, private, cloudflare, and no network (203.0.113.0/24)",
                    quote_text(text)
                )),
            },
        }
    }
}

/// What this process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The data plane.
    Gateway,
    /// API and desk.
    Control,
    /// Slow work behind the queue.
    Worker,
}

impl Role {
    /// The name used in configuration.
    pub fn name(self) -> &'static str {
        match self {
            Role::Gateway => "gateway",
            Role::Control => "control",
            Role::Worker => "worker",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `[server]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// Name of the tenant that owns the sites of this file: 1..=64 of `a-z 0-9 -`.
    pub tenant: String,
    /// Data plane.
    pub listen: Vec<Listen>,
    /// Application API.
    pub api: Vec<Listen>,
    /// Admin UI and its API.
    pub desk: Vec<Listen>,
    /// Whose forwarding headers are believed.
    pub trusted_proxies: Vec<TrustedProxy>,
    /// Whether connections of trusted proxies begin with a PROXY protocol header.
    pub proxy_protocol: bool,
    /// What the paths of pages for visitors begin with.
    pub visitor_prefix: VisitorPrefix,
    /// What this process does; never empty.
    pub roles: Vec<Role>,
    /// Threads of the data plane, each with its own listener; 0 is one per core. 0..=1024.
    pub workers: usize,
}

impl Default for ServerSettings {
    fn default() -> Self {
        ServerSettings {
            tenant: "default".to_owned(),
            listen: vec![Listen::everywhere(8080)],
            api: vec![Listen::loopback(8081)],
            desk: vec![Listen::loopback(8082)],
            trusted_proxies: vec![TrustedProxy::Loopback],
            proxy_protocol: false,
            visitor_prefix: VisitorPrefix::default(),
            roles: vec![Role::Gateway, Role::Control, Role::Worker],
            workers: 0,
        }
    }
}

impl ServerSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let default = ServerSettings::default();
        let settings = ServerSettings {
            tenant: section.text("tenant", default.tenant, parse_tenant),
            listen: section.list("listen", default.listen, str::parse),
            api: section.list("api", default.api, str::parse),
            desk: section.list("desk", default.desk, str::parse),
            trusted_proxies: section.list("trusted_proxies", default.trusted_proxies, str::parse),
            proxy_protocol: section.boolean("proxy_protocol", default.proxy_protocol),
            visitor_prefix: section.text("visitor_prefix", default.visitor_prefix, str::parse),
            roles: section.list("roles", default.roles, parse_role),
            workers: section.integer("workers", default.workers, &(0..=1024)),
        };
        settings.check(section);
        settings
    }

    fn check(&self, section: &mut Section<'_>) {
        if section.is_set("roles") && self.roles.is_empty() {
            section.conflict("roles", "names no role; leave it out for all of them".to_owned());
        }
        let listeners = [("listen", &self.listen), ("api", &self.api), ("desk", &self.desk)];
        for (at, (key, here)) in listeners.iter().enumerate() {
            for (other, there) in &listeners[..at] {
                let shared = here.iter().find(|listen| there.iter().any(|taken| listen.overlaps(*taken)));
                if let Some(shared) = shared {
                    section.conflict(key, format!("{shared} is taken by server.{other}"));
                }
            }
        }
    }
}

fn parse_tenant(text: &str) -> Result<String, String> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    match (1..=64).contains(&text.len()) && text.bytes().all(fits) {
        true => Ok(text.to_owned()),
        false => Err(format!("{} is not 1 to 64 of a-z, 0-9 and -", quote_text(text))),
    }
}

fn parse_role(text: &str) -> Result<Role, String> {
    let roles = [Role::Gateway, Role::Control, Role::Worker];
    let name = one_of(text, &roles.map(Role::name))?;
    Ok(roles.into_iter().find(|role| role.name() == name).unwrap_or(Role::Gateway))
}
