//! The raw tree of one layer: values that know where they came from, before anybody says what they mean.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::{ConfigError, ConfigErrors, Origin, SourceFile};

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) origin: Origin,
    pub(crate) value: Value,
}

/// What stands there.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Table(Vec<Entry>),
    Array(Vec<Node>),
    String(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    /// From environment or flags: gets its type from whoever reads it.
    Text(String),
    /// What no setting takes (a date, a number beyond 64 bits), as written.
    Other(String),
}

/// A key of a table, with the place of the key itself.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_origin: Origin,
    pub(crate) node: Node,
}

impl Node {
    pub(crate) fn empty() -> Self {
        Node { origin: Origin::Default, value: Value::Table(Vec::new()) }
    }

    pub(crate) fn text(text: &str, origin: Origin) -> Self {
        Node { origin, value: Value::Text(text.to_owned()) }
    }

    /// Sets `path` to `node`, making tables on the way; what stood there before and is no table gives way.
    pub(crate) fn set(&mut self, path: &[&str], node: Node) {
        let Some((key, rest)) = path.split_first() else {
            *self = node;
            return;
        };
        if !matches!(self.value, Value::Table(_)) {
            *self = Node { origin: node.origin.clone(), value: Value::Table(Vec::new()) };
        }
        let Value::Table(entries) = &mut self.value else { return };
        let at = entries.iter().position(|entry| entry.key == *key).unwrap_or_else(|| {
            let key_origin = node.origin.clone();
            let below = Node { origin: node.origin.clone(), value: Value::Table(Vec::new()) };
            entries.push(Entry { key: (*key).to_owned(), key_origin, node: below });
            entries.len() - 1
        });
        entries[at].node.set(rest, node);
    }

    /// The node at `key` of a table.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let Value::Table(entries) = &mut self.value else { return None };
        entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node)
    }
}

/// Reads a file.
///
/// # Errors
/// Everything that is not TOML.
pub(crate) fn parse(file: &Arc<SourceFile>) -> Result<Node, ConfigErrors> {
    let place = |offset| Origin::File { file: Arc::clone(file), offset };
    let (table, errors) = DeTable::parse_recoverable(file.text());
    let errors = errors.iter().map(|error| ConfigError {
        origin: place(error.span().map_or(0, |span| span.start)),
        key: String::new(),
        problem: format!("not TOML: {}", error.message().replace('\n', ", ")),
    });
    match ConfigErrors::new(errors.collect()) {
        Some(errors) => Err(errors),
        None => Ok(Node { origin: place(0), value: table_value(table.get_ref(), &place) }),
    }
}

/// Reads a value of environment or flags that must be a list or table; all of it has one origin.
pub(crate) fn parse_inline(text: &str, origin: &Origin) -> Option<Node> {
    let value = DeValue::parse(text).ok()?;
    Some(node(&value, &|_| origin.clone()))
}

fn node(value: &Spanned<DeValue<'_>>, place: &impl Fn(usize) -> Origin) -> Node {
    let origin = place(value.span().start);
    let value = match value.get_ref() {
        DeValue::Table(table) => table_value(table, place),
        DeValue::Array(items) => Value::Array(items.iter().map(|item| node(item, place)).collect()),
        DeValue::String(text) => Value::String(text.clone().into_owned()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::Other(number.to_string()), Value::Integer),
        DeValue::Float(number) => {
            number.as_str().parse().map_or_else(|_| Value::Other(number.to_string()), Value::Float)
        }
        DeValue::Datetime(moment) => Value::Other(moment.to_string()),
    };
    Node { origin, value }
}

fn table_value(table: &DeTable<'_>, place: &impl Fn(usize) -> Origin) -> Value {
    let entries = table.iter().map(|(key, value)| Entry {
        key: key.get_ref().clone().into_owned(),
        key_origin: place(key.span().start),
        node: node(value, place),
    });
    Value::Table(entries.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(text: &str) -> Result<Node, ConfigErrors> {
        parse(&Arc::new(SourceFile::new("p.toml", text)))
    }

    #[test]
    fn all_syntax_errors_are_told() {
        let errors = parse_text("a = \nb = 1\nb = 2\n[x\n").unwrap_err();
        let lines: Vec<_> = errors.iter().map(|error| error.origin.to_string()).collect();
        assert!(lines.iter().any(|line| line.starts_with("p.toml:1:")), "{errors}");
        assert!(lines.iter().any(|line| line.starts_with("p.toml:4:")), "{errors}");
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert!(parse_text(&format!("a = {}", "[".repeat(100_000))).is_err());
    }

    #[test]
    fn later_layers_win_key_by_key() {
        let mut tree = parse_text("[policy.bands]\nmonitor = 40\nblock = 80\n").unwrap();
        let flag = |text| Node::text(text, Origin::Flag("--x"));
        tree.set(&["policy", "bands", "block"], flag("95"));
        tree.set(&["policy", "preset"], flag("strict"));
        let bands = tree.get_mut("policy").and_then(|policy| policy.get_mut("bands")).unwrap();
        assert!(matches!(&bands.get_mut("monitor").unwrap().value, Value::Integer(40)));
        assert!(matches!(&bands.get_mut("block").unwrap().value, Value::Text(text) if text == "95"));
    }
}
