//! Machine-readable reasons: one word each, the same in answers, events, metrics and on pages.

use serde::Serialize;

/// The enum, the list of all and their words from one table: a code cannot be forgotten in one of them.
macro_rules! codes {
    ($($(#[$doc:meta])+ $code:ident = $name:literal,)+) => {
        /// Why an answer was not taken.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
        pub enum Code {
            $($(#[$doc])+ #[serde(rename = $name)] #[error($name)] $code,)+
        }

        impl Code {
    /// True for what a recording is held against: the work was done all the same.
    pub fn is_of_behaviour(self) -> bool {
        matches!(
            self,
            Code::LowScore
                | Code::Honeypot
                | Code::RepeatedTrace
                | Code::EmptyTrace
                | Code::MalformedTrace
                | Code::TraceOutOfTime
        )
    }
}

impl Code {
            /// Every code.
            pub const ALL: [Code; [$($name),+].len()] = [$(Code::$code),+];

            /// Its word.
            pub fn name(self) -> &'static str {
                match self {
                    $(Code::$code => $name,)+
                }
            }
        }
    };
}

codes! {
    /// The body is not what the route takes.
    BadRequest = "bad-request",
    /// The body is larger than the route takes.
    TooLarge = "too-large",
    /// No ticket was sent.
    MissingTicket = "missing-ticket",
    /// Not a ticket of this installation, or changed on the way.
    InvalidTicket = "invalid-ticket",
    /// For another site, tenant or purpose.
    ForeignTicket = "foreign-ticket",
    /// Its time is over.
    ExpiredTicket = "expired-ticket",
    /// Issued later than now: a clock is wrong.
    TicketFromTheFuture = "ticket-from-the-future",
    /// Redeemed before.
    SpentTicket = "spent-ticket",
    /// Issued before the last unclean start: whether it was redeemed is not known.
    TicketBeforeRestart = "ticket-before-restart",
    /// Issued to another visitor.
    OtherVisitor = "other-visitor",
    /// No work was sent where some was asked for.
    MissingWork = "missing-work",
    /// Fewer or more solutions than puzzles, or not in their order.
    MalformedWork = "malformed-work",
    /// A solution is wrong.
    WrongWork = "wrong-work",
    /// Done in less time than light needs.
    TooFast = "too-fast",
    /// The trace is empty.
    EmptyTrace = "empty-trace",
    /// The trace has numbers that are none, or that nobody could have made.
    MalformedTrace = "malformed-trace",
    /// Times of the trace run backwards, or beyond the time of the server.
    TraceOutOfTime = "trace-out-of-time",
    /// The same trace was sent before.
    RepeatedTrace = "repeated-trace",
    /// The behaviour does not look like a person's.
    LowScore = "low-score",
    /// The honeypot field was filled in.
    Honeypot = "honeypot",
    /// Cookies did not come back.
    CookiesOff = "cookies-off",
    /// The steps without script were not done in their order or time.
    StepsIncomplete = "steps-incomplete",
    /// A step without script is not one of ours, or belongs to another challenge.
    InvalidStep = "invalid-step",
    /// A sealed body is not one of ours, or changed on the way.
    InvalidSeal = "invalid-seal",
    /// A sealed body was sealed for another site.
    ForeignSeal = "foreign-seal",
    /// A sealed body's time is over.
    ExpiredSeal = "expired-seal",
    /// A sealed body was sent on before.
    SpentSeal = "spent-seal",
    /// No site key was shown, or one that is not known here.
    InvalidSiteKey = "invalid-site-key",
    /// The site key is not for this host.
    HostnameNotAllowed = "hostname-not-allowed",
    /// Too many tries from here.
    TooManyTries = "too-many-tries",
    /// Refused or slowed whatever it answers: the reason is another, and is not told.
    Refused = "refused",
    /// Something is not ready yet.
    TryAgain = "try-again",
}

impl Code {
    /// The code whose word is `name`.
    pub fn named(name: &str) -> Option<Self> {
        Code::ALL.into_iter().find(|code| code.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_has_one_word_of_its_own() {
        let words: HashSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        for code in Code::ALL {
            let name = code.name();
            assert_eq!(Code::named(name), Some(code));
            assert_eq!(code.to_string(), name);
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{name}\""));
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
            // It travels in the cookie of tries, and as a label of a metric.
            assert!((1..=24).contains(&name.len()), "{name}");
        }
        assert_eq!(Code::named("Bad-Request"), None);
    }
}
