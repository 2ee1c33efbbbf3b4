//! What a condition speaks of, in a few words of bits: whether it can imply another is mostly told by them alone.
//!
//! What is known of one fact says nothing of another. So a part of the wider condition that speaks of none of the
//! narrower one's facts is not implied, unless it holds for every request; and what holds for other hosts, paths,
//! methods or classes only is not implied either. Different words may share a bit: then the conditions themselves are
//! asked.

use super::super::keys::{Keys, keys};
use super::super::test::{Number, Test, Text};
use super::parts_of;
use crate::expression::names::{NumberFact, TextFact};

const _: () =
    assert!(NAMES + (TextFact::Status as u32) < NUMBERS && NUMBERS + (NumberFact::Site as u32) < 60);

/// Beginnings of paths that are compared, in bytes.
const BEGINNINGS: [usize; 10] = [2, 3, 4, 6, 8, 10, 12, 16, 24, 32];

/// Bits that names of headers and signals share; above them each fact has its own.
const NAMES: u32 = 32;
const NUMBERS: u32 = 56;
const SIGNALS: u64 = 1 << 60;
const HEADERS: u64 = 1 << 61;
const ADDRESS: u64 = 1 << 62;
const IS_BOT: u64 = 1 << 63;

/// A condition in outline.
#[derive(Clone, Debug)]
pub(super) struct Outline {
    /// Facts of the whole.
    facts: u64,
    /// Facts of each part that must hold, certain ones left out.
    parts: Vec<u64>,
    hosts: u64,
    methods: u64,
    classes: u16,
    paths: [u64; BEGINNINGS.len()],
}

impl Outline {
    pub(super) fn of(test: &Test) -> Self {
        let keys = keys(test);
        // Of what is not known at all, everything may speak.
        let of_part = |part| Some(facts(part)).filter(|facts| *facts != 0).unwrap_or(u64::MAX);
        let parts: Vec<u64> = parts_of(test).iter().map(of_part).collect();
        Outline {
            facts: parts.iter().fold(0, |all, part| all | part),
            parts,
            hosts: words(keys.hosts.as_deref()),
            methods: words(keys.methods.as_deref()),
            classes: keys.class_bits(),
            paths: BEGINNINGS.map(|len| beginnings(&keys, len)),
        }
    }

    /// Leaves out the parts that are certain.
    pub(super) fn forget(&mut self, certain: &[bool]) {
        let mut certain = certain.iter();
        self.parts.retain(|_| !certain.next().is_some_and(|certain| *certain));
    }

    pub(super) fn asks_path_or_method(&self) -> bool {
        self.facts & (fact(TextFact::Path) | fact(TextFact::Method)) != 0
    }

    /// False where a request that satisfies this condition need not satisfy `wide`.
    pub(super) fn may_imply(&self, wide: &Outline) -> bool {
        wide.parts.iter().all(|part| part & self.facts != 0)
            && self.hosts & wide.hosts != 0
            && self.methods & wide.methods != 0
            && self.classes & wide.classes != 0
            && self.paths.iter().zip(&wide.paths).all(|(one, other)| one & other != 0)
    }
}

/// A bit for each of `words`; all where anything will do.
fn words(words: Option<&[String]>) -> u64 {
    words.map_or(u64::MAX, |words| words.iter().fold(0, |all, word| all | 1 << (hash(word.as_bytes()) % 64)))
}

/// A bit for each beginning of `len` bytes; all where some path of the keys is shorter, which any other may go on from.
fn beginnings(keys: &Keys, len: usize) -> u64 {
    let Some(paths) = &keys.paths else { return u64::MAX };
    let of = |path: &String| path.as_bytes().get(..len).map_or(u64::MAX, |start| 1 << (hash(start) % 64));
    paths.iter().fold(0, |all, path| all | of(path))
}

/// The bits of what `test` speaks of.
fn facts(test: &Test) -> u64 {
    match test {
        Test::Constant(_) => u64::MAX,
        Test::Not(inner) => facts(inner),
        Test::All(parts) | Test::Any(parts) => parts.iter().fold(0, |all, part| all | facts(part)),
        Test::If(parts) => parts.iter().fold(0, |all, part| all | facts(part)),
        // Programs are bots.
        Test::IsBot => IS_BOT | fact(TextFact::Class),
        Test::HasAddress | Test::Network(..) => ADDRESS,
        Test::Present(text) | Test::Text(text, _) => text_facts(text),
        Test::Texts(left, right, _) => text_facts(left) | text_facts(right),
        Test::Numbers(left, _, right) => number_facts(left) | number_facts(right),
        Test::OneOf(number, _) => number_facts(number),
        Test::Signal(id) => name(id),
    }
}

fn text_facts(text: &Text) -> u64 {
    match text {
        Text::Fact(known) => fact(*known),
        Text::Header(header) => name(header),
        Text::Constant(_) => 0,
        Text::If(parts) => facts(&parts.0) | text_facts(&parts.1) | text_facts(&parts.2),
    }
}

fn number_facts(number: &Number) -> u64 {
    match number {
        Number::Constant(_) => 0,
        Number::Fact(fact) => 1 << (NUMBERS + *fact as u32),
        Number::Length(text) => text_facts(text),
        Number::Headers => HEADERS,
        Number::Signals => SIGNALS,
        Number::If(parts) => facts(&parts.0) | number_facts(&parts.1) | number_facts(&parts.2),
    }
}

fn fact(fact: TextFact) -> u64 {
    1 << (NAMES + fact as u32)
}

fn name(name: &str) -> u64 {
    1 << (hash(name.as_bytes()) % NAMES)
}

/// FNV-1a, its halves laid over each other.
fn hash(bytes: &[u8]) -> u32 {
    let step = |state: u64, byte: &u8| (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let state = bytes.iter().fold(0xcbf2_9ce4_8422_2325, step);
    (state ^ (state >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use crate::expression::Condition;

    use super::*;

    #[test]
    fn what_cannot_be_implied_is_mostly_told_by_outlines() {
        let check = |narrow: &str, wide: &str, expect: bool| {
            let of = |text| Outline::of(&Condition::compile(text).unwrap().test);
            assert_eq!(of(narrow).may_imply(&of(wide)), expect, "{narrow} and {wide}");
        };
        check("is_bot", "is_bot", true);
        check("is_bot", r#"identity.class == "tool""#, true);
        check("is_bot", "true", true);
        check("score > 3 && is_bot", "score > 1", true);
        check("score > 3", "score > 1 && is_bot", false);
        check(r#"path == "/a/b""#, r#"path.startsWith("/a")"#, true);
        check(r#"path == "/a/b""#, r#"path.startsWith("/b") || path == "/c""#, false);
        check(r#"path.startsWith("/")"#, r#"path.startsWith("/b") || path == "/c""#, true);
        check(r#"host == "a.example""#, r#"host in ["b.example", "c.example"]"#, false);
        check(r#"method in ["GET", "PUT"]"#, r#"method == "POST""#, false);
        check(r#"identity.class == "tool""#, r#"identity.class == "browser""#, false);
        check(r#"headers.a == "1""#, r#"present(query)"#, false);
        check(r#"size(path) > 3"#, r#"present(path)"#, true);
    }
}
