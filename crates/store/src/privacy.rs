//! Shortening addresses: IPv4 to its /24, IPv6 to its /48, wherever they stand in an event. User agents stay: they
//! tell about programs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4};

use palisade_domain::{ClientIp, NetPrefix};
use serde_json::Value;

use crate::{Client, Event};

/// `ip` without the part that names a household: its /24 or /48 network's first address.
pub fn shortened(ip: ClientIp) -> ClientIp {
    let len = if ip.addr().is_ipv4() { 24 } else { 48 };
    ClientIp::new(NetPrefix::new(ip.addr(), len).addr())
}

/// `text` with every address in it shortened. Takes time in proportion to its length.
pub fn shorten_text(text: &str) -> String {
    let is_part = |char: char| char.is_ascii_hexdigit() || matches!(char, ':' | '.');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(start) = rest.find(is_part) {
        let (head, tail) = rest.split_at(start);
        out.push_str(head);
        before = head.chars().next_back().or(before);
        let (token, tail) = tail.split_at(tail.find(|char| !is_part(char)).unwrap_or(tail.len()));
        // Part of a word, such as the `d::` of `std::io`, is no address.
        let stands_alone = [before, tail.chars().next()].iter().flatten().all(|char| !char.is_alphanumeric());
        match stands_alone.then(|| shorten_token(token)).flatten() {
            Some(short) => out.push_str(&short),
            None => out.push_str(token),
        }
        before = token.chars().next_back();
        rest = tail;
    }
    out + rest
}

/// Longer runs are no address.
const TOKEN_BYTES_MAX: usize = 64;

/// The token as a shortened address, with the port or the full stop it had.
fn shorten_token(token: &str) -> Option<String> {
    if token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let bare = token.trim_end_matches('.');
    let stop = &token[bare.len()..];
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Some(format!("{}{stop}", written(ip)));
    }
    let with_port: SocketAddrV4 = bare.parse().ok()?;
    Some(format!("{}:{}{stop}", written((*with_port.ip()).into()), with_port.port()))
}

/// Keeps the family as it was written: a mapped address stays a mapped one.
fn written(ip: IpAddr) -> IpAddr {
    match (ip, shortened(ClientIp::new(ip)).addr()) {
        (IpAddr::V6(_), IpAddr::V4(short)) => Ipv6Addr::from(mapped(short)).into(),
        (_, short) => short,
    }
}

fn mapped(ip: Ipv4Addr) -> [u16; 8] {
    ip.to_ipv6_mapped().segments()
}

/// The line of labelled traffic `facts` with its addresses shortened; `None` where it is none, and must not be kept.
pub fn shorten_facts(facts: &str) -> Option<String> {
    let mut value: Value = serde_json::from_str(facts).ok()?;
    let fields = value.as_object_mut()?;
    for (name, value) in fields.iter_mut() {
        match name.as_str() {
            "user_agent" => {}
            "headers" => shorten_headers(value),
            _ => shorten_value(value),
        }
    }
    Some(value.to_string())
}

fn shorten_headers(headers: &mut Value) {
    for header in headers.as_array_mut().into_iter().flatten() {
        let name = header.get(0).and_then(Value::as_str).unwrap_or_default();
        if !name.eq_ignore_ascii_case("user-agent") {
            shorten_value(header);
        }
    }
}

/// Recursion ends: the parser refuses more than 128 levels.
fn shorten_value(value: &mut Value) {
    match value {
        Value::String(text) => *text = shorten_text(text),
        Value::Array(values) => values.iter_mut().for_each(shorten_value),
        Value::Object(fields) => fields.values_mut().for_each(shorten_value),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `event` with every address shortened, cut to its bounds.
pub(crate) fn shorten_event(event: &Event) -> Event {
    let mut short = event.clone();
    short.client = match &event.client {
        Client::Ip(ip) => Client::Ip(shortened(*ip)),
        Client::Opaque(name) => Client::Opaque(shorten_text(name)),
    };
    short.target = event.target.as_deref().map(shorten_text);
    short.facts = event.facts.as_deref().and_then(shorten_facts);
    for signal in &mut short.signals {
        signal.detail = shorten_text(&signal.detail);
    }
    short.bounded()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_in_text_are_shortened() {
        let check = |text: &str, expect: &str| assert_eq!(shorten_text(text), expect, "{text}");
        check("192.0.2.77", "192.0.2.0");
        check("from 192.0.2.77.", "from 192.0.2.0.");
        check("198.51.100.9:8080, 2001:db8:1:2::3", "198.51.100.0:8080, 2001:db8:1::");
        check("for=\"[2001:db8:1:2::3]:443\";by=10.1.2.3", "for=\"[2001:db8:1::]:443\";by=10.1.2.0");
        check("::ffff:192.0.2.77", "::ffff:192.0.2.0");
        check("/a?ip=192.0.2.77&t=12:34:56", "/a?ip=192.0.2.0&t=12:34:56");
        check("std::io 1.2.3 v1.2.3.4 999.1.1.1 é192.0.2.7", "std::io 1.2.3 v1.2.3.4 999.1.1.1 é192.0.2.7");
        check("", "");
    }

    #[test]
    fn facts_keep_their_user_agent_and_order_of_headers() {
        let facts = r#"{"client":"192.0.2.77","headers":[["X-Forwarded-For","192.0.2.77, 10.0.0.9"],["User-Agent","x/1.2.3.4"],["Via","1.1 [2001:db8:1:2::3]"]],"path":"/","time_ms":1700000000123,"user_agent":"x/1.2.3.4 (10.9.8.7)"}"#;
        let expect = r#"{"client":"192.0.2.0","headers":[["X-Forwarded-For","192.0.2.0, 10.0.0.0"],["User-Agent","x/1.2.3.4"],["Via","1.1 [2001:db8:1::]"]],"path":"/","time_ms":1700000000123,"user_agent":"x/1.2.3.4 (10.9.8.7)"}"#;
        assert_eq!(shorten_facts(facts).as_deref(), Some(expect));
        for none in ["", "192.0.2.77", "[\"192.0.2.77\"]", "{\"client\":\"192.0"] {
            assert_eq!(shorten_facts(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn no_address_stays(v4 in any::<u32>(), v6 in any::<u128>(), around in "[ ,;=\"\\[\\]()-]{1,3}") {
            for ip in [IpAddr::V4(v4.into()), IpAddr::V6(v6.into())] {
                let ip = ClientIp::new(ip);
                let found = shorten_text(&format!("{around}{ip}{around}"));
                prop_assert_eq!(found, format!("{around}{}{around}", shortened(ip)));
            }
        }

        #[test]
        fn a_second_time_changes_nothing(text in "[a-f0-9:. x]{0,40}") {
            let once = shorten_text(&text);
            prop_assert_eq!(shorten_text(&once), once);
        }
    }
}
