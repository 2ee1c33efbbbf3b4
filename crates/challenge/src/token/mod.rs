//! Result tokens: what a widget hands to the site's server (JWT, RFC 7519).
//!
//! Signed with RS256 or EdDSA (RFC 7518, RFC 8037), so that a site's server checks one by itself with a public key; that it
//! is used once only [`crate::siteverify`] can say. The reader is our own and strict: one spelling, members it knows and no
//! others, the algorithm from the key and never from the token.

pub mod bounds;
mod fault;
mod jwt;
mod key;
mod keyring;
mod shared;
#[cfg(test)]
pub(crate) mod tests;

use palisade_domain::{PassKind, Timestamp};

pub use fault::{KeyFault, SignFault, TokenFault};
pub use key::{PublicKey, SigningKey};
pub use keyring::{Keyring, Older};
pub use shared::Tokens;

/// Who issues: `iss` of every token.
pub const ISSUER: &str = "palisade";
/// How long a token is of use, ms: as long as Turnstile's.
pub const LIFETIME_MS: i64 = 300_000;

/// How a token is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSA of 2048 bits, PKCS#1 v1.5, SHA-256: what every library reads.
    #[default]
    Rs256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Both.
    pub const ALL: [Algorithm; 2] = [Algorithm::Rs256, Algorithm::EdDsa];

    /// Its name as `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Rs256 => "RS256",
            Algorithm::EdDsa => "EdDSA",
        }
    }

    /// The algorithm called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// What a token says.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The site key it was made for, `aud`.
    pub site_key: String,
    /// When it was made, ms: `iat` in seconds and `iat_ms` beyond them. What may be used once is told from what is of before
    /// a restart by it, and a second is too coarse for that.
    pub issued: Timestamp,
    /// Until when it is of use, whole seconds: `exp`.
    pub expires: Timestamp,
    /// 128 random bits, `jti`: claimed when it is used.
    pub id: u128,
    /// What the page said it was for; at most [`ACTION_BYTES_MAX`](bounds::ACTION_BYTES_MAX).
    pub action: String,
    /// The host of the page; at most 253 bytes.
    pub hostname: String,
    /// 0.0 (a program) to 1.0 (a person), four decimals.
    pub score: f64,
    /// Names the stored interaction; at most 64 bytes.
    pub interaction_id: String,
    /// What was proved.
    pub kind: PassKind,
    /// What the page wants its server to be told again (Turnstile's `cData`); at most 255 bytes, empty where it is nothing.
    pub cdata: String,
}

impl Statement {
    /// Is it good enough where nobody looks at its score but us? A recording without a ticket cost its sender nothing, so it is not
    /// where work is asked for.
    pub fn is_good(&self, asks_work: bool, score_min: f64) -> bool {
        (self.kind != PassKind::Behaviour || !asks_work) && self.score >= score_min
    }
}
