//! Labelled interactions become rows: one visit a line, judged by the very code that answers live.
//!
//! A line is the widget's `data` object with `label`, `family` and `group` beside it, or a stored file of seed 000 in one line; a
//! folder holds one such file each. A line that is none is skipped and counted, and the first ones are named with their number.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use palisade_challenge::Code;
use palisade_challenge::behaviour::trace::TRACE_BYTES_MAX;
use palisade_challenge::behaviour::{
    Around, Interaction, Lifetime, Numbers, Said, Trace, judge, missing_field, schema,
};
use palisade_detect::detector::Needs;
use palisade_domain::{Resolution, Timestamp, Vantage};
use palisade_replay::source::{SourceError, for_each_line};
use sha2::{Digest as _, Sha256};

use crate::bounds::CLIENTS_MAX;
use crate::dataset::{Dataset, Names, Row};

/// Lines that were skipped and are named.
pub const EXAMPLES_MAX: usize = 10;

/// Why a line gave no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Skip {
    /// Nothing in it.
    Blank,
    /// It is longer than a trace may be.
    TooLong,
    /// It is no JSON object.
    NotJson,
    /// A number of it is none, or beyond what a page can have.
    Malformed,
    /// It is an object and nothing of a visit is in it.
    NoVisit,
    /// Nobody says who it was.
    NoLabel,
    /// What it says is no label.
    OtherLabel,
    /// The same visit was there before, by its `interaction_id`.
    Repeated,
}

impl Skip {
    /// Every reason, in the order of tables.
    pub const ALL: [Skip; 8] = [
        Skip::Blank,
        Skip::TooLong,
        Skip::NotJson,
        Skip::Malformed,
        Skip::NoVisit,
        Skip::NoLabel,
        Skip::OtherLabel,
        Skip::Repeated,
    ];

    /// Its words in tables and messages.
    pub fn name(self) -> &'static str {
        match self {
            Skip::Blank => "blank",
            Skip::TooLong => "longer than 256 KiB",
            Skip::NotJson => "no JSON object",
            Skip::Malformed => "a number that is none or out of range",
            Skip::NoVisit => "nothing of a visit (traffic needs no --kind)",
            Skip::NoLabel => "no label",
            Skip::OtherLabel => "a label other than \"human\" and \"bot\"",
            Skip::Repeated => "interaction_id of a visit before",
        }
    }
}

/// What was read, and what was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Lines, and files of folders.
    pub lines: u64,
    /// Visits that became rows.
    pub interactions: u64,
    /// Lines that did not, by reason.
    pub skipped: BTreeMap<Skip, u64>,
    /// The first of them: where, and why.
    pub examples: Vec<String>,
    /// Visits that are labelled both ways, which say nothing.
    pub contradicting: u64,
    /// True where lines after the bound were not read.
    pub ended_at_bound: bool,
    /// Why a file could not be read to its end.
    pub warnings: Vec<String>,
}

/// The interactions are of no use.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// No line gave a row.
    #[error(
        "{files}: none of {lines} lines is a labelled interaction{first}; a line is the widget's data object with \"label\": \"human\" or \"bot\""
    )]
    Nothing {
        /// Which files.
        files: String,
        /// How many lines they have.
        lines: u64,
        /// The first faults, each in a line of its own.
        first: String,
    },
}

/// Reads `paths`, each a file of lines (.gz and .zst too, `-` is standard input) or a folder of `.json` files.
///
/// # Errors
/// Where a file cannot be opened, or no line is a labelled interaction.
pub fn read(paths: &[PathBuf]) -> Result<(Dataset, Read), ReadError> {
    let mut reader = Reader::default();
    for path in paths {
        if path.is_dir() { reader.folder(path)? } else { reader.file(path)? }
    }
    let (data, read) = reader.finish();
    if data.rows.is_empty() {
        let files = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        let first = read.examples.iter().map(|example| format!("\n  {example}")).collect();
        return Err(ReadError::Nothing { files, lines: read.lines, first });
    }
    Ok((data, read))
}

