//! An answer of a provider. Beyond not crashing: what is kept of it is short and visible, and a score is one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_intel::providers::answer::{Answer, BYTES_MAX, CODES_MAX};

fuzz_target!(|bytes: &[u8]| {
    let Some(answer) = Answer::read(bytes) else { return };
    assert!(bytes.len() <= BYTES_MAX && answer.codes.len() <= CODES_MAX);
    assert!(answer.score.is_none_or(|score| (0.0..=1.0).contains(&score)));
    let words = answer.codes.iter().chain(&answer.hostname).chain(&answer.action);
    for word in words {
        assert!(word.len() <= 253 && word.bytes().all(|byte| byte.is_ascii_graphic()));
    }
});
