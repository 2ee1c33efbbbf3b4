//! The palisade.toml that comes out: settings with where each came from, and the secrets that stay outside.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use super::given::{Foreign, Given, ImportError};
use crate::settings::Secret;
use crate::value::{literal, quote_text};
use crate::{Layers, SourceFile, read};

/// What became of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It sets this key.
    Mapped(String),
    /// It sets nothing, because of this.
    Dropped(String),
}

/// A name's outcome, or what is wrong with its value.
pub(super) type Done = Result<Outcome, String>;

/// Where a setting came from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) name: String,
}

/// A secret that was found. It goes into a file of its own, never into palisade.toml.
#[derive(Clone, Debug)]
pub struct ImportedSecret {
    /// The setting, such as `api.webhook_secret`.
    pub key: &'static str,
    /// The variable that names the file: `PALISADE_API__WEBHOOK_SECRET_FILE`.
    pub variable: String,
    /// The secret.
    pub secret: Secret,
    pub(super) source: Source,
}

impl ImportedSecret {
    /// Where it stood: `shop.env:12 WEBHOOK_SHARED_SECRET`.
    pub fn found_at(&self) -> String {
        self.source.to_string()
    }
}

/// Sections in the order they are written.
const SECTIONS: [&str; 14] = [
    "server",
    "sites",
    "policy",
    "policy.bands",
    "policy.entries",
    "detection",
    "model",
    "challenge",
    "challenge.recaptcha",
    "store",
    "privacy",
    "api",
    "limits",
    "intel",
];

enum Value {
    One(String),
    Many(Vec<String>),
}

struct Setting {
    key: String,
    value: Value,
    sources: Vec<Source>,
}

/// Settings while they are collected.
#[derive(Default)]
pub(super) struct Draft {
    settings: Vec<Setting>,
    pub(super) secrets: Vec<ImportedSecret>,
    /// What several names decide together, by a word of the table that asks for it.
    pub(super) aside: BTreeMap<&'static str, (String, Source)>,
    /// Whose turn it is.
    pub(super) source: Option<Source>,
}

impl Draft {
    /// Sets `key` to a number, truth value or other plain literal.
    pub(super) fn set<T: Display>(&mut self, key: &str, value: T) -> Done {
        self.put(key, Value::One(value.to_string()))
    }

    /// Sets `key` to a text.
    pub(super) fn set_text<T: Display>(&mut self, key: &str, value: T) -> Done {
        self.put(key, Value::One(literal(&value)))
    }

    /// Adds texts to the list `key`.
    pub(super) fn add<T: Display>(&mut self, key: &str, values: impl IntoIterator<Item = T>) -> Done {
        let values: Vec<String> = values.into_iter().map(|value| literal(&value)).collect();
        let sources = self.source.iter().cloned();
        if let Some(setting) = self.settings.iter_mut().find(|setting| setting.key == key)
            && let Value::Many(list) = &mut setting.value
        {
            list.extend(values.into_iter().filter(|value| !list.contains(value)).collect::<Vec<_>>());
            setting.sources.extend(sources);
            return Ok(Outcome::Mapped(key.to_owned()));
        }
        self.put(key, Value::Many(values))
    }

    /// Keeps a secret aside; without one, why.
    pub(super) fn keep_secret(&mut self, key: &'static str, given: &Given) -> Done {
        let Some(source) = self.source.clone() else { return Ok(Outcome::Mapped(key.to_owned())) };
        if let Some(other) = self.secrets.iter().find(|secret| secret.key == key) {
            return Ok(Outcome::Dropped(format!("{key} comes from {} already", other.source.name)));
        }
        let secret = Secret::parse(given.text()?)?;
        let variable = format!("PALISADE_{}_FILE", key.replace('.', "__").to_ascii_uppercase());
        self.secrets.push(ImportedSecret { key, variable, secret, source });
        Ok(Outcome::Mapped(key.to_owned()))
    }

    /// Keeps the value for whoever decides when all names are known.
    pub(super) fn put_aside(&mut self, word: &'static str, given: &Given, key: &str) -> Done {
        if let Some(source) = self.source.clone() {
            self.aside.insert(word, (given.text()?.to_owned(), source));
        }
        Ok(Outcome::Mapped(key.to_owned()))
    }

    /// True where `key` is set.
    pub(super) fn has(&self, key: &str) -> bool {
        self.settings.iter().any(|setting| setting.key == key)
    }

    /// True where `key` is set to `text`.
    pub(super) fn is_text(&self, key: &str, text: &str) -> bool {
        let wanted = literal(&text);
        self.settings.iter().any(|setting| {
            setting.key == key && matches!(&setting.value, Value::One(value) if *value == wanted)
        })
    }

    fn put(&mut self, key: &str, value: Value) -> Done {
        if let Some(earlier) = self.settings.iter().find(|setting| setting.key == key) {
            let by = earlier.sources.first().map_or("an earlier name", |source| source.name.as_str());
            return Ok(Outcome::Dropped(format!("{key} is set by {by} already")));
        }
        let sources = self.source.iter().cloned().collect();
        self.settings.push(Setting { key: key.to_owned(), value, sources });
        Ok(Outcome::Mapped(key.to_owned()))
    }

