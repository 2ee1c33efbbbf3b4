//! Signature headers: any three texts are some outcome. Nothing verifies under a key that never signed, nor for another
//! host than was signed, nor in the name of another agent. A directory is read whole or refused, and no key of it stops
//! the asking.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use palisade_crawl::signature::keys::{DIRECTORY_BYTES_MAX, KEYS_MAX};
use palisade_crawl::signature::{self, AgentUrl, Claim, Directory, Examined, Key, SignedRequest};
use palisade_domain::{HeaderCase, HeaderList, HeaderOrder, Timestamp};

/// Nobody signed the corpus with it.
const STRANGER: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// The published keys of RFC 9421 appendix B.1, with which the corpus is signed: for `example.com`, and where an agent
/// is named, for [`SIGNED_AGENT`].
static SIGNERS: LazyLock<[Key; 2]> = LazyLock::new(|| {
    [
        r#"{"kty":"OKP","crv":"Ed25519","x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}"#,
        concat!(
            r#"{"kty":"RSA","e":"AQAB","n":""#,
            "r4tmm3r20Wd_PbqvP1s2-QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct-Lh1GH45x28Rw3Ry53mm-oAXjyQ86OnDkZ5N8",
            "lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgchwuYLPL-Wokqltd11nqqzi-bJ9cv",
            "SKADYdUAAN5WUtzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d-nb4bnNkQVklLQ3fV",
            "AvJm-xdDOp9LCNCN48V2pnDOkFV6-U9nV5oyc6XI2w",
            r#""}"#,
        ),
    ]
    .map(|jwk| Key::from_jwk(jwk).expect("a published key"))
});

const SIGNED_AGENT: &str = "https://signature-agent.test";

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(4, '\n');
    let mut next = || lines.next().unwrap_or("");
    let entries = [("signature-input", next()), ("signature", next()), ("signature-agent", next())];
    let directory = directory(next());
    let now = Timestamp::from_secs(1_735_689_601);
    // An empty third line is a request without the header.
    let sent = if entries[2].1.is_empty() { &entries[..2] } else { &entries[..] };
    let claimed = |authority, f: &dyn Fn(Claim)| {
        let headers = HeaderList { entries: sent, order: HeaderOrder::Wire, case: HeaderCase::Wire };
        let (scheme, target) = ("https", "/path?query");
        let request = SignedRequest { method: "GET", scheme, authority, target, headers };
        if let Examined::Claim(claim) = signature::examine(&request, now) {
            f(*claim);
        }
    };
    claimed("example.com", &|claim| {
        let stranger = Key::from_jwk(STRANGER).expect("a key");
        assert!(!claim.verify(&stranger, now), "nobody holds its other half");
        if let Some(agent) = &claim.agent {
            assert!(agent.url.starts_with("https://") && agent.url.starts_with(&agent.origin));
            assert_eq!(AgentUrl::of_identity(&agent.origin).map(|same| same.url), Some(agent.url.clone()));
        }
        let _ = directory.key(&claim.key_id).map(|key| claim.verify(key, now));
        if SIGNERS.iter().any(|key| claim.verify(key, now)) {
            assert!(claim.agent.is_none_or(|agent| agent.origin == SIGNED_AGENT));
            assert!(claim.expires.secs() + signature::SKEW_SECS >= now.secs());
        }
    });
    claimed("evil.example", &|claim| {
        assert!(!SIGNERS.iter().any(|key| claim.verify(key, now)), "signed for another host");
    });
});

/// What a directory holds that was read: keys that anybody may be asked about, at any time.
fn directory(json: &str) -> Directory {
    let Ok(directory) = Directory::read(json.as_bytes()) else { return Directory::default() };
    assert!(json.len() <= DIRECTORY_BYTES_MAX && (1..=KEYS_MAX).contains(&directory.len()));
    for key in directory.keys() {
        assert!(directory.key(key.thumbprint()).is_some());
        assert!(SIGNERS.iter().all(|known| known.thumbprint() != key.thumbprint()), "anybody's key");
        for secs in [i64::MIN / 1_000_000, 0, i64::MAX / 1_000_000] {
            let _ = key.is_in_force(Timestamp::from_secs(secs));
        }
    }
    directory
}
