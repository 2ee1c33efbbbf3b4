//! Configurations of other systems, read and written as palisade.toml.
//!
//! What a file is, its content says. Every name in it is told: what it became, or why it is dropped, or that nobody
//! knows it. Nothing is run, nothing is fetched, and what comes out has passed the same check as a palisade.toml that
//! somebody wrote. Secrets never enter the text.

mod dotenv;
mod draft;
mod given;
mod python;
mod seed000;
mod seed002;
mod seed003;
mod seed004;
mod table;
mod yaml;

pub use crate::bounds::FILE_BYTES_MAX;
pub use draft::ImportedSecret;
pub use given::{ImportError, ImportErrors};

use palisade_domain::nearest;

use crate::bounds::ERRORS_MAX;
use crate::value::escape;
use draft::{Draft, Outcome, Source};
use given::{Fault, Foreign, Given};
use table::{Fate, Form, Name, Table};

/// Every kind of file that is read. Where two know as many names of a file, the first is meant.
static TABLES: [Table; 6] =
    [seed004::DOTENV, seed002::DOTENV, seed003::DOTENV, seed000::DOTENV, seed002::YAML, seed003::PYTHON];

/// A file to import.
#[derive(Clone, Copy, Debug)]
pub struct ForeignFile<'a> {
    /// What errors and comments call it.
    pub name: &'a str,
    /// Its bytes; more than 1 MiB are refused.
    pub bytes: &'a [u8],
}

/// What an import gives.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The text of palisade.toml; it passes `config check`.
    pub toml: String,
    /// The seeds that were recognised, such as `004 .env`, one for each file.
    pub recognised: Vec<String>,
    /// Every name, in file order.
    pub names: Vec<ImportedName>,
    /// Secrets, for files of their own.
    pub secrets: Vec<ImportedSecret>,
}

/// A name of a foreign file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedName {
    /// Its file.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// The name.
    pub name: String,
    /// What became of it.
    pub fate: NameFate,
}

/// What became of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameFate {
    /// It sets this key, or several.
    Mapped(String),
    /// It sets nothing, because of this.
    Dropped(String),
    /// Nobody knows it; the nearest known name where there is one.
    Unknown(Option<&'static str>),
}

/// A name that imports know, for documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownName {
    /// The seed: `000`, `002`, `003` or `004`.
    pub seed: &'static str,
    /// The kind of file it stands in.
    pub file: &'static str,
    /// The name; one that ends in `*` stands for all that begin so.
    pub name: &'static str,
    /// What it becomes (`Ok`), or why it is dropped (`Err`).
    pub fate: Result<&'static str, &'static str>,
}

/// Every name that imports know, by seed.
pub fn known_names() -> Vec<KnownName> {
    let mut names: Vec<_> =
        TABLES.iter().flat_map(|table| table.names().map(|name| known(table, name))).collect();
    names.sort_by_key(|name| name.seed);
    names
}

fn known(table: &Table, name: &Name) -> KnownName {
    let fate = match name.fate {
        Fate::Becomes { here, .. } => Ok(here),
        Fate::Dropped { why } => Err(why),
    };
    KnownName { seed: table.seed, file: table.file, name: name.name, fate }
}

/// Reads `files`, which belong together; `detectors` are the names that may follow `detection.`.
///
/// # Errors
/// Everything in them that cannot be read or that our configuration refuses, each with its line.
pub fn import(files: &[ForeignFile<'_>], detectors: &[&str]) -> Result<Imported, ImportErrors> {
    let mut run = Run::default();
    let labels: Vec<String> = files.iter().map(|file| label(file.name)).collect();
    for (file, label) in files.iter().zip(&labels) {
        run.file(label, file.bytes);
    }
    for table in std::mem::take(&mut run.tables) {
        run.draft.source = None;
        run.errors.extend((table.finish)(&mut run.draft));
    }
    run.leave_secrets_without_provider();
    if run.errors.is_empty() {
        match run.draft.render(&labels, detectors) {
            Ok(toml) => {
                let Run { draft, names, recognised, .. } = run;
                return Ok(Imported { toml, recognised, names, secrets: draft.secrets });
            }
            Err(errors) => run.errors = errors,
        }
    }
    Err(ImportErrors(run.errors))
}

/// A file's name as comments and errors may repeat it.
fn label(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '?' } else { c }).take(200).collect()
}

#[derive(Default)]
struct Run {
    draft: Draft,
    tables: Vec<&'static Table>,
    recognised: Vec<String>,
    names: Vec<ImportedName>,
    errors: Vec<ImportError>,
}

impl Run {
    fn file(&mut self, label: &str, bytes: &[u8]) {
        let read = text_of(bytes).and_then(|text| {
            let form = form_of(text).ok_or_else(unrecognised)?;
            let given = match form {
                Form::Dotenv => dotenv::parse(text)?,
                Form::Yaml => yaml::parse(text)?,
                Form::Python => python::parse(text)?,
            };
            let table = table_for(form, &given).ok_or_else(unrecognised)?;
            Ok((table, given))
        });
        match read {
            Ok((table, given)) => {
                self.recognised.push(format!("{} {}", table.seed, table.file));
                for given in &given {
                    self.name(label, table, given);
                }
                self.tables.push(table);
            }
            Err(faults) => self.errors.extend(faults.into_iter().map(|fault| fault.of_file(label))),
        }
    }

