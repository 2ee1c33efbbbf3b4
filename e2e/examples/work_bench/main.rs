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
mod spread;

use anyhow::{Context as _, ensure};
use palisade_challenge::Secrets;
use palisade_challenge::work::{WorkKind, WorkParams, check, issue};
use palisade_e2e::browser::{Kind, Running};
use serde_json::Value;

use page::{Page, Way};
use spread::Spread;

/// How much is measured.
struct Extent {
    rounds: usize,
    solves: usize,
    hard_solves: usize,
}

const FULL: Extent = Extent { rounds: 5, solves: 200, hard_solves: 100 };
const QUICK: Extent = Extent { rounds: 2, solves: 20, hard_solves: 5 };

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
    /// Candidates that were looked at.
    evaluations: f64,
    /// The longest time that nothing else could happen in the page.
    longest_slice_ms: f64,
}

impl Visitor<'_> {
    async fn solve(&self, way: Way, params: WorkParams) -> anyhow::Result<Solve> {
        let id = self.next.replace(self.next.get() + 1) << 64 | 0xBEEF;
        let puzzles = issue(params, id, self.secrets).to_json(id);
        let answer = self.running.browser.run(&self.page.script(way, &puzzles)).await?;
        let solutions: Vec<u32> = serde_json::from_value(answer["solutions"].clone())?;
        check(params, id, self.secrets, &solutions)
            .with_context(|| format!("{} found wrong solutions", self.name))?;
        ensure!(answer["by"] == way.name(), "{}: {} instead of {}", self.name, answer["by"], way.name());
        let number = |value: &Value| value.as_f64().context("a number");
        Ok(Solve {
            ms: number(&answer["took"])?,
            evaluations: solutions.iter().map(|solution| f64::from(*solution) + 1.0).sum(),
            longest_slice_ms: number(&answer["longest"])?,
        })
    }

    /// Evaluations a second of several solves, and the longest slice among them.
    async fn rates(&self, way: Way, params: WorkParams, rounds: usize) -> anyhow::Result<(Spread, f64)> {
        let (mut rates, mut longest) = (Vec::new(), 0.0_f64);
        for _ in 0..rounds {
            let solve = self.solve(way, params).await?;
            rates.push(solve.evaluations / solve.ms * 1_000.0);
            longest = longest.max(solve.longest_slice_ms);
        }
        Ok((Spread::of(rates), longest))
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

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let extent = if std::env::args().any(|arg| arg == "--quick") { QUICK } else { FULL };
    let secrets = Secrets::derive(&[42; 32]);
    let threads = std::thread::available_parallelism()?.get();
    let page = Page::serve().await?;
    println!("{threads} threads; medians of {} rounds (lowest to highest)\n", extent.rounds);

    println!("| who | hashes/s | walks/s |\n|---|---|---|");
    let chromium = Running::start(Kind::Chromium).await?;
    let firefox = Running::start(Kind::Firefox).await?;
    let mut native = [Vec::new(), Vec::new()];
    let mut wasm = [Vec::new(), Vec::new()];
    for (name, running) in [("Chromium", &chromium), ("Firefox", &firefox)] {
        running.browser.go(&page.url()).await?;
        let next = std::cell::Cell::new(1);
        let visitor = Visitor { name, running, page: &page, next, secrets: &secrets };
        for way in Way::ALL {
            let (mut rates, mut longest) = ([const { Vec::new() }; 2], 0.0_f64);
            for _ in 0..extent.rounds {
                for (at, kind) in [WorkKind::Hash, WorkKind::Memory].into_iter().enumerate() {
                    // Beside each other, so that a busy machine is busy for both.
                    let beside = native::rate(kind, threads);
                    let (rate, slice) = visitor.rates(way, long(way, kind), 1).await?;
                    rates[at].push(rate.median);
                    longest = longest.max(slice);
                    if way == Way::Wasm && name == "Chromium" {
                        native[at].push(beside);
                        wasm[at].push(beside / rate.median);
                    }
                }
            }
            let [hash, memory] = rates.map(Spread::of);
            println!("| {name}, {} | {hash:.0} | {memory:.0} |", way.name());
            if way == Way::Slices {
                println!("| {name}: longest time without a turn for others | {longest:.1} ms | |");
            }
        }
    }
    let [hash, memory] = native.map(Spread::of);
    println!("| native, {threads} threads | {hash:.0} | {memory:.0} |");
    let [hash, memory] = wasm.map(Spread::of);
    println!("| native to Chromium's WASM, by round | {hash:.2} | {memory:.2} |\n");
    firefox.browser.close().await?;

    server(&secrets)?;

    let next = std::cell::Cell::new(1 << 20);
    let visitor = Visitor { name: "Chromium", running: &chromium, page: &page, next, secrets: &secrets };
    println!(
        "| Chromium, WASM in workers | solves | median ms | p99 ms | slowest ms | p99 to median |\n|---|---|---|---|---|---|"
    );
    for (params, solves) in [(WorkParams::HASH, extent.solves), (WorkParams::MEMORY, extent.hard_solves)] {
        let mut times = Vec::new();
        for _ in 0..solves {
            times.push(visitor.solve(Way::Wasm, params).await?.ms);
        }
        let spread = Spread::of(times);
        let p99 = spread.rank(0.99);
        let (median, most) = (spread.median, spread.rank(1.0));
        let name = params.kind.name();
        println!("| {name} | {solves} | {median:.0} | {p99:.0} | {most:.0} | {:.2} |", p99 / median);
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
