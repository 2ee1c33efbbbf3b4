//! Everything a condition can speak of, as one list; docs/policy.md shows the same.

use palisade_domain::{HttpVersion, IdentityClass, Scheme};

/// A fact that is text, or absent, or unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextFact {
    /// The method, as sent.
    Method,
    /// The host asked for, without port. Letter case does not matter.
    Host,
    /// The path, as sent.
    Path,
    /// The query, without `?`.
    Query,
    /// Path and query, as sent.
    Url,
    /// `User-Agent`.
    UserAgent,
    /// `Referer`.
    Referrer,
    /// `http` or `https`.
    Scheme,
    /// `0.9`, `1.0`, `1.1`, `2`, `3` or `other`.
    Version,
    /// JA4 TLS client fingerprint.
    Ja4,
    /// Confirmed name of the client's address. Letter case does not matter.
    HostName,
    /// Origin of a verified Web Bot Auth signature.
    SignedBy,
    /// What was asked for: `navigation`, `fetch`, `asset` or `machine`.
    Kind,
    /// Identity class.
    Class,
    /// The name a program goes by.
    Claimed,
    /// How far the claim is proven.
    Status,
}

/// A fact that is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberFact {
    /// 0..=100 bot.
    Score,
    /// Page requests in the last minute.
    PagesPerMinute,
    /// The site's number, from 1 in the order of the file.
    Site,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Text.
    Text(TextFact),
    /// A number.
    Number(NumberFact),
    /// True or false: the score reaches the challenge band, or the client says it is a program.
    IsBot,
    /// The client's address.
    Address,
    /// All headers by name.
    Headers,
    /// Ids of the signals that fired.
    Signals,
    /// `identity`, of which only the parts can be used.
    Identity,
}

/// Every plain name.
pub const NAMES: [(&str, Meaning); 21] = [
    ("method", Meaning::Text(TextFact::Method)),
    ("host", Meaning::Text(TextFact::Host)),
    ("path", Meaning::Text(TextFact::Path)),
    ("query", Meaning::Text(TextFact::Query)),
    ("url", Meaning::Text(TextFact::Url)),
    ("user_agent", Meaning::Text(TextFact::UserAgent)),
    ("referrer", Meaning::Text(TextFact::Referrer)),
    ("scheme", Meaning::Text(TextFact::Scheme)),
    ("version", Meaning::Text(TextFact::Version)),
    ("ja4", Meaning::Text(TextFact::Ja4)),
    ("host_name", Meaning::Text(TextFact::HostName)),
    ("signed_by", Meaning::Text(TextFact::SignedBy)),
    ("kind", Meaning::Text(TextFact::Kind)),
    ("score", Meaning::Number(NumberFact::Score)),
    ("pages_per_minute", Meaning::Number(NumberFact::PagesPerMinute)),
    ("site", Meaning::Number(NumberFact::Site)),
    ("is_bot", Meaning::IsBot),
    ("ip", Meaning::Address),
    ("headers", Meaning::Headers),
    ("signals", Meaning::Signals),
    ("identity", Meaning::Identity),
];

/// Parts of `identity`.
pub const IDENTITY: [(&str, TextFact); 3] =
    [("class", TextFact::Class), ("claimed", TextFact::Claimed), ("status", TextFact::Status)];

/// Every function.
pub const FUNCTIONS: [&str; 7] =
    ["startsWith", "endsWith", "contains", "matches", "size", "inNetwork", "present"];

/// Signals of the policy itself.
pub const OWN_SIGNALS: [&str; 1] = ["list.rule"];

impl NumberFact {
    /// The name a condition uses.
    pub fn name(self) -> &'static str {
        match self {
            NumberFact::Score => "score",
            NumberFact::PagesPerMinute => "pages_per_minute",
            NumberFact::Site => "site",
        }
    }
}

impl TextFact {
    /// The name a condition uses.
    pub fn name(self) -> &'static str {
        let plain = NAMES.iter().find(|(_, meaning)| *meaning == Meaning::Text(self)).map(|(name, _)| *name);
        plain.unwrap_or(match self {
            TextFact::Class => "identity.class",
            TextFact::Claimed => "identity.claimed",
            _ => "identity.status",
        })
    }

    /// Every word the fact can be, where those are few.
    pub fn words(self) -> Option<&'static [&'static str]> {
        const CLASSES: [&str; 11] = [
            "browser", "unknown", "search", "ai", "feed", "preview", "monitor", "webhook", "tool", "library",
            "archive",
        ];
        const _: () = assert!(CLASSES.len() == IdentityClass::ALL.len());
        match self {
            TextFact::Scheme => Some(&["http", "https"]),
            TextFact::Version => Some(&["0.9", "1.0", "1.1", "2", "3", "other"]),
            TextFact::Kind => Some(&["navigation", "fetch", "asset", "machine"]),
            TextFact::Class => Some(&CLASSES),
            TextFact::Status => Some(&["verified", "unverified", "forged"]),
            _ => None,
        }
    }

    /// True where letter case does not matter: names of hosts.
    pub fn ignores_case(self) -> bool {
        matches!(self, TextFact::Host | TextFact::HostName)
    }
}

/// The word for a version.
pub(super) fn version(version: HttpVersion) -> &'static str {
    match version {
        HttpVersion::Http09 => "0.9",
        HttpVersion::Http10 => "1.0",
        HttpVersion::Http11 => "1.1",
        HttpVersion::Http2 => "2",
        HttpVersion::Http3 => "3",
        HttpVersion::Other => "other",
    }
}

/// The word for a scheme.
pub(super) fn scheme(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    }
}

/// True where a signal of this id exists.
pub(super) fn is_signal(id: &str) -> bool {
    OWN_SIGNALS.contains(&id) || all_signals().any(|known| known == id)
}

/// Ids of all signals of the detectors.
pub(super) fn all_signals() -> impl Iterator<Item = &'static str> {
    palisade_detect::detectors::all().into_iter().flat_map(|detector| detector.card().signals).map(|id| id.0)
}
