//! What came of a question.

/// What a provider made of a response, and what it told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Yes, no, or nothing.
    pub verdict: Verdict,
    /// From 0.0 (a program) to 1.0 (a person), where it told one.
    pub score: Option<f64>,
    /// The host on whose page the widget stood.
    pub hostname: Option<String>,
    /// The action that the page gave the widget.
    pub action: Option<String>,
    /// When the challenge was, in Unix milliseconds.
    pub challenge_ms: Option<u64>,
    /// The provider's own error codes.
    pub provider_codes: Vec<String>,
    /// How many requests were sent.
    pub requests: u8,
    /// What went wrong on the way, for a log; holds neither secret nor response.
    pub why: Option<String>,
}

/// Yes, no, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is good, by the provider's word and all that was asked for.
    Human,
    /// It is not.
    No(Refusal),
    /// There is no word on it.
    Unavailable(Failure),
}

/// Why a response is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// None was sent.
    MissingResponse,
    /// Not one of the provider's.
    InvalidResponse,
    /// Used before, or too late.
    SpentResponse,
    /// Longer than the provider's are.
    TooLong,
    /// A plain no.
    Refused,
    /// Solved on another host's page.
    WrongHostname,
    /// The provider does not say on whose page.
    MissingHostname,
    /// Given for another action.
    WrongAction,
    /// The challenge is too long ago.
    TooOld,
    /// The challenge is yet to come: a clock is wrong.
    FromTheFuture,
    /// The provider does not say when the challenge was.
    MissingTime,
    /// The score is below the threshold.
    LowScore,
    /// There is no score where there should be one: the secret is of another version.
    MissingScore,
    /// Too many are being asked about. Our own bound, so it is a no: else a flood would open every door.
    Busy,
}

/// Why there is no word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// It cannot be reached, broke off, or has trouble of its own.
    Unavailable,
    /// No answer in time.
    TooSlow,
    /// What came is no answer.
    Malformed,
    /// It does not know our secret.
    Misconfigured,
    /// It failed too often just now, and is left alone for a while.
    Resting,
}

/// What a route does where there is no word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// Lets the request through: an outage elsewhere keeps nobody out.
    #[default]
    Open,
    /// Refuses it.
    Closed,
}

impl OnFailure {
    /// `open` or `closed`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "open" => Some(OnFailure::Open),
            "closed" => Some(OnFailure::Closed),
            _ => None,
        }
    }
}

impl Outcome {
    /// A verdict of which nothing else is known.
    pub(super) fn bare(verdict: Verdict) -> Self {
        Outcome {
            verdict,
            score: None,
            hostname: None,
            action: None,
            challenge_ms: None,
            provider_codes: Vec::new(),
            requests: 0,
            why: None,
        }
    }

    /// May the request go on, on a route that does `on_failure` where there is no word?
    pub fn passes(&self, on_failure: OnFailure) -> bool {
        match self.verdict {
            Verdict::Human => true,
            Verdict::No(_) => false,
            Verdict::Unavailable(_) => on_failure == OnFailure::Open,
        }
    }

    /// Our machine-readable reason, where it is not a yes.
    pub fn code(&self) -> Option<&'static str> {
        match self.verdict {
            Verdict::Human => None,
            Verdict::No(refusal) => Some(refusal.code()),
            Verdict::Unavailable(failure) => Some(failure.code()),
        }
    }

    /// All reasons, ours first: what an answer's `error-codes` holds.
    pub fn error_codes(&self) -> Vec<&str> {
        self.code().into_iter().chain(self.provider_codes.iter().map(String::as_str)).collect()
    }
}

impl Refusal {
    /// The word for it.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::MissingResponse => "missing-response",
            Refusal::InvalidResponse => "invalid-response",
            Refusal::SpentResponse => "spent-response",
            Refusal::TooLong => "too-long",
            Refusal::Refused => "refused",
            Refusal::WrongHostname => "wrong-hostname",
            Refusal::MissingHostname => "missing-hostname",
            Refusal::WrongAction => "wrong-action",
            Refusal::TooOld => "too-old",
            Refusal::FromTheFuture => "from-the-future",
            Refusal::MissingTime => "missing-time",
            Refusal::LowScore => "low-score",
            Refusal::MissingScore => "missing-score",
            Refusal::Busy => "busy",
        }
    }
}

impl Failure {
    /// The word for it.
    pub fn code(self) -> &'static str {
        match self {
            Failure::Unavailable => "provider-unavailable",
            Failure::TooSlow => "provider-too-slow",
            Failure::Malformed => "provider-answer-malformed",
            Failure::Misconfigured => "provider-misconfigured",
            Failure::Resting => "provider-resting",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_unknown_depends_on_the_route() {
        let check = |verdict, open, closed| {
            let outcome = Outcome::bare(verdict);
            assert_eq!(outcome.passes(OnFailure::Open), open, "{verdict:?}");
            assert_eq!(outcome.passes(OnFailure::Closed), closed, "{verdict:?}");
        };
        check(Verdict::Human, true, true);
        check(Verdict::No(Refusal::Busy), false, false);
        check(Verdict::Unavailable(Failure::TooSlow), true, false);
    }

    #[test]
    fn reasons_are_told_ours_first() {
        let mut outcome = Outcome::bare(Verdict::No(Refusal::SpentResponse));
        outcome.provider_codes.push("timeout-or-duplicate".to_owned());
        assert_eq!(outcome.error_codes(), ["spent-response", "timeout-or-duplicate"]);
        assert!(Outcome::bare(Verdict::Human).error_codes().is_empty());
    }

    #[test]
    fn policies_have_two_words() {
        assert_eq!(OnFailure::parse("open"), Some(OnFailure::Open));
        assert_eq!(OnFailure::parse("closed"), Some(OnFailure::Closed));
        assert_eq!(OnFailure::parse("Open"), None);
    }
}
