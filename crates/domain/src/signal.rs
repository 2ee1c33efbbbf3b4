//! What a detector found, and how much it weighs.

use std::fmt;

use arrayvec::{ArrayString, ArrayVec};

/// Evidence in log-odds (natural logarithm): +1 makes "automated" 2.7 times as likely against "person".
/// Hand-set evidence is never negative: nothing a client sends lowers its own score.
pub type LogOdds = f32;

/// The dotted name of a signal, such as `rate.requests`; the first word is its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SignalId(pub &'static str);

impl SignalId {
    /// The word before the first dot.
    pub fn family(self) -> &'static str {
        self.0.split_once('.').map_or(self.0, |(family, _)| family)
    }
}

impl fmt::Display for SignalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A short piece of the client's own text, cut to 32 bytes at a character boundary.
pub type DetailText = ArrayString<32>;

/// A number or word in a signal's explanation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing.
    #[default]
    None,
    /// A number, shown with at most two decimals.
    Number(f32),
    /// A word of ours.
    Word(&'static str),
    /// A word of the client's, bounded.
    Text(DetailText),
}

impl Value {
    /// A client's text, cut to what [`DetailText`] holds; control characters become `.`.
    pub fn text(text: &str) -> Self {
        let mut short = DetailText::new();
        for c in text.chars() {
            if short.try_push(if c.is_control() { '.' } else { c }).is_err() {
                break;
            }
        }
        Value::Text(short)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::None => Ok(()),
            Value::Number(n) if n.fract().abs() < 0.005 => write!(f, "{n:.0}"),
            Value::Number(n) if n.abs() < 10.0 => write!(f, "{n:.2}"),
            Value::Number(n) => write!(f, "{n:.1}"),
            Value::Word(word) => f.write_str(word),
            Value::Text(text) => f.write_str(text),
        }
    }
}

/// Why a signal fired, in words; rendered only when somebody reads it.
///
/// `template` may hold `{a}` and `{b}` once each: `"{a} page requests in the last minute, people stay under {b}"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detail {
    /// The sentence, without a full stop.
    pub template: &'static str,
    /// What replaces `{a}`.
    pub a: Value,
    /// What replaces `{b}`.
    pub b: Value,
}

impl Detail {
    /// A sentence without values.
    pub const fn plain(template: &'static str) -> Self {
        Detail { template, a: Value::None, b: Value::None }
    }

    /// A sentence with one value for `{a}`.
    pub const fn one(template: &'static str, a: Value) -> Self {
        Detail { template, a, b: Value::None }
    }

    /// A sentence with values for `{a}` and `{b}`.
    pub const fn two(template: &'static str, a: Value, b: Value) -> Self {
        Detail { template, a, b }
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.template;
        while let Some(at) = rest.find('{') {
            f.write_str(&rest[..at])?;
            let (value, after) = match rest.as_bytes().get(at..at + 3) {
                Some(b"{a}") => (self.a, at + 3),
                Some(b"{b}") => (self.b, at + 3),
                _ => (Value::Word("{"), at + 1),
            };
            write!(f, "{value}")?;
            rest = &rest[after..];
        }
        f.write_str(rest)
    }
}

/// One finding of one detector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signal {
    /// Its dotted name.
    pub id: SignalId,
    /// How much it weighs before weights and caps; 0.0 or more for hand-set tables.
    pub evidence: LogOdds,
    /// Why.
    pub detail: Detail,
}

/// All findings on one request. Bounded by the number of detectors.
pub type Signals = ArrayVec<Signal, { Signal::PER_REQUEST_MAX }>;

impl Signal {
    /// Most signals one request can carry: at least the number of detectors.
    pub const PER_REQUEST_MAX: usize = 64;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_rendered() {
        let detail = Detail::two("{a} of {b}", Value::Number(12.5), Value::Word("x"));
        assert_eq!(detail.to_string(), "12.5 of x");
        assert_eq!(Detail::plain("a {brace} stays").to_string(), "a {brace} stays");
        assert_eq!(SignalId("rate.requests").family(), "rate");
    }

    #[test]
    fn client_text_is_bounded_and_harmless() {
        let long = "é\n".repeat(40);
        let Value::Text(text) = Value::text(&long) else { panic!("text expected") };
        assert!(text.len() <= 32 && !text.contains('\n') && text.starts_with("é."));
    }
}
