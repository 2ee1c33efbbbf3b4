//! `robots.txt`: what a site asks of crawlers (RFC 9309).
//!
//! It owns parsing, group selection and matching, with the leniences of Google's parser that RFC 9309 section 2.2
//! leaves open (a missing colon, misspelt `disallow`, `index.html` for its folder). It collects other lines
//! (`Sitemap`, `Crawl-delay`, licence signals) as facts and acts on none of them, and it fetches nothing:
//! what an unreachable file means (section 2.3.1) is the caller's, [`Robots::none`] being "allow all".

mod parse;
mod pattern;
mod record;

use palisade_limits::Bound;

use parse::{Group, token};
use pattern::Target;
pub use record::{Problem, Record, RecordName, Warning};

/// Bytes of a file that are read: 500 KiB, the least that RFC 9309 section 2.5 allows.
pub const BYTES_MAX: usize = 500 * 1024;
/// Warnings that are kept; further ones would say the same again.
pub const WARNINGS_MAX: usize = 64;

/// The named bounds of this module.
pub const BOUNDS: &[Bound] = &[
    Bound {
        name: "crawl.robots_bytes_max",
        value: BYTES_MAX as u64,
        unit: "bytes",
        reason: "RFC 9309 section 2.5: crawlers must read at least 500 KiB",
        when_full: "the line that crosses it and all after it are ignored; a warning says so",
    },
    Bound {
        name: "crawl.robots_warnings_max",
        value: WARNINGS_MAX as u64,
        unit: "warnings",
        reason: "a file of nonsense must not become a list of nonsense ten times its size",
        when_full: "the first ones are kept",
    },
];

/// A parsed `robots.txt`. Cheap to ask: one binary search, then the rules of the groups found, longest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Robots {
    groups: Vec<Group>,
    /// Lower-case product token to places in `groups`, sorted by token; `*` is a token like others.
    agents: Vec<(Box<str>, Vec<u32>)>,
    records: Vec<Record>,
    warnings: Vec<Warning>,
}

impl Robots {
    /// Reads a file. Never fails: what cannot be read is skipped and named in [`Robots::warnings`].
    /// UTF-8 with or without byte order mark; invalid UTF-8 is compared byte by byte; lines end in LF, CR or both.
    pub fn parse(bytes: &[u8]) -> Robots {
        parse::parse(bytes)
    }

    /// No file: everything is allowed.
    pub fn none() -> Robots {
        Robots::default()
    }

    /// May `agent` fetch `target`?
    ///
    /// * `agent` is a product token such as `Googlebot`; a version behind a slash is ignored, letter case too. All
    ///   groups that name it are taken together; where none does, those of `*`; where there is none either, all is allowed.
    /// * `target` is a path with query, or a URL; encoded or not.
    /// * The longest rule that matches decides, allow where two are equally long. `/robots.txt` is always allowed.
    ///
    /// Time: linear in the rules' bytes, plus for each rule with `*` linear in `target`.
    pub fn allows(&self, agent: &str, target: &str) -> bool {
        let groups = self.groups_for(agent);
        if groups.is_empty() {
            return true;
        }
        let target = Target::new(target);
        if target.is_robots_txt() {
            return true;
        }
        let longest = groups.iter().filter_map(|at| self.groups[*at as usize].longest(&target)).max();
        longest.is_none_or(|verdict| verdict.allow)
    }

    /// True where a group names `agent` itself. A crawler with several tokens (`Googlebot-Image`, `Googlebot`) goes
    /// by the first that is named.
    pub fn names(&self, agent: &str) -> bool {
        self.find(agent).is_some()
    }

    /// Lines that are no rules, in file order: facts about what the site asks for.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Product tokens (lower case, or `*`) of the group a record stands in; empty where it speaks for the whole site.
    pub fn scope(&self, record: &Record) -> &[Box<str>] {
        record.group.and_then(|at| self.groups.get(at as usize)).map_or(&[], |group| &group.agents)
    }

    /// Lines that were skipped or guessed at, in file order, at most [`WARNINGS_MAX`].
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn groups_for(&self, agent: &str) -> &[u32] {
        self.find(agent).or_else(|| self.find_token("*")).unwrap_or(&[])
    }

    fn find(&self, agent: &str) -> Option<&[u32]> {
        let (name, rest) = token(agent);
        let is_token = !name.is_empty() && (rest.is_empty() || rest.starts_with('/'));
        if is_token { self.find_token(name) } else { None }
    }

    fn find_token(&self, name: &str) -> Option<&[u32]> {
        let wanted = || name.bytes().map(|b| b.to_ascii_lowercase());
        let at = self.agents.binary_search_by(|(agent, _)| agent.bytes().cmp(wanted())).ok()?;
        Some(&self.agents[at].1)
    }
}

#[cfg(test)]
mod tests;
