//! Reading one table: every key is asked for by name, what nobody asked for is unknown.
//!
//! A bad value is reported and its default goes on, so that one reading finds every error.

use std::fmt::Display;
use std::ops::RangeInclusive;

use palisade_domain::nearest;

use crate::bounds::{ERRORS_MAX, LIST_ITEMS_MAX, TEXTS_MAX};
use crate::tree::{Entry, Node, Value};
use crate::value::{
    Checked, escape, expand, items, literal, one_of, parse_boolean, parse_integer, parse_number, quote,
    show_list, string,
};
use crate::{ConfigError, ConfigErrors, Origin};

/// A setting in effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// Its full key.
    pub key: String,
    /// Its value as TOML writes it.
    pub value: String,
    /// Who set it.
    pub origin: Origin,
}

/// What reading found.
#[derive(Debug)]
pub(crate) struct Report {
    errors: Vec<ConfigError>,
    effective: Vec<Effective>,
}

impl Report {
    pub(crate) fn starting_with(errors: Vec<ConfigError>) -> Self {
        Report { errors, effective: Vec::new() }
    }

    pub(crate) fn finish(self) -> Result<Vec<Effective>, ConfigErrors> {
        ConfigErrors::new(self.errors).map_or(Ok(self.effective), Err)
    }
}

/// One table while it is read.
pub(crate) struct Section<'a> {
    report: &'a mut Report,
    path: String,
    origin: Origin,
    entries: &'a [Entry],
    asked: Vec<String>,
}

impl<'a> Section<'a> {
    /// The whole tree.
    pub(crate) fn root(report: &'a mut Report, tree: &'a Node) -> Self {
        let entries = if let Value::Table(entries) = &tree.value { entries } else { &[][..] };
        Section { report, path: String::new(), origin: tree.origin.clone(), entries, asked: Vec::new() }
    }

    /// A whole number in `range`, which lies within `T`.
    pub(crate) fn integer<T: TryFrom<i64> + Display>(
        &mut self,
        key: &str,
        default: T,
        range: &RangeInclusive<i64>,
    ) -> T {
        self.value(key, default, T::to_string, |node| parse_integer(node, range))
    }

    /// A whole number in `range`, or nothing.
    pub(crate) fn integer_option<T: TryFrom<i64> + Display>(
        &mut self,
        key: &str,
        range: &RangeInclusive<i64>,
    ) -> Option<T> {
        self.option(key, T::to_string, |node| parse_integer(node, range))
    }

    /// A number in `range`.
    pub(crate) fn number(&mut self, key: &str, default: f64, range: &RangeInclusive<f64>) -> f64 {
        self.value(key, default, |number| format!("{number:?}"), |node| parse_number(node, range))
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, key: &str, default: bool) -> bool {
        self.value(key, default, bool::to_string, parse_boolean)
    }

    /// `true`, `false` or nothing.
    pub(crate) fn boolean_option(&mut self, key: &str) -> Option<bool> {
        self.option(key, bool::to_string, parse_boolean)
    }

