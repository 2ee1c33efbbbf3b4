//! Is a request head framed in exactly one way? A second, stricter reading of the bytes, beside the parser's.
//!
//! Two servers that read one head differently can be played against each other (request smuggling). RFC 9112 says what
//! a server may repair: a bare LF as line end (section 2.2), folded lines (5.2), blanks around values. We repair
//! nothing: no client we know needs it, and what is refused cannot be read in two ways. The upstream sees a head that
//! the gateway writes anew; this check decides whether it gets to see one at all, and what the history is told.

use palisade_domain::{HeadFault, HttpVersion};

use crate::head::{BYTES_MAX, HEADERS_MAX};

/// How the body after a head is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFrame {
    /// So many bytes; 0 is none.
    Length(u64),
    /// Chunks.
    Chunked,
}

/// Where a part of a head lies in its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
}

/// A head that is framed in exactly one way: where its parts lie in the bytes it was read from, and what follows it.
/// Positions instead of references, so that it is kept beside the bytes and read again for the next head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framed {
    method: Span,
    target: Span,
    headers: Vec<(Span, Span)>,
    /// `HTTP/1.0` or `HTTP/1.1`.
    pub version: HttpVersion,
    /// How its body is framed.
    pub body: BodyFrame,
    /// Length of the head in bytes, its empty line included; what follows is the body.
    pub bytes: usize,
    /// True where the client would change the protocol of the connection after it: `Upgrade`, or `CONNECT`.
    pub upgrade: bool,
}

impl Default for Framed {
    fn default() -> Self {
        let (method, target) = (Span::default(), Span::default());
        let (version, body) = (HttpVersion::Http10, BodyFrame::Length(0));
        Framed { method, target, headers: Vec::new(), version, body, bytes: 0, upgrade: false }
    }
}

