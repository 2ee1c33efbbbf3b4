//! Reports that may leave the house: numbers for addresses, no queries, no fragments of people's text.

use std::net::{IpAddr, SocketAddr};

use crate::summary::ClientSummary;

/// Takes out of a client's story what may name a person: addresses, queries of paths and of links in user agents, and
/// quoted text of the request.
pub fn client(story: &mut ClientSummary) {
    for sample in &mut story.samples {
        let path = sample.target.split('?').next().unwrap_or_default();
        sample.target = without_addresses(path);
    }
    for line in &mut story.lines {
        line.detail = without_addresses(&without_quotes(&line.detail));
    }
    story.user_agent = story.user_agent.as_deref().map(|agent| without_addresses(&without_queries(agent)));
}

/// Replaces what stands in quotes: it is the client's own text.
fn without_quotes(text: &str) -> String {
    let parts: Vec<&str> = text.split('"').collect();
    let kept = parts.iter().enumerate().map(|(at, part)| if at % 2 == 0 { *part } else { "…" });
    kept.collect::<Vec<_>>().join("\"")
}

/// Cuts each word at its question mark; a closing bracket after it stays.
fn without_queries(text: &str) -> String {
    let word = |word: &str| match word.split_once('?') {
        Some((kept, query)) => format!("{kept}{}", &query[query.trim_end_matches([')', ';', ',']).len()..]),
        None => word.to_owned(),
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Replaces IPv4 and IPv6 addresses, with or without a port. Versions of four numbers go as well.
fn without_addresses(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '[' | ']');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        out.push_str(if is_address(word) { "…" } else { word });
        let next = after.find(is_part).unwrap_or(after.len());
        out.push_str(&after[..next]);
        rest = &after[next..];
    }
    out
}

fn is_address(word: &str) -> bool {
    let bare = word.trim_matches(['.', ':', '[', ']']);
    let is = |text: &str| text.parse::<IpAddr>().is_ok() || text.parse::<SocketAddr>().is_ok();
    is(word) || is(bare) || bare.rsplit_once(':').is_some_and(|(host, _)| is(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_is_taken_out() {
        assert_eq!(without_quotes("found \"a@b.example\" in the query"), "found \"…\" in the query");
        assert_eq!(without_quotes("nothing quoted"), "nothing quoted");
    }

    #[test]
    fn addresses_are_taken_out() {
        let check = |text, expect| assert_eq!(without_addresses(text), expect, "{text}");
        check("x/1 (+http://198.51.100.7:8080/a)", "x/1 (+http://…/a)");
        check("from 2001:db8::1, [2001:db8::1]:443 or 192.0.2.1.", "from …, … or …");
        check("/proxy/192.0.2.1", "/proxy/…");
        check("Firefox/138.0 rv:138.0 at 12:30:45", "Firefox/138.0 rv:138.0 at 12:30:45");
        check("é 1.2.3 ü", "é 1.2.3 ü");
    }

    #[test]
    fn queries_of_links_are_taken_out() {
        assert_eq!(without_queries("Bot/1 (+http://a.example/?id=5) x?"), "Bot/1 (+http://a.example/) x");
        assert_eq!(without_queries("plain/1"), "plain/1");
    }
}
