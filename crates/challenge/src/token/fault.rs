//! Why a token is not taken, not made, and why a key is none.

use serde::Serialize;

/// Why a token is not taken: one word each, the same in answers and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum TokenFault {
    /// Longer than any of ours.
    #[error("token-too-long")]
    TokenTooLong,
    /// Not three parts of base64url in its one spelling, or no header that we would write.
    #[error("malformed-token")]
    MalformedToken,
    /// `alg` is `none`: not signed at all.
    #[error("algorithm-none")]
    AlgorithmNone,
    /// `alg` is not that of the key it names.
    #[error("wrong-algorithm")]
    WrongAlgorithm,
    /// It has a `crit` (RFC 7515, section 4.1.11); we know of nothing that could stand there.
    #[error("unknown-critical")]
    UnknownCritical,
    /// It names no key, or one that is not ours.
    #[error("unknown-key")]
    UnknownKey,
    /// Its key was replaced, so long ago that nothing it signed is of use.
    #[error("retired-key")]
    RetiredKey,
    /// Changed on the way, or signed by somebody else.
    #[error("bad-signature")]
    BadSignature,
    /// Signed by us, but no result token.
    #[error("bad-claims")]
    BadClaims,
    /// Of another issuer.
    #[error("wrong-issuer")]
    WrongIssuer,
    /// Its time is over.
    #[error("expired-token")]
    ExpiredToken,
    /// Made later than now: a clock is wrong.
    #[error("token-from-the-future")]
    TokenFromTheFuture,
}

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignFault {
    /// The key of the chosen algorithm is still being made.
    #[error("the key that signs tokens is still being made; try again in a second")]
    NotReady,
    /// The system gave no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

impl SignFault {
    /// What the answer says.
    pub fn code(self) -> crate::code::Code {
        crate::code::Code::TryAgain
    }
}

/// Why bytes are no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// No private key of that algorithm in PKCS#8, or one that is too small.
    #[error("it is no private key for {0} in PKCS#8")]
    NotPrivate(&'static str),
    /// No public key of that algorithm.
    #[error("it is no public key for {0}")]
    NotPublic(&'static str),
}
