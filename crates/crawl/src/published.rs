//! Where operators publish the ranges of their crawlers, and how to read what lies there.

use palisade_domain::{NetPrefix, RangeSet, Timestamp};
use palisade_limits::Bound;
use serde_json::Value;

use crate::proof::OperatorId;
use crate::ranges::Ranges;

/// Bytes of one published file; the largest known has 200 KiB.
pub const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Networks of one operator; the largest known has 2,500.
pub const NETWORKS_MAX: usize = 50_000;
/// A network wider than this cannot belong to one operator's crawlers: somebody serves us a joke or an attack.
const V4_LEN_MIN: u8 = 12;
const V6_LEN_MIN: u8 = 24;

/// The named bounds of this module.
pub const BOUNDS: &[Bound] = &[
    Bound {
        name: "crawl.ranges_file_bytes_max",
        value: FILE_BYTES_MAX as u64,
        unit: "bytes",
        reason: "twenty times the largest file that is published",
        when_full: "the file is refused, the ranges held before stay",
    },
    Bound {
        name: "crawl.ranges_networks_max",
        value: NETWORKS_MAX as u64,
        unit: "networks per operator",
        reason: "twenty times the largest list that is published",
        when_full: "the file is refused, the ranges held before stay",
    },
];

/// One operator and the files it publishes; together they are its ranges.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The operator's key, see [`OperatorId::from_key`].
    pub operator: &'static str,
    /// Its files.
    pub urls: &'static [&'static str],
}

/// All operators that publish ranges as JSON. Addresses as the operators document them.
pub const SOURCES: &[Source] = &[
    Source {
        operator: "googlebot",
        urls: &["https://developers.google.com/static/crawling/ipranges/common-crawlers.json"],
    },
    Source {
        operator: "google-special",
        urls: &["https://developers.google.com/static/crawling/ipranges/special-crawlers.json"],
    },
    Source {
        operator: "google-user",
        urls: &[
            "https://developers.google.com/static/crawling/ipranges/user-triggered-fetchers.json",
            "https://developers.google.com/static/crawling/ipranges/user-triggered-fetchers-google.json",
        ],
    },
    Source { operator: "bing", urls: &["https://www.bing.com/toolbox/bingbot.json"] },
    Source { operator: "apple", urls: &["https://search.developer.apple.com/applebot.json"] },
    Source {
        operator: "openai",
        urls: &[
            "https://openai.com/gptbot.json",
            "https://openai.com/searchbot.json",
            "https://openai.com/chatgpt-user.json",
        ],
    },
    Source {
        operator: "perplexity",
        urls: &[
            "https://www.perplexity.com/perplexitybot.json",
            "https://www.perplexity.com/perplexity-user.json",
        ],
    },
    Source { operator: "commoncrawl", urls: &["https://index.commoncrawl.org/ccbot.json"] },
    Source { operator: "mojeek", urls: &["https://www.mojeek.com/mojeekbot.json"] },
];

/// Why a file is no list of ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishedError {
    /// Longer than [`FILE_BYTES_MAX`].
    TooLong,
    /// No JSON.
    Json(String),
    /// No member `prefixes` with networks.
    NoPrefixes,
    /// A prefix that is no network, or wider than any operator's.
    Network(String),
    /// More than [`NETWORKS_MAX`].
    TooMany(usize),
}

impl std::fmt::Display for PublishedError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PublishedError::TooLong => write!(f, "more than {FILE_BYTES_MAX} bytes"),
            PublishedError::Json(problem) => write!(f, "no JSON: {problem}"),
            PublishedError::NoPrefixes => f.write_str("no `prefixes` with networks in it"),
            PublishedError::Network(text) => write!(f, "{text:?} is no network a crawler's operator has"),
            PublishedError::TooMany(count) => write!(f, "{count} networks are more than {NETWORKS_MAX}"),
        }
    }
}

impl std::error::Error for PublishedError {}

