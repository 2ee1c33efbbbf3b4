//! Web Bot Auth from the first signed request to a verified one, on the published vectors.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is tests; helpers of tests are not known as such"
)]

use palisade_crawl::signature::Key;
use palisade_detect::HashSeed;
use palisade_domain::{
    ClientKey, Fact, HeaderCase, HeaderList, HeaderOrder, RequestFacts, Scheme, Signature, Timestamp, Vantage,
};
use palisade_guard::signatures::{Known, Signatures};
use palisade_guard::web_bot_auth::WebBotAuth;
use serde_json::Value;

const VECTORS: &str = include_str!("../../crawl/testdata/web-bot-auth/web_bot_auth_architecture_v2.json");
const ORIGIN: &str = "https://signature-agent.test";

/// The signed request of a vector at its own time, as a gateway sees it, and its key.
fn with_vector<R>(at: usize, host: &str, f: impl FnOnce(&RequestFacts<'_>, Key) -> R) -> R {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    let vector = &vectors[at];
    let text = |name: &str| vector[name].as_str().unwrap();
    let entries = [
        ("Host", host),
        ("Signature-Agent", text("signature_agent")),
        ("Signature-Input", text("signature_input")),
        ("Signature", text("signature")),
    ];
    let time = Timestamp::from_millis(vector["created_ms"].as_i64().unwrap() + 1_000);
    let client = ClientKey::Ip("203.0.113.7".parse().unwrap());
    let mut facts = RequestFacts::bare(client, time, Vantage::GatewayTls);
    facts.method = Fact::Known("GET");
    facts.target = Fact::Known("/path/to/resource");
    facts.scheme = Fact::Known(Scheme::Https);
    facts.host = Fact::Known(host);
    facts.headers =
        Fact::Known(HeaderList { entries: &entries, order: HeaderOrder::Wire, case: HeaderCase::Wire });
    let mut jwk = vector["key"].clone();
    jwk.as_object_mut().unwrap().remove("kid");
    f(&facts, Key::from_jwk(&jwk.to_string()).unwrap())
}

fn signed_vectors() -> Vec<usize> {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    (0..vectors.len()).filter(|&at| vectors[at]["signature_agent"].is_string()).collect()
}

fn book() -> Signatures {
    let signatures = Signatures::new(HashSeed([1, 2]));
    signatures.plug(Box::new(WebBotAuth));
    signatures
}

#[test]
fn a_key_that_comes_later_verifies_what_came_before() {
    for at in signed_vectors() {
        with_vector(at, "example.com", |facts, key| {
            let signatures = book();
            assert_eq!(signatures.look(facts), Known::Unverified(Some(ORIGIN.to_owned())), "{at}");
            signatures.put_keys(ORIGIN, vec![key], facts.time.plus_millis(60_000));
            for _ in 0..2 {
                let known = signatures.look(facts);
                assert_eq!(known.fact(), Fact::Known(Signature::Verified(ORIGIN)), "{at}");
            }
        });
    }
}

#[test]
fn another_host_another_key_and_a_key_taken_back_prove_nothing() {
    let at = signed_vectors();
    with_vector(at[1], "other.example", |facts, key| {
        let signatures = book();
        signatures.put_keys(ORIGIN, vec![key], facts.time.plus_millis(60_000));
        assert_eq!(signatures.look(facts), Known::Invalid);
    });
    with_vector(at[1], "example.com", |facts, key| {
        let signatures = book();
        let stranger = with_vector(at[0], "example.com", |_, key| key);
        signatures.put_keys(ORIGIN, vec![stranger.clone()], facts.time.plus_millis(60_000));
        assert_eq!(signatures.look(facts), Known::Unverified(None));
        signatures.put_keys(ORIGIN, vec![key], facts.time.plus_millis(60_000));
        assert!(matches!(signatures.look(facts), Known::Verified(_)));
        signatures.put_keys(ORIGIN, vec![stranger], facts.time.plus_millis(60_000));
        assert_eq!(
            signatures.look(facts),
            Known::Unverified(None),
            "the remembered result went with its key"
        );
    });
}
