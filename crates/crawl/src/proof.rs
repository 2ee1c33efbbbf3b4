//! Whether an address proves what a client says: pure questions to published ranges and to a DNS answer that
//! somebody else fetched.
//!
//! A hit in the ranges of the operator that the client names verifies it, however old the ranges are: networks of
//! crawlers change owners rarely, and a stale list only lacks new ones. A miss proves nothing by itself.

use palisade_domain::{ClaimStatus, ClientIp, Fact, Timestamp};

use crate::ranges::{self, Ranges};

/// Oldest ranges, in days, whose miss may count against a client (DESIGN section 4).
pub const MISS_AGE_DAYS_MAX: u32 = 14;

/// Who runs a program and can prove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperatorId(u8);

/// One operator: key in the table of names, names its crawlers' addresses resolve to. Sources: the operators' own
/// pages, as collected by well-known-bots (MIT).
struct Operator {
    key: &'static str,
    dns_suffixes: &'static [&'static str],
}

const OPERATORS: &[Operator] = &[
    Operator { key: "googlebot", dns_suffixes: &[".googlebot.com", ".geo.googlebot.com"] },
    Operator { key: "google-special", dns_suffixes: &[".google.com"] },
    Operator { key: "google-user", dns_suffixes: &[".google.com", ".gae.googleusercontent.com"] },
    Operator { key: "bing", dns_suffixes: &[".search.msn.com"] },
    Operator { key: "openai", dns_suffixes: &[] },
    Operator { key: "perplexity", dns_suffixes: &[] },
    Operator { key: "duckduckgo", dns_suffixes: &[] },
    Operator { key: "facebook", dns_suffixes: &[] },
    Operator { key: "twitter", dns_suffixes: &[] },
    Operator { key: "telegram", dns_suffixes: &[] },
    Operator { key: "yandex", dns_suffixes: &[".yandex.ru", ".yandex.com", ".yandex.net"] },
    Operator { key: "baidu", dns_suffixes: &[".baidu.com", ".baidu.jp"] },
    Operator { key: "apple", dns_suffixes: &[".applebot.apple.com"] },
    Operator { key: "yahoo", dns_suffixes: &[".crawl.yahoo.net"] },
    Operator { key: "petal", dns_suffixes: &[".petalsearch.com", ".aspiegel.com"] },
    Operator { key: "seznam", dns_suffixes: &[".seznam.cz"] },
    Operator { key: "naver", dns_suffixes: &[".naver.com"] },
    Operator { key: "mojeek", dns_suffixes: &[".mojeek.com"] },
    Operator { key: "anthropic", dns_suffixes: &[] },
    Operator { key: "commoncrawl", dns_suffixes: &[".crawl.commoncrawl.org"] },
    Operator { key: "amazon", dns_suffixes: &[".crawl.amazonbot.amazon"] },
    Operator { key: "bytedance", dns_suffixes: &[".crawl.bytedance.com"] },
    Operator { key: "stripe", dns_suffixes: &[] },
    Operator { key: "github", dns_suffixes: &[] },
];

impl OperatorId {
    /// The operator with this key, such as `googlebot`.
    pub fn from_key(key: &str) -> Option<Self> {
        let at = OPERATORS.iter().position(|operator| operator.key == key)?;
        u8::try_from(at).ok().map(OperatorId)
    }

    /// Every operator.
    pub fn all() -> impl Iterator<Item = OperatorId> {
        (0_u8..).take(OPERATORS.len()).map(OperatorId)
    }

    /// Its key.
    pub fn key(self) -> &'static str {
        OPERATORS[usize::from(self.0)].key
    }

    /// What the name of a genuine address ends with, a dot in front; empty where the operator publishes none.
    pub fn dns_suffixes(self) -> &'static [&'static str] {
        OPERATORS[usize::from(self.0)].dns_suffixes
    }
}

/// What the published ranges say about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeAnswer {
    /// It lies in them.
    Hit,
    /// It does not.
    Miss {
        /// How old the ranges are, in whole days.
        age_days: u32,
    },
    /// The operator publishes none that we hold.
    NoRanges,
}

/// Asks the ranges that ship with this build.
pub fn by_range(operator: OperatorId, ip: ClientIp, now: Timestamp) -> RangeAnswer {
    in_ranges(ranges::builtin().of(operator), ip, now)
}

/// Asks any ranges.
pub fn in_ranges(ranges: Option<&Ranges>, ip: ClientIp, now: Timestamp) -> RangeAnswer {
    match ranges {
        None => RangeAnswer::NoRanges,
        Some(ranges) if ranges.set.contains(ip) => RangeAnswer::Hit,
        Some(ranges) => RangeAnswer::Miss { age_days: ranges.age_days(now) },
    }
}

/// Whether the confirmed name of an address is one of `operator`'s: compared at label boundaries, case ignored. An
/// operator without names cannot be denied by one.
pub fn name_answer(operator: OperatorId, host_name: Fact<&str>) -> Fact<bool> {
    let suffixes = operator.dns_suffixes();
    if suffixes.is_empty() {
        return Fact::Unseen;
    }
    host_name.map(|name| {
        let name = name.strip_suffix('.').unwrap_or(name).as_bytes();
        suffixes.iter().any(|suffix| {
            name.len() > suffix.len()
                && name[name.len() - suffix.len()..].eq_ignore_ascii_case(suffix.as_bytes())
        })
    })
}

/// The status of a claim, given what the ranges say and whether forward-confirmed reverse DNS agrees (`Absent`: the
/// address has no name; `Unseen`: nobody asked).
///
/// Forged needs two witnesses: ranges no older than [`MISS_AGE_DAYS_MAX`] days that miss, and a DNS answer that
/// denies. An operator without DNS names can therefore never be found forged.
pub fn status(range: RangeAnswer, dns: Fact<bool>) -> ClaimStatus {
    match (range, dns) {
        (RangeAnswer::Hit, _) | (_, Fact::Known(true)) => ClaimStatus::Verified,
        (RangeAnswer::Miss { age_days }, Fact::Known(false) | Fact::Absent)
            if age_days <= MISS_AGE_DAYS_MAX =>
        {
            ClaimStatus::Forged
        }
        _ => ClaimStatus::Unverified,
    }
}

#[cfg(test)]
mod tests;
