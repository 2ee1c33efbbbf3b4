//! Is a request head framed in exactly one way? A second, stricter reading of the bytes, beside the parser's.
//!
//! Two servers that read one head differently can be played against each other (request smuggling). RFC 9112 says what
//! a server may repair: a bare LF as line end (section 2.2), folded lines (5.2), blanks around values. We repair
//! nothing: no client we know needs it, and what is refused cannot be read in two ways. The upstream sees a head that
//! the gateway writes anew; this check decides whether it gets to see one at all, and what the history is told.

use palisade_domain::HeadFault;

use crate::head::{BYTES_MAX, HEADERS_MAX};

/// What is ambiguous or broken about the head at the start of `bytes`; a body may follow. `None` where nothing is, or
/// where the head's end has not come yet and what is there is sound. Linear, allocates nothing.
pub fn check(bytes: &[u8]) -> Option<HeadFault> {
    let within = &bytes[..bytes.len().min(BYTES_MAX)];
    // RFC 9112 section 2.2: one empty line ahead of the request line is to be ignored.
    let mut rest = within.strip_prefix(b"\r\n").unwrap_or(within);
    let mut reading = Reading::default();
    let mut lines = 0_usize;
    loop {
        let Some(at) = memchr::memchr(b'\n', rest) else {
            return (bytes.len() >= BYTES_MAX).then_some(HeadFault::TooLong).or_else(|| unfinished(rest));
        };
        let Some(line) = rest[..at].strip_suffix(b"\r") else { return Some(HeadFault::BareLineFeed) };
        rest = &rest[at + 1..];
        let fault = match (lines, line) {
            (0, line) => reading.request_line(line),
            (_, []) => return reading.finish(),
            (_, line) => reading.header(line),
        };
        if fault.is_some() {
            return fault;
        }
        lines += 1;
        if lines > HEADERS_MAX + 1 {
            return Some(HeadFault::TooLong);
        }
    }
}

/// A line without end so far can only be judged by bytes that no line may hold.
fn unfinished(rest: &[u8]) -> Option<HeadFault> {
    let inner = rest.strip_suffix(b"\r").unwrap_or(rest);
    inner.iter().any(|&byte| byte == 0 || byte == b'\r').then_some(HeadFault::HeaderValue)
}

/// What the lines so far said about framing.
#[derive(Default)]
struct Reading<'b> {
    is_http11: bool,
    authority: Option<&'b [u8]>,
    hosts: usize,
    host: &'b [u8],
    lengths: usize,
    encodings: usize,
}

impl<'b> Reading<'b> {
    fn request_line(&mut self, line: &'b [u8]) -> Option<HeadFault> {
        let mut parts = line.split(|&byte| byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Some(HeadFault::Garbage);
        };
        let is_version = matches!(version, b"HTTP/1.0" | b"HTTP/1.1");
        let sound = !method.is_empty() && method.iter().all(|&byte| is_token(byte));
        if !sound
            || !is_version
            || target.is_empty()
            || target.iter().any(|&byte| byte < 0x21 || byte == 0x7f)
            || std::str::from_utf8(target).is_err()
        {
            return Some(HeadFault::Garbage);
        }
        self.is_http11 = version == b"HTTP/1.1";
        self.authority = authority_of(method, target);
        None
    }

