//! Who a client says it is, and whether that is true.

use std::fmt;
use std::str::FromStr;

/// What kind of client it is. A client that truthfully says it is a program has one of the nine program classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IdentityClass {
    /// A person's browser, or something that says it is one.
    Browser,
    /// Nothing it says tells.
    Unknown,
    /// A search engine's crawler.
    Search,
    /// A crawler, fetcher or agent of an AI system.
    Ai,
    /// A feed or podcast reader.
    Feed,
    /// A link preview of a messenger or social network.
    Preview,
    /// An uptime, performance or certificate monitor.
    Monitor,
    /// A service's callback (payments, repositories, chat).
    Webhook,
    /// A command-line tool, package manager or scanner that says so.
    Tool,
    /// An HTTP library's own name.
    Library,
    /// An archive's crawler.
    Archive,
}

impl IdentityClass {
    /// Every class, in the order used in reports.
    pub const ALL: [IdentityClass; 11] = [
        IdentityClass::Browser,
        IdentityClass::Unknown,
        IdentityClass::Search,
        IdentityClass::Ai,
        IdentityClass::Feed,
        IdentityClass::Preview,
        IdentityClass::Monitor,
        IdentityClass::Webhook,
        IdentityClass::Tool,
        IdentityClass::Library,
        IdentityClass::Archive,
    ];

    /// The name used on the surface.
    pub fn name(self) -> &'static str {
        match self {
            IdentityClass::Browser => "browser",
            IdentityClass::Unknown => "unknown",
            IdentityClass::Search => "search",
            IdentityClass::Ai => "ai",
            IdentityClass::Feed => "feed",
            IdentityClass::Preview => "preview",
            IdentityClass::Monitor => "monitor",
            IdentityClass::Webhook => "webhook",
            IdentityClass::Tool => "tool",
            IdentityClass::Library => "library",
            IdentityClass::Archive => "archive",
        }
    }

    /// True for the nine classes of clients that say they are programs.
    pub fn is_program(self) -> bool {
        !matches!(self, IdentityClass::Browser | IdentityClass::Unknown)
    }
}

impl fmt::Display for IdentityClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The word is no identity class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchClass;

impl FromStr for IdentityClass {
    type Err = NoSuchClass;

    fn from_str(text: &str) -> Result<Self, NoSuchClass> {
        IdentityClass::ALL.into_iter().find(|class| class.name() == text).ok_or(NoSuchClass)
    }
}

/// How far the claim is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClaimStatus {
    /// The address or a signature proves it.
    Verified,
    /// Nothing proves or disproves it.
    Unverified,
    /// The operator publishes proof and this client fails it: a miss in ranges no older than 14 days **and** a
    /// negative forward-confirmed reverse DNS. Without a DNS answer nothing is ever called forged.
    Forged,
}

impl ClaimStatus {
    /// The name used on the surface.
    pub fn name(self) -> &'static str {
        match self {
            ClaimStatus::Verified => "verified",
            ClaimStatus::Unverified => "unverified",
            ClaimStatus::Forged => "forged",
        }
    }
}

/// Class, claimed name and status of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// What kind of client.
    pub class: IdentityClass,
    /// The name it goes by, such as `Googlebot` or `curl`; `None` where it gives none we know.
    /// Names come from our own list, so they are bounded and safe to show.
    pub claimed: Option<&'static str>,
    /// How far the claim is proven.
    pub status: ClaimStatus,
}

impl Identity {
    /// Nobody we can name.
    pub const UNKNOWN: Identity =
        Identity { class: IdentityClass::Unknown, claimed: None, status: ClaimStatus::Unverified };

    /// Class and status as the site is told (`X-Palisade-Identity`): `search; verified`.
    pub fn words(&self) -> &'static str {
        macro_rules! words {
            ($class:literal) => {
                match self.status {
                    ClaimStatus::Verified => concat!($class, "; verified"),
                    ClaimStatus::Unverified => concat!($class, "; unverified"),
                    ClaimStatus::Forged => concat!($class, "; forged"),
                }
            };
        }
        match self.class {
            IdentityClass::Browser => words!("browser"),
            IdentityClass::Unknown => words!("unknown"),
            IdentityClass::Search => words!("search"),
            IdentityClass::Ai => words!("ai"),
            IdentityClass::Feed => words!("feed"),
            IdentityClass::Preview => words!("preview"),
            IdentityClass::Monitor => words!("monitor"),
            IdentityClass::Webhook => words!("webhook"),
            IdentityClass::Tool => words!("tool"),
            IdentityClass::Library => words!("library"),
            IdentityClass::Archive => words!("archive"),
        }
    }

    /// True for a program class whose claim is proven.
    pub fn is_verified_program(&self) -> bool {
        self.class.is_program() && self.status == ClaimStatus::Verified
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_is_told_class_and_status() {
        for class in IdentityClass::ALL {
            for status in [ClaimStatus::Verified, ClaimStatus::Unverified, ClaimStatus::Forged] {
                let identity = Identity { class, status, claimed: None };
                assert_eq!(identity.words(), format!("{}; {}", class.name(), status.name()));
            }
        }
    }

    #[test]
    fn names_round_trip() {
        for class in IdentityClass::ALL {
            assert_eq!(class.name().parse(), Ok(class));
        }
        assert!("person".parse::<IdentityClass>().is_err());
    }
}
