//! What is wrong with a question, in the vendors' words and in more exact ones.

use super::{Flavour, Malformed};
use crate::token::TokenFault;

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Fault {
    /// Neither secret nor token.
    #[error("missing-input-secret, missing-input-response")]
    MissingBoth,
    /// No secret.
    #[error("missing-input-secret")]
    MissingSecret,
    /// A secret that is not known, or not any more.
    #[error("invalid-input-secret")]
    InvalidSecret,
    /// No token.
    #[error("missing-input-response")]
    MissingResponse,
    /// The question itself cannot be read.
    #[error("{0}")]
    Malformed(Malformed),
    /// The token is none that is of use.
    #[error("{0}")]
    Token(TokenFault),
    /// Made for a site key that is gone.
    #[error("unknown-site-key")]
    UnknownSiteKey,
    /// Made for another site key, or another tenant's.
    #[error("foreign-site-key")]
    Foreign,
    /// The question names another site key than the secret's.
    #[error("sitekey-secret-mismatch")]
    SiteKeyMismatch,
    /// Made on a host that the site key is not for.
    #[error("hostname-not-allowed")]
    Hostname,
    /// Used before.
    #[error("already-seen-response")]
    Spent,
    /// Made before the last unclean start: whether it was used is not known.
    #[error("token-before-restart")]
    BeforeRestart,
    /// A program's, where the caller would not look at the score.
    #[error("low-score")]
    LowScore,
    /// A test secret that takes no token.
    #[error("test-key-blocks")]
    TestBlocks,
    /// A test secret that takes its own test tokens only.
    #[error("not-using-dummy-passcode")]
    NotDummy,
}

impl Fault {
    /// What the answer says: the vendors' word first; ours has a second, more exact one.
    pub fn codes(self, flavour: Flavour) -> Vec<&'static str> {
        let mut codes = self.general().to_vec();
        if flavour == Flavour::Own {
            codes.extend(self.exact().filter(|exact| !codes.contains(exact)));
        }
        codes
    }

    /// The words that all vendors share.
    fn general(self) -> &'static [&'static str] {
        match self {
            Fault::MissingBoth => &["missing-input-secret", "missing-input-response"],
            Fault::MissingSecret => &["missing-input-secret"],
            Fault::InvalidSecret => &["invalid-input-secret"],
            Fault::MissingResponse => &["missing-input-response"],
            Fault::Malformed(_) => &["bad-request"],
            Fault::Token(TokenFault::ExpiredToken) | Fault::Spent | Fault::BeforeRestart => {
                &["timeout-or-duplicate"]
            }
            Fault::Token(_)
            | Fault::UnknownSiteKey
            | Fault::Foreign
            | Fault::SiteKeyMismatch
            | Fault::Hostname
            | Fault::LowScore
            | Fault::TestBlocks
            | Fault::NotDummy => &["invalid-input-response"],
        }
    }

    /// One word more, where it says more: hCaptcha's where it has one.
    fn exact(self) -> Option<&'static str> {
        Some(match self {
            Fault::MissingBoth | Fault::MissingSecret | Fault::InvalidSecret | Fault::MissingResponse => {
                return None;
            }
            Fault::Malformed(malformed) => malformed.word(),
            Fault::Token(TokenFault::ExpiredToken) => "expired-input-response",
            Fault::Token(fault) => word(fault),
            Fault::UnknownSiteKey => "unknown-site-key",
            Fault::Foreign => "foreign-site-key",
            Fault::SiteKeyMismatch => "sitekey-secret-mismatch",
            Fault::Hostname => "hostname-not-allowed",
            Fault::Spent => "already-seen-response",
            Fault::BeforeRestart => "token-before-restart",
            Fault::LowScore => "low-score",
            Fault::TestBlocks => "test-key-blocks",
            Fault::NotDummy => "not-using-dummy-passcode",
        })
    }

    /// True where the token is none that we signed: somebody else may know it.
    pub fn is_not_ours(self) -> bool {
        use TokenFault::{
            AlgorithmNone, MalformedToken, TokenTooLong, UnknownCritical, UnknownKey, WrongAlgorithm,
        };
        let Fault::Token(fault) = self else { return false };
        matches!(
            fault,
            TokenTooLong | MalformedToken | AlgorithmNone | WrongAlgorithm | UnknownCritical | UnknownKey
        )
    }

    /// One word for counting.
    pub fn word(self) -> &'static str {
        self.exact().unwrap_or_else(|| self.general()[0])
    }
}

fn word(fault: TokenFault) -> &'static str {
    match fault {
        TokenFault::TokenTooLong => "token-too-long",
        TokenFault::MalformedToken => "malformed-token",
        TokenFault::AlgorithmNone => "algorithm-none",
        TokenFault::WrongAlgorithm => "wrong-algorithm",
        TokenFault::UnknownCritical => "unknown-critical",
        TokenFault::UnknownKey => "unknown-key",
        TokenFault::RetiredKey => "retired-key",
        TokenFault::BadSignature => "bad-signature",
        TokenFault::BadClaims => "bad-claims",
        TokenFault::WrongIssuer => "wrong-issuer",
        TokenFault::ExpiredToken => "expired-token",
        TokenFault::TokenFromTheFuture => "token-from-the-future",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_hear_their_own_words_and_we_say_one_more() {
        fn check(fault: Fault, vendor: &[&str], own: &[&str]) {
            assert_eq!(fault.codes(Flavour::Turnstile), vendor, "{fault}");
            assert_eq!(fault.codes(Flavour::Recaptcha), vendor, "{fault}");
            assert_eq!(fault.codes(Flavour::Own), own, "{fault}");
        }
        let (invalid, late) = ("invalid-input-response", "timeout-or-duplicate");
        check(
            Fault::MissingBoth,
            &["missing-input-secret", "missing-input-response"],
            &["missing-input-secret", "missing-input-response"],
        );
        check(Fault::InvalidSecret, &["invalid-input-secret"], &["invalid-input-secret"]);
        check(Fault::Spent, &[late], &[late, "already-seen-response"]);
        check(Fault::Token(TokenFault::ExpiredToken), &[late], &[late, "expired-input-response"]);
        check(Fault::Token(TokenFault::AlgorithmNone), &[invalid], &[invalid, "algorithm-none"]);
        check(Fault::Foreign, &[invalid], &[invalid, "foreign-site-key"]);
        check(Fault::Malformed(Malformed::TooLarge), &["bad-request"], &["bad-request", "too-large"]);
        check(Fault::Malformed(Malformed::Unreadable), &["bad-request"], &["bad-request", "unreadable-body"]);
    }

    #[test]
    fn a_fault_of_a_token_has_one_name_everywhere() {
        for fault in [TokenFault::TokenTooLong, TokenFault::WrongIssuer, TokenFault::TokenFromTheFuture] {
            assert_eq!(word(fault), fault.to_string());
            assert_eq!(serde_json::to_value(fault).unwrap(), word(fault));
        }
    }
}
