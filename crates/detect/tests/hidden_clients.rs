//! Behind a proxy nobody told us to trust, visitors neither pay for nor profit from each other.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is tests; helpers of tests are not known as such"
)]

use palisade_detect::{Engine, EngineSettings, HashSeed, Observe};
use palisade_domain::{ClientKey, Fact, RequestFacts, ResponseFacts, Timestamp, Vantage};

fn facts(target: &'static str, at_ms: i64, hidden: bool) -> RequestFacts<'static> {
    let client = ClientKey::Ip("10.0.0.2".parse().unwrap());
    let mut facts = RequestFacts::bare(client, Timestamp::from_millis(at_ms), Vantage::GatewayClear);
    facts.method = Fact::Known("GET");
    facts.target = Fact::Known(target);
    facts.user_agent = Fact::Known("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0");
    facts.client_hidden = hidden;
    facts
}

#[test]
fn a_hidden_client_has_no_past() {
    let engine = Engine::new(EngineSettings::new(HashSeed([1, 2])));
    let first = engine.assess(&facts("/a", 0, true), Observe::Note).assessment;
    for n in 1..500 {
        let observation = engine.assess(&facts("/a", n * 10, true), Observe::Note);
        let response = ResponseFacts { status: Fact::Known(404), ..ResponseFacts::default() };
        engine.finish(observation.ticket, &response, Timestamp::from_millis(n * 10));
        assert_eq!(observation.assessment, first, "request {n}");
    }
    assert_eq!(engine.history().clients(), 0);
}

#[test]
fn what_the_request_itself_carries_still_counts() {
    let engine = Engine::new(EngineSettings::new(HashSeed([1, 2])));
    let attack = engine.assess(&facts("/.env", 0, true), Observe::Note).assessment;
    assert!(attack.score > engine.assess(&facts("/", 1, true), Observe::Note).assessment.score);
}
