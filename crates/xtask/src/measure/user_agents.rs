//! How well programs nobody listed are recognised, and how often people's clients are taken for programs.
//!
//! Each tenth of the program families is left out in turn: every row of the table that lives by the families of that
//! tenth is removed, and the rest of the build must recognise them by the rows that remain or by their shape. People's
//! clients shape nothing that is trained, so leaving a tenth of them out changes nothing: they are counted by tenths of
//! their hash under the build that lacks the same tenth of the programs.
//!
//! The rows of matomo-device-detector (LGPL) are measured here and used nowhere else.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};
use palisade_crawl::agents::{Agent, Agents, ClaimedBy, table};
use serde_json::Value;

use crate::update_data::sources::{gunzip, tsv};

/// Least share of left-out families' user agents recognised, in each tenth.
const RECALL_MIN: f64 = 0.95;
/// Largest share of people's clients named programs, in each tenth.
const FALSE_MAX: f64 = 0.002;
/// Worst misses printed of each kind.
const EXAMPLES: usize = 20;

/// One user agent with what it is said to be.
struct Sample {
    ua: String,
    name: String,
    source: String,
    tenth: usize,
}

/// How many of how many.
#[derive(Clone, Copy, Default)]
struct Share {
    hits: usize,
    all: usize,
}

impl Share {
    fn add(&mut self, hit: bool) {
        self.hits += usize::from(hit);
        self.all += 1;
    }

    fn ratio(self) -> f64 {
        self.hits as f64 / self.all.max(1) as f64
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:7.3} % ({} of {})", 100.0 * self.ratio(), self.hits, self.all)
    }
}

/// Prints the figures for the lists under `data` (the folder that holds `user-agents`).
///
/// # Errors
/// Unreadable lists; in any tenth, recall under 95 % or more than 0.2 % of people's clients named programs.
pub(crate) fn run(data: &Path) -> Result<()> {
    let programs = programs(data)?;
    let people = people(data)?;
    let rows = Rows::new(&programs);
    let mut report = Report::default();
    println!(
        "tenth left out   rows removed   recognised                    by shape alone                falsely named"
    );
    for tenth in 0..10 {
        let (agents, removed) = rows.without(tenth);
        report.measure(tenth, removed, &agents, &programs, &people);
    }
    report.finish()
}

fn programs(data: &Path) -> Result<Vec<Sample>> {
    let rows = tsv(&data.join("user-agents/bots.tsv.gz"))?;
    Ok(rows.into_iter().map(|(ua, name, source)| Sample { tenth: tenth(&name), ua, name, source }).collect())
}

fn people(data: &Path) -> Result<Vec<Sample>> {
    let mut rows = tsv(&data.join("user-agents/browsers.tsv.gz"))?;
    for line in gunzip(&data.join("user-agents/browser-profiles.jsonl.gz"))?.lines() {
        let profile: Value = serde_json::from_str(line)?;
        let ua = profile["userAgent"].as_str().unwrap_or_default().to_owned();
        rows.push((ua, "profile".to_owned(), "user-agents profiles".to_owned()));
    }
    rows.sort_unstable();
    rows.dedup_by(|a, b| a.0 == b.0);
    Ok(rows.into_iter().map(|(ua, name, source)| Sample { tenth: tenth(&ua), ua, name, source }).collect())
}

/// Which tenth a text falls into: FNV-1a, stable everywhere.
fn tenth(text: &str) -> usize {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash % 10) as usize
}

/// The table, and in which tenths the user agents that each row names lie.
struct Rows(Vec<(Agent, [usize; 10])>);

impl Rows {
    fn new(programs: &[Sample]) -> Self {
        let count = |agent: Agent| {
            let mut tenths = [0; 10];
            for sample in programs.iter().filter(|sample| agent.names(&sample.ua)) {
                tenths[sample.tenth] += 1;
            }
            (agent, tenths)
        };
        Rows(table::builtin().into_iter().map(count).collect())
    }

