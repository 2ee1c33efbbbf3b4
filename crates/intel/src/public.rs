//! Which addresses an outbound request may go to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// True for addresses of the public Internet: nothing private, local, reserved, or private in the clothes of IPv6.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let shared = a == 100 && (64..128).contains(&b); // RFC 6598
    let protocols = a == 192 && b == 0 && c == 0; // RFC 6890
    let benchmarks = a == 198 && (b == 18 || b == 19); // RFC 2544
    let reserved = a == 0 || a >= 240; // RFC 1112, RFC 791
    !(v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_documentation()
        || v4.is_broadcast()
        || shared
        || protocols
        || benchmarks
        || reserved)
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    if let Some(v4) = embedded_v4(v6) {
        return is_public_v4(v4);
    }
    let first = v6.segments()[0];
    // Only 2000::/3 is given out (RFC 4291); of it documentation (RFC 3849, RFC 9637) and Teredo (RFC 4380) are not.
    let documentation = (first == 0x2001 && v6.segments()[1] == 0x0db8) || first & 0xfff0 == 0x3ff0;
    let teredo = first == 0x2001 && v6.segments()[1] == 0;
    first & 0xe000 == 0x2000 && !documentation && !teredo
}

/// The IPv4 address within mapped (RFC 4291), translated (RFC 6052) and 6to4 (RFC 3056) ones.
fn embedded_v4(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = v6.segments();
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        let check = |text: &str, expect| assert_eq!(is_public(text.parse().unwrap()), expect, "{text}");
        for public in ["66.249.66.1", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"] {
            check(public, true);
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:7f00:1::",
            "::127.0.0.1",
            "3fff::1",
            "4000::1",
        ] {
            check(private, false);
        }
    }
}
