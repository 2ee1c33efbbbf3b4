//! Whether a head is passed on: the one place that asks.

use std::borrow::Cow;

use palisade_domain::HeadFault;
use palisade_fingerprint::framing::Framed;
use palisade_fingerprint::head;

/// Checks the complete head at the start of `bytes` and reads it into `framed`. Returns the head with its target spelled so
/// that hyper reads it, where it would not.
///
/// # Errors
/// What is ambiguous about it, or that nobody could read it.
pub(crate) fn check(bytes: &[u8], framed: &mut Framed) -> Result<Option<Vec<u8>>, HeadFault> {
    framed.read(bytes)?;
    let (method, target) = (framed.method(bytes), framed.target(bytes));
    Ok(match readable(target).ok_or(HeadFault::Garbage)? {
        Cow::Borrowed(_) => None,
        Cow::Owned(spelled) => {
            let after = method.len() + 1 + target.len();
            // Spelled, a target is three times as long: hyper's bound is about that one.
            if framed.bytes - target.len() + spelled.len() > head::BYTES_MAX {
                return Err(HeadFault::TooLong);
            }
            Some([method, b" ", &spelled, &bytes[after..framed.bytes]].concat())
        }
    })
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

    #[test]
    fn a_fragment_and_an_ambiguous_length_are_refused() {
        let check = |head: &str, expect| {
            let found = check(format!("{head}\r\nHost: a\r\n\r\n").as_bytes(), &mut Framed::default());
            assert_eq!(found, expect, "{head}");
        };
        check("GET / HTTP/1.1", Ok(None));
        check("GET /< HTTP/1.1", Ok(Some(b"GET /%3C HTTP/1.1\r\nHost: a\r\n\r\n".to_vec())));
        check("GET /#a HTTP/1.1", Err(HeadFault::Garbage));
        check(&format!("GET /{} HTTP/1.1", "<".repeat(head::BYTES_MAX / 3)), Err(HeadFault::TooLong));
        check("POST / HTTP/1.1\r\nContent-Length: +1", Err(HeadFault::Length));
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