    /// One of `names`.
    pub(crate) fn word(&mut self, key: &str, default: &'static str, names: &[&'static str]) -> &'static str {
        self.text(key, default, |text| one_of(text, names))
    }

    /// Text that `parse` takes.
    pub(crate) fn text<T: Display>(
        &mut self,
        key: &str,
        default: T,
        parse: impl Fn(&str) -> Checked<T>,
    ) -> T {
        self.value(key, default, literal, |node| string(node).and_then(&parse))
    }

    /// Text that `parse` takes, or nothing.
    pub(crate) fn text_option<T: Display>(
        &mut self,
        key: &str,
        parse: impl Fn(&str) -> Checked<T>,
    ) -> Option<T> {
        self.option(key, literal, |node| string(node).and_then(&parse))
    }

    /// A list of texts that `parse` takes; one text alone is a list of one. Every bad item is reported.
    pub(crate) fn list<T: Display>(
        &mut self,
        key: &str,
        default: Vec<T>,
        parse: impl Fn(&str) -> Checked<T>,
    ) -> Vec<T> {
        let Some(node) = self.take(key) else {
            self.note(key, show_list(&default), Origin::Default);
            return default;
        };
        let items = match items(node) {
            Ok(items) if items.len() <= LIST_ITEMS_MAX => items,
            Ok(items) => {
                let problem = format!("{} items are more than {LIST_ITEMS_MAX}", items.len());
                return self.refuse(key, node.origin.clone(), problem, default);
            }
            Err(problem) => return self.refuse(key, node.origin.clone(), problem, default),
        };
        let mut values = Vec::with_capacity(items.len());
        for item in &items {
            match string(item).and_then(&parse) {
                Ok(value) => values.push(value),
                Err(problem) => self.error(key, item.origin.clone(), problem),
            }
        }
        self.note(key, show_list(&values), node.origin.clone());
        values
    }

    /// Texts under names that whoever wrote the table chose: letters, digits and `: _ -`. In their order.
    pub(crate) fn texts(&mut self, key: &str) -> Vec<(String, String)> {
        let is_plain = |name: &&str| {
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-'))
        };
        self.table(key, |section| {
            if section.entries.len() > TEXTS_MAX {
                section.incomplete(format!("{} texts are more than {TEXTS_MAX}", section.entries.len()));
                section.entries = &section.entries[..TEXTS_MAX];
            }
            let names = section.entries.iter().map(|entry| entry.key.as_str()).filter(is_plain);
            names
                .filter_map(|name| {
                    let text = section.text_option(name, |text| Ok(text.to_owned()))?;
                    Some((name.to_owned(), text))
                })
                .collect()
        })
    }

    /// A secret: never shown, not even where it is wrong.
    pub(crate) fn secret<T>(&mut self, key: &str, parse: impl Fn(&str) -> Checked<T>) -> Option<T> {
        self.option(
            key,
            |_| "(secret)".to_owned(),
            |node| string(node).map_err(|_| "is no text; put it in quotes".to_owned()).and_then(&parse),
        )
    }

    /// The table at `key`; an empty one where there is none, so that its defaults are told.
    pub(crate) fn table<T>(&mut self, key: &str, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        let expanded;
        let (origin, entries) = match self.take(key) {
            None => (Origin::Default, &[][..]),
            Some(Node { origin, value: Value::Table(entries) }) => (origin.clone(), &entries[..]),
            Some(node) => {
                expanded = expand(node);
                match &expanded {
                    Some(Node { origin, value: Value::Table(entries) }) => (origin.clone(), &entries[..]),
                    _ => {
                        let problem = format!("{} is no table", quote(node));
                        self.error(key, node.origin.clone(), problem);
                        (Origin::Default, &[][..])
                    }
                }
            }
        };
        let path = self.key(key);
        let report = &mut *self.report;
        let mut section = Section { report, path, origin, entries, asked: Vec::new() };
        let value = read(&mut section);
        section.refuse_unknown();
        value
    }

    /// The tables of the list at `key`, at most `max`.
    pub(crate) fn tables<T>(
        &mut self,
        key: &str,
        max: usize,
        mut read: impl FnMut(&mut Section<'_>) -> T,
    ) -> Vec<T> {
        let Some(node) = self.take(key) else { return Vec::new() };
        let expanded = expand(node);
        let Value::Array(items) = expanded.as_ref().map_or(&node.value, |node| &node.value) else {
            let problem = format!("is a list of tables; write it in the file as [[{}]]", self.key(key));
            return self.refuse(key, node.origin.clone(), problem, Vec::new());
        };
        if items.len() > max {
            let problem = format!("{} are more than {max}", items.len());
            self.error(key, node.origin.clone(), problem);
        }
        let mut values = Vec::new();
        for (at, item) in items.iter().take(max).enumerate() {
            let path = format!("{}[{at}]", self.key(key));
            let Value::Table(entries) = &item.value else {
                let problem = format!("{} is no table", quote(item));
                self.report.errors.push(ConfigError { origin: item.origin.clone(), key: path, problem });
                continue;
            };
            let origin = item.origin.clone();
            let mut section = Section { report: self.report, path, origin, entries, asked: Vec::new() };
            values.push(read(&mut section));
            section.refuse_unknown();
        }
        values
    }

    /// True where somebody set `key`.
    pub(crate) fn is_set(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Where the value of `key` came from; the table's own place where nobody set it.
    pub(crate) fn origin_of(&self, key: &str) -> Origin {
        let entry = self.entries.iter().find(|entry| entry.key == key);
        entry.map_or_else(|| self.origin.clone(), |entry| entry.node.origin.clone())
    }

    /// The full key of this table, such as `policy.rules[0]`.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Reports what is wrong with the value of `key` in the light of others.
    pub(crate) fn conflict(&mut self, key: &str, problem: String) {
        let origin = self.origin_of(key);
        self.error(key, origin, problem);
    }

    /// Reports what is wrong with the table as a whole.
    pub(crate) fn incomplete(&mut self, problem: String) {
        let (origin, key) = (self.origin.clone(), self.path.clone());
        self.report.errors.push(ConfigError { origin, key, problem });
    }

    /// Refuses `key`, where somebody set it, because of `problem`.
    pub(crate) fn forbid(&mut self, key: &str, problem: &str) {
        if let Some(entry) = self.entries.iter().find(|entry| entry.key == key) {
            self.asked.push(key.to_owned());
            self.error(key, entry.key_origin.clone(), problem.to_owned());
        }
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn refuse_unknown(&mut self) {
        for entry in self.entries.iter().filter(|entry| !self.asked.contains(&entry.key)) {
            // Beyond what is shown nobody needs a hint, and hints cost more than keys.
            let known = (self.report.errors.len() < ERRORS_MAX)
                .then(|| nearest(&entry.key, self.asked.iter().map(String::as_str)));
            let problem = match known.flatten() {
                Some(known) => format!("unknown key; did you mean `{known}`?"),
                None => "unknown key".to_owned(),
            };
            let key = self.key(&escape(&entry.key));
            self.report.errors.push(ConfigError { origin: entry.key_origin.clone(), key, problem });
        }
    }

    fn value<T>(
        &mut self,
        key: &str,
        default: T,
        show: impl Fn(&T) -> String,
        parse: impl Fn(&Node) -> Checked<T>,
    ) -> T {
        let Some(node) = self.take(key) else {
            self.note(key, show(&default), Origin::Default);
            return default;
        };
        match parse(node) {
            Ok(value) => {
                self.note(key, show(&value), node.origin.clone());
                value
            }
            Err(problem) => self.refuse(key, node.origin.clone(), problem, default),
        }
    }

    fn option<T>(
        &mut self,
        key: &str,
        show: impl Fn(&T) -> String,
        parse: impl Fn(&Node) -> Checked<T>,
    ) -> Option<T> {
        if !self.is_set(key) {
            self.asked.push(key.to_owned());
            return None;
        }
        let show = |value: &Option<T>| value.as_ref().map(&show).unwrap_or_default();
        self.value(key, None, show, |node| parse(node).map(Some))
    }

    fn take(&mut self, key: &str) -> Option<&'a Node> {
        self.asked.push(key.to_owned());
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn note(&mut self, key: &str, value: String, origin: Origin) {
        let key = self.key(key);
        self.report.effective.push(Effective { key, value, origin });
    }

    fn error(&mut self, key: &str, origin: Origin, problem: String) {
        let key = self.key(key);
        self.report.errors.push(ConfigError { origin, key, problem });
    }

    fn refuse<T>(&mut self, key: &str, origin: Origin, problem: String, default: T) -> T {
        self.error(key, origin, problem);
        default
    }
}
