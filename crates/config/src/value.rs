//! What single values say: the type a reader wants out of what stands there, and how errors quote it.

use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::bounds::QUOTE_CHARS_MAX;
use crate::tree::{self, Node, Value};

/// A value, or what is wrong with it.
pub(crate) type Checked<T> = Result<T, String>;

/// `text` where it is one of `names`.
pub(crate) fn one_of(text: &str, names: &[&'static str]) -> Checked<&'static str> {
    let found = names.iter().find(|name| **name == text);
    found.copied().ok_or_else(|| format!("{} is none of {}", quote_text(text), names.join(", ")))
}

/// A foreign text in an error: quoted, without control characters, not endless.
pub(crate) fn quote_text(text: &str) -> String {
    format!("\"{}\"", escape(text))
}

/// The start of `text` without control characters.
pub(crate) fn escape(text: &str) -> String {
    let mut short: String = text.chars().take(QUOTE_CHARS_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(QUOTE_CHARS_MAX).is_some() {
        short.push('…');
    }
    short
}

/// Any value in an error.
pub(crate) fn quote(node: &Node) -> String {
    match &node.value {
        Value::Table(_) => "a table".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::String(text) | Value::Text(text) => quote_text(text),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Bool(flag) => flag.to_string(),
        Value::Other(text) => escape(text),
    }
}

/// `true` or `false`.
pub(crate) fn parse_boolean(node: &Node) -> Checked<bool> {
    match &node.value {
        Value::Bool(flag) => Ok(*flag),
        Value::Text(text) if text == "true" => Ok(true),
        Value::Text(text) if text == "false" => Ok(false),
        _ => Err(format!("{} is neither true nor false", quote(node))),
    }
}

/// A whole number in `range`.
pub(crate) fn parse_integer<T: TryFrom<i64>>(node: &Node, range: &RangeInclusive<i64>) -> Checked<T> {
    let number = match &node.value {
        Value::Integer(number) => Some(*number),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    let number = number.ok_or_else(|| format!("{} is no whole number", quote(node)))?;
    let inside = range.contains(&number).then_some(number);
    let value = inside.and_then(|number| T::try_from(number).ok());
    value.ok_or_else(|| format!("{number} is not in {}..={}", range.start(), range.end()))
}

/// A number in `range`.
pub(crate) fn parse_number(node: &Node, range: &RangeInclusive<f64>) -> Checked<f64> {
    let number = match &node.value {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    let number = number.ok_or_else(|| format!("{} is no number", quote(node)))?;
    let outside = || format!("{number} is not in {:?}..={:?}", range.start(), range.end());
    range.contains(&number).then_some(number).ok_or_else(outside)
}

/// Text.
pub(crate) fn string(node: &Node) -> Checked<&str> {
    match &node.value {
        Value::String(text) | Value::Text(text) => Ok(text),
        Value::Array(_) | Value::Table(_) => Err(format!("{} is no text", quote(node))),
        _ => Err(format!("{} is no text; put it in quotes", quote(node))),
    }
}

/// The items of a list: as written, from `["a", "b"]` or `a,b` in the environment, or one value alone.
pub(crate) fn items(node: &Node) -> Checked<Vec<Node>> {
    match &node.value {
        Value::Array(items) => Ok(items.clone()),
        Value::Text(text) if text.trim_start().starts_with('[') => {
            match expand(node).map(|node| node.value) {
                Some(Value::Array(items)) => Ok(items),
                _ => Err(format!("{} is no list", quote(node))),
            }
        }
        Value::Text(text) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Ok(parts.map(|part| Node::text(part, node.origin.clone())).collect())
        }
        _ => Ok(vec![node.clone()]),
    }
}

/// A list or table written as TOML in the environment.
pub(crate) fn expand(node: &Node) -> Option<Node> {
    let Value::Text(text) = &node.value else { return None };
    tree::parse_inline(text, &node.origin)
}

/// `value` as TOML writes text.
pub(crate) fn literal<T: Display>(value: &T) -> String {
    toml::Value::String(value.to_string()).to_string()
}

/// `values` as TOML writes a list of texts.
pub(crate) fn show_list<T: Display>(values: &[T]) -> String {
    format!("[{}]", values.iter().map(literal).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Origin;

    fn text(text: &str) -> Node {
        Node::text(text, Origin::Environment("X".into()))
    }

    #[test]
    fn the_environment_writes_lists_in_two_ways() {
        let check = |written: &str, expect: &[&str]| {
            let items = items(&text(written)).unwrap();
            let found: Vec<_> = items.iter().map(|item| string(item).unwrap().to_owned()).collect();
            assert_eq!(found, expect, "{written}");
        };
        check("a, b ,c", &["a", "b", "c"]);
        check("", &[]);
        check("[\"a,b\", 'c']", &["a,b", "c"]);
        assert!(items(&text("[a")).is_err());
    }

    #[test]
    fn quotes_are_short_and_harmless() {
        assert_eq!(quote_text("a\u{1b}[2J\n"), "\"a\\u{1b}[2J\\n\"");
        assert!(quote_text(&"x".repeat(10_000)).chars().count() < 60);
    }
}
