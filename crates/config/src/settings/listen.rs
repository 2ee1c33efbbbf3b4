//! Where a listener listens.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use crate::value::quote_text;

/// An address and port, or a port on every address of the machine. Port 0 takes a free one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Listen {
    /// The address; `None` is every address, IPv4 and IPv6.
    pub host: Option<IpAddr>,
    /// The port.
    pub port: u16,
}

impl Listen {
    /// `port` on every address.
    pub const fn everywhere(port: u16) -> Self {
        Listen { host: None, port }
    }

    /// True where both cannot be listened on: one port, and addresses of which one holds the other.
    pub fn overlaps(self, other: Listen) -> bool {
        let holds = |wide: Option<IpAddr>, narrow: Option<IpAddr>| match (wide, narrow) {
            (None, _) => true,
            (Some(wide), Some(narrow)) => {
                wide == narrow || (wide.is_unspecified() && wide.is_ipv4() == narrow.is_ipv4())
            }
            (Some(_), None) => false,
        };
        self.port != 0
            && self.port == other.port
            && (holds(self.host, other.host) || holds(other.host, self.host))
    }

    /// `port` on 127.0.0.1.
    pub const fn loopback(port: u16) -> Self {
        Listen { host: Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)), port }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host {
            Some(host) => SocketAddr::new(host, self.port).fmt(f),
            None => write!(f, ":{}", self.port),
        }
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let everywhere = text.strip_prefix(':').and_then(|port| port.parse().ok()).map(Listen::everywhere);
        let address = || text.parse().ok().map(|a: SocketAddr| Listen { host: Some(a.ip()), port: a.port() });
        everywhere.or_else(address).ok_or_else(|| {
            format!(
                "{} is no address with a port; write 127.0.0.1:8080, [::1]:8080 or :8080",
                quote_text(text)
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_listeners_are_seen() {
        let check = |a: &str, b: &str, expect: bool| {
            let (left, right): (Listen, Listen) = (a.parse().unwrap(), b.parse().unwrap());
            assert_eq!((left.overlaps(right), right.overlaps(left)), (expect, expect), "{a} {b}");
        };
        check(":80", ":80", true);
        check(":80", "127.0.0.1:80", true);
        check(":80", "[::1]:80", true);
        check("0.0.0.0:80", "127.0.0.1:80", true);
        check("0.0.0.0:80", "[::1]:80", false);
        check("127.0.0.1:80", "127.0.0.2:80", false);
        check(":80", ":81", false);
        check(":0", ":0", false);
    }

    #[test]
    fn addresses_round_trip() {
        for text in [":8080", "127.0.0.1:0", "[::1]:8080", "0.0.0.0:65535"] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
        for bad in ["", ":", "8080", "localhost:8080", "127.0.0.1", ":65536", "::1:80"] {
            assert!(bad.parse::<Listen>().is_err(), "{bad}");
        }
    }
}