/// Reads one published file: `{"prefixes": [{"ipv4Prefix": "…"}, {"ipv6Prefix": "…"}]}`.
///
/// # Errors
/// Where it is anything else. Nothing is taken of a file that is wrong in one place: half a list makes forgers of
/// honest crawlers.
pub fn networks(json: &[u8]) -> Result<Vec<NetPrefix>, PublishedError> {
    if json.len() > FILE_BYTES_MAX {
        return Err(PublishedError::TooLong);
    }
    let file: Value =
        serde_json::from_slice(json).map_err(|error| PublishedError::Json(error.to_string()))?;
    let prefixes =
        file["prefixes"].as_array().filter(|list| !list.is_empty()).ok_or(PublishedError::NoPrefixes)?;
    if prefixes.len() > NETWORKS_MAX {
        return Err(PublishedError::TooMany(prefixes.len()));
    }
    prefixes.iter().map(network).collect()
}

fn network(entry: &Value) -> Result<NetPrefix, PublishedError> {
    let text = ["ipv4Prefix", "ipv6Prefix"].iter().find_map(|name| entry[*name].as_str());
    let text = text.ok_or(PublishedError::NoPrefixes)?;
    let bad = || PublishedError::Network(text.chars().take(64).collect());
    let network: NetPrefix = text.parse().map_err(|_| bad())?;
    let len_min = if network.addr().is_ipv4() { V4_LEN_MIN } else { V6_LEN_MIN };
    if network.len() < len_min { Err(bad()) } else { Ok(network) }
}

/// The ranges of one operator, from all its files, as fetched at `now`.
pub fn ranges(networks: Vec<NetPrefix>, now: Timestamp) -> Ranges {
    Ranges { set: RangeSet::new(networks), collected: now }
}

/// The operators of [`SOURCES`].
pub fn operators() -> impl Iterator<Item = (OperatorId, &'static Source)> {
    SOURCES.iter().filter_map(|source| Some((OperatorId::from_key(source.operator)?, source)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_has_an_operator_and_comes_by_https() {
        assert_eq!(operators().count(), SOURCES.len());
        assert!(SOURCES.iter().flat_map(|source| source.urls).all(|url| url.starts_with("https://")));
    }

    #[test]
    fn both_families_are_read() {
        let file = br#"{"creationTime":"2026-01-01","prefixes":[{"ipv4Prefix":"66.249.64.0/27"},{"ipv6Prefix":"2001:4860:4801:10::/64"}]}"#;
        let found: Vec<String> = networks(file).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(found, ["66.249.64.0/27", "2001:4860:4801:10::/64"]);
    }

    #[test]
    fn a_file_that_is_wrong_anywhere_is_refused() {
        let check = |file: &str, expect: PublishedError| {
            let found = networks(file.as_bytes()).unwrap_err();
            assert_eq!(std::mem::discriminant(&found), std::mem::discriminant(&expect), "{file}: {found}");
        };
        check("", PublishedError::Json(String::new()));
        check("{}", PublishedError::NoPrefixes);
        check(r#"{"prefixes":[]}"#, PublishedError::NoPrefixes);
        check(r#"{"prefixes":[{"other":"1"}]}"#, PublishedError::NoPrefixes);
        check(r#"{"prefixes":[{"ipv4Prefix":"nonsense"}]}"#, PublishedError::Network(String::new()));
        check(r#"{"prefixes":[{"ipv4Prefix":"0.0.0.0/0"}]}"#, PublishedError::Network(String::new()));
        check(r#"{"prefixes":[{"ipv6Prefix":"2000::/3"}]}"#, PublishedError::Network(String::new()));
        let many = vec![r#"{"ipv4Prefix":"192.0.2.0/24"}"#; NETWORKS_MAX + 1].join(",");
        check(&format!(r#"{{"prefixes":[{many}]}}"#), PublishedError::TooMany(0));
    }
}
