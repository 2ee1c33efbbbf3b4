//! Keyed hashes in place of values that nobody needs to see again.

use std::borrow::Cow;
use std::hash::Hasher;
use std::ops::Range;

use palisade_detect::HashSeed;
use siphasher::sip::SipHasher13;

/// Replaces values by keyed hashes: equal values stay equal, and nobody without the key can try values out.
///
/// The key is derived from the seed it is given. The installation's hash seed travels with exports that are to be
/// replayed elsewhere; where weak values (passwords) must be safe even from whoever holds both, give it another seed:
/// nothing that is masked is compared across the two.
#[derive(Clone, Copy, Debug)]
pub struct Masks {
    key: HashSeed,
}

/// What kind of thing is masked; equal values of two kinds do not look equal.
#[derive(Clone, Copy)]
pub(super) enum Space {
    Header = 1,
    Cookie,
    Body,
    Claim,
}

/// Headers whose values are secrets or somebody's address, as whole names.
const SECRET_NAMES: [&str; 24] = [
    "authorization",
    "proxy-authorization",
    "authentication",
    "cookie",
    "cookie2",
    "set-cookie",
    "key",
    "signature",
    "remote-user",
    "forwarded",
    "x-forwarded-for",
    "x-original-forwarded-for",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "fastly-client-ip",
    "x-envoy-external-address",
    "x-appengine-user-ip",
    "x-remote-addr",
    "wl-proxy-client-ip",
];

/// Parts of names that make a header's value a secret, whatever else the name says.
const SECRET_PARTS: [&str; 14] = [
    "api-key",
    "apikey",
    "api_key",
    "token",
    "secret",
    "password",
    "passwd",
    "credential",
    "session",
    "csrf",
    "xsrf",
    "cookie",
    "access-key",
    "jwt",
];

/// Beginnings of names that are the platform's own way to say who somebody is.
const SECRET_BEGINNINGS: [&str; 5] =
    ["x-auth", "x-forwarded-user", "x-forwarded-email", "x-amz-", "x-palisade-"];

impl Masks {
    /// Masks under `seed`.
    pub fn new(seed: HashSeed) -> Self {
        let derive = |n: u64| {
            let mut hasher = SipHasher13::new_with_keys(seed.0[0], seed.0[1]);
            hasher.write(b"palisade export masks");
            hasher.write_u64(n);
            hasher.finish()
        };
        Masks { key: HashSeed([derive(0), derive(1)]) }
    }

    /// The mask of `value`: a word of sixteen letters and digits that no detector reads anything into.
    pub(super) fn token(&self, space: Space, value: &[u8]) -> String {
        word(self.hash(space, value))
    }

    pub(super) fn hash(&self, space: Space, value: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.key.0[0], self.key.0[1]);
        hasher.write_u8(space as u8);
        hasher.write(value);
        hasher.finish()
    }

    /// The value of header `name` as it may be written down: itself, or its mask where it is a secret.
    pub(super) fn header<'a>(&self, name: &str, value: &'a str) -> Cow<'a, str> {
        if value.is_empty() || !is_secret(name) {
            return Cow::Borrowed(value);
        }
        if name.eq_ignore_ascii_case("cookie") {
            return Cow::Owned(self.cookies(value));
        }
        // `Bearer …`, `Basic …`: the scheme is no secret.
        match value.split_once(' ') {
            Some((scheme, secret))
                if name.len() >= 13 && ends_with(name, "authorization") && is_scheme(scheme) =>
            {
                Cow::Owned(format!("{scheme} {}", self.token(Space::Header, secret.as_bytes())))
            }
            _ => Cow::Owned(self.token(Space::Header, value.as_bytes())),
        }
    }

    /// The value of a secret header of which `part` stays, the rest masked. `None` where `part` divides a character.
    pub(super) fn header_around(&self, name: &str, value: &str, part: &Range<usize>) -> Option<String> {
        let (before, kept, after) =
            (value.get(..part.start)?, value.get(part.clone())?, value.get(part.end..)?);
        if !name.eq_ignore_ascii_case("cookie") {
            let mask = |text: &str| match text {
                "" => String::new(),
                text => self.token(Space::Header, text.as_bytes()),
            };
            return Some(mask(before) + kept + &mask(after));
        }
        // What follows the part within its own pair is no name, whatever it looks like.
        let (own, others) = after.split_at(after.find(';').unwrap_or(after.len()));
        let own = if own.is_empty() { String::new() } else { self.token(Space::Cookie, own.as_bytes()) };
        Some(self.cookies(before) + kept + &own + &self.cookies(others))
    }

    /// Names stay, values go: `a=1; b=2`.
    fn cookies(&self, value: &str) -> String {
        let mut out = String::with_capacity(value.len());
        for (at, pair) in value.split(';').enumerate() {
            if at > 0 {
                out.push_str("; ");
            }
            let pair = pair.trim();
            match pair.split_once('=') {
                Some((name, value)) if super::body::is_name(name.as_bytes()) => {
                    out.push_str(name);
                    out.push('=');
                    if !value.is_empty() {
                        out.push_str(&self.token(Space::Cookie, value.as_bytes()));
                    }
                }
                _ if pair.is_empty() => {}
                _ => out.push_str(&self.token(Space::Cookie, pair.as_bytes())),
            }
        }
        out
    }
}

