//! The hand-set behaviour score on recorded people and on made-up programs: how many of each fall below one half; and models of
//! behaviour on the same recordings ([`learned`]).
//!
//! The recordings are measured, never shipped and nothing is fitted to them; where each comes from and under which licence
//! stands beside it in `SOURCE.md`. None was recorded by our widget: positions and times are put into its form, and what a
//! recording lacks (clicks, keys, the page) is left out. `sapimouse` has neither times nor signs and tells nothing here.

mod generators;
mod learned;
mod movements;
mod recorded;
mod robots;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::ensure;
use palisade_challenge::behaviour::{self, Around, Lifetime, Trace};
use palisade_domain::Timestamp;

/// Share of people below one half that fails the measurement.
const PEOPLE_BELOW_MAX: f64 = 0.01;
/// Fewest traces that a share is said of.
const TRACES_MIN: usize = 100;

/// Scores of one set.
#[derive(Default)]
struct Tally {
    scores: Vec<f64>,
    shapes: usize,
    /// Different ones: fewer than shapes where two people would be taken for one recording.
    different: BTreeSet<u64>,
    against: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn of(traces: &[Trace]) -> Self {
        let mut tally = Tally::default();
        let now = Timestamp::from_millis(1_700_000_000_000);
        let ticket = Some(Lifetime { issued: now, expires: now.plus_millis(300_000) });
        let around = Around { now, ticket, user_agent: None, key: [1, 2] };
        for trace in traces {
            let found = behaviour::judge(trace, &around);
            tally.scores.push(found.human);
            tally.shapes += usize::from(found.shape.is_some());
            tally.different.extend(found.shape);
            for line in found.contributions.iter().filter(|line| line.log_odds < 0.0) {
                *tally.against.entry(line.name).or_default() += 1;
            }
        }
        tally.scores.sort_unstable_by(f64::total_cmp);
        tally
    }

    fn below_half(&self) -> f64 {
        self.scores.iter().filter(|score| **score < 0.5).count() as f64 / self.scores.len().max(1) as f64
    }

    fn at(&self, share: f64) -> f64 {
        let at = (self.scores.len() as f64 * share) as usize;
        self.scores.get(at.min(self.scores.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    }

    fn print(&self, name: &str) {
        let against: Vec<_> = self.against.iter().map(|(name, count)| format!("{name} {count}")).collect();
        println!(
            "  {name:44} {:6} traces  {:5.1} % below 0.5  5th of 100 {:.2}  median {:.2}  with shape {:6}, twice {:3}  {}",
            self.scores.len(),
            100.0 * self.below_half(),
            self.at(0.05),
            self.at(0.5),
            self.shapes,
            self.shapes - self.different.len(),
            against.join(", ")
        );
    }
}

/// Prints the figures.
///
/// # Errors
/// Where a recording cannot be read, or more people than promised fall below one half.
pub(crate) fn run(data: &Path) -> anyhow::Result<()> {
    println!("people");
    let mut hurt = Vec::new();
    for (name, traces) in recorded::all(data)? {
        let tally = Tally::of(&traces);
        tally.print(&name);
        ensure!(tally.scores.len() >= TRACES_MIN, "{name}: {} traces are too few", tally.scores.len());
        if tally.below_half() > PEOPLE_BELOW_MAX {
            hurt.push(name);
        }
    }
    println!("programs, 200 of each kind");
    for (name, traces) in robots::all(200) {
        Tally::of(&traces).print(name);
    }
    println!("models, on movements alone");
    learned::run(data)?;
    ensure!(hurt.is_empty(), "more than {PEOPLE_BELOW_MAX} of the people below 0.5: {}", hurt.join(", "));
    Ok(())
}
