//! Keys and key directories: a JWKS (RFC 7517) with Ed25519 (RFC 8037), P-256 and RSA keys, and their thumbprints
//! (RFC 7638).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palisade_domain::Timestamp;
use palisade_limits::Bound;
use ring::digest::{SHA256, digest};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PSS_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

/// Bytes of a key directory.
pub const DIRECTORY_BYTES_MAX: usize = 64 * 1024;
/// Keys of a directory.
pub const KEYS_MAX: usize = 32;

/// The named bounds of this module.
pub const BOUNDS: &[Bound] = &[
    Bound {
        name: "crawl.directory_bytes_max",
        value: DIRECTORY_BYTES_MAX as u64,
        unit: "bytes",
        reason: "32 RSA keys with all their members take 32 KiB",
        when_full: "the directory is refused, the keys held before stay",
    },
    Bound {
        name: "crawl.directory_keys_max",
        value: KEYS_MAX as u64,
        unit: "keys",
        reason: "an operator has one in use and one in rotation",
        when_full: "the directory is refused, the keys held before stay",
    },
];

/// Keys that anybody can sign with: the published ones of RFC 9421 appendix B.1. Refused wherever they are served.
const TEST_KEYS: [&str; 2] =
    ["poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U", "oD0HwocPBSfpNy5W3bpJeyFGY_IQ_YpqxSjQ3Yd-CLA"];

/// One public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    thumbprint: String,
    material: Material,
    not_before: Option<i64>,
    expires: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    Ed25519(Vec<u8>),
    P256(Vec<u8>),
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

/// A key as a directory writes it (RFC 7517).
#[derive(Debug, Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    exp: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct JwkSet {
    keys: Vec<Jwk>,
}

impl Key {
    /// Reads one JWK; private members are passed over.
    ///
    /// # Errors
    /// Where it is no JSON, or no key of a kind we know.
    pub fn from_jwk(json: &str) -> Result<Key, DirectoryError> {
        let jwk: Jwk = serde_json::from_str(json).map_err(|error| DirectoryError::Json(error.to_string()))?;
        key(&jwk).ok_or(DirectoryError::NoKey)
    }

    /// Its thumbprint: base64url of SHA-256 over its required members in order (RFC 7638).
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// True between its `nbf` and `exp`, where it has any.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        let secs = now.secs();
        // `exp` is whatever number the directory writes: the largest means never.
        self.not_before.is_none_or(|from| from <= secs + super::SKEW_SECS)
            && self.expires.is_none_or(|until| secs < until.saturating_add(super::SKEW_SECS))
    }

    /// True where it is a key for `algorithm` (RFC 9421 section 6.2.2).
    pub fn is_for(&self, algorithm: &str) -> bool {
        matches!(
            (&self.material, algorithm),
            (Material::Ed25519(_), "ed25519")
                | (Material::P256(_), "ecdsa-p256-sha256")
                | (Material::Rsa { .. }, "rsa-pss-sha512")
        )
    }

    /// True where `signature` is this key's over `message`.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Ed25519(x) => UnparsedPublicKey::new(&ED25519, x).verify(message, signature).is_ok(),
            Material::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
            Material::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PSS_2048_8192_SHA512, message, signature).is_ok()
            }
        }
    }
}

/// The keys that one origin publishes.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    keys: Vec<Key>,
}

/// Why an answer is no key directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DirectoryError {
    /// Longer than [`DIRECTORY_BYTES_MAX`].
    TooLong,
    /// No JSON of that form.
    Json(String),
    /// More than [`KEYS_MAX`].
    TooManyKeys(usize),
    /// No key that can be used.
    NoKey,
    /// A key's `kid` is not its thumbprint.
    WrongId(String),
    /// A published test key.
    TestKey,
}

impl std::fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DirectoryError::TooLong => write!(f, "more than {DIRECTORY_BYTES_MAX} bytes"),
            DirectoryError::Json(problem) => write!(f, "no key set: {problem}"),
            DirectoryError::TooManyKeys(count) => write!(f, "{count} keys are more than {KEYS_MAX}"),
            DirectoryError::NoKey => f.write_str("no Ed25519, P-256 or RSA key in it"),
            DirectoryError::WrongId(id) => write!(f, "the key called {id:?} has another thumbprint"),
            DirectoryError::TestKey => f.write_str("a published test key, which anybody can sign with"),
        }
    }
}

impl std::error::Error for DirectoryError {}

impl Directory {
    /// Reads a key set.
    ///
    /// # Errors
    /// Where it is none, too large, or holds a published test key. Keys of kinds we do not know are passed over.
    pub fn read(json: &[u8]) -> Result<Directory, DirectoryError> {
        let directory = Directory::read_any(json)?;
        match directory.keys.iter().any(|key| TEST_KEYS.contains(&key.thumbprint())) {
            true => Err(DirectoryError::TestKey),
            false => Ok(directory),
        }
    }

    fn read_any(json: &[u8]) -> Result<Directory, DirectoryError> {
        if json.len() > DIRECTORY_BYTES_MAX {
            return Err(DirectoryError::TooLong);
        }
        let set: JwkSet =
            serde_json::from_slice(json).map_err(|error| DirectoryError::Json(error.to_string()))?;
        if set.keys.len() > KEYS_MAX {
            return Err(DirectoryError::TooManyKeys(set.keys.len()));
        }
        let mut keys = Vec::with_capacity(set.keys.len());
        for jwk in &set.keys {
            let Some(key) = key(jwk) else { continue };
            if let Some(id) = jwk.kid.as_deref().filter(|id| *id != key.thumbprint) {
                return Err(DirectoryError::WrongId(id.chars().take(64).collect()));
            }
            keys.push(key);
        }
        if keys.is_empty() { Err(DirectoryError::NoKey) } else { Ok(Directory { keys }) }
    }

    /// The key with this thumbprint.
    pub fn key(&self, thumbprint: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.thumbprint == thumbprint)
    }

    /// All keys.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl FromIterator<Key> for Directory {
    fn from_iter<I: IntoIterator<Item = Key>>(keys: I) -> Self {
        Directory { keys: keys.into_iter().collect() }
    }
}

fn key(jwk: &Jwk) -> Option<Key> {
    let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
    let (material, members) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("OKP", Some("Ed25519")) => {
            let x = bytes(&jwk.x).filter(|x| x.len() == 32)?;
            let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(&x));
            (Material::Ed25519(x), members)
        }
        ("EC", Some("P-256")) => {
            let (x, y) = (bytes(&jwk.x).filter(|x| x.len() == 32)?, bytes(&jwk.y).filter(|y| y.len() == 32)?);
            let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
            let members =
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, encode(&x), encode(&y));
            (Material::P256([&[4][..], &x, &y].concat()), members)
        }
        ("RSA", _) => {
            let (n, e) =
                (bytes(&jwk.n).filter(|n| n.len() <= 1024)?, bytes(&jwk.e).filter(|e| e.len() <= 8)?);
            let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
            let members = format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(&e), encode(&n));
            (Material::Rsa { n, e }, members)
        }
        _ => return None,
    };
    let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes()));
    Some(Key { thumbprint, material, not_before: jwk.nbf, expires: jwk.exp })
}
