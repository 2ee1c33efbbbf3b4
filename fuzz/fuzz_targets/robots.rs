//! Any bytes are a robots.txt, any text is a target; the answer does not depend on how the target is encoded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_crawl::robots::{Robots, WARNINGS_MAX};

fuzz_target!(|data: &[u8]| {
    // The first line is the target, the rest the file, so that the fuzzer can grow both.
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let target = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let robots = Robots::parse(parts.next().unwrap_or_default());
    assert!(robots.warnings().len() <= WARNINGS_MAX);
    for record in robots.records() {
        robots.scope(record);
    }
    assert!(robots.allows("a", "/robots.txt"));

    let path = format!("/{}", target.replace(['#', '%'], ""));
    let encoded: String =
        path.bytes()
            .map(|byte| {
                if b"/?&=+;".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") }
            })
            .collect();
    for agent in ["a", "*", "FooBot", ""] {
        assert_eq!(robots.allows(agent, &path), robots.allows(agent, &encoded), "{path:?}");
    }
});
