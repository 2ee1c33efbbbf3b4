//! Result tokens. What we did not sign is refused; signed, any header and payload are read or refused, and what is read has
//! one spelling, is of use at the time it was read, and says the same when it is signed again.
#![no_main]

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use palisade_challenge::token::bounds::TOKEN_BYTES_MAX;
use palisade_challenge::token::{Algorithm, Keyring, PublicKey, SigningKey};
use palisade_domain::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;

const DER: &[u8] = include_bytes!("../../crates/challenge/testdata/token/ed25519.pk8");
static KEY: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_pkcs8_maybe_unchecked(DER).expect("a key of the tests"));
static RING: LazyLock<Keyring> = LazyLock::new(|| {
    let key = SigningKey::from_pkcs8(Algorithm::EdDsa, DER).expect("a key of the tests");
    Keyring::new(Algorithm::EdDsa).with(key)
});
static HEADER: LazyLock<String> = LazyLock::new(|| {
    let key = SigningKey::from_pkcs8(Algorithm::EdDsa, DER).expect("a key of the tests");
    format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{}"}}"#, key.public().kid())
});

const NOW: Timestamp = Timestamp(1_772_323_260_000_000);

fuzz_target!(|data: &[u8]| {
    let Some((way, data)) = data.split_first() else { return };
    match way % 4 {
        0 => {
            let text = String::from_utf8_lossy(data);
            let verdict = RING.verify(&text, NOW);
            assert!(verdict.is_err() || text.len() <= TOKEN_BYTES_MAX);
        }
        1 => signed(HEADER.as_bytes(), data),
        2 => {
            let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
            signed(&data[..at], data.get(at + 1..).unwrap_or_default());
        }
        _ => keys(data),
    }
});

fn signed(header: &[u8], payload: &[u8]) {
    let mut text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = KEY.sign(text.as_bytes());
    text = format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()));
    // Its own time is tried too: else nearly nothing would be read.
    for now in [NOW, Timestamp(0), Timestamp(i64::MAX)] {
        let Ok(said) = RING.verify(&text, now) else { continue };
        assert!(text.len() <= TOKEN_BYTES_MAX);
        assert!(now < said.expires && said.issued.millis() <= now.millis().saturating_add(60_000));
        assert!((0.0..=1.0).contains(&said.score));
        // Ours are never longer than the bound, and say what was said but for what is cut.
        let again = RING.sign(&said, &SystemRandom::new()).expect("the key is there");
        if let Ok(back) = RING.verify(&again, now) {
            assert_eq!(
                (back.id, back.issued, back.expires, &back.site_key),
                (said.id, said.issued, said.expires, &said.site_key)
            );
            assert!(
                said.action.starts_with(&back.action)
                    || said.action.contains(['"', '\\'])
                    || said.action.chars().any(char::is_control)
            );
        }
        assert!(RING.verify(&text[1..], now).is_err() && RING.verify(&format!("{text}A"), now).is_err());
    }
}

fn keys(bytes: &[u8]) {
    for algorithm in Algorithm::ALL {
        if let Ok(key) = SigningKey::from_pkcs8(algorithm, bytes) {
            assert_eq!(PublicKey::from_jwk(&key.public().to_jwk()).as_ref(), Ok(key.public()));
        }
    }
    if let Ok(jwk) = serde_json::from_slice(bytes)
        && let Ok(key) = PublicKey::from_jwk(&jwk)
    {
        assert_eq!(PublicKey::from_jwk(&key.to_jwk()).as_ref(), Ok(&key));
        assert!(key.to_pem().starts_with("-----BEGIN PUBLIC KEY-----\n"));
        assert!(!key.verifies(b"a message", &[7; 64]));
    }
}
