//! Bodies without their values.
//!
//! What detectors ask of a body that holds no attack: which fields it has, which of them are empty or blank, whether it
//! ends, and whether it equals the one before. Exactly that is kept. Every word is made of the hash of the whole body
//! and its own number: equal bodies mask to equal ones, and whoever wants to try a password out has to know all the
//! rest of the form as well. What stays of an attack is `evidence`'s to say.

use std::hash::Hasher;
use std::ops::Range;

use memchr::memmem;
use palisade_detect::detectors::payload::{Attack, Screen, name_like};
use palisade_domain::{BodyKind, BodyPrefix};
use siphasher::sip::SipHasher13;

use super::evidence::{self, Extent, Kept};
use super::masks::{Masks, Space, word};
use super::secrecy::Secrecy;

/// Longest name that is kept. Forms' names are shorter; what is longer is a value in the wrong place.
pub(super) const NAME_BYTES_MAX: usize = 128;

/// `body` with every value masked but what stays of an attack; text wherever that is. `None` where it does not fit twice
/// the longest body, which takes a body made of nothing but separators, or where nothing less than the body itself would
/// be judged alike.
pub(super) fn masked(masks: &Masks, screen: &Screen<'_>, body: &BodyPrefix<'_>) -> Option<Vec<u8>> {
    let attacks = screen.body(body);
    let Some(reported) = Attack::reported(&attacks) else { return without(masks, body, &[]) };
    let secrecy = Secrecy::of(body, &attacks);
    [Extent::Matched, Extent::Whole].into_iter().find_map(|extent| {
        let bytes = without(masks, body, &evidence::kept(screen, &secrecy, &attacks, extent))?;
        let again = screen.body(&BodyPrefix { bytes: &bytes, ..*body });
        Attack::reported(&again).is_some_and(|again| again.is_said_like(reported)).then_some(bytes)
    })
}

/// `body` with every value masked but those kept, within its bound.
fn without(masks: &Masks, body: &BodyPrefix<'_>, kept: &[Kept<'_>]) -> Option<Vec<u8>> {
    let long = Masker::new(masks, body, kept, WordLength::Full).mask(body);
    let fits = long.len() <= BodyPrefix::BYTES_MAX;
    let text = if fits { long } else { Masker::new(masks, body, kept, WordLength::Short).mask(body) };
    (text.len() <= 2 * BodyPrefix::BYTES_MAX).then_some(text)
}

/// Does this look like the name of a field? Names are kept, and a value in the place of a name must not be.
pub(super) fn is_name(name: &[u8]) -> bool {
    let is_plain = |b: &u8| b.is_ascii_alphanumeric() || b"_-.[]$:/%+!*".contains(b);
    name.len() <= NAME_BYTES_MAX && name.iter().all(is_plain)
}

/// Bodies of very many tiny values would grow beyond their bound: all words but the first are then one letter.
#[derive(Clone, Copy, PartialEq)]
enum WordLength {
    Full,
    Short,
}

struct Masker<'a> {
    hash: u64,
    words: u64,
    length: WordLength,
    /// What is still to come of that which stays; texts are met in its order.
    kept: &'a [Kept<'a>],
    out: Vec<u8>,
}

