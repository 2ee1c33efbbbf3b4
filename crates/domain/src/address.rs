//! Client addresses and networks.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;

/// The address of the client itself, behind whatever proxies are trusted; never the peer's by mistake.
/// IPv4-mapped IPv6 addresses are held as IPv4, so one client has one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientIp(IpAddr);

impl ClientIp {
    /// Takes any address; `::ffff:a.b.c.d` becomes `a.b.c.d`.
    pub fn new(addr: IpAddr) -> Self {
        ClientIp(addr.to_canonical())
    }

    /// The address.
    pub fn addr(self) -> IpAddr {
        self.0
    }

    /// The network this client is judged under first: /32 for IPv4, /64 for IPv6.
    pub fn network(self) -> NetPrefix {
        NetPrefix::new(self.0, if self.0.is_ipv4() { 32 } else { 64 })
    }

    /// The wider IPv6 networks one customer may hold, narrowest first: /56 and /48. Empty for IPv4.
    pub fn parents(self) -> impl Iterator<Item = NetPrefix> {
        let lengths: &[u8] = if self.0.is_ipv4() { &[] } else { &[56, 48] };
        lengths.iter().map(move |&len| NetPrefix::new(self.0, len))
    }

    /// True for addresses that cannot be a client on the Internet: private, loopback, link-local, unique-local,
    /// carrier-grade NAT (RFC 6598) and unspecified.
    pub fn is_private(self) -> bool {
        match self.0 {
            IpAddr::V4(v4) => {
                let [a, b, ..] = v4.octets();
                v4.is_private()
                    || v4.is_loopback()
                    || v4.is_link_local()
                    || v4.is_unspecified()
                    || (a == 100 && (64..128).contains(&b))
            }
            IpAddr::V6(v6) => {
                v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local()
            }
        }
    }
}

impl fmt::Display for ClientIp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ClientIp {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(ClientIp::new)
    }
}

/// A network in CIDR form; host bits are cleared. Length 0..=32 for IPv4, 0..=128 for IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NetPrefix(IpNet);

impl NetPrefix {
    /// The network of `addr` with prefix length `len`; a `len` beyond the family's width means the whole address.
    ///
    /// An IPv4-mapped IPv6 network of 96 bits or more is the IPv4 network it maps, as its clients are.
    pub fn new(addr: IpAddr, len: u8) -> Self {
        let (addr, len) = match (addr, addr.to_canonical()) {
            (IpAddr::V6(_), v4 @ IpAddr::V4(_)) if len >= 96 => (v4, len - 96),
            (IpAddr::V6(_), IpAddr::V4(_)) => (addr, len),
            (_, addr) => (addr, len),
        };
        let width = if addr.is_ipv4() { 32 } else { 128 };
        let net = IpNet::new_assert(addr, len.min(width));
        NetPrefix(net.trunc())
    }

    /// True where `client` lies inside.
    pub fn contains(self, client: ClientIp) -> bool {
        self.0.contains(&client.addr())
    }

    /// The first address.
    pub fn addr(self) -> IpAddr {
        self.0.addr()
    }

    /// The prefix length.
    #[allow(clippy::len_without_is_empty, reason = "a network is never empty; len is the field's own word")]
    pub fn len(self) -> u8 {
        self.0.prefix_len()
    }

    /// True for `0.0.0.0/0` and `::/0`: everybody.
    pub fn is_everyone(self) -> bool {
        self.0.prefix_len() == 0
    }

    /// First and last address as numbers, IPv4 in the low 32 bits.
    fn bounds(self) -> (bool, u128, u128) {
        (self.0.addr().is_ipv4(), number(self.0.network()), number(self.0.broadcast()))
    }
}

impl fmt::Display for NetPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text was neither an address nor a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotANetwork(pub String);

impl fmt::Display for NotANetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is neither an address (203.0.113.7) nor a network (203.0.113.0/24)", self.0)
    }
}

impl std::error::Error for NotANetwork {}

impl FromStr for NetPrefix {
    type Err = NotANetwork;

    /// Reads `203.0.113.0/24`, `2001:db8::/48` or a single address; host bits are cleared.
    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        if let Ok(addr) = text.parse::<IpAddr>() {
            return Ok(NetPrefix::new(addr, 128));
        }
        let net: IpNet = text.parse().map_err(|_| NotANetwork(text.to_owned()))?;
        Ok(NetPrefix::new(net.addr(), net.prefix_len()))
    }
}

