//! Programs by the headers they write when nobody tells them otherwise.
//!
//! A library has a default set of headers in an order and case of its own. Where a request has exactly that set, it comes
//! from that library, whatever its user agent says or whether it has one. Headers that come and go ([`is_volatile`])
//! are left out on both sides; one header more or less, and nothing is named. Signatures are recordings
//! (`data/header-programs.tsv`); one that a recorded browser shares is not in it.

use std::collections::HashMap;
use std::hash::Hasher;
use std::sync::LazyLock;

use palisade_domain::{HeaderCase, HeaderList, HeaderOrder, HttpVersion};
use siphasher::sip::SipHasher13;

use super::names::is_volatile;

/// A signature with at most so many names says too little alone: the value of `Accept-Encoding` counts too.
const SHORT: usize = 2;

/// Most names a shipped signature has.
const NAMES_MAX: usize = 9;

static SHIPPED: LazyLock<HashMap<u64, &'static str>> =
    LazyLock::new(|| read(include_str!("../../data/header-programs.tsv")).collect());

/// The program or library whose default headers these are. `None` where nobody's, or where order or case are lost.
/// One pass, no allocation.
pub fn name_by_headers(list: &HeaderList<'_>, version: HttpVersion) -> Option<&'static str> {
    if list.order != HeaderOrder::Wire || list.case != HeaderCase::Wire {
        return None;
    }
    let mut hasher = hasher(version)?;
    // A browser's list is longer than any library's: most requests end here.
    if names(list).nth(NAMES_MAX).is_some() {
        return None;
    }
    let short = names(list).nth(SHORT).is_none();
    for (name, value) in names(list) {
        write(&mut hasher, name, if short { value } else { "" });
    }
    SHIPPED.get(&hasher.finish()).copied()
}

/// The signature of `list` as the table writes it: names in wire order and case between blanks, `-` for none, a short one
/// with `=value` (blanks left out) behind `Accept-Encoding`. For building the table.
pub fn signature(list: &HeaderList<'_>) -> String {
    let short = names(list).nth(SHORT).is_none();
    let words: Vec<String> = names(list)
        .map(|(name, value)| match short && counts(name) {
            true => format!("{name}={}", value.replace(' ', "")),
            false => name.to_owned(),
        })
        .collect();
    if words.is_empty() { "-".to_owned() } else { words.join(" ") }
}

fn names<'a>(list: &HeaderList<'a>) -> impl Iterator<Item = (&'a str, &'a str)> {
    list.entries.iter().copied().filter(|(name, _)| !is_volatile(name))
}

fn counts(name: &str) -> bool {
    name.eq_ignore_ascii_case("accept-encoding")
}

fn hasher(version: HttpVersion) -> Option<SipHasher13> {
    let wire = match version {
        HttpVersion::Http10 => 10,
        HttpVersion::Http11 => 11,
        HttpVersion::Http2 => 20,
        _ => return None,
    };
    Some(SipHasher13::new_with_keys(0, wire))
}

fn write(hasher: &mut SipHasher13, name: &str, value: &str) {
    hasher.write(name.as_bytes());
    if !value.is_empty() && counts(name) {
        hasher.write_u8(b'=');
        value.bytes().filter(|byte| *byte != b' ').for_each(|byte| hasher.write_u8(byte));
    }
    hasher.write_u8(b'\n');
}

/// Lines of version, signature, name; others are left out (a test finds none).
fn read(table: &'static str) -> impl Iterator<Item = (u64, &'static str)> {
    table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut fields = line.split('\t');
        let version = match fields.next()? {
            "1.0" => HttpVersion::Http10,
            "1.1" => HttpVersion::Http11,
            "2" => HttpVersion::Http2,
            _ => return None,
        };
        let mut hasher = hasher(version)?;
        for word in fields.next()?.split(' ').filter(|word| *word != "-") {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            write(&mut hasher, name, value);
        }
        Some((hasher.finish(), fields.next()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(version: HttpVersion, headers: &[(&str, &str)]) -> Option<&'static str> {
        name_by_headers(
            &HeaderList { entries: headers, order: HeaderOrder::Wire, case: HeaderCase::Wire },
            version,
        )
    }

    #[test]
    fn the_shipped_table_is_read_whole() {
        let table = include_str!("../../data/header-programs.tsv");
        let lines = table.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(read(table).count(), lines);
        assert_eq!(SHIPPED.len(), lines, "no two signatures are equal");
        let longest =
            table.lines().filter_map(|line| line.split('\t').nth(1)).map(|words| words.split(' ').count());
        assert_eq!(longest.max(), Some(NAMES_MAX));
    }

    #[test]
    fn programs_without_user_agent_are_named() {
        use HttpVersion::{Http2, Http10, Http11};
        let check =
            |version, headers: &[_], expect| assert_eq!(name(version, headers), expect, "{headers:?}");
        check(Http11, &[("Host", "a"), ("Accept", "*/*")], Some("libcurl"));
        check(Http11, &[("accept", "*/*"), ("host", "a")], Some("reqwest"));
        check(Http11, &[("host", "a"), ("connection", "keep-alive")], Some("undici"));
        check(Http11, &[("Host", "a"), ("Connection", "keep-alive")], Some("Node.js http"));
        check(Http11, &[("Host", "a"), ("Accept-Encoding", "gzip")], Some("Go net/http"));
        check(Http11, &[("Host", "a"), ("Accept-Encoding", "identity")], Some("Python http.client"));
        check(Http10, &[("Host", "a"), ("Accept", "*/*")], Some("ApacheBench"));
        check(Http2, &[("accept-encoding", "gzip")], Some("Go net/http"));
        check(Http2, &[("content-type", "a/b"), ("content-length", "3")], Some("undici"));
        check(Http11, &[("Host", "a"), ("Accept-Language", "de")], None);
    }

    #[test]
    fn a_borrowed_user_agent_does_not_hide_a_library() {
        let headers = [
            ("Host", "a"),
            ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"),
            ("Accept-Encoding", "gzip, deflate"),
            ("Accept", "*/*"),
            ("Connection", "keep-alive"),
            ("Cookie", "a=b"),
        ];
        assert_eq!(name(HttpVersion::Http11, &headers), Some("python-requests"));
    }

    #[test]
    fn nothing_is_named_by_halves() {
        let entries = [("Host", "a"), ("Accept", "*/*")];
        for (order, case) in [(HeaderOrder::Lost, HeaderCase::Wire), (HeaderOrder::Wire, HeaderCase::Lost)] {
            assert_eq!(
                name_by_headers(&HeaderList { entries: &entries, order, case }, HttpVersion::Http11),
                None
            );
        }
        assert_eq!(name(HttpVersion::Http3, &entries), None);
    }
}
