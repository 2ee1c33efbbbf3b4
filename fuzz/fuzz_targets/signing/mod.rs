//! Signs what the fuzzer makes up with the keys of one installation, so that it comes past the mac: a parser behind it is
//! no less a parser. Keys are derived here as the product derives them; a text of the product's own proves that at the start.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palisade_challenge::Secrets;
use palisade_challenge::canonical::{MAC_BYTES, mac};
use ring::{hkdf, hmac};

pub const MASTER: [u8; 32] = [7; 32];

pub fn secrets() -> Secrets {
    Secrets::derive(&MASTER)
}

/// The key called `label`.
pub fn key(label: &str) -> hmac::Key {
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"palisade challenge v1").extract(&MASTER);
    let mut bytes = [0; 32];
    prk.expand(&[label.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut bytes))
        .expect("32 bytes are one block");
    hmac::Key::new(hmac::HMAC_SHA256, &bytes)
}

/// `fields` and their mac, as a text.
pub fn sign(fields: &[u8], key: &hmac::Key, purpose: &str) -> String {
    URL_SAFE_NO_PAD.encode([fields, &mac(key, purpose, fields)].concat())
}

/// The fields of a text that the product signed, after a check that [`sign`] does the same.
pub fn fields(text: &str, key: &hmac::Key, purpose: &str) -> Vec<u8> {
    let mut fields = URL_SAFE_NO_PAD.decode(text).expect("the product writes base64url");
    fields.truncate(fields.len() - MAC_BYTES);
    assert_eq!(sign(&fields, key, purpose), text, "the product derives its keys in another way");
    fields
}
