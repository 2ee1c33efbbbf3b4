//! Signature headers: any three texts are some outcome, no text verifies under a key that never signed, and a directory is
//! read whole or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_crawl::signature::{self, AgentUrl, Directory, Examined, Key, SignedRequest};
use palisade_domain::{HeaderCase, HeaderList, HeaderOrder, Timestamp};

const KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(4, '\n');
    let mut next = || lines.next().unwrap_or("");
    let entries = [("signature-input", next()), ("signature", next()), ("signature-agent", next())];
    let now = Timestamp::from_secs(1_735_689_601);
    let request = SignedRequest {
        method: "GET",
        scheme: "https",
        authority: "example.com",
        target: "/path?query",
        headers: HeaderList { entries: &entries, order: HeaderOrder::Wire, case: HeaderCase::Wire },
    };
    if let Examined::Claim(claim) = signature::examine(&request, now) {
        let key = Key::from_jwk(KEY).expect("a key");
        assert!(!claim.verify(&key, now), "nobody holds its other half");
        if let Some(agent) = &claim.agent {
            assert!(agent.url.starts_with("https://"));
            assert!(AgentUrl::of_identity(&agent.origin).is_some());
        }
    }
    let _ = Directory::read(data);
});
