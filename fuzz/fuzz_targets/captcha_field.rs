//! The start of a form's body. Beyond not crashing: no value is empty, and what is found at the start is found in the whole.

#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_intel::providers::field::{FIELDS, extract};

const TYPES: [&str; 4] = [
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data; boundary=b",
    "multipart/form-data; boundary=\"----WebKitFormBoundary\"",
];

fuzz_target!(|input: (u8, u16, &[u8])| {
    let (kind, cut, body) = input;
    let kind = TYPES[usize::from(kind) % TYPES.len()];
    let whole = extract(kind, body, true);
    let start = extract(kind, &body[..usize::from(cut).min(body.len())], false);
    for name in FIELDS {
        assert_ne!(whole.get(name), Some(""));
        if let Some(value) = start.get(name) {
            assert_eq!(whole.get(name), Some(value), "{name}");
        }
    }
});
