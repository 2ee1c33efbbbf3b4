//! What a `robots.txt` says besides its rules, and what it says badly.

use std::fmt;

/// Lines other than rules that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordName {
    /// `Sitemap` (sitemaps.org); speaks for the whole site wherever it stands.
    Sitemap,
    /// `Content-Signal` (contentsignals.org): `search=yes, ai-train=no`.
    ContentSignal,
    /// `Content-Usage` (IETF AI Preferences): `train-ai=n`, a path may come first.
    ContentUsage,
    /// `License` (Really Simple Licensing): address of a licence; speaks for the whole site.
    License,
    /// `Crawl-delay`: seconds between requests; never standardised.
    CrawlDelay,
}

impl RecordName {
    /// The record a lower-case field name stands for.
    pub(super) fn of(field: &str) -> Option<RecordName> {
        Some(match field {
            "sitemap" | "site-map" => RecordName::Sitemap,
            "content-signal" | "content-signals" => RecordName::ContentSignal,
            "content-usage" => RecordName::ContentUsage,
            "license" => RecordName::License,
            "crawl-delay" => RecordName::CrawlDelay,
            _ => return None,
        })
    }

    pub(super) fn is_for_the_site(self) -> bool {
        matches!(self, RecordName::Sitemap | RecordName::License)
    }
}

/// One such line, its value as written without comment and surrounding blanks; invalid UTF-8 replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Which field.
    pub name: RecordName,
    /// Its value, unparsed.
    pub value: Box<str>,
    /// Its line, from 1.
    pub line: u32,
    /// The group it stands in ([`super::Robots::scope`] names its agents).
    pub(super) group: Option<u32>,
}

/// A line that does not say what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Its line, from 1.
    pub line: u32,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Neither `field: value` nor a comment; skipped.
    NoField,
    /// A field and a value without the colon between them; read as if it were there.
    NoColon,
    /// A misspelt field name; read as meant.
    Misspelt,
    /// A rule before the first `User-agent`; it applies to nobody.
    NoAgent,
    /// A `User-agent` without a product token; skipped.
    EmptyAgent,
    /// A path that starts with neither `/` nor `*`; it matches nothing.
    NoSlash,
    /// Not UTF-8; its bytes are compared as they are.
    NotUtf8,
    /// The file is longer than is read; this line and those after it are ignored.
    TooLong,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Problem::NoField => "not \"field: value\"; skipped",
            Problem::NoColon => "a colon is missing; read as if it were there",
            Problem::Misspelt => "misspelt field; read as meant",
            Problem::NoAgent => "a rule before the first User-agent; it applies to nobody",
            Problem::EmptyAgent => "User-agent without a name; skipped",
            Problem::NoSlash => "the path does not start with \"/\"; it matches nothing",
            Problem::NotUtf8 => "not UTF-8; compared byte by byte",
            Problem::TooLong => "the file is longer than 500 KiB; the rest is ignored",
        })
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "robots.txt:{}: {}", self.line, self.problem)
    }
}