    /// The file, checked as `config check` does.
    ///
    /// # Errors
    /// What our configuration refuses, at the foreign line it came from.
    pub(super) fn render(&self, files: &[String], detectors: &[&str]) -> Result<String, Vec<ImportError>> {
        let (toml, lines) = self.write(files);
        let file = Some(Arc::new(SourceFile::new("palisade.toml", toml.as_str())));
        let Err(errors) = read(&Layers { file, ..Layers::default() }, detectors) else { return Ok(toml) };
        let told = errors.iter().map(|error| {
            let source = error.origin.line().and_then(|line| lines.get(&line));
            let problem = format!("{}: {}", error.key, error.problem);
            match source {
                Some(Source { file, line, name }) => {
                    ImportError { file: file.clone(), line: *line, name: name.clone(), problem }
                }
                None => ImportError { file: files.join(", "), line: 0, name: String::new(), problem },
            }
        });
        Err(told.collect())
    }

    /// The text, and which foreign line each of its lines came from.
    fn write(&self, files: &[String]) -> (String, BTreeMap<usize, Source>) {
        let mut text = Text::default();
        text.line(&format!("# Imported from {}.", files.join(", ")));
        text.line("# Each line says where its value came from. Every other key: `palisade config init -c all.toml`.");
        if !self.has("sites.upstreams") {
            text.line("# No site is named: the API answers, and `palisade serve --upstream URL` stands in front of one too.");
        }
        self.write_secrets(&mut text);
        let mut sections: Vec<&str> = self.settings.iter().map(|setting| section_of(&setting.key)).collect();
        let rank = |section: &str| {
            let place = SECTIONS.iter().rposition(|known| {
                section == *known || section.strip_prefix(known).is_some_and(|rest| rest.starts_with('.'))
            });
            place.unwrap_or(SECTIONS.len())
        };
        sections.sort_by_key(|section| (rank(section), *section));
        sections.dedup();
        for section in sections {
            text.line("");
            text.line(&if section == "sites" { "[[sites]]".to_owned() } else { format!("[{section}]") });
            for setting in self.settings.iter().filter(|setting| section_of(&setting.key) == section) {
                text.setting(setting);
            }
        }
        (text.text, text.sources)
    }

    fn write_secrets(&self, text: &mut Text) {
        if self.secrets.is_empty() {
            return;
        }
        text.line("#");
        text.line("# Secrets lie in files of their own; name them in the environment:");
        for secret in &self.secrets {
            text.line(&format!("#   {}  from {}", secret.variable, secret.source));
        }
    }
}

impl Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.name),
            line => write!(f, "{}:{line} {}", self.file, self.name),
        }
    }
}

fn section_of(key: &str) -> &str {
    key.rsplit_once('.').map_or("", |(section, _)| section)
}

#[derive(Default)]
struct Text {
    text: String,
    count: usize,
    sources: BTreeMap<usize, Source>,
}

impl Text {
    /// Adds a line; line ends inside it become blanks, so that nothing foreign begins one of its own.
    fn line(&mut self, line: &str) {
        self.text.extend(line.chars().map(|c| if c.is_control() { ' ' } else { c }));
        self.text.push('\n');
        self.count += 1;
    }

    fn setting(&mut self, setting: &Setting) {
        let from: Vec<String> = setting.sources.iter().map(Source::to_string).collect();
        if !from.is_empty() {
            self.line(&format!("# {}", from.join(", ")));
        }
        let leaf = setting.key.rsplit('.').next().unwrap_or(&setting.key);
        match &setting.value {
            Value::One(value) => self.line(&format!("{leaf} = {value}")),
            Value::Many(values) => self.line(&format!("{leaf} = [{}]", values.join(", "))),
        }
        if let Some(source) = setting.sources.first() {
            self.sources.insert(self.count, source.clone());
        }
    }
}

impl Given {
    /// The value as text.
    pub(super) fn text(&self) -> Result<&str, String> {
        match &self.value {
            Foreign::Text(text) => Ok(text.trim()),
            Foreign::List(_) => Err("is a list; write one value".to_owned()),
            Foreign::Nothing => Err("is empty".to_owned()),
            Foreign::Computed => Err("is worked out by its program; write the value".to_owned()),
            Foreign::Unresolved(name) => {
                Err(format!("${{{name}}} is not set above in this file; write the value"))
            }
        }
    }

    /// The value as a list: one, or divided by commas.
    pub(super) fn items(&self) -> Result<Vec<&str>, String> {
        let items: Vec<&str> = match &self.value {
            Foreign::List(items) => items.iter().map(|item| item.trim()).collect(),
            _ => self.text()?.split(',').map(str::trim).collect(),
        };
        Ok(items.into_iter().filter(|item| !item.is_empty()).collect())
    }

    /// The value as a number.
    pub(super) fn number(&self) -> Result<f64, String> {
        let text = self.text()?;
        let number = text.parse().ok().filter(|number: &f64| number.is_finite() && number.abs() <= 1e12);
        number.ok_or_else(|| format!("{} is no number", quote_text(text)))
    }

    /// The value as a whole number of 0 and up.
    pub(super) fn whole(&self) -> Result<u64, String> {
        let number = self.number()?;
        let whole = number >= 0.0 && number.fract() == 0.0;
        whole.then_some(number as u64).ok_or_else(|| format!("{number} is no whole number of 0 and up"))
    }

    /// A number of seconds in units of `unit_seconds`, rounded up, at least 1.
    pub(super) fn seconds_in(&self, unit_seconds: u64) -> Result<u64, String> {
        Ok(self.whole()?.div_ceil(unit_seconds).max(1))
    }

    /// The value as a port.
    pub(super) fn port(&self) -> Result<u16, String> {
        let text = self.text()?;
        let port = text.parse().ok().filter(|port| *port > 0);
        port.ok_or_else(|| format!("{} is no port (1 to 65535)", quote_text(text)))
    }

    /// The value as a truth value.
    pub(super) fn boolean(&self) -> Result<bool, String> {
        let text = self.text()?;
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(format!("{} is neither true nor false", quote_text(text))),
        }
    }
}
