//! `update-data`: the table of named programs and the published address ranges of `palisade-crawl`, built from the
//! permitted public lists. What may not ship (GPL, LGPL, no licence) is never read here.
//!
//! Usage: `cargo xtask update-data [DATA]`, where DATA is the folder of the lists (default `../shared/data`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use palisade_crawl::agents::{Agent, Agents, table};
use palisade_domain::IdentityClass;

mod licences;
mod patterns;
mod ranges;
pub(crate) mod sources;

use sources::{Candidate, Source};

/// Names shorter than this that carry no word of programs must stand where a name is given.
const FREE_NAME_LETTERS: usize = 7;

/// Names in the lists that are ordinary words, apps of people, or devices: as literals they would name strangers.
const NOT_NAMES: &[&str] = &[
    "spider",
    "operator",
    "code",
    "code/1.",
    "crawler",
    "mmwebid",
    "samsung-s8000",
    "marketplace",
    "synapse",
    "silk",
    "ddg_android",
    "fetch",
    "make",
    "buck",
    "openai",
];

/// Writes `crates/crawl/data/{agents.tsv, ranges/*, SOURCES.md}` and prints what was kept and dropped.
///
/// # Errors
/// A list that is missing or unreadable, or a table that our own reader refuses.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let data = args.first().map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let out = Path::new("crates/crawl/data");
    let own_text = read(&out.join("own-agents.tsv"))?;
    let mut built = Table::new(&own_text)?;
    let people = sources::people(&data)?;
    for source in Source::ALL {
        built.add_all(source, source.candidates(&data)?, &people);
    }
    let text = built.render();
    table::read(text.clone().leak()).context("the new table")?;
    std::fs::write(out.join("agents.tsv"), &text)?;
    let counts = ranges::write(&data, &out.join("ranges"))?;
    std::fs::write(out.join("SOURCES.md"), licences::render(&built.kept, &counts))?;
    built.report();
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// The table as it grows; a pattern that stands in it is never added twice.
struct Table {
    /// Every line by its key and pattern: one key may have several anchors in our own list.
    rows: BTreeMap<(String, String), String>,
    keys: BTreeSet<String>,
    own: Vec<Agent>,
    shape: Agents,
    kept: BTreeMap<&'static str, usize>,
    dropped: BTreeMap<(&'static str, &'static str), usize>,
}

impl Table {
    fn new(own_text: &str) -> Result<Self> {
        let own = table::read(own_text.to_owned().leak()).context("own-agents.tsv")?;
        let lines = own_text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let pattern = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
        let rows: BTreeMap<_, _> =
            lines.map(|line| ((key(&pattern(line)), pattern(line)), format!("{line}\town"))).collect();
        let keys = rows.keys().map(|(key, _)| key.clone()).collect();
        let kept = BTreeMap::from([("own", rows.len())]);
        Ok(Table { rows, keys, own, shape: Agents::new(Vec::new()), kept, dropped: BTreeMap::new() })
    }

    fn add_all(&mut self, source: Source, candidates: Vec<Candidate>, people: &[String]) {
        for candidate in candidates {
            let outcome = self.add(source, &candidate, people);
            match outcome {
                Ok(()) => *self.kept.entry(source.name()).or_default() += 1,
                Err(reason) => *self.dropped.entry((source.name(), reason)).or_default() += 1,
            }
        }
    }

    fn add(&mut self, source: Source, candidate: &Candidate, people: &[String]) -> Result<(), &'static str> {
        let literal = candidate.pattern.trim_matches(['^', '$', ' ']);
        if literal.chars().filter(|c| c.is_ascii_alphanumeric()).count() < 3 {
            return Err("too short");
        }
        if !literal.is_ascii() || literal.contains('\t') {
            return Err("not plain ASCII");
        }
        if self.keys.contains(&key(&candidate.pattern)) {
            return Err("listed already");
        }
        if NOT_NAMES.contains(&key(literal).as_str()) {
            return Err("not a name");
        }
        let class = candidate.class.unwrap_or_else(|| self.guess(candidate));
        let name = literal.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != ')');
        let pattern = self.place(candidate, literal);
        let line = format!("{pattern}\t{name}\t{class}\t-\t-\t{}", source.name());
        let row = table::read(line.clone().leak()).ok().and_then(|rows| rows.into_iter().next());
        let row = row.ok_or("unreadable")?;
        if people.iter().any(|ua| row.names(ua)) {
            return Err("names people's clients");
        }
        if source == Source::Isbot
            && candidate.instances.iter().any(|ua| self.own.iter().any(|own| own.names(ua)))
        {
            return Err("listed already");
        }
        self.keys.insert(key(&pattern));
        self.rows.insert((key(&pattern), pattern), line);
        Ok(())
    }

    /// Anchors short plain words, and opens the ends of patterns that their own examples need inside a word.
    fn place(&self, candidate: &Candidate, literal: &str) -> String {
        let plain = literal.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let says_program =
            self.shape.claim(&format!("Mozilla/5.0 (X11; U) Gecko/1 Firefox/1 {literal}")).class.is_some();
        if candidate.pattern.starts_with('^') || plain && literal.len() < FREE_NAME_LETTERS && !says_program {
            return format!("^{literal}");
        }
        let (mut left, mut right) = ("", "");
        for ua in &candidate.instances {
            let Some(start) = ua.to_ascii_lowercase().find(&literal.to_ascii_lowercase()) else { continue };
            let bytes = ua.as_bytes();
            let first = literal.as_bytes()[0].is_ascii_alphanumeric();
            if first && start > 0 && bytes[start - 1].is_ascii_alphanumeric() {
                left = "*";
            }
            let last = literal.as_bytes()[literal.len() - 1].is_ascii_alphabetic();
            if last && bytes.get(start + literal.len()).is_some_and(u8::is_ascii_alphabetic) {
                right = "*";
            }
        }
        format!("{left}{literal}{right}")
    }

    /// The class that the name's or an example's shape speaks for; a crawler of unknown purpose is `search`.
    fn guess(&self, candidate: &Candidate) -> IdentityClass {
        let name = self.shape.claim(&candidate.pattern).class;
        let named = name.filter(|class| !matches!(class, IdentityClass::Library | IdentityClass::Tool));
        let example = candidate.instances.first().and_then(|ua| self.shape.claim(ua).class);
        named.or(example).or(name).unwrap_or(IdentityClass::Search)
    }

    fn render(&self) -> String {
        let mut text = String::from(
            "# Generated by `cargo xtask update-data` from own-agents.tsv and the lists named in SOURCES.md; do not edit.\n\
             # pattern\tname\tclass\toperator\tflags\tsource\n",
        );
        for line in self.rows.values() {
            let _ = writeln!(text, "{line}");
        }
        text
    }

    #[allow(clippy::print_stdout, reason = "a chore talks to a terminal")]
    fn report(&self) {
        for (source, count) in &self.kept {
            println!("kept     {count:5}  {source}");
        }
        for ((source, reason), count) in &self.dropped {
            println!("dropped  {count:5}  {source}: {reason}");
        }
    }
}

/// Patterns that differ in case or anchors only are one.
fn key(pattern: &str) -> String {
    pattern.trim_matches(['^', '$', '*', ' ', '/']).to_ascii_lowercase()
}
