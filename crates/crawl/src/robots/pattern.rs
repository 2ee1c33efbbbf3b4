//! Paths in one form, and rules matched against them.
//!
//! RFC 9309 section 2.2.2 compares after normalising both sides: octets outside US-ASCII are percent-encoded, encoded
//! unreserved ones are not, reserved ones compare equal whether encoded or not (its table: `https://` and
//! `https%3A%2F%2F` inside a query). RFC 3986 section 2.2 keeps one exception alive: a delimiter where it delimits is not
//! the same as its encoded form, so `/a%2Fb` is not `/a/b`, and `?a=1%26b=2` is not `?a=1&b=2`.
//! `*` and `$` as characters are `%2A` and `%24` on both sides (section 2.2.3), so that raw ones in a rule are free to be special.

use std::borrow::Cow;

use memchr::memmem;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// A request target: path and query in normal form.
pub(super) struct Target<'a>(Cow<'a, [u8]>);

impl<'a> Target<'a> {
    pub(super) fn new(target: &'a str) -> Self {
        let path = path_and_query(target);
        let is_normal = |b: &u8| b.is_ascii_graphic() && !b"%*$".contains(b);
        if path.bytes().all(|b| is_normal(&b)) {
            return Target(Cow::Borrowed(path.as_bytes()));
        }
        let mut normal = Vec::with_capacity(path.len() + 16);
        normalise(path.as_bytes(), &mut normal);
        Target(Cow::Owned(normal))
    }

    /// True for the path `/robots.txt` itself, with any query.
    pub(super) fn is_robots_txt(&self) -> bool {
        self.0.strip_prefix(b"/robots.txt").is_some_and(|rest| rest.first().is_none_or(|b| *b == b'?'))
    }
}

/// Path and query of a URL or request target, without fragment; an empty path is `/`.
fn path_and_query(target: &str) -> &str {
    let path = match target.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            rest.find(['/', '?', '#']).map_or("", |at| &rest[at..])
        }
        _ => target,
    };
    let path = path.split('#').next().unwrap_or(path);
    if path.is_empty() { "/" } else { path }
}

/// The path of one rule in normal form; raw `*` and a last `$` are special.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Box<[u8]>);

impl Pattern {
    /// `path` as written in the file.
    pub(super) fn new(path: &[u8]) -> Self {
        let (path, end) = match path.strip_suffix(b"$") {
            Some(path) => (path, &b"$"[..]),
            None => (path, &b""[..]),
        };
        let mut normal = Vec::with_capacity(path.len() + 1);
        let mut query = false;
        for (nth, segment) in path.split(|b| *b == b'*').enumerate() {
            if nth > 0 {
                normal.push(b'*');
            }
            query = normalise_part(segment, query, &mut normal);
        }
        normal.extend_from_slice(end);
        Pattern(normal.into())
    }

    /// Octets of the rule: the more, the more specific (section 2.2.2).
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The folder of an `…/index.html`, and nothing below it; `None` for other paths.
    pub(super) fn folder_of_index(&self) -> Option<Pattern> {
        let slash = memchr::memrchr(b'/', &self.0)?;
        let folder = &self.0[..=slash];
        self.0[slash..].starts_with(b"/index.htm").then(|| Pattern([folder, b"$"].concat().into()))
    }

