//! The programs: what each is called, which family it belongs to, what it needs and how it is started.
//!
//! A new one is an entry in [`ALL`] and a function that says what to type.

mod browsers;
mod chrome;
mod clients;
mod crawls;
mod list;
mod load;
mod scanners;

use std::path::Path;

use serde_json::{Value, json};

pub use list::ALL;

use crate::random::Random;
use crate::tools::Need;

/// How much of the machine a run takes, which says how many go on beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Some seconds, of which it mostly waits; a dozen at once.
    Fast,
    /// Mostly waits, many at once.
    Slow,
    /// A browser with its processes, two at once.
    Browser,
}

/// One program of the list.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Its own name.
    pub name: &'static str,
    /// What it is counted under; programs of one family are never on both sides of a split.
    pub family: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// What has to be there; the version shown is that of the first.
    pub needs: &'static [Need],
    /// Runs of it unless the command line says otherwise.
    pub clients: u32,
    /// Addresses of one run.
    pub addresses: usize,
    /// How much of the machine it takes.
    pub lane: Lane,
    /// What to type.
    pub start: fn(&mut Run<'_>) -> Launch,
}

/// What a run is asked for.
#[derive(Debug)]
pub struct Run<'a> {
    /// `http://127.0.0.1:PORT`, without a slash at its end.
    pub url: &'a str,
    /// A folder of its own.
    pub folder: &'a Path,
    /// Requests, more or less: programs count in their own ways.
    pub requests: u32,
    /// What the run chooses by.
    pub random: Random,
}

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starter {
    /// A command on the path.
    Command(&'static str),
    /// A script of ours, in Python: its text.
    Python(&'static str),
    /// A script of ours, in JavaScript: its text.
    Node(&'static str),
}

/// How a run is started. The working directory is its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// What is run.
    pub starter: Starter,
    /// Its arguments.
    pub args: Vec<String>,
    /// Files of its folder that are written before.
    pub files: Vec<(&'static str, String)>,
}

/// What the scripts of ours read.
const ORDERS: &str = "run.json";

/// Milliseconds that all pauses of an ordinary run take together, at most.
const PAUSES_MS_MAX: u64 = 15_000;

impl Run<'_> {
    /// A target below the site's address.
    fn at(&self, target: &str) -> String {
        format!("{}{target}", self.url)
    }

    /// Which pages, in their order.
    fn targets(&mut self) -> Vec<String> {
        let requests = self.requests as usize;
        crate::site::targets(&mut self.random, requests)
    }

    /// Their addresses, one a line.
    fn urls(&mut self) -> String {
        self.targets().iter().map(|target| self.at(target) + "\n").collect()
    }

    /// Names to try out, one a line.
    fn guesses(&mut self) -> String {
        let requests = self.requests as usize;
        crate::site::guesses(&mut self.random, requests).join("\n") + "\n"
    }

    /// Between two requests, in milliseconds; often none.
    fn pace_ms(&mut self) -> u64 {
        let pace = self.random.pick(&[0, 0, 50, 200, 700, 1_500]);
        pace.min(PAUSES_MS_MAX / u64::from(self.requests.max(1)))
    }

    /// At once; no more than there are requests.
    fn at_once(&mut self) -> u32 {
        self.random.pick(&[1, 2, 4, 8]).min(self.requests.max(1))
    }
}

impl Launch {
    fn command(name: &'static str, args: impl IntoIterator<Item = impl Into<String>>) -> Launch {
        let args = args.into_iter().map(Into::into).collect();
        Launch { starter: Starter::Command(name), args, files: Vec::new() }
    }

    /// A script of ours with its orders.
    fn script(starter: Starter, how: &str, orders: &Value) -> Launch {
        Launch { starter, args: vec![how.to_owned()], files: vec![(ORDERS, orders.to_string())] }
    }

    fn with(mut self, name: &'static str, text: String) -> Launch {
        self.files.push((name, text));
        self
    }
}

/// The orders of scripts that ask for one target after the other. `header_sets` are used in turn; empty ones leave the
/// program's own headers.
fn orders(run: &mut Run<'_>, pace_ms: u64, at_once: u32, header_sets: &[Vec<(String, String)>]) -> Value {
    json!({
        "url": run.url,
        "targets": run.targets(),
        "pace_ms": pace_ms,
        "at_once": at_once,
        "seed": run.random.number() >> 12,
        "header_sets": header_sets,
    })
}

/// The families of the list, each once, in its order.
pub fn families() -> Vec<&'static str> {
    let mut families: Vec<&'static str> = Vec::new();
    for program in ALL {
        if !families.contains(&program.family) {
            families.push(program.family);
        }
    }
    families
}

#[cfg(test)]
mod tests;
