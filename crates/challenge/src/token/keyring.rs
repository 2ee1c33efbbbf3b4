//! The keys of one installation: those that sign now, and those whose tokens are still about.

use palisade_domain::Timestamp;
use ring::rand::SecureRandom;
use serde_json::json;

use super::fault::{SignFault, TokenFault};
use super::jwt::{self, Parts};
use super::key::{PublicKey, SigningKey};
use super::{Algorithm, ISSUER, Statement};
use crate::pass::CLOCK_SKEW_MS;

/// A key that signs no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Older {
    /// Its public half.
    pub key: PublicKey,
    /// Until when its tokens are taken.
    pub until: Timestamp,
}

/// Keys that sign, by algorithm, and older ones that only verify. Has no `Debug`.
pub struct Keyring {
    algorithm: Algorithm,
    rsa: Option<SigningKey>,
    ed25519: Option<SigningKey>,
    older: Vec<Older>,
}

impl Keyring {
    /// A ring without keys that will sign with `algorithm`.
    pub fn new(algorithm: Algorithm) -> Self {
        Keyring { algorithm, rsa: None, ed25519: None, older: Vec::new() }
    }

    /// Takes `key` as the one of its algorithm.
    #[must_use]
    pub fn with(mut self, key: SigningKey) -> Self {
        match key.public().algorithm() {
            Algorithm::Rs256 => self.rsa = Some(key),
            Algorithm::EdDsa => self.ed25519 = Some(key),
        }
        self
    }

    /// Takes the tokens of `older` too; of more than [`OLDER_KEYS_MAX`](super::bounds::OLDER_KEYS_MAX) those that end last.
    #[must_use]
    pub fn with_older(mut self, mut older: Vec<Older>) -> Self {
        older.sort_by_key(|older| std::cmp::Reverse(older.until));
        older.truncate(super::bounds::OLDER_KEYS_MAX);
        self.older = older;
        self
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// True where the key it signs with is there.
    pub fn is_ready(&self) -> bool {
        self.signing().is_some()
    }

    fn signing(&self) -> Option<&SigningKey> {
        match self.algorithm {
            Algorithm::Rs256 => self.rsa.as_ref(),
            Algorithm::EdDsa => self.ed25519.as_ref(),
        }
    }

    /// A token that says `statement`, its texts cut to their bounds.
    ///
    /// # Errors
    /// Where the key is not there yet, or the system gives no random numbers.
    pub fn sign(&self, statement: &Statement, rng: &dyn SecureRandom) -> Result<String, SignFault> {
        let key = self.signing().ok_or(SignFault::NotReady)?;
        let mut text = jwt::unsigned(key.public(), statement);
        let signature = key.sign(text.as_bytes(), rng)?;
        jwt::append(&mut text, &signature);
        Ok(text)
    }

    /// What `text` says, where one of these keys signed it and it is of use at `now`. For whom it was made is for the site
    /// keys, and that it was not used before for the claims.
    ///
    /// # Errors
    /// With what speaks against it.
    pub fn verify(&self, text: &str, now: Timestamp) -> Result<Statement, TokenFault> {
        let parts = Parts::of(text)?;
        let key = self.named(&parts.kid, now)?;
        if parts.alg != key.algorithm().name() {
            return Err(TokenFault::WrongAlgorithm);
        }
        if !key.verifies(parts.message(), &parts.signature) {
            return Err(TokenFault::BadSignature);
        }
        let (issuer, statement) = parts.statement()?;
        if issuer != ISSUER {
            return Err(TokenFault::WrongIssuer);
        }
        if now.plus_millis(CLOCK_SKEW_MS) < statement.issued {
            return Err(TokenFault::TokenFromTheFuture);
        }
        if now >= statement.expires {
            return Err(TokenFault::ExpiredToken);
        }
        Ok(statement)
    }

    fn named(&self, kid: &str, now: Timestamp) -> Result<&PublicKey, TokenFault> {
        if let Some(key) = self.current().find(|key| key.kid() == kid) {
            return Ok(key);
        }
        match self.older.iter().find(|older| older.key.kid() == kid) {
            Some(older) if now < older.until => Ok(&older.key),
            Some(_) => Err(TokenFault::RetiredKey),
            None => Err(TokenFault::UnknownKey),
        }
    }

    fn current(&self) -> impl Iterator<Item = &PublicKey> {
        [&self.rsa, &self.ed25519].into_iter().flatten().map(SigningKey::public)
    }

    /// The set of keys for those who verify (RFC 7517, section 5): the current ones first.
    pub fn jwks(&self) -> String {
        let keys = self.current().chain(self.older.iter().map(|older| &older.key));
        json!({ "keys": keys.map(PublicKey::to_jwk).collect::<Vec<_>>() }).to_string()
    }

    /// The RSA key as PEM; `None` until it is made.
    pub fn pem(&self) -> Option<String> {
        self.rsa.as_ref().map(|key| key.public().to_pem())
    }
}