/// A hash as a word that begins with a letter, so that it is no number either.
pub(super) fn word(hash: u64) -> String {
    format!("v{:015x}", hash >> 4)
}

/// True for headers whose value is never written down, but for the part of it that is an attack.
pub fn is_secret(name: &str) -> bool {
    if is_everyday(name) {
        return false;
    }
    SECRET_NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
        || SECRET_PARTS.iter().any(|part| contains(name, part))
        || SECRET_BEGINNINGS.iter().any(|start| {
            name.get(..start.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(start))
        })
}

/// Most headers of most requests, told before anything is searched.
fn is_everyday(name: &str) -> bool {
    const BEGINNINGS: [&str; 5] = ["accept", "sec-fetch-", "sec-ch-ua", "content-", "if-"];
    const NAMES: [&str; 9] = [
        "host",
        "user-agent",
        "connection",
        "referer",
        "origin",
        "range",
        "cache-control",
        "upgrade-insecure-requests",
        "priority",
    ];
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
        || BEGINNINGS.iter().any(|start| {
            name.get(..start.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(start))
        })
}

fn contains(name: &str, part: &str) -> bool {
    name.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

fn ends_with(name: &str, end: &str) -> bool {
    name.len()
        .checked_sub(end.len())
        .and_then(|at| name.get(at..))
        .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

/// Names of authentication schemes are short words (RFC 9110 section 11.1).
fn is_scheme(word: &str) -> bool {
    (1..=20).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks() -> Masks {
        Masks::new(HashSeed([1, 2]))
    }

    #[test]
    fn secrets_are_known_by_name() {
        for name in [
            "Cookie",
            "AUTHORIZATION",
            "X-Api-Key",
            "x-auth-token",
            "X-CSRF-Token",
            "x-amz-security-token",
            "X-Session-Id",
            "X-Forwarded-For",
            "Proxy-Authorization",
            "my-client-secret",
            "Sec-Session-Id",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in
            ["Accept", "User-Agent", "Via", "Origin", "Content-Type", "Sec-Fetch-Mode", "Connection", "Range"]
        {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn what_a_value_is_stays_and_what_it_says_goes() {
        let masked = |name: &str, value: &str| masks().header(name, value).into_owned();
        let cookies = masked("Cookie", "sid=0123; theme=; flag");
        assert!(cookies.starts_with("sid=v") && cookies.contains("; theme=; v"), "{cookies}");
        assert!(!cookies.contains("0123") && !cookies.contains("flag"), "{cookies}");
        assert!(masked("Authorization", "Bearer abc.def").starts_with("Bearer v"));
        assert!(masked("Authorization", "Basic").starts_with('v'));
        assert_eq!(masked("X-Api-Key", ""), "");
        assert_eq!(masked("X-Api-Key", "a"), masked("x-api-key", "a"));
        assert_ne!(masked("X-Api-Key", "a"), masked("X-Api-Key", "b"));
        assert_eq!(masked("Accept", "*/*"), "*/*");
    }

    #[test]
    fn around_the_part_that_stays_everything_is_masked() {
        let check = |name: &str, value: &str, expect: &str| {
            let start = value.find("EVIL").unwrap();
            let mut shape = masks().header_around(name, value, &(start..start + 4)).unwrap();
            while let Some(at) = shape.find('v') {
                shape.replace_range(at..at + 16, "#");
            }
            assert_eq!(shape, expect, "{value}");
        };
        check("Cookie", "sid=0123; a=xEVILb=y; c=2", "sid=#; a=#EVIL#; c=#");
        check("Cookie", "EVIL", "EVIL");
        check("cookie", "a=EVIL;x", "a=EVIL; #");
        check("Cookie", "0123EVIL", "#EVIL");
        check("X-Api-Key", "0123 EVIL 4567", "#EVIL#");
        check("X-Api-Key", "EVIL", "EVIL");
        assert_eq!(masks().header_around("X-Api-Key", "é", &(1..2)), None);
    }

    #[test]
    fn two_installations_mask_differently() {
        let one = Masks::new(HashSeed([1, 2])).token(Space::Header, b"a");
        assert_ne!(one, Masks::new(HashSeed([1, 3])).token(Space::Header, b"a"));
        assert_eq!(one.len(), 16);
    }
}
