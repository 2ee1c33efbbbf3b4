//! `[intel]`: what is asked of the outside world, and what it may ask of us.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use crate::section::Section;
use crate::value::quote_text;

/// Who answers names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dns {
    /// The resolvers of this machine.
    #[default]
    System,
    /// Nobody: a crawler that publishes no ranges stays unverified.
    Off,
    /// This resolver.
    Server(SocketAddr),
}

impl fmt::Display for Dns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dns::System => f.write_str("system"),
            Dns::Off => f.write_str("off"),
            Dns::Server(address) => address.fmt(f),
        }
    }
}

impl FromStr for Dns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "system" => Ok(Dns::System),
            "off" => Ok(Dns::Off),
            _ => text.parse().map(Dns::Server).map_err(|_| {
                format!(
                    "{} is none of system, off, and no address with a port (127.0.0.1:53)",
                    quote_text(text)
                )
            }),
        }
    }
}

/// `[intel]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntelSettings {
    /// Whether `GET /list` needs no key.
    pub public_list: bool,
    /// Who answers the names that prove a crawler.
    pub dns: Dns,
    /// Between two looks at the operators' published ranges, 0..=720; 0 never looks.
    pub refresh_ranges_hours: u32,
    /// Whether key directories of signing agents are fetched.
    pub fetch_keys: bool,
    /// Whether what is fetched may come from private addresses. Never on a live site.
    pub allow_private: bool,
}

impl Default for IntelSettings {
    fn default() -> Self {
        IntelSettings {
            public_list: false,
            dns: Dns::System,
            refresh_ranges_hours: 24,
            fetch_keys: true,
            allow_private: false,
        }
    }
}

impl IntelSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let default = IntelSettings::default();
        IntelSettings {
            public_list: section.boolean("public_list", default.public_list),
            dns: section.text("dns", default.dns, str::parse),
            refresh_ranges_hours: section.integer(
                "refresh_ranges_hours",
                default.refresh_ranges_hours,
                &(0..=720),
            ),
            fetch_keys: section.boolean("fetch_keys", default.fetch_keys),
            allow_private: section.boolean("allow_private", default.allow_private),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolvers_round_trip() {
        for text in ["system", "off", "127.0.0.1:53", "[::1]:5353"] {
            assert_eq!(text.parse::<Dns>().unwrap().to_string(), text);
        }
        for bad in ["", "on", "127.0.0.1", "resolver.example:53", "::1:53"] {
            assert!(bad.parse::<Dns>().is_err(), "{bad}");
        }
    }
}
