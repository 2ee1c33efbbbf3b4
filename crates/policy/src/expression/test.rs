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

/// The parts that must all hold.
pub(crate) fn conjuncts(test: &Test) -> &[Test] {
    match test {
        Test::All(parts) => parts,
        one => std::slice::from_ref(one),
    }
}

/// What two parts of `test` disagree about, where they exclude each other and no request can satisfy both.
pub(crate) fn contradiction(test: &Test) -> Option<String> {
    let parts = conjuncts(test);
    parts
        .iter()
        .enumerate()
        .find_map(|(at, left)| parts[at + 1..].iter().find_map(|right| excludes(left, right)))
}

/// Whether one part of `test` asks a fact for what it can never be, and which.
pub(crate) fn impossible(test: &Test) -> Option<&'static str> {
    conjuncts(test).iter().find_map(|part| match part {
        Test::Numbers(Number::Fact(fact), order, Number::Constant(n)) if never(*fact, *order, *n) => {
            Some(fact.name())
        }
        Test::Text(Text::Fact(fact @ TextFact::Path), test) if wants_query(test) => Some(fact.name()),
        _ => None,
    })
}

/// True where the fact, which stays between its bounds, never stands so to `n`.
fn never(fact: NumberFact, order: Order, n: f64) -> bool {
    let (least, most) = match fact {
        NumberFact::Score => (0.0, 100.0),
        NumberFact::PagesPerMinute => (0.0, f64::INFINITY),
        NumberFact::Site => (1.0, f64::INFINITY),
    };
    match order {
        Order::Is => n < least || n > most,
        Order::IsNot => false,
        Order::Below => n <= least,
        Order::AtMost => n < least,
        Order::Above => n >= most,
        Order::AtLeast => n > most,
    }
}

/// True where a path would have to hold what only a query can.
fn wants_query(test: &TextTest) -> bool {
    match test {
        TextTest::Is(word)
        | TextTest::StartsWith(word)
        | TextTest::EndsWith(word)
        | TextTest::Contains(word) => word.contains('?'),
        TextTest::OneOf(words) => words.iter().all(|word| word.contains('?')),
        TextTest::IsNot(_) | TextTest::Matches(_) => false,
    }
}

fn excludes(left: &Test, right: &Test) -> Option<String> {
    match (left, right) {
        (Test::Not(inner), other) | (other, Test::Not(inner)) if **inner == *other => {
            Some("whether one of its own parts holds".to_owned())
        }
        (Test::Text(a, x), Test::Text(b, y)) if a == b && (misses(x, y) || misses(y, x)) => Some(name(a)),
        (Test::Numbers(a, x, Number::Constant(m)), Test::Numbers(b, y, Number::Constant(n)))
            if a == b && (beyond(*x, *m, *y, *n) || beyond(*y, *n, *x, *m)) =>
        {
            Some("a number".to_owned())
        }
        _ => None,
    }
}

fn name(text: &Text) -> String {
    match text {
        Text::Fact(fact) => fact.name().to_owned(),
        Text::Header(name) => format!("headers[\"{name}\"]"),
        Text::Constant(_) | Text::If(_) => "a text".to_owned(),
    }
}

/// True where a text of which `fixed` holds can never satisfy `other`.
fn misses(fixed: &TextTest, other: &TextTest) -> bool {
    match (fixed, other) {
        (TextTest::Is(word), other) => !passes(other, word),
        (TextTest::OneOf(words), other) => !words.iter().any(|word| passes(other, word)),
        (TextTest::StartsWith(a), TextTest::StartsWith(b)) => {
            !a.starts_with(b.as_str()) && !b.starts_with(a.as_str())
        }
        (TextTest::EndsWith(a), TextTest::EndsWith(b)) => {
            !a.ends_with(b.as_str()) && !b.ends_with(a.as_str())
        }
        _ => false,
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

/// True where no number is both `x` than `m` and `y` than `n`, looking from below.
fn beyond(x: Order, m: f64, y: Order, n: f64) -> bool {
    match (x, y) {
        (Order::Is, other) => !other.of(m, n),
        (Order::Below, Order::Above | Order::AtLeast) => n >= m,
        (Order::AtMost, Order::Above) => n >= m,
        (Order::AtMost, Order::AtLeast) => n > m,
        _ => false,
    }
}