    fn header(&mut self, line: &'b [u8]) -> Option<HeadFault> {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return Some(HeadFault::Folding);
        }
        let Some(colon) = memchr::memchr(b':', line) else { return Some(HeadFault::HeaderName) };
        let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
        if name.is_empty() || !name.iter().all(|&byte| is_token(byte)) {
            return Some(HeadFault::HeaderName);
        }
        // Looked at to the end, without a branch for each byte: values are sound, and long.
        let is_control = |byte: u8| (byte < 0x20 && byte != b'\t') || byte == 0x7f;
        if value.iter().fold(false, |found, &byte| found | is_control(byte)) {
            return Some(HeadFault::HeaderValue);
        }
        if name.eq_ignore_ascii_case(b"host") {
            self.hosts += 1;
            self.host = value;
            (self.hosts > 1 || !is_host(value)).then_some(HeadFault::Host)
        } else if name.eq_ignore_ascii_case(b"content-length") {
            self.lengths += 1;
            (self.lengths > 1 || !is_length(value)).then_some(HeadFault::Length)
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.encodings += 1;
            let chunked = self.encodings == 1 && self.is_http11 && value.eq_ignore_ascii_case(b"chunked");
            (!chunked).then_some(HeadFault::TransferEncoding)
        } else {
            None
        }
    }

    fn finish(&self) -> Option<HeadFault> {
        if self.lengths > 0 && self.encodings > 0 {
            return Some(HeadFault::BothLengths);
        }
        // RFC 9112 section 3.2: HTTP/1.1 needs exactly one; one that contradicts an absolute target names two hosts.
        let missing = self.is_http11 && self.hosts == 0;
        let contradicted = self.hosts == 1
            && self.authority.is_some_and(|authority| !authority.eq_ignore_ascii_case(self.host));
        (missing || contradicted).then_some(HeadFault::Host)
    }
}

/// The authority of an absolute target (`http://host/path`), or of `CONNECT`.
fn authority_of<'b>(method: &[u8], target: &'b [u8]) -> Option<&'b [u8]> {
    if method == b"CONNECT" {
        return Some(target);
    }
    if target.first() == Some(&b'/') {
        return None;
    }
    let scheme_end = memchr::memmem::find(target, b"://")?;
    if target[..scheme_end].iter().any(|byte| !byte.is_ascii_alphanumeric()) {
        return None;
    }
    let rest = &target[scheme_end + 3..];
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    Some(&rest[..end])
}

fn trim(value: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|byte| !blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !blank(byte)).map_or(start, |at| at + 1);
    &value[start..end]
}

/// A token character (RFC 9110 section 5.6.2).
fn is_token(byte: u8) -> bool {
    TOKEN[usize::from(byte)]
}

const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = matches!(
            byte as u8,
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z'
                | b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        );
        byte += 1;
    }
    table
};

/// `1*DIGIT`, within what a 64-bit count holds: no sign, no list, no blank, no hexadecimal.
fn is_length(value: &[u8]) -> bool {
    (1..=18).contains(&value.len()) && value.iter().all(u8::is_ascii_digit)
}