    fn name(&mut self, file: &str, table: &Table, given: &Given) {
        let name = escape(&given.name);
        let fate = match lookup(table, &given.name).map(|known| &known.fate) {
            Some(Fate::Becomes { .. }) if given.value == Foreign::Nothing => {
                Ok(NameFate::Dropped("is empty there".to_owned()))
            }
            Some(Fate::Becomes { here, .. }) if given.value == Foreign::Computed => {
                Ok(NameFate::Dropped(format!("is worked out by its program; set by hand: {here}")))
            }
            Some(Fate::Becomes { how, .. }) => {
                self.draft.source =
                    Some(Source { file: file.to_owned(), line: given.line, name: name.clone() });
                how(given, &mut self.draft).map(|outcome| match outcome {
                    Outcome::Mapped(key) => NameFate::Mapped(key),
                    Outcome::Dropped(why) => NameFate::Dropped(why),
                })
            }
            Some(Fate::Dropped { why }) => Ok(NameFate::Dropped((*why).to_owned())),
            None => Ok(NameFate::Unknown(self.hint(table, &given.name))),
        };
        match fate {
            Ok(fate) => self.names.push(ImportedName { file: file.to_owned(), line: given.line, name, fate }),
            Err(problem) => {
                self.errors.push(ImportError { file: file.to_owned(), line: given.line, name, problem });
            }
        }
    }

    /// Beyond what anybody reads nobody needs a hint, and hints cost more than names.
    fn hint(&self, table: &Table, name: &str) -> Option<&'static str> {
        let unknown = self.names.iter().filter(|name| matches!(name.fate, NameFate::Unknown(_)));
        if unknown.take(ERRORS_MAX).count() == ERRORS_MAX {
            return None;
        }
        nearest(name, table.names().map(|known| known.name).filter(|known| !known.ends_with('*')))
    }

    /// A secret is of use only to a provider with a name: without one it stays where it is.
    fn leave_secrets_without_provider(&mut self) {
        const KEY: &str = "challenge.secret";
        let Some(at) = self.draft.secrets.iter().position(|secret| secret.key == KEY) else { return };
        if self.draft.has("challenge.provider") && !self.draft.is_text("challenge.provider", "none") {
            return;
        }
        let source = self.draft.secrets.remove(at).source;
        let told = self
            .names
            .iter_mut()
            .find(|name| name.file == source.file && name.line == source.line && name.name == source.name);
        if let Some(told) = told {
            told.fate = NameFate::Dropped(
                "needs a provider with a name: set challenge.provider to recaptcha, hcaptcha or turnstile, \
                 and PALISADE_CHALLENGE__SECRET_FILE to a file with the secret"
                    .to_owned(),
            );
        }
    }
}

impl Fault {
    fn of_file(self, file: &str) -> ImportError {
        ImportError { file: file.to_owned(), line: self.line, name: self.name, problem: self.problem }
    }
}

/// The text of `bytes`, without a byte order mark.
fn text_of(bytes: &[u8]) -> Result<&str, Vec<Fault>> {
    let refuse = |line, problem: String| Err(vec![Fault::of_line(line, problem)]);
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return refuse(0, format!("larger than {FILE_BYTES_MAX} bytes"));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return refuse(0, "is UTF-16; save it as UTF-8".to_owned());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let line_of = |at: usize| 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
    let odd = |byte: &u8| *byte < b' ' && !matches!(byte, b'\n' | b'\r' | b'\t' | 0x0c);
    if let Some(at) = bytes.iter().position(odd) {
        return refuse(line_of(at), format!("is no text: byte 0x{:02x}", bytes[at]));
    }
    std::str::from_utf8(bytes)
        .map_err(|error| vec![Fault::of_line(line_of(error.valid_up_to()), "is no UTF-8 text".to_owned())])
}

/// How `text` is written, as most of its lines look.
fn form_of(text: &str) -> Option<Form> {
    if python::has_dictionary(text) {
        return Some(Form::Python);
    }
    let (mut assignments, mut entries) = (0usize, 0usize);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines {
        assignments += usize::from(dotenv::is_assignment(line));
        entries += usize::from(yaml::is_entry(line));
    }
    match (assignments, entries) {
        (0, 0) => None,
        _ if assignments >= entries => Some(Form::Dotenv),
        _ => Some(Form::Yaml),
    }
}

/// The table that knows most of the names; `None` where none knows any.
fn table_for(form: Form, given: &[Given]) -> Option<&'static Table> {
    let known = |table: &Table| {
        let known =
            |given: &&Given| table.exact(&given.name).or_else(|| table.pattern(&given.name)).is_some();
        given.iter().filter(known).count()
    };
    let mut best: Option<(&Table, usize)> = None;
    for table in TABLES.iter().filter(|table| table.form == form) {
        let count = known(table);
        if count > best.map_or(0, |(_, count)| count) {
            best = Some((table, count));
        }
    }
    best.map(|(table, _)| table)
}

/// What `name` is in a file of `table`; other tables of the same form help out, for files that were joined.
fn lookup(table: &Table, name: &str) -> Option<&'static Name> {
    let mut others = TABLES.iter().filter(|other| other.form == table.form);
    let found = table.exact(name).or_else(|| others.find_map(|other| other.exact(name)));
    found.or_else(|| table.pattern(name))
}

fn unrecognised() -> Vec<Fault> {
    let what = "is none of the files that are read: a .env of seed 000 or 004, config.yaml or the environment of \
                seed 002 (detection:, DB_PATH=), BOT_CONFIG or the environment of seed 003";
    vec![Fault::of_line(0, what)]
}
