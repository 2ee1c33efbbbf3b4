//! Lines to groups.

use std::collections::BTreeMap;

use super::pattern::{Pattern, Target};
use super::record::{Problem, Record, RecordName, Warning};
use super::{BYTES_MAX, Robots, WARNINGS_MAX};

/// The rules that a run of `User-agent` lines shares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    /// Lower-case product tokens, or `*`.
    pub(super) agents: Vec<Box<str>>,
    /// Longest first, allow before disallow.
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    pattern: Pattern,
    allow: bool,
}

/// What a group says about a target. Ordered: the longer rule is greater, allow is greater among equals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Verdict {
    octets: usize,
    pub(super) allow: bool,
}

impl Rule {
    fn verdict(&self) -> Verdict {
        Verdict { octets: self.pattern.len(), allow: self.allow }
    }
}

impl Group {
    /// The verdict of the longest rule that matches.
    pub(super) fn longest(&self, target: &Target<'_>) -> Option<Verdict> {
        self.rules.iter().find(|rule| rule.pattern.matches(target)).map(Rule::verdict)
    }
}

/// Reads a whole file.
pub(super) fn parse(bytes: &[u8]) -> Robots {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (bytes, cut) = within_limit(bytes);
    let mut reader = Reader::default();
    for line in lines(bytes) {
        reader.line += 1;
        reader.read(line);
    }
    if cut {
        reader.line += 1;
        reader.warn(Problem::TooLong);
    }
    reader.finish()
}

/// Whole lines of the first [`BYTES_MAX`] bytes: half a line would be a wider rule than the one that was written.
fn within_limit(bytes: &[u8]) -> (&[u8], bool) {
    if bytes.len() <= BYTES_MAX {
        return (bytes, false);
    }
    let end = memchr::memrchr2(b'\n', b'\r', &bytes[..BYTES_MAX]).map_or(0, |at| at + 1);
    (&bytes[..end], true)
}

/// Lines without their ends: LF, CR LF or CR.
fn lines(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        let ending = if after.starts_with(b"\r\n") { 2 } else { after.len().min(1) };
        rest = &after[ending..];
        Some(line)
    })
}

/// The product token at the start of `text`, and the rest. Wider than RFC 9309 section 2.2.1 by digits and dots, which
/// real names have (`MJ12bot`, `Mail.RU_Bot`); a version glued to the end (`FooBot2.0`) is no part of it.
pub(super) fn token(text: &str) -> (&str, &str) {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    (if bare.is_empty() { name } else { bare }, rest)
}

#[derive(Default)]
struct Reader {
    line: u32,
    groups: Vec<Group>,
    /// The last line that counts was a `User-agent`: the next one joins its group.
    naming: bool,
    records: Vec<Record>,
    warnings: Vec<Warning>,
}

enum Field {
    Agent,
    Rule { allow: bool },
    Record(RecordName),
    Other,
}

impl Field {
    /// The field, and whether its name was misspelt (the list is that of Google's parser).
    fn of(name: &str) -> (Field, bool) {
        match name {
            "user-agent" => (Field::Agent, false),
            "useragent" | "user agent" => (Field::Agent, true),
            "allow" => (Field::Rule { allow: true }, false),
            "disallow" => (Field::Rule { allow: false }, false),
            "dissallow" | "dissalow" | "disalow" | "diasllow" | "disallaw" => {
                (Field::Rule { allow: false }, true)
            }
            other => (RecordName::of(other).map_or(Field::Other, Field::Record), false),
        }
    }
}

impl Reader {
    fn read(&mut self, line: &[u8]) {
        let line = line.split(|b| *b == b'#').next().unwrap_or(line).trim_ascii();
        if line.is_empty() {
            return;
        }
        let Some((name, value, colon)) = split_field(line) else { return self.warn(Problem::NoField) };
        let (field, misspelt) = Field::of(&String::from_utf8_lossy(name).to_ascii_lowercase());
        if let Field::Other = field {
            return;
        }
        if !colon {
            self.warn(Problem::NoColon);
        }
        if misspelt {
            self.warn(Problem::Misspelt);
        }
        if std::str::from_utf8(value).is_err() {
            self.warn(Problem::NotUtf8);
        }
        match field {
            Field::Agent => self.agent(&String::from_utf8_lossy(value)),
            Field::Rule { allow } => self.rule(allow, value),
            Field::Record(name) => self.record(name, &String::from_utf8_lossy(value)),
            Field::Other => {}
        }
    }

    fn agent(&mut self, value: &str) {
        let everybody =
            value.strip_prefix('*').is_some_and(|rest| !rest.starts_with(|c: char| !c.is_whitespace()));
        let name = if everybody { "*" } else { token(value).0 };
        if !self.naming {
            self.groups.push(Group::default());
            self.naming = true;
        }
        match self.groups.last_mut() {
            Some(group) if !name.is_empty() => group.agents.push(name.to_ascii_lowercase().into()),
            _ => self.warn(Problem::EmptyAgent),
        }
    }

    fn rule(&mut self, allow: bool, path: &[u8]) {
        self.naming = false;
        let Some(group) = self.groups.last_mut() else { return self.warn(Problem::NoAgent) };
        match path.first() {
            None => {} // "Disallow:" forbids nothing
            Some(b'/' | b'*') => {
                let pattern = Pattern::new(path);
                if allow {
                    let folder = pattern.folder_of_index();
                    group.rules.extend(folder.map(|pattern| Rule { pattern, allow }));
                }
                group.rules.push(Rule { pattern, allow });
            }
            Some(_) => self.warn(Problem::NoSlash),
        }
    }

    fn record(&mut self, name: RecordName, value: &str) {
        let group = (self.groups.len() as u32).checked_sub(1).filter(|_| !name.is_for_the_site());
        self.records.push(Record { name, value: value.into(), line: self.line, group });
    }

    fn warn(&mut self, problem: Problem) {
        if self.warnings.len() < WARNINGS_MAX {
            self.warnings.push(Warning { line: self.line, problem });
        }
    }

    fn finish(mut self) -> Robots {
        let mut agents = BTreeMap::<Box<str>, Vec<u32>>::new();
        for (at, group) in (0u32..).zip(&mut self.groups) {
            group.rules.sort_by_key(|rule| std::cmp::Reverse(rule.verdict()));
            group.agents.sort_unstable();
            group.agents.dedup();
            for agent in &group.agents {
                agents.entry(agent.clone()).or_default().push(at);
            }
        }
        let agents = agents.into_iter().collect();
        Robots { groups: self.groups, agents, records: self.records, warnings: self.warnings }
    }
}

/// Name, value and whether a colon stood between them. Without one, exactly two words are taken as name and value.
fn split_field(line: &[u8]) -> Option<(&[u8], &[u8], bool)> {
    if let Some(at) = memchr::memchr(b':', line) {
        let name = line[..at].trim_ascii();
        return (!name.is_empty()).then(|| (name, line[at + 1..].trim_ascii(), true));
    }
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    match (words.next(), words.next(), words.next()) {
        (Some(name), Some(value), None) => Some((name, value, false)),
        _ => None,
    }
}
