//! An HTTP/1 request head, byte for byte: method, target, version, and the headers in wire order and wire case.
//!
//! Grammar of RFC 9112 sections 2 to 5, by way of httparse. What is kept is what was sent: nothing is trimmed but the
//! blanks around a value, nothing is merged, nothing is lower-cased, because order and case are what a fingerprint reads.
//! Whether a head is *ambiguous* (two lengths, a bare CR) is for the gateway, which refuses it.

use std::borrow::Cow;
use std::fmt;
use std::mem::MaybeUninit;

use palisade_domain::{HeaderCase, HeaderList, HeaderOrder, HttpVersion};
use palisade_limits::Bound;

/// Most bytes of a head, its empty line included: 64 KiB.
pub const BYTES_MAX: usize = 64 * 1024;
/// Most headers of a head.
pub const HEADERS_MAX: usize = 100;

/// The named bounds of this module.
pub const BOUNDS: &[Bound] = &[
    Bound {
        name: "fingerprint.head_bytes_max",
        value: BYTES_MAX as u64,
        unit: "bytes",
        reason: "servers refuse heads beyond 8 to 64 KiB; no client we know sends half of that",
        when_full: "the head is refused as too long",
    },
    Bound {
        name: "fingerprint.head_headers_max",
        value: HEADERS_MAX as u64,
        unit: "headers",
        reason: "hyper and nginx read about as many; browsers send up to 30",
        when_full: "the head is refused",
    },
];

/// A request head that borrows the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head<'b> {
    /// The method as sent.
    pub method: &'b str,
    /// The request target as sent, not decoded.
    pub target: &'b str,
    /// `HTTP/1.0` or `HTTP/1.1`.
    pub version: HttpVersion,
    /// Names in wire order and case, values as bytes without the blanks around them; at most [`HEADERS_MAX`].
    pub headers: Vec<(&'b str, &'b [u8])>,
    /// Length of the head in bytes, its empty line included; what follows is the body.
    pub bytes: usize,
}

/// Why bytes are no request head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// The empty line is missing so far; more bytes may complete it.
    Incomplete,
    /// No empty line within so many bytes.
    TooLong {
        /// [`BYTES_MAX`]
        limit: usize,
    },
    /// More headers than are read.
    TooManyHeaders {
        /// [`HEADERS_MAX`]
        limit: usize,
    },
    /// A character that a method or target cannot have, or that ends a line where it may not end.
    RequestLine,
    /// Neither HTTP/1.0 nor HTTP/1.1.
    Version,
    /// A header name with characters no token has, a name without colon, or a folded line.
    HeaderName,
    /// A header value with control characters.
    HeaderValue,
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeadError::Incomplete => f.write_str("the empty line after the headers is missing"),
            HeadError::TooLong { limit } => write!(f, "no empty line within {limit} bytes"),
            HeadError::TooManyHeaders { limit } => write!(f, "more than {limit} headers"),
            HeadError::RequestLine => f.write_str("not \"METHOD target HTTP/1.1\""),
            HeadError::Version => f.write_str("neither HTTP/1.0 nor HTTP/1.1"),
            HeadError::HeaderName => f.write_str("a header line that is not \"name: value\""),
            HeadError::HeaderValue => f.write_str("a header value with control characters"),
        }
    }
}

impl std::error::Error for HeadError {}

/// Reads the head at the start of `bytes`; a body may follow. Linear, at most [`BYTES_MAX`] bytes are looked at.
///
/// # Errors
/// Where the bytes are no complete head within the limits; never panics.
pub fn parse(bytes: &[u8]) -> Result<Head<'_>, HeadError> {
    let within = &bytes[..bytes.len().min(BYTES_MAX)];
    let mut slots = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut []);
    let end = match request.parse_with_uninit_headers(within, &mut slots) {
        Ok(httparse::Status::Complete(end)) => end,
        Ok(httparse::Status::Partial) if bytes.len() >= BYTES_MAX => {
            return Err(HeadError::TooLong { limit: BYTES_MAX });
        }
        Ok(httparse::Status::Partial) => return Err(HeadError::Incomplete),
        Err(error) => return Err(HeadError::from(error)),
    };
    let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version) else {
        return Err(HeadError::RequestLine);
    };
    Ok(Head {
        method,
        target,
        version: if version == 0 { HttpVersion::Http10 } else { HttpVersion::Http11 },
        headers: request.headers.iter().map(|header| (header.name, header.value)).collect(),
        bytes: end,
    })
}

