//! A line of a log, in any format. Beyond not crashing: what is read once is read the same again when its format is
//! known, a named format agrees with the one that was found, and no fact is longer than the line allows.

#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_replay::formats::Format;

fuzz_target!(|bytes: &[u8]| {
    let line = String::from_utf8_lossy(bytes);
    let mut scratch = String::new();
    let Some(record) = Format::parse_any(&line, None, &mut scratch) else {
        let _ = Format::is_torn(&line);
        return;
    };
    let again = Format::parse_any(&line, Some(record.format), &mut scratch);
    assert_eq!(again.as_ref(), Some(&record), "the hint changes what is read");
    assert_eq!(
        record.format.parse(&line, &mut scratch).as_ref(),
        Some(&record),
        "the name changes what is read"
    );

    let headers = record.header_entries();
    let facts = record.facts(&headers);
    assert_eq!(facts.time, record.time);
    assert_eq!(facts.headers.is_known(), facts.headers.known().is_some_and(|list| list.entries == headers));
    // Undoing escapes only shortens; replacing what is not UTF-8 at most triples.
    for text in [facts.method, facts.host, facts.target, facts.user_agent, facts.referrer] {
        assert!(text.known().is_none_or(|text| text.len() <= 3 * line.len() + 16));
    }
    let status = record.response().status;
    assert!(status.known().is_none_or(|status| (100..=599).contains(&status)));
});
