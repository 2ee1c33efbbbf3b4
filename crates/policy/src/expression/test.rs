//! The compiled form: tests over facts.

use palisade_domain::RangeSet;
use regex::Regex;

use super::names::{NumberFact, TextFact};

/// Something that holds or does not.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// Whatever the request.
    Constant(bool),
    /// The opposite.
    Not(Box<Test>),
    /// All of them.
    All(Vec<Test>),
    /// One of them.
    Any(Vec<Test>),
    /// The second where the first holds, else the third.
    If(Box<[Test; 3]>),
    /// The score reaches the challenge band, or a program says it is one.
    IsBot,
    /// The text is known.
    Present(Text),
    /// The address is known.
    HasAddress,
    /// A text and a constant.
    Text(Text, TextTest),
    /// Two texts are equal (`true`) or not; both must be known.
    Texts(Text, Text, bool),
    /// Two numbers.
    Numbers(Number, Order, Number),
    /// The number is one of these.
    OneOf(Number, Vec<f64>),
    /// A signal of this id fired and counted.
    Signal(String),
    /// The client's address lies in one of these networks, as they were written.
    Network(RangeSet, Vec<String>),
}

/// A text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Text {
    /// A fact.
    Fact(TextFact),
    /// The first value of a header.
    Header(String),
    /// A constant, where a branch needs one.
    Constant(String),
    /// The second where the first holds, else the third.
    If(Box<(Test, Text, Text)>),
}

/// What is asked about a text. Constants for facts that ignore letter case are held in lower case.
#[derive(Clone, Debug)]
pub(crate) enum TextTest {
    /// Equal.
    Is(String),
    /// Known, and not equal.
    IsNot(String),
    /// Equal to one; sorted.
    OneOf(Vec<String>),
    /// Begins with.
    StartsWith(String),
    /// Ends with.
    EndsWith(String),
    /// Holds.
    Contains(String),
    /// A match anywhere.
    Matches(Regex),
}

/// A number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Number {
    /// A constant.
    Constant(f64),
    /// A fact.
    Fact(NumberFact),
    /// Characters of a text; unknown where the text is.
    Length(Text),
    /// Headers sent; unknown where they are unseen.
    Headers,
    /// Signals that fired.
    Signals,
    /// The second where the first holds, else the third.
    If(Box<(Test, Number, Number)>),
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// `==`
    Is,
    /// `!=`
    IsNot,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

impl Order {
    /// Whether `a` and `b` stand so.
    pub(crate) fn of(self, a: f64, b: f64) -> bool {
        match self {
            Order::Is => a == b,
            Order::IsNot => a != b,
            Order::Below => a < b,
            Order::AtMost => a <= b,
            Order::Above => a > b,
            Order::AtLeast => a >= b,
        }
    }

    /// The same with the sides exchanged.
    pub(crate) fn turned(self) -> Self {
        match self {
            Order::Below => Order::Above,
            Order::AtMost => Order::AtLeast,
            Order::Above => Order::Below,
            Order::AtLeast => Order::AtMost,
            same => same,
        }
    }
}

impl Test {
    /// True or false where that is so for every request.
    pub(crate) fn constant(&self) -> Option<bool> {
        match self {
            Test::Constant(value) => Some(*value),
            _ => None,
        }
    }
}

/// Patterns are the same where their text is.
impl PartialEq for TextTest {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (TextTest::Is(a), TextTest::Is(b))
            | (TextTest::IsNot(a), TextTest::IsNot(b))
            | (TextTest::StartsWith(a), TextTest::StartsWith(b))
            | (TextTest::EndsWith(a), TextTest::EndsWith(b))
            | (TextTest::Contains(a), TextTest::Contains(b)) => a == b,
            (TextTest::OneOf(a), TextTest::OneOf(b)) => a == b,
            (TextTest::Matches(a), TextTest::Matches(b)) => a.as_str() == b.as_str(),
            _ => false,
        }
    }
}

/// Networks are the same where they are written the same.
impl PartialEq for Test {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Test::Constant(a), Test::Constant(b)) => a == b,
            (Test::Not(a), Test::Not(b)) => a == b,
            (Test::All(a), Test::All(b)) | (Test::Any(a), Test::Any(b)) => a == b,
            (Test::If(a), Test::If(b)) => a == b,
            (Test::IsBot, Test::IsBot) | (Test::HasAddress, Test::HasAddress) => true,
            (Test::Present(a), Test::Present(b)) => a == b,
            (Test::Text(a, x), Test::Text(b, y)) => a == b && x == y,
            (Test::Texts(a, x, same_a), Test::Texts(b, y, same_b)) => a == b && x == y && same_a == same_b,
            (Test::Numbers(a, x, c), Test::Numbers(b, y, d)) => a == b && x == y && c == d,
            (Test::OneOf(a, x), Test::OneOf(b, y)) => a == b && x == y,
            (Test::Signal(a), Test::Signal(b)) => a == b,
            (Test::Network(_, a), Test::Network(_, b)) => a == b,
            _ => false,
        }
    }
}

/// True where `word` itself satisfies `test`.
pub(super) fn passes(test: &TextTest, word: &str) -> bool {
    match test {
        TextTest::Is(other) => word == other,
        TextTest::IsNot(other) => word != other,
        TextTest::OneOf(words) => words.iter().any(|other| other == word),
        TextTest::StartsWith(start) => word.starts_with(start.as_str()),
        TextTest::EndsWith(end) => word.ends_with(end.as_str()),
        TextTest::Contains(part) => word.contains(part.as_str()),
        TextTest::Matches(pattern) => pattern.is_match(word),
    }
}
