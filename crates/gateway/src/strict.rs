//! What of a head is ambiguous: the one place that asks.

use palisade_domain::HeadFault;
use palisade_fingerprint::head::{self, HeadError};

/// How the body after a head is framed, where the head is unambiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFrame {
    /// So many bytes; 0 is none.
    Length(u64),
    /// Chunks.
    Chunked,
}

/// What follows from an accepted head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// How its body is framed.
    pub body: BodyFrame,
    /// True where the connection may become another protocol after it.
    pub upgrade: bool,
}

/// Checks a complete head, its empty line included.
///
/// # Errors
/// What is ambiguous about it, or why hyper could not read it.
pub(crate) fn check(bytes: &[u8]) -> Result<Accepted, HeadFault> {
    let head = head::parse(bytes).map_err(fault)?;
    if has_bare_line_feed(bytes) {
        return Err(HeadFault::BareLineFeed);
    }
    let mut accepted = Accepted { body: BodyFrame::Length(0), upgrade: head.method == "CONNECT" };
    let (mut lengths, mut encodings, mut hosts) = (0, 0, 0);
    for (name, value) in &head.headers {
        if name.eq_ignore_ascii_case("content-length") {
            lengths += 1;
            accepted.body = BodyFrame::Length(length(value).ok_or(HeadFault::Length)?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            encodings += 1;
            if !value.eq_ignore_ascii_case(b"chunked") {
                return Err(HeadFault::TransferEncoding);
            }
        } else if name.eq_ignore_ascii_case("host") {
            hosts += 1;
        } else if name.eq_ignore_ascii_case("upgrade") {
            accepted.upgrade = true;
        }
    }
    let is_old = head.version == palisade_domain::HttpVersion::Http10;
    match (lengths, encodings) {
        (1.., 1..) => return Err(HeadFault::BothLengths),
        (2.., _) => return Err(HeadFault::Length),
        (_, 2..) => return Err(HeadFault::TransferEncoding),
        (_, 1) if is_old => return Err(HeadFault::TransferEncoding),
        (_, 1) => accepted.body = BodyFrame::Chunked,
        _ => {}
    }
    if hosts > 1 || (hosts == 0 && !is_old) {
        return Err(HeadFault::Host);
    }
    if head.target.parse::<http::Uri>().is_err() {
        return Err(HeadFault::Garbage);
    }
    Ok(accepted)
}

fn length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn has_bare_line_feed(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'\n', bytes).any(|at| at == 0 || bytes[at - 1] != b'\r')
}

/// The fault of a head that httparse refuses.
fn fault(error: HeadError) -> HeadFault {
    match error {
        HeadError::Incomplete | HeadError::RequestLine | HeadError::Version => HeadFault::Garbage,
        HeadError::TooLong { .. } | HeadError::TooManyHeaders { .. } => HeadFault::TooLong,
        HeadError::HeaderName => HeadFault::HeaderName,
        HeadError::HeaderValue => HeadFault::HeaderValue,
    }
}