impl Framed {
    /// The method in `bytes`, which are those it was read from.
    pub fn method<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        self.method.of(bytes)
    }

    /// The request target as sent; it is UTF-8.
    pub fn target<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        self.target.of(bytes)
    }

    /// The same of a head that is text as a whole, where parts are text too: method, target, and the headers.
    pub fn texts<'b>(
        &self,
        head: &'b str,
    ) -> (&'b str, &'b str, impl ExactSizeIterator<Item = (&'b str, &'b str)>) {
        let headers = self.headers.iter().map(|(name, value)| (name.of_text(head), value.of_text(head)));
        (self.method.of_text(head), self.target.of_text(head), headers)
    }

    /// Names in wire order and case, values without the blanks around them.
    pub fn headers<'b>(&self, bytes: &'b [u8]) -> impl ExactSizeIterator<Item = (&'b [u8], &'b [u8])> {
        self.headers.iter().map(|(name, value)| (name.of(bytes), value.of(bytes)))
    }

    /// Reads the head at the start of `bytes`; a body may follow. Linear, at most [`BYTES_MAX`] bytes are looked at;
    /// allocates where it has more headers than any that was read into `self` before.
    ///
    /// # Errors
    /// What is ambiguous or broken about it, or that its empty line is missing; `self` then holds nothing of use.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), HeadFault> {
        let head = &bytes[..bytes.len().min(BYTES_MAX)];
        self.headers.clear();
        (self.body, self.upgrade) = (BodyFrame::Length(0), false);
        let mut reading = Reading { values_sound: is_free_of_controls(head), ..Reading::default() };
        let mut start = 0;
        for (number, at) in memchr::memchr_iter(b'\n', head).enumerate() {
            let Some(line) = head[start..at].strip_suffix(b"\r") else {
                return Err(HeadFault::BareLineFeed);
            };
            match (number, line) {
                (0, line) => self.request_line(line, &mut reading)?,
                (_, []) => {
                    self.bytes = at + 1;
                    return self.finish(&reading);
                }
                _ if self.headers.len() == HEADERS_MAX => return Err(HeadFault::TooLong),
                (_, line) => self.header(line, start, &mut reading)?,
            }
            start = at + 1;
        }
        Err(if bytes.len() > head.len() { HeadFault::TooLong } else { HeadFault::Garbage })
    }

    fn request_line<'b>(&mut self, line: &'b [u8], reading: &mut Reading<'b>) -> Result<(), HeadFault> {
        let mut parts = line.split(|&byte| byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(HeadFault::Garbage);
        };
        self.version = match version {
            b"HTTP/1.0" => HttpVersion::Http10,
            b"HTTP/1.1" => HttpVersion::Http11,
            _ => return Err(HeadFault::Garbage),
        };
        let is_target = |byte: u8| byte > 0x20 && byte != 0x7f;
        let sound = !method.is_empty()
            && method.iter().all(|&byte| is_token(byte))
            && !target.is_empty()
            && target.iter().fold(true, |sound, &byte| sound & is_target(byte))
            && std::str::from_utf8(target).is_ok();
        if !sound {
            return Err(HeadFault::Garbage);
        }
        self.method = Span::new(0, method.len());
        self.target = Span::new(method.len() + 1, target.len());
        self.upgrade = method == b"CONNECT";
        reading.authority = authority_of(method, target);
        Ok(())
    }

    /// Reads the header in `line`, which begins at `start`.
    fn header<'b>(
        &mut self,
        line: &'b [u8],
        start: usize,
        reading: &mut Reading<'b>,
    ) -> Result<(), HeadFault> {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return Err(HeadFault::Folding);
        }
        // A name ends where no token goes on, and there has to be the colon.
        let colon = line.iter().position(|&byte| !is_token(byte)).ok_or(HeadFault::HeaderName)?;
        if colon == 0 || line[colon] != b':' {
            return Err(HeadFault::HeaderName);
        }
        let (name, raw) = (&line[..colon], &line[colon + 1..]);
        let blanks = raw.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let value = trim_end(&raw[blanks..]);
        if !reading.values_sound && value.iter().any(|&byte| is_control(byte)) {
            return Err(HeadFault::HeaderValue);
        }
        let value_start = start + colon + 1 + blanks;
        self.headers.push((Span::new(start, colon), Span::new(value_start, value.len())));
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match name.len() {
            4 if is(b"host") => {
                reading.hosts += 1;
                reading.host = value;
                ok_if(reading.hosts == 1 && is_host(value), HeadFault::Host)
            }
            7 if is(b"upgrade") => {
                self.upgrade = true;
                Ok(())
            }
            14 if is(b"content-length") => {
                reading.lengths += 1;
                self.body = BodyFrame::Length(
                    length(value).filter(|_| reading.lengths == 1).ok_or(HeadFault::Length)?,
                );
                Ok(())
            }
            17 if is(b"transfer-encoding") => {
                reading.encodings += 1;
                self.body = BodyFrame::Chunked;
                let is_http11 = self.version == HttpVersion::Http11;
                let chunked = reading.encodings == 1 && is_http11 && value.eq_ignore_ascii_case(b"chunked");
                ok_if(chunked, HeadFault::TransferEncoding)
            }
            _ => Ok(()),
        }
    }

    fn finish(&self, reading: &Reading<'_>) -> Result<(), HeadFault> {
        if reading.lengths > 0 && reading.encodings > 0 {
            return Err(HeadFault::BothLengths);
        }
        // RFC 9112 section 3.2: HTTP/1.1 needs exactly one; one that contradicts an absolute target names two hosts.
        let missing = self.version == HttpVersion::Http11 && reading.hosts == 0;
        let contradicted = reading.hosts == 1
            && reading.authority.is_some_and(|authority| !authority.eq_ignore_ascii_case(reading.host));
        ok_if(!missing && !contradicted, HeadFault::Host)
    }
}

impl Span {
    fn new(start: usize, length: usize) -> Self {
        Span { start, end: start + length }
    }

    fn of_text(self, head: &str) -> &str {
        head.get(self.start..self.end).unwrap_or_default()
    }

    fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start..self.end).unwrap_or_default()
    }
}

/// What the lines so far said about framing.
#[derive(Default)]
struct Reading<'b> {
    /// True where no value can hold a control character, because the head holds none.
    values_sound: bool,
    authority: Option<&'b [u8]>,
    hosts: usize,
    host: &'b [u8],
    lengths: usize,
    encodings: usize,
}

fn ok_if(sound: bool, fault: HeadFault) -> Result<(), HeadFault> {
    if sound { Ok(()) } else { Err(fault) }
}

