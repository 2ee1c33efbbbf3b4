//! Which header names are well known, and which come and go from request to request.

/// A well-known request header: one that clients send by themselves, at a place of their own choosing.
///
/// What a page's script, a reload button or a setting adds (`X-Requested-With`, `Cache-Control`, `DNT`,
/// conditions, ranges) is not among them: its place says nothing about the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(u8);

/// Lower case, sorted.
const WELL_KNOWN: [&str; 25] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "origin",
    "priority",
    "referer",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "te",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
];

/// Longest well-known name in bytes.
const LONGEST: usize = 25;

const _: () = assert!(WELL_KNOWN.len() <= 64, "sets of names are one word");

impl Name {
    /// How many there are.
    pub const COUNT: usize = WELL_KNOWN.len();

    /// The well-known name `name` is, in any letter case.
    pub fn of(name: &str) -> Option<Name> {
        let mut lower = [0; LONGEST];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        let at = WELL_KNOWN.binary_search_by(|known| known.as_bytes().cmp(lower)).ok()?;
        Some(Name(at as u8))
    }

    /// The name in lower case.
    pub fn text(self) -> &'static str {
        WELL_KNOWN[self.index()]
    }

    /// Its place in the list, 0..[`Name::COUNT`].
    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The name at a place of the list.
    pub(super) fn at(index: u32) -> Option<Name> {
        (index < Name::COUNT as u32).then_some(Name(index as u8))
    }

    /// A set holding just this name.
    pub(super) fn bit(self) -> u64 {
        1 << self.0
    }
}

/// True for headers whose presence depends on the request rather than on the client; fingerprints leave them out.
///
/// The rule: state (`cookie`, `authorization`), the page it comes from (`referer`, `origin`), the body (`content-*`,
/// `transfer-encoding`, `expect`), caches (`if-*`, `range`, `cache-control`, `pragma`), the act of navigating
/// (`upgrade-insecure-requests`, `sec-fetch-user`), what scripts add (`x-*`), and what hops in between add (`via`, `forwarded`).
pub fn is_volatile(name: &str) -> bool {
    const NAMES: [&str; 13] = [
        "cookie",
        "authorization",
        "referer",
        "origin",
        "transfer-encoding",
        "expect",
        "range",
        "cache-control",
        "pragma",
        "upgrade-insecure-requests",
        "sec-fetch-user",
        "via",
        "forwarded",
    ];
    let starts =
        |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    starts("content-")
        || starts("if-")
        || starts("x-")
        || NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_found_in_any_case() {
        assert!(WELL_KNOWN.is_sorted());
        assert_eq!(WELL_KNOWN.iter().map(|name| name.len()).max(), Some(LONGEST));
        for (at, name) in WELL_KNOWN.iter().enumerate() {
            assert_eq!(Name::of(name).map(Name::index), Some(at));
            assert_eq!(Name::of(&name.to_ascii_uppercase()).map(Name::text), Some(*name));
        }
        assert_eq!(Name::of(""), None);
        assert_eq!(Name::of(&"a".repeat(10_000)), None);
        assert_eq!(Name::of("äccept"), None);
    }

    #[test]
    fn volatile_is_what_the_rule_says() {
        for name in ["Cookie", "If-None-Match", "content-length", "X-Requested-With", "Range", "Origin"] {
            assert!(is_volatile(name), "{name}");
        }
        for name in ["Accept", "User-Agent", "Connection", "sec-ch-ua", "i", "", "x", "é-x"] {
            assert!(!is_volatile(name), "{name}");
        }
    }
}
