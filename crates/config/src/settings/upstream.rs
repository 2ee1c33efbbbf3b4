//! Where a site's requests go.

use std::fmt;
use std::str::FromStr;

use crate::value::quote_text;

/// The origin of an upstream: scheme, host and port, no path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Upstream {
    /// True for `https://`.
    pub tls: bool,
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    pub host: String,
    /// The port; 80 or 443 where none is written.
    pub port: u16,
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        match self.host.contains(':') {
            true => write!(f, "{scheme}://[{}]:{}", self.host, self.port),
            false => write!(f, "{scheme}://{}:{}", self.host, self.port),
        }
    }
}

impl FromStr for Upstream {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text).ok_or_else(|| {
            format!(
                "{} is no origin; write http://127.0.0.1:3000 or https://app.internal, without a path",
                quote_text(text)
            )
        })
    }
}

fn parse(text: &str) -> Option<Upstream> {
    let (tls, rest) = match text.strip_prefix("http://") {
        Some(rest) => (false, rest),
        None => (true, text.strip_prefix("https://")?),
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = split_port(authority)?;
    let port =
        port.map_or(Some(if tls { 443 } else { 80 }), |port| port.parse().ok().filter(|port| *port > 0))?;
    Some(Upstream { tls, host, port })
}

/// Host without brackets, and the port as text.
fn split_port(authority: &str) -> Option<(String, Option<&str>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        let host: std::net::Ipv6Addr = host.parse().ok()?;
        let port = if after.is_empty() { None } else { Some(after.strip_prefix(':')?) };
        return Some((host.to_string(), port));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let named = !host.is_empty() && host.len() <= 253 && host.bytes().all(is_name);
    named.then(|| (host.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_and_refused() {
        let check =
            |text: &str, expect: &str| assert_eq!(text.parse::<Upstream>().unwrap().to_string(), expect);
        check("http://127.0.0.1:3000", "http://127.0.0.1:3000");
        check("http://App.Internal/", "http://app.internal:80");
        check("https://app", "https://app:443");
        check("http://[2001:db8::1]:81", "http://[2001:db8::1]:81");
        for bad in [
            "",
            "app:3000",
            "ftp://app",
            "http://",
            "http://app/path",
            "http://user@app",
            "http://app:0",
            "http://app:99999",
            "http://[::1",
            "http://[::1]x",
            "http://a b",
            "http://a:1:2",
        ] {
            assert!(bad.parse::<Upstream>().is_err(), "{bad}");
        }
    }
}