    /// Does the rule match the start of `target` (the whole of it behind a `$`)?
    ///
    /// The parts between stars are looked for from left to right, each as early as possible, which is enough: an
    /// earlier place never spoils a later part. So no choice is ever taken back, and `****` costs what `*` does.
    pub(super) fn matches(&self, target: &Target<'_>) -> bool {
        let (body, whole) = match self.0.strip_suffix(b"$") {
            Some(body) => (body, true),
            None => (&self.0[..], false),
        };
        let Some(first_star) = memchr::memchr(b'*', body) else {
            return if whole { body == &*target.0 } else { target.0.starts_with(body) };
        };
        let Some(mut rest) = target.0.strip_prefix(&body[..first_star]) else { return false };
        let last_star = memchr::memrchr(b'*', body).unwrap_or(first_star);
        for part in body[first_star..last_star].split(|b| *b == b'*').filter(|part| !part.is_empty()) {
            match memmem::find(rest, part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        let last = &body[last_star + 1..];
        if whole { rest.ends_with(last) } else { memmem::find(rest, last).is_some() }
    }
}

/// The normal form of a path with query, appended to `out`.
fn normalise(path: &[u8], out: &mut Vec<u8>) {
    normalise_part(path, false, out);
}

/// One part of it; `query` says on which side of the first `?` it begins, the result on which it ends.
fn normalise_part(part: &[u8], mut query: bool, out: &mut Vec<u8>) -> bool {
    let mut at = 0;
    while let Some(&byte) = part.get(at) {
        match encoded(&part[at..]) {
            Some(octet) => {
                let delimits = if query { b"#&+;=".contains(&octet) } else { b"/?#;".contains(&octet) };
                push(octet, delimits, out);
                at += 3;
            }
            None => {
                query |= byte == b'?';
                push(byte, false, out);
                at += 1;
            }
        }
    }
    query
}

/// One octet, encoded where its normal form is: outside printable ASCII, special in rules, `%` itself, or on request.
fn push(octet: u8, encode: bool, out: &mut Vec<u8>) {
    if encode || !octet.is_ascii_graphic() || b"%*$".contains(&octet) {
        out.extend([b'%', HEX[usize::from(octet >> 4)], HEX[usize::from(octet & 15)]]);
    } else {
        out.push(octet);
    }
}

/// The octet that `%XX` at the start of `bytes` stands for.
fn encoded(bytes: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = bytes else { return None };
    let digit = |b: &u8| char::from(*b).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(rule: &str, target: &str) -> bool {
        Pattern::new(rule.as_bytes()).matches(&Target::new(target))
    }

    /// RFC 9309, the table of section 2.2.2: path in the rule, paths it matches.
    #[test]
    fn the_table_of_the_rfc() {
        let check = |rule, target| assert!(matches(rule, target), "{rule} {target}");
        check("/foo/bar?baz=quz", "/foo/bar?baz=quz");
        check("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar");
        check("/foo/bar?baz=https%3a%2F%2ffoo.bar", "/foo/bar?baz=https://foo.bar");
        check("/foo/bar/ツ", "/foo/bar/%E3%83%84");
        check("/foo/bar/%e3%83%84", "/foo/bar/ツ");
        check("/foo/bar/%62%61%7A", "/foo/bar/baz");
        check("/foo/bar/baz", "/foo/bar/%62%61%7A");
    }

    /// Section 2.2.3.
    #[test]
    fn special_characters_can_be_meant_verbatim() {
        assert!(matches("/path/file-with-a-%2A.html", "/path/file-with-a-*.html"));
        assert!(!matches("/path/file-with-a-%2A.html", "/path/file-with-a-b.html"));
        assert!(matches("/path/foo-%24", "/path/foo-$"));
        assert!(matches("/path/foo-%24", "/path/foo-$bar"));
        assert!(matches("/a$b", "/a$bc"), "a dollar in the middle is a dollar");
        assert!(matches("/a$b", "/a%24b"));
    }

    #[test]
    fn delimiters_are_not_their_encoded_selves() {
        assert!(!matches("/a%2Fb", "/a/b"));
        assert!(!matches("/a?b", "/a%3Fb"));
        assert!(matches("/a%2fb", "/a%2Fb"));
        assert!(!matches("/s?a=1%26b", "/s?a=1&b"));
    }

    #[test]
    fn stars_and_ends() {
        for (rule, target, expect) in [
            ("/*", "/", true),
            ("/*$", "/x", true),
            ("*", "/", true),
            ("/a*b*c$", "/a1b2c", true),
            ("/a*b*c$", "/a1b2cd", false),
            ("/a*b*c$", "/abcbc", true),
            ("/*aab$", "/aaab", true),
            ("/a***b", "/ab", true),
            ("/ab*b$", "/ab", false),
            ("/$", "/", true),
            ("/$", "/a", false),
            ("/a$$", "/a$", true),
            ("/a*$", "/abc", true),
            ("/100%", "/100%25", true),
            ("/%zz", "/%25zz", true),
        ] {
            assert_eq!(matches(rule, target), expect, "{rule} {target}");
        }
    }

    #[test]
    fn stars_never_explode() {
        let rule = format!("/{}b$", "*a".repeat(5_000));
        assert!(!matches(&rule, &format!("/{}", "a".repeat(60_000))));
        assert!(!matches(&format!("/{}b", "*".repeat(100_000)), &format!("/{}", "a".repeat(60_000))));
    }

    /// The definition, exponential and all, for short input.
    fn plainly(rule: &[u8], target: &[u8]) -> bool {
        match rule {
            [] => true,
            [b'$'] => target.is_empty(),
            [b'*', rest @ ..] => (0..=target.len()).any(|at| plainly(rest, &target[at..])),
            [byte, rest @ ..] => target.first() == Some(byte) && plainly(rest, &target[1..]),
        }
    }

    proptest! {
        #[test]
        fn matching_is_what_the_definition_says(rule in "/[ab*]{0,8}[$]?", target in "/[ab]{0,12}") {
            prop_assert_eq!(matches(&rule, &target), plainly(rule.as_bytes(), target.as_bytes()));
        }

        #[test]
        fn normal_form_is_stable(path in "/[ -~é%0-9A-F]{0,30}") {
            let mut once = Vec::new();
            normalise(path.as_bytes(), &mut once);
            let mut twice = Vec::new();
            normalise(&once, &mut twice);
            prop_assert_eq!(once, twice);
        }

        #[test]
        fn encoding_a_letter_changes_nothing(path in "/[a-z/?=é]{0,20}", at in 0usize..20) {
            let letters = || path.char_indices().filter(|(_, c)| c.is_ascii_lowercase());
            let Some((at, c)) = letters().nth(at % letters().count().max(1)) else { return Ok(()) };
            let encoded = format!("{}%{:02x}{}", &path[..at], c as u32, &path[at + 1..]);
            prop_assert!(matches(&(path.clone() + "$"), &encoded));
            prop_assert!(matches(&(encoded + "$"), &path));
        }
    }
}
