//! API keys: what a program shows to be let in, and what it may do then.
//!
//! A key is 256 random bits that the caller brings; only its SHA-256 is kept. A plain hash is enough: there is nothing
//! to guess in 256 random bits.

mod scope;

use std::fmt;
use std::hash::{Hash, Hasher};

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use crate::bounds::{self, cut};
use crate::{ReadError, WriteError, codec};

pub use scope::{Scope, Scopes, UnknownScope};

/// What every key begins with: leaked ones are found by searching for it.
const PREFIX: &str = "pal_";
/// Characters that are shown of a key, to tell two apart.
const LAST_CHARS: usize = 4;

/// An API key. Has no `Debug`: it must not reach a log.
#[derive(Clone)]
pub struct ApiKey([u8; 32]);

impl ApiKey {
    /// The key made of 256 random bits.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        ApiKey(bytes)
    }

    /// Reads `pal_` and 43 characters of base64url; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        codec::from_base64url(text.strip_prefix(PREFIX)?).map(ApiKey)
    }

    /// The key as people and programs hold it. Show it once, store it nowhere but `first-run.txt`.
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", codec::base64url(&self.0))
    }

    /// What is kept of it.
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.text())
    }

    /// The last four characters.
    fn last_chars(&self) -> String {
        let text = self.text();
        text[text.len() - LAST_CHARS..].to_owned()
    }
}

/// SHA-256 of a key's text. Compared without telling by the time taken where two differ.
#[derive(Clone, Copy)]
pub struct KeyHash(pub(crate) [u8; 32]);

impl KeyHash {
    /// That of a key or secret with the text `text`.
    pub fn of(text: &str) -> Self {
        KeyHash(codec::sha256(&[text.as_bytes()]))
    }

    /// Its bytes, for a table of another crate that compares them.
    pub fn bytes(&self) -> [u8; 32] {
        self.0
    }
}

impl PartialEq for KeyHash {
    fn eq(&self, other: &Self) -> bool {
        codec::same(&self.0, &other.0)
    }
}

impl Eq for KeyHash {}

/// For maps: the same bytes are the same key.
impl Hash for KeyHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

/// The number of a key within its tenant, 1 and up, never given twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub i64);

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// What people call it; cut to [`bounds::KEY_NAME_BYTES_MAX`].
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A key as stored: everything but the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its number.
    pub id: KeyId,
    /// Whose key.
    pub tenant: TenantId,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its last four characters.
    pub last_chars: String,
    /// What is compared with the key that somebody shows.
    pub hash: KeyHash,
}

impl KeyRecord {
    /// `new` under number `id`, its text cut to the bounds.
    pub(crate) fn made(id: KeyId, tenant: TenantId, key: &ApiKey, new: &NewKey) -> Self {
        KeyRecord {
            id,
            tenant,
            name: cut(&new.name, bounds::KEY_NAME_BYTES_MAX),
            scopes: new.scopes,
            created_at: new.created_at,
            last_chars: key.last_chars(),
            hash: key.hash(),
        }
    }
}

/// API keys. A change is durable when its call returns. There are few of them: a server keeps them in memory and reads
/// them again when [`Changes`](crate::Changes) says so.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Stores what is kept of `key`; one that is there already stays as it is and is returned.
    async fn create_key(&self, tenant: TenantId, key: &ApiKey, new: &NewKey)
    -> Result<KeyRecord, WriteError>;

    /// All keys, by number; at most [`bounds::KEYS_MAX`].
    async fn keys(&self, tenant: TenantId) -> Result<Vec<KeyRecord>, ReadError>;

    /// Removes a key: from now on it opens nothing. False where there is none of that number.
    async fn revoke_key(&self, tenant: TenantId, id: KeyId) -> Result<bool, WriteError>;

    /// The key whose hash is `hash`.
    async fn find_key(&self, tenant: TenantId, hash: &KeyHash) -> Result<Option<KeyRecord>, ReadError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_key_is_refused() {
        let key = ApiKey::from_random([7; 32]).text();
        assert_eq!(key.len(), 4 + 43);
        let shorter = &key[..key.len() - 1];
        let padded = format!("{key}=");
        // The last character carries two bits that are always zero: another one would be a second spelling.
        let loose = format!("{}d", &key[..key.len() - 1]);
        for bad in ["", "pal_", shorter, &padded, &key.to_uppercase(), &key[4..], &loose, "pal_é"] {
            assert!(ApiKey::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_record_shows_the_end_and_hides_the_hash() {
        let key = ApiKey::from_random([9; 32]);
        let new =
            NewKey { name: "n".repeat(999), scopes: Scopes::of(&[Scope::Check]), created_at: Timestamp(0) };
        let record = KeyRecord::made(KeyId(1), TenantId(1), &key, &new);
        assert!(key.text().ends_with(&record.last_chars) && record.last_chars.len() == 4);
        assert_eq!(record.name.len(), bounds::KEY_NAME_BYTES_MAX);
        assert!(format!("{record:?}").contains("KeyHash(..)"));
    }

    proptest! {
        #[test]
        fn keys_round_trip(bytes in any::<[u8; 32]>()) {
            let key = ApiKey::from_random(bytes);
            let back = ApiKey::parse(&key.text()).expect("our own text");
            prop_assert!(back.hash() == key.hash());
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(pal_)?.{0,60}") {
            if let Some(key) = ApiKey::parse(&text) {
                prop_assert_eq!(key.text(), text);
            }
        }
    }
}
