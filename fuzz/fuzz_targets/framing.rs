//! Framing: any bytes are judged. A head that is sound is read by the parser in the very same parts, and the gateway passes
//! it on with the same framing of the body and a target that hyper reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_domain::HeadFault;
use palisade_fingerprint::framing::{BodyFrame, Framed};
use palisade_fingerprint::head::{self, BYTES_MAX, Head};

// The gateway shows it to nobody; it is what stands between a head and the upstream.
#[path = "../../crates/gateway/src/strict.rs"]
mod strict;

fuzz_target!(|data: &[u8]| {
    let end = data.windows(4).position(|four| four == b"\r\n\r\n").map_or(data.len(), |at| at + 4);
    let bytes = &data[..end];
    if Framed::default().read(bytes).is_ok() {
        passed_on(bytes);
    }
});

/// What the gateway does with the sound head `bytes`.
fn passed_on(bytes: &[u8]) {
    let read = |bytes| head::parse(bytes).unwrap_or_else(|error| panic!("{error}: {}", bytes.escape_ascii()));
    let head = read(bytes);
    let mut framed = Framed::default();
    let checked = strict::check(bytes, &mut framed);
    // Nothing of one head is left in the next.
    let mut used = Framed::default();
    let before =
        used.read(b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nUpgrade: b\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_eq!((before, used.read(bytes)), (Ok(()), Ok(())));
    assert_eq!(used, framed);
    assert_eq!((head.bytes, head.version), (bytes.len(), framed.version));
    assert_eq!(
        (head.method.as_bytes(), head.target.as_bytes()),
        (framed.method(bytes), framed.target(bytes))
    );
    let headers: Vec<_> = head.headers.iter().map(|(name, value)| (name.as_bytes(), *value)).collect();
    assert_eq!(headers, framed.headers(bytes).collect::<Vec<_>>());
    assert_eq!(framed.body, body_of(&head), "{}", bytes.escape_ascii());
    assert_eq!(framed.upgrade, head.method == "CONNECT" || values(&head, "upgrade").next().is_some());
    let target = head.target.as_bytes();
    let Some(spelled_target) = strict::readable(target) else {
        assert_eq!(checked, Err(HeadFault::Garbage));
        assert!(target.contains(&b'#') || target[0] != b'/', "{}", target.escape_ascii());
        return;
    };
    if bytes.len() - target.len() + spelled_target.len() > BYTES_MAX {
        assert_eq!(checked, Err(HeadFault::TooLong));
        return;
    }
    let uri = http::Uri::try_from(&*spelled_target).expect("hyper reads it");
    if target[0] == b'/' {
        assert_eq!(uri.path_and_query().map(|both| both.as_str().as_bytes()), Some(&*spelled_target));
    }
    let Some(spelled) = checked.expect("sound, and its target is readable") else {
        assert_eq!(*spelled_target, *target);
        return;
    };
    let again = read(&spelled);
    assert_eq!(again.target.as_bytes(), &*spelled_target);
    assert_eq!(Head { target: head.target, bytes: head.bytes, ..again }, head, "only the target changed");
    assert_eq!(strict::check(&spelled, &mut framed), Ok(None), "spelled, it is sound");
}

/// How the parser's headers frame the body.
fn body_of(head: &Head<'_>) -> BodyFrame {
    let mut lengths = values(head, "content-length");
    let mut encodings = values(head, "transfer-encoding");
    match (lengths.next(), encodings.next()) {
        (None, Some(coding)) => {
            assert!(coding.eq_ignore_ascii_case(b"chunked") && encodings.next().is_none());
            BodyFrame::Chunked
        }
        (Some(length), None) => {
            assert!(lengths.next().is_none());
            let text = std::str::from_utf8(length).expect("digits");
            BodyFrame::Length(text.parse().expect("a count of 64 bits"))
        }
        (None, None) => BodyFrame::Length(0),
        (Some(_), Some(_)) => panic!("two framings"),
    }
}

fn values<'h>(head: &'h Head<'_>, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
    head.headers.iter().filter(move |(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
}
