//! Facts about persons, sealed with AES-256-GCM: a key for each person, erased with them.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};

use super::Personal;
use crate::codec;

/// What one line needs of randomness: a key, should it be about somebody new, and a nonce. Has no `Debug`.
#[derive(Clone)]
pub struct AuditRandom {
    key: [u8; 32],
    nonce: [u8; NONCE_LEN],
}

impl AuditRandom {
    /// How many random bytes it takes.
    pub const BYTES: usize = 32 + NONCE_LEN;

    /// From fresh random bytes; a second line must not have the same.
    pub fn new(bytes: [u8; Self::BYTES]) -> Self {
        let (mut key, mut nonce) = ([0; 32], [0; NONCE_LEN]);
        key.copy_from_slice(&bytes[..32]);
        nonce.copy_from_slice(&bytes[32..]);
        AuditRandom { key, nonce }
    }

    /// The key for the new person of the line's fact `place`.
    pub(crate) fn data_key(&self, place: usize) -> DataKey {
        DataKey(codec::sha256(&[b"palisade audit subject", &self.key, &[place_byte(place)]]))
    }

    /// The nonce of the line's fact `place`: facts of one person in one line need different ones.
    fn nonce(&self, place: usize) -> [u8; NONCE_LEN] {
        let mut nonce = self.nonce;
        nonce[NONCE_LEN - 1] ^= place_byte(place);
        nonce
    }
}

fn place_byte(place: usize) -> u8 {
    u8::try_from(place).unwrap_or(u8::MAX)
}

/// A person's key. Has no `Debug`.
#[derive(Clone)]
pub(crate) struct DataKey([u8; 32]);

impl DataKey {
    pub(crate) fn text(&self) -> String {
        codec::hex(&self.0)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        codec::hash_from_hex(text).map(DataKey)
    }

    fn cipher(&self) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.0).expect("32 bytes are a key of AES-256"))
    }
}

/// One sealed fact, as it stands in the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sealed {
    /// The person's number; who it is stands beside their key.
    pub(crate) subject: i64,
    /// What it is.
    pub(crate) field: String,
    nonce: String,
    text: String,
}

impl Sealed {
    /// Seals fact number `place` of a line for person `subject`. The name of the field is authenticated with it.
    pub(crate) fn new(
        subject: i64,
        key: &DataKey,
        fact: &Personal,
        place: usize,
        random: &AuditRandom,
    ) -> Self {
        let nonce = random.nonce(place);
        let mut bytes = fact.value.clone().into_bytes();
        key.cipher()
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(fact.field.as_bytes()),
                &mut bytes,
            )
            .expect("bounded texts are far below the longest that AES-GCM seals");
        Sealed { subject, field: fact.field.clone(), nonce: codec::hex(&nonce), text: codec::hex(&bytes) }
    }

    /// The fact; `None` where the key is another one or the text was damaged.
    pub(crate) fn open(&self, key: &DataKey) -> Option<String> {
        let nonce = codec::from_hex(&self.nonce)?.try_into().ok()?;
        let mut bytes = codec::from_hex(&self.text)?;
        let aad = Aad::from(self.field.as_bytes());
        let open = key.cipher().open_in_place(Nonce::assume_unique_for_key(nonce), aad, &mut bytes).ok()?;
        String::from_utf8(open.to_vec()).ok()
    }
}

/// The column that holds a line's sealed facts.
pub(crate) fn to_column(sealed: &[Sealed]) -> String {
    serde_json::to_string(sealed).expect("texts and numbers always serialise")
}

/// Reads what [`to_column`] wrote; `None` for anything else.
pub(crate) fn from_column(text: &str) -> Option<Vec<Sealed>> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fact(value: &str) -> Personal {
        Personal { subject: "ip:192.0.2.1".into(), field: "address".into(), value: value.into() }
    }

    #[test]
    fn only_its_key_opens_it() {
        let random = AuditRandom::new([5; AuditRandom::BYTES]);
        let (key, other) = (random.data_key(0), random.data_key(1));
        let sealed = Sealed::new(1, &key, &fact("192.0.2.1"), 0, &random);
        assert_eq!(sealed.open(&key).as_deref(), Some("192.0.2.1"));
        assert_eq!(sealed.open(&other), None);
        assert!(!to_column(std::slice::from_ref(&sealed)).contains("192.0.2.1"));
        let renamed = Sealed { field: "actor".into(), ..sealed.clone() };
        assert_eq!(renamed.open(&key), None, "a fact cannot be moved to another field");
        let again = Sealed::new(1, &key, &fact("192.0.2.1"), 1, &random);
        assert_ne!(again.text, sealed.text, "two facts of one line have different nonces");
    }

    #[test]
    fn damage_is_noticed_and_never_panics() {
        let random = AuditRandom::new([5; AuditRandom::BYTES]);
        let key = random.data_key(0);
        let sealed = Sealed::new(1, &key, &fact("x"), 0, &random);
        for (nonce, text) in [("", ""), ("00", "00"), (&*sealed.nonce, "é"), ("zz", &*sealed.text)] {
            let damaged = Sealed { nonce: nonce.into(), text: text.into(), ..sealed.clone() };
            assert_eq!(damaged.open(&key), None, "{nonce} {text}");
        }
        for bad in ["", "{}", "[1]", "[{\"subject\":\"x\"}]"] {
            assert_eq!(from_column(bad), None, "{bad}");
        }
        assert!(DataKey::parse("short").is_none());
    }

    proptest! {
        #[test]
        fn facts_round_trip(value in ".{0,80}", bytes in any::<[u8; 32]>(), place in 0usize..4) {
            let mut random = [7; AuditRandom::BYTES];
            random[..32].copy_from_slice(&bytes);
            let random = AuditRandom::new(random);
            let key = random.data_key(place);
            let column = to_column(&[Sealed::new(4, &key, &fact(&value), place, &random)]);
            let back = from_column(&column).expect("our own text");
            let key = DataKey::parse(&key.text()).expect("our own text");
            prop_assert_eq!(back[0].open(&key), Some(value));
        }
    }
}
