//! Single hops out of forwarding headers, from the right. Every text is some hop; nothing here fails or allocates.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use palisade_domain::{ClientIp, Scheme};

/// Longest element that is read as an address: a bracketed IPv6 address with port has 47.
const NODE_BYTES_MAX: usize = 64;
/// Longest host: 253 of a name, and a port.
const HOST_BYTES_MAX: usize = 260;

/// Who a hop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// An address.
    Address(ClientIp),
    /// `unknown`, an obfuscated identifier (`_hidden`, RFC 7239 section 6.3), or nothing we can read.
    Unnamed,
}

/// One hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop<'a> {
    /// Who it is.
    pub node: Node,
    /// Its `proto` (RFC 7239 section 5.4).
    pub proto: Option<&'a str>,
    /// Its `host` (section 5.3).
    pub host: Option<&'a str>,
}

impl Hop<'_> {
    /// A hop of which only the address is said.
    pub fn plain(node: Node) -> Self {
        Hop { node, proto: None, host: None }
    }
}

/// Hops of an `X-Forwarded-For` list, the right-most first. Empty elements do not count (RFC 9110 section 5.6.1).
pub fn x_forwarded_for(list: &str) -> impl Iterator<Item = Hop<'_>> {
    list.rsplit(',').map(str::trim).filter(|text| !text.is_empty()).map(|text| Hop::plain(node(text)))
}

/// Hops of a `Forwarded` list (RFC 7239), the right-most first.
///
/// The list is cut from the right, because what stands on the left is the client's: an opening quote there must not
/// swallow what a proxy appended.
pub fn forwarded(list: &str) -> impl Iterator<Item = Hop<'_>> {
    let mut rest = Some(list);
    std::iter::from_fn(move || {
        loop {
            let (before, element) = cut_right(rest?);
            rest = before;
            if !element.trim().is_empty() {
                return Some(element_hop(element));
            }
        }
    })
}

/// The part of `list` before its last comma outside quotes, and the part after it.
fn cut_right(list: &str) -> (Option<&str>, &str) {
    let mut quoted = false;
    for (at, byte) in list.bytes().enumerate().rev() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => return (Some(&list[..at]), &list[at + 1..]),
            _ => {}
        }
    }
    (None, list)
}

/// One `forwarded-element`. A parameter that stands twice, or a pair that is none, makes it unreadable.
fn element_hop(element: &str) -> Hop<'_> {
    let unreadable = Hop::plain(Node::Unnamed);
    let (mut named, mut proto, mut host) = (None, None, None);
    for pair in pairs(element) {
        let pair = pair.trim();
        if pair.is_empty() {
            continue;
        }
        let Some((name, value)) = pair.split_once('=') else { return unreadable };
        let Some(value) = unquoted(value) else { return unreadable };
        let place = match name {
            name if name.eq_ignore_ascii_case("for") => &mut named,
            name if name.eq_ignore_ascii_case("proto") => &mut proto,
            name if name.eq_ignore_ascii_case("host") => &mut host,
            _ => continue,
        };
        if place.replace(value).is_some() {
            return unreadable;
        }
    }
    Hop { node: named.map_or(Node::Unnamed, node), proto, host }
}

/// `element` cut at semicolons outside quotes.
fn pairs(element: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    element.split(move |c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    })
}

/// The value of a token or a quoted string. What needs a backslash is no address, scheme or host.
fn unquoted(value: &str) -> Option<&str> {
    let inside = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => value,
    };
    (!inside.contains(['"', '\\'])).then_some(inside)
}

/// One address: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`. Anything else, and the
/// unspecified address, names nobody.
pub fn node(text: &str) -> Node {
    let text = text.trim();
    if text.len() > NODE_BYTES_MAX {
        return Node::Unnamed;
    }
    match address(text).filter(|addr| !addr.is_unspecified()) {
        Some(addr) => Node::Address(ClientIp::new(addr)),
        None => Node::Unnamed,
    }
}

fn address(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, after) = rest.split_once(']')?;
        let port_fits = after.is_empty() || after.strip_prefix(':').is_some_and(is_port);
        return inside.parse::<Ipv6Addr>().ok().filter(|_| port_fits).map(IpAddr::V6);
    }
    if let Ok(addr) = text.parse() {
        return Some(addr);
    }
    let (host, port) = text.split_once(':')?;
    host.parse::<Ipv4Addr>().ok().filter(|_| is_port(port)).map(IpAddr::V4)
}

/// A port, or the obfuscated one of RFC 7239 section 6.2.
fn is_port(text: &str) -> bool {
    let number = (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let hidden = text.strip_prefix('_').is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    });
    hidden || (number && text.parse::<u16>().is_ok())
}

/// `http` or `https` (also `ws` and `wss`, which some proxies write), in any case.
pub fn scheme(text: &str) -> Option<Scheme> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    match text {
        _ if is("https") || is("wss") => Some(Scheme::Https),
        _ if is("http") || is("ws") => Some(Scheme::Http),
        _ => None,
    }
}

/// True for what can stand in a `Host` header.
pub fn is_host(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~:[]".contains(&b);
    (1..=HOST_BYTES_MAX).contains(&text.len()) && text.bytes().all(fits)
}
