//! What proof of work costs those who solve it, measured in one run: a native solver on all threads, Chromium with WASM in
//! workers, with scripts in workers and with slices in the page, and Firefox; then how solving times are spread.
//!
//! ```text
//! cargo run --profile measure -p palisade-e2e --example work_bench [-- --quick]
//! ```
//!
//! The native solver calls the processor's own instructions for SHA-256 where it has them (crate `sha2`); the walk through
//! memory is what the server runs. Rates of browsers include starting their workers and fetching their modules.

#![allow(clippy::print_stdout, reason = "a measurement talks to a terminal")]

mod native;
mod page;
mod processor;
mod spread;

use std::fmt;

use anyhow::{Context as _, ensure};
use palisade_challenge::Secrets;
use palisade_challenge::work::{WorkKind, WorkParams, check, issue};
use palisade_e2e::browser::{Kind, Running};
use serde_json::Value;

use native::Rate;
use page::{Page, Way};
use spread::Spread;

/// How much is measured.
struct Extent {
    rounds: usize,
    solves: usize,
    hard_solves: usize,
}

const FULL: Extent = Extent { rounds: 5, solves: 200, hard_solves: 100 };
const QUICK: Extent = Extent { rounds: 2, solves: 100, hard_solves: 10 };

/// One browser on its page.
struct Visitor<'a> {
    name: &'static str,
    running: &'a Running,
    page: &'a Page,
    next: std::cell::Cell<u128>,
    secrets: &'a Secrets,
}

/// One solve as the browser reports it.
struct Solve {
    ms: f64,
    /// Of the browser's processor time.
    processor_ms: f64,
    /// Candidates that were looked at.
    evaluations: f64,
    /// The longest time that nothing else could happen in the page.
    longest_slice_ms: f64,
}

impl Visitor<'_> {
    async fn solve(&self, way: Way, params: WorkParams) -> anyhow::Result<Solve> {
        let id = self.next.replace(self.next.get() + 1) << 64 | 0xBEEF;
        let puzzles = issue(params, id, self.secrets).to_json(id);
        let ran = processor::children_ms()?;
        let answer = self.running.browser.run_until_done(&self.page.script(way, &puzzles), &[]).await?;
        let processor_ms = processor::children_ms()? - ran;
        let solutions: Vec<u32> = serde_json::from_value(answer["solutions"].clone())
            .with_context(|| format!("{} answered {answer}", self.name))?;
        check(params, id, self.secrets, &solutions)
            .with_context(|| format!("{} found wrong solutions", self.name))?;
        ensure!(answer["by"] == way.name(), "{}: {} instead of {}", self.name, answer["by"], way.name());
        let number = |value: &Value| value.as_f64().context("a number");
        Ok(Solve {
            ms: number(&answer["took"])?,
            processor_ms,
            evaluations: solutions.iter().map(|solution| f64::from(*solution) + 1.0).sum(),
            longest_slice_ms: number(&answer["longest"])?,
        })
    }
}

/// What is solved to measure a rate: enough that starting matters little.
fn long(way: Way, kind: WorkKind) -> WorkParams {
    match (kind, way) {
        (WorkKind::Hash, Way::Wasm) => WorkParams::HASH.doubled(4),
        (WorkKind::Hash, Way::Script) => WorkParams::HASH.doubled(2),
        (WorkKind::Hash, Way::Slices) => WorkParams::HASH.doubled(1),
        (WorkKind::Memory, Way::Wasm) => WorkParams::MEMORY,
        (WorkKind::Memory, Way::Script) => WorkParams::MEMORY.doubled(-1),
        (WorkKind::Memory, Way::Slices) => WorkParams::MEMORY.doubled(-2),
    }
}

/// Rates of one solver: by the clock, and of processor time; each of hashes, then walks.
#[derive(Default)]
struct Table([Vec<f64>; 4]);

