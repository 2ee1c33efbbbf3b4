//! What visitors of the measured site send: browsers that come through a trusted TLS proxy on this machine, as
//! `X-Forwarded-For` says, 74 % for parts of pages and 26 % for pages. Everybody who is measured gets the same bytes.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Visitors, each with an address of its own.
const CLIENTS: u64 = 100_000;

/// Pages and parts of pages.
const PAGES: u64 = 2_000;
const PARTS: u64 = 150;

/// Heads of `count` requests in random order, always the same.
pub(super) fn requests(count: u64) -> Vec<String> {
    (0..count).map(|n| request(scramble(n) % CLIENTS, scramble(n ^ 0x5eed_0fa1))).collect()
}

/// One question to `/check` about each of so many visitors, as a body.
pub(super) fn questions(count: u64) -> Vec<String> {
    let question = |n| {
        let (client, what) = (scramble(n) % CLIENTS, scramble(n ^ 0x5eed_0fa1));
        format!("{{\"ip\":\"{}\",\"endpoint\":\"{}\",{}}}", address(client), target(what), head(client, what))
    };
    (0..count).map(question).collect()
}

/// A request in the fields of Palisade's own export: who asked for what.
pub(super) fn as_recorded(client: u64, what: u64) -> String {
    format!("\"client\":\"{}\",\"path\":\"{}\",{}", address(client), target(what), head(client, what))
}

/// The fields that questions and recorded requests share.
fn head(client: u64, what: u64) -> String {
    let headers: Vec<String> = headers(client, is_page(what))
        .iter()
        .map(|(name, value)| format!("[\"{name}\",\"{}\"]", value.replace('"', "\\\"")))
        .collect();
    let (user_agent, headers) = (user_agent(client), headers.join(","));
    format!("\"user_agent\":\"{user_agent}\",\"method\":\"GET\",\"headers\":[{headers}]")
}

