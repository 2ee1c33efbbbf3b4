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
    "sec-websocket-key",
    "te",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
];

const _: () = assert!(WELL_KNOWN.len() <= 64, "sets of names are one word");

const SLOT_COUNT: usize = 64;

/// Places of the names by [`slot`], one higher; 0 where there is none. Built, and proven free of collisions, by the compiler.
const SLOTS: [u8; SLOT_COUNT] = {
    let (mut slots, mut at) = ([0; SLOT_COUNT], 0);
    while at < WELL_KNOWN.len() {
        let slot = slot(WELL_KNOWN[at].as_bytes());
        assert!(slots[slot] == 0, "two names share a slot: choose other factors");
        at += 1;
        slots[slot] = at as u8;
    }
    slots
};

/// A perfect hash of the well-known names, letter case ignored. `name` is not empty.
const fn slot(name: &[u8]) -> usize {
    let (len, last) = (name.len(), name[name.len() - 1]);
    let third_last = name[len.saturating_sub(3)];
    let sum = len + small(third_last) * 2 + small(last) * 25;
    sum % SLOT_COUNT
}

/// A letter as a small one. What is neither a letter nor a hyphen becomes something else, and is found out by [`is`].
const fn small(byte: u8) -> usize {
    (byte | 0x20) as usize
}

/// True where `name` is `known`, a name of small letters and hyphens, in any letter case. Eight bytes at a time: HTTP/1.1
/// writes capitals, and comparing those byte by byte cost three times as much.
#[inline]
fn is(known: &[u8], name: &[u8]) -> bool {
    known.len() == name.len()
        && match (name.first_chunk::<8>(), name.first_chunk::<4>()) {
            (Some(_), _) => same_words::<8>(known, name),
            (None, Some(_)) => same_words::<4>(known, name),
            (None, None) => known.eq_ignore_ascii_case(name),
        }
}

/// Compares words of `N` bytes, of which the last may overlap the one before. Both are equally long, at least `N`.
#[inline]
fn same_words<const N: usize>(known: &[u8], name: &[u8]) -> bool {
    let same = |known: Option<&[u8; N]>, name: Option<&[u8; N]>| match (known, name) {
        (Some(known), Some(name)) => {
            // Letters, and of the rest only what no known name holds, have this bit; theirs below it is the case.
            let small = name.map(|byte| byte | (byte & 0x40) >> 1);
            *known == small
        }
        _ => false,
    };
    known.chunks_exact(N).zip(name.chunks_exact(N)).all(|(k, n)| same(k.first_chunk(), n.first_chunk()))
        && same(known.last_chunk(), name.last_chunk())
}

impl Name {
    /// How many there are.
    pub const COUNT: usize = WELL_KNOWN.len();

    /// The well-known name `name` is, in any letter case. A few comparisons, whatever `name` is.
    ///
    /// Inlined wherever it is asked, so that a name written in the source is looked up by the compiler.
    #[inline(always)]
    pub fn of(name: &str) -> Option<Name> {
        if name.is_empty() {
            return None;
        }
        let at = SLOTS[slot(name.as_bytes())].checked_sub(1)?;
        let known = WELL_KNOWN[usize::from(at)];
        is(known.as_bytes(), name.as_bytes()).then_some(Name(at))
    }

    /// The name in lower case.
    pub fn text(self) -> &'static str {
        WELL_KNOWN[self.index()]
    }

    /// The well-known name `name`, in lower case, known when this is compiled.
    pub(super) const fn known(name: &'static str) -> Name {
        let above = SLOTS[slot(name.as_bytes())];
        assert!(above > 0, "a well-known name");
        Name(above - 1)
    }

    /// Its place in the list, 0..[`Name::COUNT`].
    pub fn index(self) -> usize {
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
///
/// By length first: this runs over every header of nearly every request.
pub fn is_volatile(name: &str) -> bool {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    let starts = |prefix: &str| {
        name.as_bytes().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    let listed = match name.len() {
        3 => is("via"),
        5 => is("range"),
        6 => is("cookie") || is("origin") || is("expect") || is("pragma"),
        7 => is("referer"),
        9 => is("forwarded"),
        13 => is("authorization") || is("cache-control"),
        14 => is("sec-fetch-user"),
        17 => is("transfer-encoding"),
        25 => is("upgrade-insecure-requests"),
        _ => false,
    };
    listed || starts("content-") || starts("if-") || starts("x-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_found_in_any_case() {
        assert!(WELL_KNOWN.is_sorted());
        for (at, name) in WELL_KNOWN.iter().enumerate() {
            assert_eq!(Name::of(name).map(Name::index), Some(at));
            assert_eq!(Name::of(&name.to_ascii_uppercase()).map(Name::text), Some(*name));
        }
        assert_eq!(Name::of(""), None);
        assert_eq!(Name::of(&"a".repeat(10_000)), None);
        assert_eq!(Name::of("äccept"), None);
    }

    #[test]
    fn one_byte_that_differs_makes_another_name() {
        for known in WELL_KNOWN {
            for (at, wrong) in
                (0..known.len()).flat_map(|at| [0, b'\r', b'@', b'_', 0x7f].map(|byte| (at, byte)))
            {
                let mut name = known.to_ascii_uppercase().into_bytes();
                name[at] = wrong;
                assert_eq!(Name::of(std::str::from_utf8(&name).unwrap()), None, "{}", name.escape_ascii());
            }
        }
    }

    #[test]
    fn volatile_is_what_the_rule_says() {
        for name in
            ["Cookie", "If-None-Match", "content-length", "X-Requested-With", "Range", "Origin", "VIA"]
        {
            assert!(is_volatile(name), "{name}");
        }
        for name in ["Accept", "User-Agent", "Connection", "sec-ch-ua", "i", "", "x", "é-x"] {
            assert!(!is_volatile(name), "{name}");
        }
    }
}