/// `uri-host [":" port]`, or empty (RFC 9110 section 7.2): no blank, no user, no path.
fn is_host(value: &[u8]) -> bool {
    value.len() <= 261
        && value.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=:[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_head(head: &str, expect: Option<HeadFault>) {
        let bytes = format!("{head}\r\n\r\nbody");
        assert_eq!(check(bytes.as_bytes()), expect, "{}", bytes.escape_debug());
    }

    #[test]
    fn ordinary_heads_are_sound() {
        for head in [
            "GET / HTTP/1.1\r\nHost: a.example",
            "\r\nGET /a?b=%zz HTTP/1.1\r\nhost: a.example:8080\r\nX: caf\u{e9}\r\nEmpty:",
            "POST / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\nContent-Length: 4",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked",
            "GET / HTTP/1.0",
            "OPTIONS * HTTP/1.1\r\nHost:",
            "GET http://a.example/x HTTP/1.1\r\nHost: A.example",
            "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443",
        ] {
            check_head(head, None);
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_a_fault() {
        let host = "POST / HTTP/1.1\r\nHost: a\r\n";
        let check_more = |lines: &str, fault| check_head(&format!("{host}{lines}"), Some(fault));
        check_more("Content-Length: 4\r\nTransfer-Encoding: chunked", HeadFault::BothLengths);
        check_more("Content-Length: 4\r\nContent-Length: 4", HeadFault::Length);
        check_more("Content-Length: 4, 4", HeadFault::Length);
        check_more("Content-Length: +4", HeadFault::Length);
        check_more("Content-Length: -4", HeadFault::Length);
        check_more("Content-Length: 0x4", HeadFault::Length);
        check_more("Content-Length:", HeadFault::Length);
        check_more("Content-Length: 99999999999999999999", HeadFault::Length);
        check_more("Transfer-Encoding: gzip, chunked", HeadFault::TransferEncoding);
        check_more("Transfer-Encoding: xchunked", HeadFault::TransferEncoding);
        check_more("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", HeadFault::TransferEncoding);
        check_more("Content-Length : 4", HeadFault::HeaderName);
        check_more("Transfer-Encoding\t: chunked", HeadFault::HeaderName);
        check_more(": nameless", HeadFault::HeaderName);
        check_more("no colon", HeadFault::HeaderName);
        check_more("A: b\r\n c", HeadFault::Folding);
        check_more("A: b\nC: d", HeadFault::BareLineFeed);
        check_more("A: b\rC: d", HeadFault::HeaderValue);
        check_more("A: \0", HeadFault::HeaderValue);
        check_more("Transfer-Encoding: \u{b}chunked", HeadFault::HeaderValue);
        check_more("Host: b", HeadFault::Host);
        check_head("GET / HTTP/1.1\r\nHost: a b", Some(HeadFault::Host));
        check_head("GET / HTTP/1.1\r\nHost: a/b", Some(HeadFault::Host));
        check_head("GET / HTTP/1.1\r\nHost: user@a", Some(HeadFault::Host));
        check_head("GET / HTTP/1.1\r\nA: b", Some(HeadFault::Host));
        check_head("GET http://b/ HTTP/1.1\r\nHost: a", Some(HeadFault::Host));
        check_head("POST / HTTP/1.0\r\nTransfer-Encoding: chunked", Some(HeadFault::TransferEncoding));
        check_head("GET  / HTTP/1.1\r\nHost: a", Some(HeadFault::Garbage));
        check_head("GET /\u{e9} x HTTP/1.1\r\nHost: a", Some(HeadFault::Garbage));
        check_head("GET / HTTP/1.7\r\nHost: a", Some(HeadFault::Garbage));
        assert_eq!(check(b"GET /caf\xe9 HTTP/1.1\r\nHost: a\r\n\r\n"), Some(HeadFault::Garbage));
        check_head("\u{16}\u{3}\u{1}", Some(HeadFault::Garbage));
    }

    #[test]
    fn size_is_bounded() {
        check_head(
            &format!("GET / HTTP/1.1\r\nHost: a{}", "\r\nA: b".repeat(HEADERS_MAX)),
            Some(HeadFault::TooLong),
        );
        check_head(
            &format!("GET / HTTP/1.1\r\nHost: a\r\nA: {}", "b".repeat(BYTES_MAX)),
            Some(HeadFault::TooLong),
        );
    }

    #[test]
    fn the_start_of_a_head_is_not_judged_early() {
        let whole = b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
        for end in 0..whole.len() {
            assert_eq!(check(&whole[..end]), None, "{end}");
        }
        assert_eq!(check(b"GET / HTTP/1.1\r\nA: b\0"), Some(HeadFault::HeaderValue));
    }

    proptest! {
        #[test]
        fn what_is_sound_is_read_by_the_parser_too(bytes in prop::collection::vec(
            prop::sample::select(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n:x\t ,0;\0\x7f".to_vec()), 0..80,
        )) {
            let mut head = b"GET / HTTP/1.1\r\nHost: a\r\n".to_vec();
            head.extend_from_slice(&bytes);
            head.extend_from_slice(b"\r\n\r\n");
            if check(&head).is_none() {
                prop_assert!(crate::head::parse(&head).is_ok(), "{}", head.escape_ascii());
            }
        }

        #[test]
        fn any_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = check(&bytes);
        }
    }
}
