//! Whether a head is passed on: the one place that asks, and how its body is framed where it is.

use std::borrow::Cow;

use palisade_domain::HeadFault;
use palisade_fingerprint::framing;

/// How the body after a head is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFrame {
    /// So many bytes; 0 is none.
    Length(u64),
    /// Chunks.
    Chunked,
}

/// What follows from an accepted head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// How its body is framed.
    pub body: BodyFrame,
    /// True where the connection may become another protocol after it.
    pub upgrade: bool,
    /// The head with its target spelled so that hyper reads it, where it would not.
    pub spelled: Option<Vec<u8>>,
}

/// Checks a complete head, its empty line included.
///
/// # Errors
/// What is ambiguous about it, or that nobody could read it.
pub(crate) fn check(bytes: &[u8]) -> Result<Accepted, HeadFault> {
    if let Some(fault) = framing::check(bytes) {
        return Err(fault);
    }
    let line_end = memchr::memchr(b'\r', bytes).unwrap_or(bytes.len());
    let mut parts = bytes[..line_end].split(|byte| *byte == b' ');
    let (Some(method), Some(target)) = (parts.next(), parts.next()) else { return Err(HeadFault::Garbage) };
    let spelled = match readable(target).ok_or(HeadFault::Garbage)? {
        Cow::Borrowed(_) => None,
        Cow::Owned(spelled) => {
            let after = method.len() + 1 + target.len();
            Some([method, b" ", &spelled, &bytes[after..]].concat())
        }
    };
    let mut accepted = Accepted { body: BodyFrame::Length(0), upgrade: method == b"CONNECT", spelled };
    read_lines(&bytes[line_end..], &mut accepted);
    Ok(accepted)
}

/// The headers that say what follows; [`framing::check`] has seen that each says one thing.
fn read_lines(mut rest: &[u8], accepted: &mut Accepted) {
    while let Some(line) = rest.strip_prefix(b"\r\n") {
        let end = memchr::memchr(b'\r', line).unwrap_or(line.len());
        let (line, after) = line.split_at(end);
        rest = after;
        match line.first() {
            Some(b'c' | b'C') => {
                if let Some(value) = value_of(line, b"content-length") {
                    let digits = value.iter().filter(|byte| byte.is_ascii_digit());
                    let length = digits.fold(0_u64, |sum, byte| sum * 10 + u64::from(byte - b'0'));
                    accepted.body = BodyFrame::Length(length);
                }
            }
            Some(b't' | b'T') if value_of(line, b"transfer-encoding").is_some() => {
                accepted.body = BodyFrame::Chunked;
            }
            Some(b'u' | b'U') if value_of(line, b"upgrade").is_some() => accepted.upgrade = true,
            _ => {}
        }
    }
}

fn value_of<'b>(line: &'b [u8], name: &[u8]) -> Option<&'b [u8]> {
    let (before, value) = line.split_at_checked(name.len())?;
    if before.eq_ignore_ascii_case(name) { value.strip_prefix(b":") } else { None }
}

/// The target as a URI may be spelled. Clients leave quotes, angle brackets and backticks as they are; servers take
/// that, hyper does not, so they are percent-encoded. `None` for what is no target at all, a fragment among it: two
/// readers may disagree about where such a path ends.
pub(crate) fn readable(target: &[u8]) -> Option<Cow<'_, [u8]>> {
    if target.first() != Some(&b'/') {
        let read = http::Uri::try_from(target).is_ok() && !target.contains(&b'#');
        return read.then_some(Cow::Borrowed(target));
    }
    let mut in_query = false;
    let (mut odd, mut high) = (0, false);
    for &byte in target {
        in_query |= byte == b'?';
        match byte {
            b'#' => return None,
            0x80.. => high = true,
            _ if is_odd(byte, in_query) => odd += 1,
            _ => {}
        }
    }
    if high && std::str::from_utf8(target).is_err() {
        return None;
    }
    if odd == 0 {
        return Some(Cow::Borrowed(target));
    }
    let mut spelled = Vec::with_capacity(target.len() + 2 * odd);
    let mut in_query = false;
    for &byte in target {
        in_query |= byte == b'?';
        if is_odd(byte, in_query) {
            let digit = |value: u8| b"0123456789ABCDEF"[usize::from(value & 15)];
            spelled.extend([b'%', digit(byte >> 4), digit(byte)]);
        } else {
            spelled.push(byte);
        }
    }
    Some(Cow::Owned(spelled))
}

/// What `http::Uri` does not take as it is, among printable characters.
fn is_odd(byte: u8, in_query: bool) -> bool {
    match byte {
        b'<' | b'>' => true,
        b'"' => in_query,
        b'`' => !in_query,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_head(head: &str, expect: Result<(BodyFrame, bool), HeadFault>) {
        let found = check(format!("{head}\r\nHost: a\r\n\r\n").as_bytes());
        assert_eq!(found.map(|accepted| (accepted.body, accepted.upgrade)), expect, "{head}");
    }

    #[test]
    fn a_head_says_what_follows() {
        check_head("GET / HTTP/1.1", Ok((BodyFrame::Length(0), false)));
        check_head("POST / HTTP/1.1\r\ncontent-LENGTH:  42 ", Ok((BodyFrame::Length(42), false)));
        check_head("POST / HTTP/1.1\r\nTransfer-Encoding: chunked", Ok((BodyFrame::Chunked, false)));
        check_head("GET / HTTP/1.1\r\nUpgrade: websocket", Ok((BodyFrame::Length(0), true)));
        check_head("GET /#a HTTP/1.1", Err(HeadFault::Garbage));
        check_head("POST / HTTP/1.1\r\nContent-Length: +1", Err(HeadFault::Length));
    }

    #[test]
    fn odd_targets_are_spelled_and_nothing_else_changes() {
        let spelled = |target: &str| {
            readable(target.as_bytes()).map(|spelled| String::from_utf8(spelled.into_owned()).unwrap())
        };
        assert_eq!(spelled("/a`<b>\"?q=`<\">").as_deref(), Some("/a%60%3Cb%3E\"?q=`%3C%22%3E"));
        assert_eq!(spelled("/%zz/../{a|b}^[]\\?x?y"), Some("/%zz/../{a|b}^[]\\?x?y".to_owned()));
        assert_eq!(spelled("/caf\u{e9}"), Some("/caf\u{e9}".to_owned()));
        assert_eq!(readable(b"/caf\xe9"), None);
        assert_eq!(spelled("*").as_deref(), Some("*"));
        assert_eq!(spelled("http://a/b").as_deref(), Some("http://a/b"));
        assert_eq!(spelled("a b"), None);
    }

    proptest! {
        #[test]
        fn what_is_readable_hyper_reads(target in "/[!-~]{0,30}") {
            if let Some(spelled) = readable(target.as_bytes()) {
                let uri = http::Uri::try_from(&*spelled).unwrap();
                prop_assert_eq!(uri.path_and_query().unwrap().as_str().as_bytes(), &*spelled);
            } else {
                prop_assert!(target.contains('#'));
            }
        }
    }
}