    /// The build without `tenth`, and how many rows that took: a row goes where at least half of what it names is
    /// left out. A library's name that many families carry stays.
    fn without(&self, tenth: usize) -> (Agents, usize) {
        let stays = |tenths: &[usize; 10]| tenths[tenth] == 0 || 2 * tenths[tenth] < tenths.iter().sum();
        let kept: Vec<_> =
            self.0.iter().filter(|(_, tenths)| stays(tenths)).map(|&(agent, _)| agent).collect();
        let removed = self.0.len() - kept.len();
        (Agents::new(kept), removed)
    }
}

#[derive(Default)]
struct Report {
    /// By tenth: recognised, falsely named.
    tenths: Vec<(Share, Share)>,
    recognised: Share,
    falsely: Share,
    by_source: BTreeMap<String, Share>,
    missed: BTreeMap<String, Vec<String>>,
    false_names: Vec<String>,
}

impl Report {
    fn measure(
        &mut self,
        tenth: usize,
        removed: usize,
        agents: &Agents,
        programs: &[Sample],
        people: &[Sample],
    ) {
        let (mut recall, mut shape, mut falsely) = (Share::default(), Share::default(), Share::default());
        for sample in programs.iter().filter(|sample| sample.tenth == tenth) {
            let claim = agents.claim(&sample.ua);
            let hit = claim.class.is_some();
            recall.add(hit);
            shape.add(claim.by == ClaimedBy::Shape);
            self.recognised.add(hit);
            self.by_source.entry(format!("recognised, {}", sample.source)).or_default().add(hit);
            if !hit {
                self.missed.entry(sample.name.clone()).or_default().push(sample.ua.clone());
            }
        }
        for sample in people.iter().filter(|sample| sample.tenth == tenth) {
            let claim = agents.claim(&sample.ua);
            let hit = claim.class.is_some();
            falsely.add(hit);
            self.falsely.add(hit);
            self.by_source.entry(format!("falsely named, {}", sample.source)).or_default().add(hit);
            if let Some(name) = claim.name {
                self.false_names.push(format!("{tenth} {name}: {}", sample.ua));
            }
        }
        println!("{tenth:14}   {removed:12}   {recall:<27}   {shape:<27}   {falsely}");
        self.tenths.push((recall, falsely));
    }

    fn finish(mut self) -> Result<()> {
        println!("\nall: recognised {}, falsely named {}", self.recognised, self.falsely);
        for (name, share) in &self.by_source {
            println!("  {name:<42} {share}");
        }
        self.print_examples();
        let missing: Vec<_> =
            self.tenths.iter().enumerate().filter_map(|(at, held)| shortfall(at, held)).collect();
        ensure!(missing.is_empty(), "{}", missing.join("; "));
        Ok(())
    }

    fn print_examples(&mut self) {
        let mut missed: Vec<_> = std::mem::take(&mut self.missed).into_iter().collect();
        missed.sort_by_key(|(_, uas)| std::cmp::Reverse(uas.len()));
        println!("\nmost missed families");
        for (family, uas) in missed.iter().take(EXAMPLES) {
            println!("  {} x {family}: {}", uas.len(), short(&uas[0]));
        }
        println!("\nfalsely named");
        for name in self.false_names.iter().take(EXAMPLES) {
            println!("  {}", short(name));
        }
    }
}

/// What `tenth` lacks of the promise, if anything.
fn shortfall(tenth: usize, &(recall, falsely): &(Share, Share)) -> Option<String> {
    let holds = recall.ratio() >= RECALL_MIN && falsely.ratio() <= FALSE_MAX;
    (!holds).then(|| format!("tenth {tenth}: recognised {recall}, falsely named {falsely}"))
}

fn short(text: &str) -> String {
    text.chars().take(150).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tenth_is_held_to_both_figures() {
        let check = |recognised, falsely, expect| {
            let tenth = (Share { hits: recognised, all: 100 }, Share { hits: falsely, all: 1_000 });
            assert_eq!(shortfall(3, &tenth).is_none(), expect, "{recognised} {falsely}");
        };
        check(95, 2, true);
        check(94, 0, false);
        check(100, 3, false);
    }
}