/// True where the only control characters are tabs and the ends of lines. Looked at to the end, without a branch for
/// each byte: heads are sound, and long.
fn is_free_of_controls(head: &[u8]) -> bool {
    let is_odd = |byte: u8| is_control(byte) & (byte != b'\r') & (byte != b'\n');
    let odd = head.iter().fold(false, |found, &byte| found | is_odd(byte));
    !odd && memchr::memchr_iter(b'\r', head).count() == memchr::memchr_iter(b'\n', head).count()
}

fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') | (byte == 0x7f)
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

fn trim_end(value: &[u8]) -> &[u8] {
    let end = value.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |at| at + 1);
    &value[..end]
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
fn length(value: &[u8]) -> Option<u64> {
    if !(1..=18).contains(&value.len()) || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(value.iter().fold(0, |sum, byte| sum * 10 + u64::from(byte - b'0')))
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

    fn fault(head: &[u8]) -> Option<HeadFault> {
        Framed::default().read(head).err()
    }

    fn check_head(head: &str, expect: Option<HeadFault>) {
        let bytes = format!("{head}\r\n\r\n");
        assert_eq!(fault(bytes.as_bytes()), expect, "{}", bytes.escape_debug());
    }

    #[test]
    fn ordinary_heads_are_sound() {
        for head in [
            "GET / HTTP/1.1\r\nHost: a.example",
            "GET /a?b=%zz HTTP/1.1\r\nhost: a.example:8080\r\nX: caf\u{e9}\r\nEmpty:",
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
        assert_eq!(fault(b"GET /caf\xe9 HTTP/1.1\r\nHost: a\r\n\r\n"), Some(HeadFault::Garbage));
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
    fn parts_lie_where_the_parser_finds_them() {
        let bytes =
            b"PUT /a?b HTTP/1.1\r\nhost: x\r\nX-b:\t 1 \r\nX-B:2\r\nEmpty:  \r\nContent-Length: 42\r\n\r\n";
        let mut framed = Framed::default();
        for _ in 0..2 {
            assert_eq!(framed.read(bytes), Ok(()));
            let read =
                (framed.method(bytes), framed.target(bytes), framed.version, framed.body, framed.upgrade);
            let expect = (&b"PUT"[..], &b"/a?b"[..], HttpVersion::Http11, BodyFrame::Length(42), false);
            assert_eq!(read, expect);
            let headers: Vec<_> = framed.headers(bytes).collect();
            let expect: [(&[u8], &[u8]); 5] = [
                (b"host", b"x"),
                (b"X-b", b"1"),
                (b"X-B", b"2"),
                (b"Empty", b""),
                (b"Content-Length", b"42"),
            ];
            assert_eq!(headers, expect);
        }
        assert_eq!(framed.read(b"GET / HTTP/1.0\r\nUpgrade: x\r\n\r\n"), Ok(()));
        assert_eq!(
            (framed.body, framed.upgrade, framed.headers(bytes).len()),
            (BodyFrame::Length(0), true, 1)
        );
    }

    #[test]
    fn half_a_head_is_none() {
        let whole = b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n";
        for end in 0..whole.len() {
            assert!(fault(&whole[..end]).is_some(), "{end}");
        }
        assert_eq!(fault(whole), None);
    }

    proptest! {
        #[test]
        fn what_is_sound_is_read_by_the_parser_too(bytes in prop::collection::vec(
            prop::sample::select(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n:x\t ,0;\0\x7f".to_vec()), 0..80,
        )) {
            let mut head = b"GET / HTTP/1.1\r\nHost: a\r\n".to_vec();
            head.extend_from_slice(&bytes);
            head.extend_from_slice(b"\r\n\r\n");
            // What follows the first empty line is a body.
            let end = memchr::memmem::find(&head, b"\r\n\r\n").unwrap_or(0) + 4;
            let (head, mut framed) = (&head[..end], Framed::default());
            if framed.read(head).is_ok() {
                let parsed = crate::head::parse(head).unwrap();
                prop_assert_eq!(parsed.bytes, head.len());
                prop_assert_eq!((parsed.method.as_bytes(), parsed.target.as_bytes()), (framed.method(head), framed.target(head)));
                let headers: Vec<_> = parsed.headers.iter().map(|(name, value)| (name.as_bytes(), *value)).collect();
                prop_assert_eq!(headers, framed.headers(head).collect::<Vec<_>>());
            }
        }

        #[test]
        fn any_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = fault(&bytes);
        }
    }
}
