//! A body of `POST /check`. Beyond not crashing: what is accepted has a method and a path, the defaults hold, and the
//! same body read as a line of a log says the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_domain::address::documentation_ip;
use palisade_domain::{BodyPrefix, Timestamp, Vantage};
use palisade_replay::formats::{CheckBody, Format};

const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let body = match CheckBody::parse(&text, NOW, documentation_ip(9)) {
        Ok(body) => body,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let headers = body.record.header_entries();
    let facts = body.record.facts(&headers);
    assert_eq!(facts.vantage, Vantage::Check);
    assert!(facts.method.is_seen() && facts.target.is_seen());
    assert!(body.has_time || facts.time == NOW);
    assert!(facts.client.ip().is_some());
    assert!(facts.body.known().is_none_or(|body| body.bytes.len() <= BodyPrefix::BYTES_MAX));
    assert!(headers.iter().all(|(name, _)| !name.starts_with(':')));

    // As a line it needs a client of its own; then it is the same request.
    if let Some(line) = Format::Check.parse(&text, &mut String::new()) {
        assert_eq!(line, body.record);
    }
});
