//! How the table of header orders does on clients it has not seen: each browser left out in turn must meet no conflict;
//! programs are counted by what they would meet under a browser's user agent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::ensure;
use palisade_domain::HttpVersion;
use palisade_fingerprint::header_order::{Engine, Expected, programs};

use crate::update_headers::captures::{self, Capture};
use crate::update_headers::orders;

#[derive(Default)]
struct Tally {
    requests: u32,
    conflicts: u32,
    example: Option<(&'static str, &'static str)>,
}

impl Tally {
    fn add(&mut self, table: &Expected, capture: &Capture, engine: Engine) {
        let found = capture.with_list(|list| table.conflicts(list, capture.version, engine));
        self.requests += 1;
        self.conflicts += u32::from(found.is_some());
        self.example = self.example.or(found.map(|conflict| conflict.pair));
    }
}

/// Prints the figures for the recordings in `folder`.
///
/// # Errors
/// Where the recordings cannot be read, or a browser left out of the table meets a conflict.
pub(crate) fn run(folder: &Path) -> anyhow::Result<()> {
    let all = captures::read(folder)?;
    println!("browser left out        engine        requests  conflicts");
    let mut hurt = 0;
    for (client, engine) in browsers(&all) {
        let table = Expected::parse(&orders(all.iter().filter(|capture| capture.client != client)))?;
        let mut tally = Tally::default();
        let own = all.iter().filter(|capture| capture.client == client && capture.engine() == Some(engine));
        own.for_each(|capture| tally.add(&table, capture, engine));
        println!(
            "{client:22}  {:12}  {:8}  {:9} {:?}",
            engine.name(),
            tally.requests,
            tally.conflicts,
            tally.example
        );
        hurt += tally.conflicts;
    }
    let table = Expected::parse(&orders(&all))?;
    println!("\nprogram                 claims        requests  conflicts  named by headers");
    for ((client, engine, worn), (tally, named)) in programs_by_claim(&all, &table) {
        let claims = if worn { engine.name().to_owned() } else { format!("({})", engine.name()) };
        println!(
            "{client:22}  {claims:12}  {:8}  {:9}  {named:8} {:?}",
            tally.requests, tally.conflicts, tally.example
        );
    }
    println!("(engine) in brackets: what would be found if it wore that browser's user agent");
    ensure!(hurt == 0, "{hurt} requests of browsers that were left out meet a conflict");
    Ok(())
}

fn browsers(all: &[Capture]) -> BTreeSet<(String, Engine)> {
    all.iter().filter_map(|capture| Some((capture.client.clone(), capture.engine()?))).collect()
}

type Claims = BTreeMap<(String, Engine, bool), (Tally, u32)>;

/// Per program and engine: as it claims itself (true), or as it would be if it did (false).
fn programs_by_claim(all: &[Capture], table: &Expected) -> Claims {
    let mut claims = Claims::new();
    let comparable = |capture: &&Capture| matches!(capture.version, HttpVersion::Http11 | HttpVersion::Http2);
    for capture in all
        .iter()
        .filter(|capture| capture.label == "program" && capture.engine().is_none())
        .filter(comparable)
    {
        let worn = claimed(capture.header("user-agent"));
        let engines = worn.map_or(vec![Engine::Blink, Engine::Gecko], |engine| vec![engine]);
        for engine in engines {
            let (tally, named) = claims.entry((capture.client.clone(), engine, worn.is_some())).or_default();
            tally.add(table, capture, engine);
            *named += u32::from(
                capture.with_list(|list| programs::name_by_headers(list, capture.version)).is_some(),
            );
        }
    }
    claims
}

/// The engine a browser's user agent claims.
fn claimed(agent: &str) -> Option<Engine> {
    match agent {
        agent if agent.contains("Chrome/") => Some(Engine::Blink),
        agent if agent.contains("Firefox/") => Some(Engine::Gecko),
        agent if agent.contains("Safari/") => Some(Engine::WebKit),
        _ => None,
    }
}