/// An immutable set of networks with O(log n) lookup.
#[derive(Clone, Debug, Default)]
pub struct RangeSet {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl RangeSet {
    /// Builds the set; overlapping and adjacent networks are merged.
    pub fn new(networks: impl IntoIterator<Item = NetPrefix>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in networks {
            match network.bounds() {
                (true, first, last) => v4.push((first, last)),
                (false, first, last) => v6.push((first, last)),
            }
        }
        let v4 = merge(v4).into_iter().map(|(first, last)| (first as u32, last as u32)).collect();
        RangeSet { v4, v6: merge(v6) }
    }

    /// True where `client` lies in one of the networks.
    pub fn contains(&self, client: ClientIp) -> bool {
        match client.addr() {
            IpAddr::V4(v4) => holds(&self.v4, u32::from(v4)),
            IpAddr::V6(v6) => holds(&self.v6, u128::from(v6)),
        }
    }

    /// True where no network is in the set.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }
}

fn number(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

fn merge(mut spans: Vec<(u128, u128)>) -> Vec<(u128, u128)> {
    spans.sort_unstable();
    let mut merged: Vec<(u128, u128)> = Vec::with_capacity(spans.len());
    for (first, last) in spans {
        match merged.last_mut() {
            Some(previous) if first <= previous.1.saturating_add(1) => previous.1 = previous.1.max(last),
            _ => merged.push((first, last)),
        }
    }
    merged
}

fn holds<T: Ord + Copy>(spans: &[(T, T)], value: T) -> bool {
    let after = spans.partition_point(|&(first, _)| first <= value);
    after.checked_sub(1).is_some_and(|at| spans[at].1 >= value)
}

/// The IPv4 documentation address 192.0.2.`n` (RFC 5737), for examples and tests.
pub fn documentation_ip(n: u8) -> ClientIp {
    ClientIp::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, n)))
}

/// The IPv6 documentation address 2001:db8::`n` (RFC 3849), for examples and tests.
pub fn documentation_ip6(n: u16) -> ClientIp {
    ClientIp::new(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_client_has_one_form() {
        let mapped: ClientIp = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(mapped, documentation_ip(1));
        assert_eq!(mapped.network().to_string(), "192.0.2.1/32");
        assert_eq!(documentation_ip6(7).network().to_string(), "2001:db8::/64");
        assert_eq!(documentation_ip6(7).parents().map(NetPrefix::len).collect::<Vec<_>>(), [56, 48]);
    }

    #[test]
    fn networks_are_read_and_refused() {
        assert_eq!("203.0.113.9/24".parse::<NetPrefix>().unwrap().to_string(), "203.0.113.0/24");
        assert_eq!("2001:db8::1".parse::<NetPrefix>().unwrap().len(), 128);
        assert_eq!("::ffff:192.0.2.0/120".parse::<NetPrefix>().unwrap().to_string(), "192.0.2.0/24");
        assert_eq!("::ffff:0:0/90".parse::<NetPrefix>().unwrap().len(), 90);
        for bad in ["", "203.0.113.0/33", "example.org", "1.2.3"] {
            assert!(bad.parse::<NetPrefix>().is_err(), "{bad}");
        }
    }

    #[test]
    fn private_addresses_are_known() {
        for text in ["10.1.2.3", "127.0.0.1", "100.64.0.1", "169.254.0.1", "::1", "fd00::1", "fe80::1"] {
            assert!(text.parse::<ClientIp>().unwrap().is_private(), "{text}");
        }
        assert!(!"8.8.8.8".parse::<ClientIp>().unwrap().is_private());
    }

    proptest! {
        #[test]
        fn a_set_holds_what_its_networks_hold(
            nets in prop::collection::vec((any::<u32>(), 8u8..=32), 0..20),
            probe in any::<u32>(),
        ) {
            let nets: Vec<_> = nets.into_iter()
                .map(|(addr, len)| NetPrefix::new(IpAddr::V4(addr.into()), len)).collect();
            let client = ClientIp::new(IpAddr::V4(probe.into()));
            let set = RangeSet::new(nets.iter().copied());
            prop_assert_eq!(set.contains(client), nets.iter().any(|net| net.contains(client)));
            for net in &nets {
                prop_assert!(set.contains(ClientIp::new(net.addr())));
            }
        }
    }
}
