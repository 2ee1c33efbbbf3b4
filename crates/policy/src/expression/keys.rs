//! What must be so of a request for a condition to hold: what an index can look up.

use palisade_domain::IdentityClass;

use super::names::TextFact;
use super::test::{Test, Text, TextTest};

/// What a request must show; `None` where anything will do. Never says more than the condition itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Keys {
    /// One of these hosts, in lower case.
    pub(crate) hosts: Option<Vec<String>>,
    /// A path that begins with one of these.
    pub(crate) paths: Option<Vec<String>>,
    /// One of these methods.
    pub(crate) methods: Option<Vec<String>>,
    /// One of these classes.
    pub(crate) classes: Option<Vec<String>>,
}

pub(super) fn keys(test: &Test) -> Keys {
    match test {
        Test::All(parts) => parts.iter().map(keys).fold(Keys::default(), Keys::both),
        Test::Any(parts) => either(parts),
        Test::If(parts) => either(&parts[1..]),
        Test::Text(Text::Fact(fact), wanted) => of_text(*fact, wanted),
        _ => Keys::default(),
    }
}

fn either(parts: &[Test]) -> Keys {
    parts.iter().map(keys).reduce(Keys::either).unwrap_or_default()
}

fn of_text(fact: TextFact, wanted: &TextTest) -> Keys {
    let words = match wanted {
        TextTest::Is(word) => vec![word.clone()],
        TextTest::OneOf(words) => words.clone(),
        TextTest::StartsWith(start) if fact == TextFact::Path => vec![start.clone()],
        _ => return Keys::default(),
    };
    let words = Some(words);
    match fact {
        TextFact::Host => Keys { hosts: words, ..Keys::default() },
        TextFact::Path => Keys { paths: words, ..Keys::default() },
        TextFact::Method => Keys { methods: words, ..Keys::default() },
        TextFact::Class => Keys { classes: words, ..Keys::default() },
        _ => Keys::default(),
    }
}

impl Keys {
    /// Both must hold: the shorter list of each is enough, and still true.
    fn both(self, other: Keys) -> Keys {
        Keys {
            hosts: shorter(self.hosts, other.hosts),
            paths: shorter(self.paths, other.paths),
            methods: shorter(self.methods, other.methods),
            classes: shorter(self.classes, other.classes),
        }
    }

    /// One of both must hold.
    fn either(self, other: Keys) -> Keys {
        Keys {
            hosts: joined(self.hosts, other.hosts),
            paths: joined(self.paths, other.paths),
            methods: joined(self.methods, other.methods),
            classes: joined(self.classes, other.classes),
        }
    }

    /// The classes that will do, as a bit each.
    pub(crate) fn class_bits(&self) -> u16 {
        let Some(words) = &self.classes else { return u16::MAX };
        words.iter().filter_map(|word| word.parse().ok()).map(class_bit).fold(0, |bits, bit| bits | bit)
    }
}

/// The bit of `class`.
pub(crate) fn class_bit(class: IdentityClass) -> u16 {
    1 << class as u16
}

fn shorter(a: Option<Vec<String>>, b: Option<Vec<String>>) -> Option<Vec<String>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.len() < a.len() { b } else { a }),
        (a, b) => a.or(b),
    }
}

fn joined(a: Option<Vec<String>>, b: Option<Vec<String>>) -> Option<Vec<String>> {
    let (mut a, b) = (a?, b?);
    a.extend(b);
    a.sort_unstable();
    a.dedup();
    Some(a)
}