impl Table {
    fn add(&mut self, kind: WorkKind, rate: Rate) {
        let at = usize::from(kind == WorkKind::Memory);
        self.0[at].push(rate.wall / 1e3);
        self.0[at + 2].push(rate.processor / 1e3);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [hashes, walks, cpu_hashes, cpu_walks] = self.0.clone().map(Spread::of);
        write!(f, "{hashes:.0} | {walks:.2} | {cpu_hashes:.0} | {cpu_walks:.2}")
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let extent = if std::env::args().any(|arg| arg == "--quick") { QUICK } else { FULL };
    let secrets = Secrets::derive(&[42; 32]);
    let threads = std::thread::available_parallelism()?.get();
    let page = Page::serve().await?;
    println!("{threads} threads; medians of {} rounds (lowest to highest), in thousands\n", extent.rounds);

    println!(
        "| who | hashes/s | walks/s | hashes a CPU second | walks a CPU second |\n|---|---|---|---|---|"
    );
    let chromium = Running::start(Kind::Chromium).await?;
    let firefox = Running::start(Kind::Firefox).await?;
    let mut beside = Table::default();
    for (name, running) in [("Chromium", &chromium), ("Firefox", &firefox)] {
        running.browser.go(&page.url()).await?;
        let next = std::cell::Cell::new(1);
        let visitor = Visitor { name, running, page: &page, next, secrets: &secrets };
        for way in Way::ALL {
            let mut table = Table::default();
            let mut longest = 0.0_f64;
            for _ in 0..extent.rounds {
                for kind in [WorkKind::Hash, WorkKind::Memory] {
                    // Beside each other, so that a busy machine is busy for both.
                    let native = native::rate(kind, threads)?;
                    let solve = visitor.solve(way, long(way, kind)).await?;
                    longest = longest.max(solve.longest_slice_ms);
                    let rate = Rate {
                        wall: solve.evaluations / solve.ms * 1e3,
                        processor: solve.evaluations / solve.processor_ms * 1e3,
                    };
                    table.add(kind, rate);
                    if way == Way::Wasm {
                        beside.add(kind, native);
                    }
                    if way == Way::Wasm && name == "Chromium" {
                        let ratio = native.processor / rate.processor;
                        println!(
                            "| {} native to Chromium: {ratio:.2} by CPU, {:.2} by the clock | | | | |",
                            kind.name(),
                            native.wall / rate.wall
                        );
                    }
                }
            }
            println!("| {name}, {} | {table} |", way.name());
            if way == Way::Slices {
                println!("| {name}: longest time without a turn for others, {longest:.1} ms | | | | |");
            }
        }
    }
    println!("| native | {beside} |\n");
    firefox.browser.close().await?;

    server(&secrets)?;

    let next = std::cell::Cell::new(1 << 20);
    let visitor = Visitor { name: "Chromium", running: &chromium, page: &page, next, secrets: &secrets };
    println!(
        "| Chromium, WASM in workers | solves | median ms | p99 ms | slowest ms | p99 to median | by CPU time | by evaluations |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (params, solves) in [(WorkParams::HASH, extent.solves), (WorkParams::MEMORY, extent.hard_solves)] {
        let (mut times, mut processor, mut evaluations) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..solves {
            let solve = visitor.solve(Way::Wasm, params).await?;
            times.push(solve.ms);
            processor.push(solve.processor_ms);
            evaluations.push(solve.evaluations);
        }
        let times = Spread::of(times);
        let tail = |spread: &Spread| spread.rank(0.99) / spread.median;
        println!(
            "| {} | {solves} | {:.0} | {:.0} | {:.0} | {:.2} | {:.2} | {:.2} |",
            params.kind.name(),
            times.median,
            times.rank(0.99),
            times.rank(1.0),
            tail(&times),
            tail(&Spread::of(processor)),
            tail(&Spread::of(evaluations)),
        );
    }
    chromium.browser.close().await
}

/// What the server pays, beside what one evaluation costs a native solver; both in time of their thread.
fn server(secrets: &Secrets) -> anyhow::Result<()> {
    println!(
        "| server, one thread | µs a challenge | challenges/s | of a native solver's |\n|---|---|---|---|"
    );
    for (params, challenges, evaluations) in
        [(WorkParams::HASH, 100_000, 2_000_000), (WorkParams::MEMORY, 200, 2_000)]
    {
        let wrong = vec![1; usize::from(params.puzzles)];
        let server = native::micros(challenges, |id| {
            let id = u128::from(id);
            (issue(params, id, secrets), check(params, id, secrets, &wrong).is_ok())
        })?;
        let solver = native::evaluation_micros(params.kind, evaluations)? * params.worst() as f64 / 2.0;
        let name = params.kind.name();
        println!("| {name} | {server:.2} | {:.0} | 1/{:.0} |", 1e6 / server, solver / server);
    }
    println!();
    Ok(())
}