impl<'a> Masker<'a> {
    fn new(masks: &Masks, body: &BodyPrefix<'_>, kept: &'a [Kept<'a>], length: WordLength) -> Self {
        let hash = masks.hash(Space::Body, body.bytes);
        Masker { hash, words: 0, length, kept, out: Vec::with_capacity(body.bytes.len()) }
    }

    fn mask(mut self, body: &BodyPrefix<'_>) -> Vec<u8> {
        match body.kind {
            BodyKind::Form => self.form(body.bytes),
            BodyKind::Multipart => self.multipart(body.bytes),
            BodyKind::Json => self.json(body.bytes),
            BodyKind::Text => self.value(body.bytes),
        }
        self.out
    }

    /// The first word stands for the whole body: it alone tells two bodies apart.
    fn next(&mut self) -> u64 {
        self.words += 1;
        SipHasher13::new_with_keys(self.hash, self.words).finish()
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn word(&mut self) {
        if self.length == WordLength::Short && self.words > 0 {
            self.out.push(b'v');
        } else {
            let next = self.next();
            self.push(&word(next));
        }
    }

    /// A word for `text`, or what stays of it between words.
    fn hide(&mut self, text: &[u8]) {
        let Some(part) = self.take_kept(text) else { return self.word() };
        if part.start > 0 {
            self.word();
        }
        self.out.extend_from_slice(&text[part.clone()]);
        if part.end < text.len() {
            self.word();
        }
    }

    fn take_kept(&mut self, text: &[u8]) -> Option<Range<usize>> {
        let (next, rest) = self.kept.split_first()?;
        let is_meant = std::ptr::eq(next.text, text);
        is_meant.then(|| {
            self.kept = rest;
            next.part.clone()
        })
    }

    /// A name that is none leaves a word that detectors read as they read the name.
    fn name(&mut self, name: &[u8]) {
        if is_name(name) {
            self.take_kept(name);
            self.out.extend_from_slice(name);
        } else {
            self.hide(name);
            self.push(name_like(name));
        }
    }

    /// Nothing stays nothing and blank stays blank: that is all that is ever asked of a value.
    fn value(&mut self, value: &[u8]) {
        if value.iter().all(|b| b.is_ascii_whitespace() || *b == b'+') {
            self.out.extend_from_slice(value);
        } else {
            self.hide(value);
        }
    }

    /// `application/x-www-form-urlencoded`: pairs as detectors divide them.
    fn form(&mut self, bytes: &[u8]) {
        for (at, pair) in bytes.split(|b| *b == b'&').enumerate() {
            if at > 0 {
                self.out.push(b'&');
            }
            match memchr::memchr(b'=', pair) {
                Some(at) => {
                    self.name(&pair[..at]);
                    self.out.push(b'=');
                    self.value(&pair[at + 1..]);
                }
                None if pair.is_empty() => {}
                None => self.hide(pair),
            }
        }
    }

    /// `multipart/form-data`: parts written anew with name, file name and value; the boundary stands for all the rest.
    fn multipart(&mut self, bytes: &[u8]) {
        let line = &bytes[..memchr::memchr(b'\n', bytes).unwrap_or(0)];
        let boundary = line.trim_ascii();
        if !boundary.starts_with(b"--") {
            return self.value(bytes);
        }
        let mark = format!("--{}", word(self.next()));
        self.push(&mark);
        let mut rest = &bytes[line.len()..];
        while !rest.is_empty() {
            let end = memmem::find(rest, boundary);
            self.part(&rest[..end.unwrap_or(rest.len())]);
            let Some(end) = end else { break };
            self.push(&mark);
            rest = &rest[end + boundary.len()..];
        }
    }

    fn part(&mut self, part: &[u8]) {
        let gap = memmem::find(part, b"\r\n\r\n").map(|at| (at, 4));
        let Some((at, gap)) = gap.or_else(|| memmem::find(part, b"\n\n").map(|at| (at, 2))) else {
            let end = if part.starts_with(b"--") { "--\r\n" } else { "\r\n" };
            return self.push(end);
        };
        let (head, value) = (&part[..at], &part[at + gap..]);
        self.push("\r\nContent-Disposition: form-data");
        if let Some(name) = parameter(head, b" name=\"") {
            self.push("; name=\"");
            self.name(name);
            self.out.push(b'"');
        }
        if let Some(file) = parameter(head, b"filename=\"") {
            self.push("; filename=\"");
            self.value_of_part(file);
            self.out.push(b'"');
        }
        self.push("\r\n\r\n");
        self.value_of_part(value);
        self.push("\r\n");
    }

    /// Blanks at the end of a part's value do not count, so that none are kept.
    fn value_of_part(&mut self, value: &[u8]) {
        match value.trim_ascii_end() {
            [] => {}
            value if value.iter().all(|b| b.is_ascii_whitespace() || *b == b'+') => self.out.push(b'+'),
            value => self.hide(value),
        }
    }

    /// JSON: structure, names, `true`, `false`, `null` and what is empty stay. What is no JSON is divided as well as it
    /// goes; a detector that looks for one name in it may then see another text.
    fn json(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            let used = match first {
                b'"' => self.json_string(rest),
                b if is_structure(b) => {
                    self.out.push(b);
                    1
                }
                _ => self.json_bare(rest),
            };
            rest = &rest[used..];
        }
    }

    /// Returns how many bytes the string takes, quotes included.
    fn json_string(&mut self, rest: &[u8]) -> usize {
        let inner = &rest[1..];
        let len = string_len(inner);
        let text = &inner[..len];
        let (is_closed, after) = inner.get(len + 1..).map_or((false, &[][..]), |after| (true, after));
        self.out.push(b'"');
        if after.trim_ascii_start().starts_with(b":") {
            self.name(text);
        } else if !text.is_empty() {
            self.hide(text);
        }
        if is_closed {
            self.out.push(b'"');
        }
        1 + text.len() + usize::from(is_closed)
    }

    /// A number, a word of JSON's own, or what should not be there.
    fn json_bare(&mut self, rest: &[u8]) -> usize {
        let len = rest.iter().position(|b| is_structure(*b) || *b == b'"').unwrap_or(rest.len());
        let bare = &rest[..len];
        match [&b"null"[..], b"false", b"true"].into_iter().find(|own| bare.starts_with(own)) {
            Some(own) => self.out.extend_from_slice(own),
            None if self.length == WordLength::Short => self.out.push(b'1'),
            None => {
                let digits = self.next() % 1_000_000_000;
                self.push(&format!("1{digits:09}"));
            }
        }
        len
    }
}

/// How long the string is whose first quote was just read: up to the quote that closes it, or all there is.
pub(super) fn string_len(inner: &[u8]) -> usize {
    let mut escaped = false;
    let closes = |&b: &u8| {
        let closes = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        closes
    };
    inner.iter().position(closes).unwrap_or(inner.len())
}

fn is_structure(b: u8) -> bool {
    b.is_ascii_whitespace() || b"{}[],:".contains(&b)
}

/// A parameter of a part's head, as detectors find it.
pub(super) fn parameter<'a>(head: &'a [u8], opening: &[u8]) -> Option<&'a [u8]> {
    let at = memmem::find(head, opening)? + opening.len();
    let len = memchr::memchr(b'"', &head[at..])?;
    Some(&head[at..at + len])
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_detect::HashSeed;
    use palisade_domain::{ClientKey, RequestFacts, Timestamp, Vantage};
    use proptest::prelude::*;

    fn screen() -> Screen<'static> {
        Screen::of(&RequestFacts::bare(ClientKey::Opaque("c"), Timestamp::default(), Vantage::Log))
    }

    fn mask(kind: BodyKind, body: &str) -> String {
        let body = BodyPrefix { kind, bytes: body.as_bytes(), complete: true };
        String::from_utf8(masked(&Masks::new(HashSeed([1, 2])), &screen(), &body).unwrap()).unwrap()
    }

    /// `#` stands for any word or number of ours.
    fn check(kind: BodyKind, body: &str, expect: &str) {
        let mut shape = mask(kind, body);
        while let Some(at) = shape.find(['v', '1']) {
            let len = shape[at + 1..].find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(shape.len() - at - 1);
            shape.replace_range(at..=at + len, "#");
        }
        assert_eq!(shape, expect, "{body}");
    }

    #[test]
    fn names_and_emptiness_stay_and_values_go() {
        check(BodyKind::Form, "user=ann&pass=secret&c=&d=+&free&&x@y=2", "user=#&pass=#&c=&d=+&#&&#=#");
        check(
            BodyKind::Json,
            r#"{"user": "ann", "n": [-12.5, ""], "t": true, "o": null, "e": {}, "q\"": "x"}"#,
            r##"{"user": "#", "n": [#, ""], "t": true, "o": null, "e": {}, "#": "#"}"##,
        );
        check(BodyKind::Json, r#"{"torn": "hal"#, r##"{"torn": "#"##);
        check(BodyKind::Text, "dear all", "#");
        let multipart = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nsecret\r\n--XX\r\nContent-Disposition: \
                         form-data; name=\"f\"; filename=\"cv.pdf\"\r\nContent-Type: image/png\r\n\r\n\r\n--XX--\r\n";
        check(
            BodyKind::Multipart,
            multipart,
            "--#\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n#\r\n--#\r\nContent-Disposition: form-data; \
             name=\"f\"; filename=\"#\"\r\n\r\n\r\n--#--\r\n",
        );
    }

    #[test]
    fn bodies_of_separators_stay_within_their_bound() {
        let many = "a=1&".repeat(BodyPrefix::BYTES_MAX / 4);
        let text = mask(BodyKind::Form, &many);
        assert!(text.len() <= BodyPrefix::BYTES_MAX + 16, "{}", text.len());
        assert_ne!(text, mask(BodyKind::Form, &many.replacen('1', "2", 1)));
        let numbers = format!("[{}]", "1,".repeat(BodyPrefix::BYTES_MAX / 2 - 1));
        assert_eq!(mask(BodyKind::Json, &numbers), numbers);
    }

    proptest! {
        #[test]
        fn equal_bodies_and_no_others_mask_to_equal_ones(one in "[ab=&+1\" -]{0,12}", other in "[ab=&+1\" -]{0,12}") {
            for kind in [BodyKind::Form, BodyKind::Multipart] {
                let (masked_one, masked_other) = (mask(kind, &one), mask(kind, &other));
                if one == other {
                    prop_assert_eq!(masked_one, masked_other);
                } else {
                    prop_assert_ne!(masked_one, masked_other, "{:?}", kind);
                }
            }
        }

        #[test]
        fn around_an_attack_any_bytes_are_masked(
            before in prop::collection::vec(any::<u8>(), 0..200), after in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let bytes = [&before[..], b"<script>alert(1)</script>", &after].concat();
            for kind in [BodyKind::Form, BodyKind::Multipart, BodyKind::Json, BodyKind::Text] {
                let body = BodyPrefix { kind, bytes: &bytes, complete: false };
                prop_assert!(masked(&Masks::new(HashSeed([1, 2])), &screen(), &body).is_some());
            }
        }

        #[test]
        fn any_bytes_mask_to_text(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            for kind in [BodyKind::Form, BodyKind::Multipart, BodyKind::Json, BodyKind::Text] {
                let body = BodyPrefix { kind, bytes: &bytes, complete: false };
                if let Some(text) = without(&Masks::new(HashSeed([1, 2])), &body, &[]) {
                    prop_assert!(text.is_ascii());
                    prop_assert_eq!(text.is_empty(), bytes.is_empty());
                }
            }
        }
    }
}