fn request(client: u64, what: u64) -> String {
    let mut head = format!("GET {} HTTP/1.1\r\n", target(what));
    for (name, value) in headers(client, is_page(what)) {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = write!(head, "X-Forwarded-For: {}\r\nX-Forwarded-Proto: https\r\n\r\n", address(client));
    head
}

fn is_page(what: u64) -> bool {
    what % 100 >= 74
}

fn target(what: u64) -> String {
    let (kind, n) = (what >> 20, what >> 8);
    match (is_page(what), kind % 3) {
        (true, 0) => format!("/search?q=oak+table+{}&sort=price&page={}", n % PAGES, n % 9),
        (true, _) => format!("/products/{}/oak-table-{}", n % PAGES, n % 40),
        (false, 0) => format!("/static/css/part-{:03}.css?v=8f3a", n % PARTS),
        (false, 1) => format!("/static/js/part-{:03}.js?v=8f3a", n % PARTS),
        (false, _) => format!("/static/img/part-{:03}.webp?v=8f3a", n % PARTS),
    }
}

/// As Chromium 156 and Firefox 153 send them over HTTP/1.1, for a page or a picture.
fn headers(client: u64, page: bool) -> Vec<(&'static str, String)> {
    let pick =
        |of_page: &'static str, of_part: &'static str| (if page { of_page } else { of_part }).to_owned();
    let agent = ("User-Agent", user_agent(client));
    let (host, alive) = (("Host", "shop.example".to_owned()), ("Connection", "keep-alive".to_owned()));
    let referrer = ("Referer", "https://shop.example/".to_owned());
    let language = ("Accept-Language", "en-US,en;q=0.9".to_owned());
    let coding = ("Accept-Encoding", "gzip, deflate, br, zstd".to_owned());
    let cookie = ("Cookie", format!("sid=demo{client}"));
    let site = ("Sec-Fetch-Site", "same-origin".to_owned());
    let mode = ("Sec-Fetch-Mode", pick("navigate", "no-cors"));
    let dest = ("Sec-Fetch-Dest", pick("document", "image"));
    let person = || page.then(|| ("Sec-Fetch-User", "?1".to_owned()));
    let upgrade = || page.then(|| ("Upgrade-Insecure-Requests", "1".to_owned()));
    if is_chromium(client) {
        let brands = format!("\"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"{}\"", version(client));
        let accept = pick(
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
            "image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
        );
        let platform = ("sec-ch-ua-platform", format!("\"{}\"", system(client).1));
        let hints = [("sec-ch-ua", brands), ("sec-ch-ua-mobile", "?0".to_owned())];
        let mut list = vec![host, alive];
        if page {
            list.extend(hints);
            list.push(platform);
            list.extend(upgrade());
            list.extend([agent, ("Accept", accept), site, mode]);
        } else {
            list.extend([platform, agent]);
            list.extend(hints);
            list.extend([("Accept", accept), site, mode]);
        }
        list.extend(person());
        list.extend([dest, referrer, coding, language, cookie]);
        list
    } else {
        let accept = pick(
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
        );
        let mut list = vec![host, agent, ("Accept", accept), language, coding, alive, referrer, cookie];
        list.extend(upgrade());
        list.extend([dest, mode, site]);
        list.extend(person());
        list.push(("Priority", pick("u=0, i", "u=5, i")));
        list
    }
}

fn is_chromium(client: u64) -> bool {
    client.is_multiple_of(2)
}

fn version(client: u64) -> u64 {
    let newest = if is_chromium(client) { 156 } else { 153 };
    // Few are behind, as on a site.
    newest - (scramble(client ^ 0x7e57) % 12).saturating_sub(8)
}

/// The system as the user agent names it, and as a client hint does.
fn system(client: u64) -> (&'static str, &'static str) {
    match client / 2 % 3 {
        0 => ("X11; Linux x86_64", "Linux"),
        1 => ("Windows NT 10.0; Win64; x64", "Windows"),
        _ if is_chromium(client) => ("Macintosh; Intel Mac OS X 10_15_7", "macOS"),
        _ => ("Macintosh; Intel Mac OS X 10.15", "macOS"),
    }
}

fn user_agent(client: u64) -> String {
    let (system, version) = (system(client).0, version(client));
    if is_chromium(client) {
        return format!(
            "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
        );
    }
    format!("Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0")
}

/// One address in four is of IPv6, each in a network of its own.
fn address(client: u64) -> IpAddr {
    let place = scramble(client ^ 0xadd2);
    let [a, b, c, d, e, f, ..] = place.to_be_bytes();
    if client.is_multiple_of(4) {
        let pair = |high, low| u16::from_be_bytes([high, low]);
        return Ipv6Addr::new(0x2a01, pair(a, b), pair(c, d), 0, 0, 0, 0, pair(e, f)).into();
    }
    let first = [23, 45, 77, 81, 93, 109, 151, 188][usize::from(a % 8)];
    Ipv4Addr::new(first, b, c, d.clamp(1, 254)).into()
}

/// The finaliser of SplitMix64: every bit of the number moves every bit of the result.
pub(super) fn scramble(number: u64) -> u64 {
    let mut n = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ n >> 31
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn requests_are_whole_heads_of_many_people() {
        let requests = requests(2_000);
        let from: HashSet<&str> = requests
            .iter()
            .filter_map(|head| head.lines().find_map(|line| line.strip_prefix("X-Forwarded-For: ")))
            .collect();
        assert!(from.len() > 1_900, "{} addresses", from.len());
        assert!(from.iter().all(|address| address.parse::<std::net::IpAddr>().is_ok()));
        for head in &requests {
            assert!(head.starts_with("GET /") && head.ends_with("\r\n\r\n"), "{head}");
            assert_eq!(head.matches("\r\n\r\n").count(), 1, "{head}");
        }
        let pages = requests.iter().filter(|head| head.contains("navigate")).count();
        assert!((440..600).contains(&pages), "{pages} pages of 2,000");
    }

    #[test]
    fn questions_are_json() {
        for question in questions(50) {
            let value: serde_json::Value = serde_json::from_str(&question).unwrap();
            assert!(value["headers"].as_array().is_some_and(|headers| headers.len() > 8), "{question}");
        }
    }
}
