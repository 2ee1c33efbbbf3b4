//! A history snapshot. Beyond not crashing: what is restored is what a snapshot of it says, and noting goes on with it.
//!
//! The first eight bytes (version, mark of the seed) are ours, else nearly nothing would come past them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_detect::gather::gather;
use palisade_detect::history::History;
use palisade_detect::{HashSeed, SiteProfile};
use palisade_domain::{ClientKey, Fact, RequestFacts, ResponseFacts, Timestamp, Vantage};

fn empty() -> History {
    History::new(HashSeed([1, 2]))
}

fuzz_target!(|bytes: &[u8]| {
    let history = empty();
    let mut snapshot = history.to_snapshot();
    snapshot.truncate(8);
    snapshot.extend_from_slice(bytes);
    if let Err(error) = history.restore(&snapshot) {
        assert!(!error.to_string().is_empty());
        assert_eq!(history.clients(), 0, "all of it or nothing");
        return;
    }
    let again = empty();
    assert_eq!(again.restore(&history.to_snapshot()), Ok(history.clients()));
    assert_eq!(again.to_snapshot(), history.to_snapshot());
    note(&history);
});

/// A visit of a client that is known in the corpus.
fn note(history: &History) {
    let client = ClientKey::Opaque("someone");
    let mut facts = RequestFacts::bare(client, Timestamp::from_secs(1_795_132_800), Vantage::Log);
    for target in ["/", "/login", "/style.css", "/"] {
        facts.target = Fact::Known(target);
        let gathered = gather(&facts, Default::default(), &SiteProfile::default());
        let seen = history.note_request(&facts, &gathered);
        assert!(seen.client.pages_per_minute() >= 0.0 && seen.network.children() >= 0.0);
        assert!(seen.client.page_gaps_ms().count() < 24);
        let response = ResponseFacts { status: Fact::Known(401), ..ResponseFacts::default() };
        history.note_response(seen.ticket, &response, facts.time);
    }
}