impl From<httparse::Error> for HeadError {
    fn from(error: httparse::Error) -> Self {
        match error {
            httparse::Error::HeaderName | httparse::Error::NewLine => HeadError::HeaderName,
            httparse::Error::HeaderValue => HeadError::HeaderValue,
            httparse::Error::TooManyHeaders => HeadError::TooManyHeaders { limit: HEADERS_MAX },
            httparse::Error::Version => HeadError::Version,
            httparse::Error::Token | httparse::Error::Status => HeadError::RequestLine,
        }
    }
}

impl Head<'_> {
    /// Runs `f` on the headers as the rest of Palisade sees them: text, invalid UTF-8 replaced, order and case known.
    pub fn with_list<R>(&self, f: impl FnOnce(HeaderList<'_>) -> R) -> R {
        let texts: Vec<(&str, Cow<'_, str>)> =
            self.headers.iter().map(|(name, value)| (*name, String::from_utf8_lossy(value))).collect();
        let entries: Vec<(&str, &str)> = texts.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        f(HeaderList { entries: &entries, order: HeaderOrder::Wire, case: HeaderCase::Wire })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn order_and_case_are_kept() {
        let bytes = b"GET /a?b=%20 HTTP/1.1\r\nhost: x\r\nX-b:  1 \r\nX-B: 2\r\nEmpty:\r\n\r\nbody";
        let head = parse(bytes).unwrap();
        assert_eq!((head.method, head.target, head.version), ("GET", "/a?b=%20", HttpVersion::Http11));
        assert_eq!(head.headers, [("host", &b"x"[..]), ("X-b", b"1"), ("X-B", b"2"), ("Empty", b"")]);
        assert_eq!(&bytes[head.bytes..], b"body");
    }

    #[test]
    fn invalid_text_is_replaced_only_for_reading() {
        let head = parse(b"GET / HTTP/1.0\r\nA: caf\xe9\r\n\r\n").unwrap();
        assert_eq!(head.headers, [("A", &b"caf\xe9"[..])]);
        assert_eq!(head.with_list(|list| list.get("a").map(str::to_owned)), Some("caf\u{fffd}".to_owned()));
    }

    #[test]
    fn what_is_no_head_says_why() {
        let check = |bytes: &[u8], error| assert_eq!(parse(bytes), Err(error), "{}", bytes.escape_ascii());
        check(b"", HeadError::Incomplete);
        check(b"GET / HTTP/1.1\r\nHost: x\r\n", HeadError::Incomplete);
        check(b"GET / HTTP/1.7\r\n\r\n", HeadError::Version);
        check(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HeadError::Version);
        check(b"G\x01T / HTTP/1.1\r\n\r\n", HeadError::RequestLine);
        check(b"\x16\x03\x01\x02\x00", HeadError::RequestLine);
        check(b"GET / HTTP/1.1\r\nno colon\r\n\r\n", HeadError::HeaderName);
        check(b"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", HeadError::HeaderName);
        check(b"GET / HTTP/1.1\r\nA: \x00\r\n\r\n", HeadError::HeaderValue);
    }

    #[test]
    fn limits_are_kept() {
        let many = |n: usize| ["GET / HTTP/1.1\r\n", &"A: b\r\n".repeat(n), "\r\n"].concat();
        assert_eq!(parse(many(HEADERS_MAX).as_bytes()).unwrap().headers.len(), HEADERS_MAX);
        assert_eq!(
            parse(many(HEADERS_MAX + 1).as_bytes()),
            Err(HeadError::TooManyHeaders { limit: HEADERS_MAX })
        );
        let long = format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "a".repeat(BYTES_MAX));
        assert_eq!(parse(long.as_bytes()), Err(HeadError::TooLong { limit: BYTES_MAX }));
    }

    proptest! {
        #[test]
        fn a_written_head_is_read_back(
            method in "[A-Z]{1,8}", target in "/[!-~]{0,20}",
            headers in prop::collection::vec(("[A-Za-z-]{1,12}", "[!-~]{0,10}"), 0..20),
        ) {
            let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let bytes = format!("{method} {target} HTTP/1.1\r\n{lines}\r\n");
            let head = parse(bytes.as_bytes()).unwrap();
            prop_assert_eq!((head.method, head.target, head.bytes), (&*method, &*target, bytes.len()));
            let read: Vec<_> = head.headers.iter().map(|(n, v)| ((*n).to_owned(), String::from_utf8_lossy(v).into_owned())).collect();
            prop_assert_eq!(read, headers);
        }

        #[test]
        fn any_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            drop(parse(&bytes));
        }
    }
}
