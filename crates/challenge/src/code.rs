//! Machine-readable reasons: one word each, the same in answers, events, metrics and on pages.

use serde::Serialize;

/// Why an answer was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The body is not what the route takes.
    #[error("bad-request")]
    BadRequest,
    /// The body is larger than the route takes.
    #[error("too-large")]
    TooLarge,
    /// No ticket was sent.
    #[error("missing-ticket")]
    MissingTicket,
    /// Not a ticket of this installation, or changed on the way.
    #[error("invalid-ticket")]
    InvalidTicket,
    /// For another site, tenant or purpose.
    #[error("foreign-ticket")]
    ForeignTicket,
    /// Its time is over.
    #[error("expired-ticket")]
    ExpiredTicket,
    /// Issued later than now: a clock is wrong.
    #[error("ticket-from-the-future")]
    TicketFromTheFuture,
    /// Redeemed before.
    #[error("spent-ticket")]
    SpentTicket,
    /// Issued before the last unclean start: whether it was redeemed is not known.
    #[error("ticket-before-restart")]
    TicketBeforeRestart,
    /// Issued to another visitor.
    #[error("other-visitor")]
    OtherVisitor,
    /// No work was sent where some was asked for.
    #[error("missing-work")]
    MissingWork,
    /// Fewer or more solutions than puzzles, or not in their order.
    #[error("malformed-work")]
    MalformedWork,
    /// A solution is wrong.
    #[error("wrong-work")]
    WrongWork,
    /// Done in less time than light needs.
    #[error("too-fast")]
    TooFast,
    /// The trace is empty.
    #[error("empty-trace")]
    EmptyTrace,
    /// The trace has numbers that are none, or that nobody could have made.
    #[error("malformed-trace")]
    MalformedTrace,
    /// Times of the trace run backwards, or beyond the time of the server.
    #[error("trace-out-of-time")]
    TraceOutOfTime,
    /// The same trace was sent before.
    #[error("repeated-trace")]
    RepeatedTrace,
    /// The behaviour does not look like a person's.
    #[error("low-score")]
    LowScore,
    /// The honeypot field was filled in.
    #[error("honeypot")]
    Honeypot,
    /// Cookies did not come back.
    #[error("cookies-off")]
    CookiesOff,
    /// The steps without script were not done in their order or time.
    #[error("steps-incomplete")]
    StepsIncomplete,
    /// A sealed body is not one of ours, or changed on the way.
    #[error("invalid-seal")]
    InvalidSeal,
    /// A sealed body was sent on before.
    #[error("spent-seal")]
    SpentSeal,
    /// No site key was shown, or one that is not known here.
    #[error("invalid-site-key")]
    InvalidSiteKey,
    /// The site key is not for this host.
    #[error("hostname-not-allowed")]
    HostnameNotAllowed,
    /// A provider said no, or could not be asked.
    #[error("provider")]
    Provider,
    /// Too many tries from here.
    #[error("too-many-tries")]
    TooManyTries,
    /// Something is not ready yet.
    #[error("try-again")]
    TryAgain,
}

impl Code {
    /// Every reason, in the order of the variants.
    pub const ALL: [Code; 29] = [
        Code::BadRequest,
        Code::TooLarge,
        Code::MissingTicket,
        Code::InvalidTicket,
        Code::ForeignTicket,
        Code::ExpiredTicket,
        Code::TicketFromTheFuture,
        Code::SpentTicket,
        Code::TicketBeforeRestart,
        Code::OtherVisitor,
        Code::MissingWork,
        Code::MalformedWork,
        Code::WrongWork,
        Code::TooFast,
        Code::EmptyTrace,
        Code::MalformedTrace,
        Code::TraceOutOfTime,
        Code::RepeatedTrace,
        Code::LowScore,
        Code::Honeypot,
        Code::CookiesOff,
        Code::StepsIncomplete,
        Code::InvalidSeal,
        Code::SpentSeal,
        Code::InvalidSiteKey,
        Code::HostnameNotAllowed,
        Code::Provider,
        Code::TooManyTries,
        Code::TryAgain,
    ];
}