/// Every `.json` file of a folder, by name: what seed 000 stored.
///
/// # Errors
/// Where the folder cannot be read.
pub fn stored_in(folder: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let unreadable = |reason| SourceError::Unreadable { path: folder.to_owned(), reason };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Makes rows of interactions, one after another.
#[derive(Debug, Default)]
pub struct Reader {
    read: Read,
    visits: Vec<Visit>,
    /// Visits by the id that seed 000 or the store gave them.
    by_id: HashMap<String, usize>,
    newest_ms: i64,
}

/// One visit in numbers.
#[derive(Debug)]
struct Visit {
    name: String,
    group: String,
    family: Option<String>,
    is_bot: bool,
    contradicts: bool,
    weight: f32,
    started_ms: i64,
    acts: u32,
    by_rules: f32,
    numbers: Numbers,
}

impl Reader {
    fn file(&mut self, path: &Path) -> Result<(), SourceError> {
        let warning = for_each_line(path, TRACE_BYTES_MAX, |number, line| {
            self.take(&format!("{}:{number}", path.display()), line)
        })?;
        self.read.warnings.extend(warning.map(|why| format!("{}: {why}", path.display())));
        Ok(())
    }

    fn folder(&mut self, folder: &Path) -> Result<(), SourceError> {
        for path in stored_in(folder)? {
            let failed = |reason| SourceError::Unreadable { path: path.clone(), reason };
            let fits = std::fs::metadata(&path).map_err(failed)?.len() <= TRACE_BYTES_MAX as u64;
            let bytes = if fits { Some(std::fs::read(&path).map_err(failed)?) } else { None };
            if self.take(&path.display().to_string(), bytes.as_deref()).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// One line, or `None` for one that is too long.
    fn take(&mut self, place: &str, line: Option<&[u8]>) -> ControlFlow<()> {
        match self.parsed(place, line) {
            Some(interaction) => self.add(place, &interaction),
            None => ControlFlow::Continue(()),
        }
    }

    /// How many visits became rows so far.
    pub fn visits(&self) -> usize {
        self.visits.len()
    }

    /// Adds the stored interaction `name`, of whom `label` says whether it was a program and how much that counts, 0.0..=1.0. What its
    /// recording says of itself does not count. Says to stop as [`Reader::add`] does.
    pub fn add_stored(&mut self, name: &str, data: &str, label: Option<(bool, f64)>) -> ControlFlow<()> {
        let Some((is_bot, weight)) = label else {
            // Most are never labelled: that is worth a number and no line.
            self.read.lines += 1;
            *self.read.skipped.entry(Skip::NoLabel).or_default() += 1;
            return ControlFlow::Continue(());
        };
        let Some(mut interaction) = self.parsed(name, Some(data.as_bytes())) else {
            return ControlFlow::Continue(());
        };
        interaction.label = if is_bot { Said::Bot } else { Said::Human };
        interaction.id = Some(name.to_owned());
        self.add_weighed(name, &interaction, weight as f32)
    }

    fn parsed(&mut self, place: &str, line: Option<&[u8]>) -> Option<Interaction> {
        self.read.lines += 1;
        match line.ok_or((Skip::TooLong, None)).and_then(parsed) {
            Ok(interaction) => return Some(interaction),
            Err((Skip::Blank, _)) => *self.read.skipped.entry(Skip::Blank).or_default() += 1,
            Err((why, field)) => self.skip(place, why, field.as_deref()),
        }
        None
    }

    fn skip(&mut self, place: &str, why: Skip, field: Option<&str>) {
        *self.read.skipped.entry(why).or_default() += 1;
        if self.read.examples.len() < EXAMPLES_MAX {
            let lacks = field.map(|field| format!(" (an event lacks `{field}`)")).unwrap_or_default();
            self.read.examples.push(format!("{place}: {}{lacks}", why.name()));
        }
    }

    /// Adds one visit under `name`. Says to stop where [`CLIENTS_MAX`] are there.
    pub fn add(&mut self, name: &str, interaction: &Interaction) -> ControlFlow<()> {
        self.add_weighed(name, interaction, 1.0)
    }

    fn add_weighed(&mut self, name: &str, interaction: &Interaction, weight: f32) -> ControlFlow<()> {
        let is_bot = match interaction.label {
            Said::Bot => true,
            Said::Human => false,
            Said::Nothing => {
                self.skip(name, Skip::NoLabel, None);
                return ControlFlow::Continue(());
            }
            Said::Other => {
                self.skip(name, Skip::OtherLabel, None);
                return ControlFlow::Continue(());
            }
        };
        if let Some(at) = interaction.id.as_ref().and_then(|id| self.by_id.get(id)) {
            self.visits[*at].contradicts |= self.visits[*at].is_bot != is_bot;
            self.skip(name, Skip::Repeated, None);
            return ControlFlow::Continue(());
        }
        if self.visits.len() >= CLIENTS_MAX {
            self.read.ended_at_bound = true;
            return ControlFlow::Break(());
        }
        let visit = Visit { weight, ..Visit::of(name, interaction, is_bot) };
        self.newest_ms = self.newest_ms.max(visit.started_ms);
        if let Some(id) = &interaction.id {
            self.by_id.insert(id.clone(), self.visits.len());
        }
        self.visits.push(visit);
        ControlFlow::Continue(())
    }

    /// The rows, and what was read.
    pub fn finish(mut self) -> (Dataset, Read) {
        let mut data = Dataset {
            schema: schema::ID.to_owned(),
            columns: schema::names().map(str::to_owned).collect(),
            newest_ms: self.newest_ms,
            ..Dataset::default()
        };
        let (mut groups, mut families) = (Names::default(), Names::default());
        for visit in self.visits {
            if visit.contradicts {
                self.read.contradicting += 1;
                continue;
            }
            self.read.interactions += 1;
            visit.write(&mut data, &mut groups, &mut families);
        }
        (data.group_names, data.families) = (groups.names, families.names);
        (data, self.read)
    }
}

/// The interaction of a line, or why there is none and which field an event lacks.
fn parsed(line: &[u8]) -> Result<Interaction, (Skip, Option<String>)> {
    if line.trim_ascii().is_empty() {
        return Err((Skip::Blank, None));
    }
    let interaction = Interaction::read(line).map_err(|code| match code {
        Code::TooLarge => (Skip::TooLong, None),
        Code::BadRequest => (Skip::NotJson, None),
        _ => (Skip::Malformed, missing_field(line)),
    })?;
    let Trace { duration_ms, load_ms, marks, honeypot, .. } = &interaction.trace;
    let says = duration_ms.is_some() || load_ms.is_some() || !marks.is_empty() || *honeypot;
    let happened = interaction.trace.acts() > 0 || interaction.trace.span().is_some();
    if says || happened { Ok(interaction) } else { Err((Skip::NoVisit, None)) }
}

/// Times before this are no moments since 1970, ms: they count from the load of the page.
const SINCE_1970_MS: f64 = 1e11;

impl Visit {
    fn of(name: &str, interaction: &Interaction, is_bot: bool) -> Visit {
        let trace = &interaction.trace;
        let load_ms = trace.load_ms.filter(|load| *load > SINCE_1970_MS);
        let sent_ms = load_ms.unwrap_or(0.0) + trace.duration_ms.unwrap_or(0.0);
        // A recording is judged as if it had arrived when it was made: how old it is says nothing about the hand.
        let now = Timestamp::from_millis(sent_ms as i64);
        let ticket = Some(Lifetime { issued: now, expires: now });
        let found = judge(trace, &Around { now, ticket, user_agent: None, key: [0, 0] });
        let own_group = || interaction.session_id.clone().unwrap_or_else(|| digest(&found.numbers));
        Visit {
            name: interaction.id.clone().unwrap_or_else(|| name.to_owned()),
            group: interaction.group.clone().unwrap_or_else(own_group),
            family: interaction.family.clone(),
            is_bot,
            contradicts: false,
            weight: 1.0,
            started_ms: load_ms.unwrap_or(0.0) as i64,
            acts: u32::try_from(trace.acts()).unwrap_or(u32::MAX),
            by_rules: -found.log_odds() as f32,
            numbers: found.numbers,
        }
    }

    fn write(self, data: &mut Dataset, groups: &mut Names, families: &mut Names) {
        data.rows.push(Row {
            client: data.clients.len() as u32,
            group: groups.number(&self.group),
            family: self.family.as_deref().map(|family| families.number(family)),
            is_bot: self.is_bot,
            requests: self.acts,
            is_last: true,
            // Where the widget's data are handed in by an application; all that a page shows is in them.
            vantage: Vantage::Check,
            seen: Needs::default(),
            resolution: Resolution::Milli,
            weight: self.weight,
            steps: Vec::new(),
            by_rules: self.by_rules,
        });
        data.values.extend_from_slice(self.numbers.values());
        data.clients.push(self.name);
        data.started_ms.push(self.started_ms);
    }
}

/// A name for what has no group: the same numbers belong together, so that no copy of a visit is on the other side of a split.
fn digest(numbers: &Numbers) -> String {
    let mut hash = Sha256::new();
    numbers.values().iter().for_each(|value| hash.update(value.to_bits().to_be_bytes()));
    hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
