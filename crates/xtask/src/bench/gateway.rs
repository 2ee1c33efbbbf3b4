//! A running Palisade beside nginx as a plain proxy: the same requests, the same upstream, the same number of workers, one
//! after the other in turn, several rounds. What is told are ratios and differences within a round, so that a machine that
//! other work slows down slows both.
//!
//! Needs `nginx` and `wrk`.

mod load;
mod models;
mod pacer;
mod process;
mod retrain;
mod servers;
mod spread;
mod visitors;

use std::fmt::Debug;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use crate::repo;
use load::Sample;
use servers::{Palisade, Server};
use spread::Spread;

/// Requests that are sent in turn, and questions.
const REQUESTS: u64 = 100_000;
const QUESTIONS: u64 = 20_000;

/// Requests a second of the open loop (DESIGN section 8).
const PACE: usize = 3_000;

/// How much is measured.
struct Extent {
    /// Rounds of everything; even, so that each of a pair is first as often as second.
    rounds: usize,
    seconds: u64,
    paced_seconds: u64,
    starts: usize,
}

const FULL: Extent = Extent { rounds: 10, seconds: 3, paced_seconds: 6, starts: 11 };
const QUICK: Extent = Extent { rounds: 2, seconds: 2, paced_seconds: 3, starts: 3 };

/// What is in the way of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Nginx,
    /// Palisade that asks nobody about anything.
    Plain,
    /// Palisade as it is installed.
    Palisade,
}

impl Who {
    const ALL: [Who; 3] = [Who::Nginx, Who::Plain, Who::Palisade];
}

/// What can be measured by itself.
pub(super) const PARTS: [&str; 5] = ["saturation", "pace", "training", "models", "check"];

/// `xtask bench gateway[/PART] [--quick] [--binary=PATH]`. `--quick` builds without link-time optimisation; else what ships is
/// measured.
pub(super) fn run(root: &Path, part: &str, quick: bool, binary: Option<PathBuf>) -> anyhow::Result<()> {
    let binary = match binary {
        Some(binary) => std::path::absolute(binary)?,
        None => built(root, if quick { "measure" } else { "release" })?,
    };
    let extent = if quick { QUICK } else { FULL };
    let folder = repo::target_dir(root).join(format!("tmp/bench-gateway-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let measured = measure(&binary, &folder, &extent, |name| part.is_empty() || part == name);
    let _ = std::fs::remove_dir_all(&folder);
    measured
}

fn built(root: &Path, profile: &str) -> anyhow::Result<PathBuf> {
    repo::run(&mut repo::cargo(root, &["build", "--quiet", "--profile", profile, "--package", "palisade"]))?;
    Ok(repo::target_dir(root).join(profile).join("palisade"))
}

fn measure(
    binary: &Path,
    folder: &Path,
    extent: &Extent,
    wants: impl Fn(&str) -> bool,
) -> anyhow::Result<()> {
    let requests = visitors::requests(REQUESTS);
    let visits = folder.join("visits");
    load::prepare(&visits, requests.iter().map(String::as_str))?;
    let upstream = servers::upstream(folder)?;
    println!("\n{}", machine());
    if wants("saturation") {
        at_saturation(&Bench::start(binary, folder, 1, upstream.address)?, &visits, extent)?;
    }
    let turn = pacer::Turn::of(requests);
    if ["saturation", "pace", "training"].into_iter().any(&wants) {
        let bench = Bench::start(binary, folder, 2, upstream.address)?;
        if wants("saturation") {
            at_saturation(&bench, &visits, extent)?;
        } else {
            known(&bench, &visits, extent)?;
        }
        if wants("pace") {
            paced(&bench, &turn, extent)?;
        }
        if wants("training") {
            beside_a_training(&bench, &turn, &retrain::Traffic::written(binary, folder)?, extent)?;
        }
        println!(
            "memory after {REQUESTS} visits               {:.1} MiB",
            process::resident_mib(bench.palisade.pid())?
        );
    }
    if wants("models") {
        models::measure(binary, folder, upstream.address, &visits, extent)?;
    }
    if wants("check") {
        at_rest(binary, folder, upstream.address, extent)?;
        checks(binary, folder, upstream.address, extent)?;
    }
    Ok(())
}

/// The three in front of one upstream.
struct Bench {
    nginx: Server,
    plain: Server,
    palisade: Server,
    workers: usize,
}

impl Bench {
    fn start(binary: &Path, folder: &Path, workers: usize, upstream: SocketAddr) -> anyhow::Result<Bench> {
        let palisade = |name: &str, plain| {
            let name = &format!("{name}-{workers}");
            Palisade { binary, name, workers, plain, model: None, upstream }.start(folder)
        };
        Ok(Bench {
            nginx: servers::nginx_proxy(folder, workers, upstream)?,
            plain: palisade("plain", true)?,
            palisade: palisade("palisade", false)?,
            workers,
        })
    }

    fn saturated(&self, who: Who, requests: &Path, secs_and_round: (u64, usize)) -> anyhow::Result<Sample> {
        let server = self.server(who);
        load::saturate(server, server.address, requests, load::CONNECTIONS, secs_and_round)
    }

    fn server(&self, who: Who) -> &Server {
        match who {
            Who::Nginx => &self.nginx,
            Who::Plain => &self.plain,
            Who::Palisade => &self.palisade,
        }
    }
}

/// Runs `each` for everybody of `all` in every round, every other round in reverse; results by round, in the order of
/// `all`.
fn in_turn<W: Copy + Debug, T: Clone>(
    all: &[W],
    rounds: usize,
    mut each: impl FnMut(W, usize) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<Vec<T>>> {
    let mut results = Vec::new();
    for round in 0..rounds {
        let mut order: Vec<usize> = (0..all.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        let mut found = vec![None; all.len()];
        for at in order {
            found[at] =
                Some(each(all[at], round).with_context(|| format!("{:?}, round {}", all[at], round + 1))?);
        }
        results.push(found.into_iter().flatten().collect());
    }
    Ok(results)
}

/// Connections, pages of memory, and every visitor once.
fn known(bench: &Bench, requests: &Path, extent: &Extent) -> anyhow::Result<()> {
    in_turn(&Who::ALL, 2, |who, round| bench.saturated(who, requests, (extent.seconds, round))).map(drop)
}

fn at_saturation(bench: &Bench, requests: &Path, extent: &Extent) -> anyhow::Result<()> {
    known(bench, requests, extent)?;
    let all = Who::ALL;
    let rounds = in_turn(&all, extent.rounds, |who, round| {
        bench.saturated(who, requests, (extent.seconds, 2 + round))
    })?;
    let workers = bench.workers;
    println!(
        "\nat saturation, {workers} worker{}, {} connections, {} rounds of {} s: median and its 95 % interval",
        if workers == 1 { "" } else { "s" },
        load::CONNECTIONS,
        extent.rounds,
        extent.seconds
    );
    for (at, who) in all.iter().enumerate() {
        let of = |value: fn(&Sample) -> f64| Spread::of(rounds.iter().map(|round| value(&round[at])));
        let cpu = of(|sample| sample.cpu_us);
        println!(
            "  {:<34} {} µs CPU/request, {:.0} requests/s",
            name(*who),
            told(cpu, 1),
            of(|sample| sample.per_second).median
        );
    }
    let of = |value: fn(&[Sample]) -> f64| Spread::of(rounds.iter().map(|round| value(round)));
    line(
        "CPU, scoring off : nginx",
        of(|round| round[1].cpu_us / round[0].cpu_us),
        2,
        "×",
        "≤ 1.15",
        |x| x <= 1.15,
    );
    line(
        "CPU on top with everything on",
        of(|round| round[2].cpu_us - round[1].cpu_us),
        1,
        " µs",
        "≤ 10",
        |x| x <= 10.0,
    );
    line(
        "requests/s, everything on : nginx",
        of(|round| round[2].per_second / round[0].per_second * 100.0),
        1,
        " %",
        "≥ 75 (aim 90)",
        |x| x >= 75.0,
    );
    Ok(())
}

fn paced(bench: &Bench, turn: &pacer::Turn, extent: &Extent) -> anyhow::Result<()> {
    let all = [Who::Nginx, Who::Palisade];
    let length = Duration::from_secs(extent.paced_seconds);
    let theirs = turn.again();
    let rounds = in_turn(&all, extent.rounds, |who, _| {
        let turn = if who == Who::Nginx { &theirs } else { turn };
        pacer::run(bench.server(who).address, turn, PACE, length)
    })?;
    println!(
        "\n{PACE} requests/s, open loop, {} workers, {} rounds of {} s",
        bench.workers, extent.rounds, extent.paced_seconds
    );
    for (at, who) in all.iter().enumerate() {
        let median = Spread::of(rounds.iter().map(|round| round[at].median_ms));
        let p99 = Spread::of(rounds.iter().map(|round| round[at].p99_ms));
        println!("  {:<34} {} ms median, {} ms p99", name(*who), told(median, 2), told(p99, 2));
    }
    let more = Spread::of(rounds.iter().map(|round| round[1].p99_ms - round[0].p99_ms));
    line("p99, everything on − nginx", more, 2, " ms", "≤ 0.3", |x| x <= 0.3);
    Ok(())
}

/// The same gateway at the same rate with a training beside it and without, each as often first as second.
fn beside_a_training(
    bench: &Bench,
    turn: &pacer::Turn,
    traffic: &retrain::Traffic<'_>,
    extent: &Extent,
) -> anyhow::Result<()> {
    let length = Duration::from_secs(extent.paced_seconds);
    let alone = || {
        let [stolen, all] = process::stolen();
        let latency = pacer::run(bench.palisade.address, turn, PACE, length)?;
        let [more_stolen, more] = process::stolen();
        anyhow::Ok((latency.p99_ms, (more_stolen - stolen) / (more - all).max(1.0) * 100.0))
    };
    let beside = || {
        let training = traffic.train()?;
        let latency = alone()?;
        training.still_runs()?;
        anyhow::Ok(latency)
    };
    let mut rounds = Vec::new();
    for round in 0..extent.rounds {
        rounds.push(if round % 2 == 0 {
            (alone()?, beside()?)
        } else {
            let beside = beside()?;
            (alone()?, beside)
        });
    }
    println!("\nthe same with a training beside it, nice 19 and one thread");
    for (what, pick) in [("alone", 0), ("beside a training", 1)] {
        let of = |round: &((f64, f64), (f64, f64))| [round.0, round.1][pick];
        let p99 = Spread::of(rounds.iter().map(|round| of(round).0));
        let stolen = Spread::of(rounds.iter().map(|round| of(round).1));
        // A machine that waits for its host says nothing about the training.
        println!("  {what:<34} {} ms p99; its host took {} % of its time", told(p99, 2), told(stolen, 1));
    }
    let more = Spread::of(rounds.iter().map(|(alone, beside)| (beside.0 / alone.0 - 1.0) * 100.0));
    line("p99 with a training, more", more, 0, " %", "≤ 20", |x| x <= 20.0);
    Ok(())
}

/// A first start, and what it needs before anybody comes.
fn at_rest(binary: &Path, folder: &Path, upstream: SocketAddr, extent: &Extent) -> anyhow::Result<()> {
    println!("\nfirst start, {} times, each with an empty data folder", extent.starts);
    let mut starts = Vec::new();
    for start in 0..extent.starts {
        let name = &format!("start-{start}");
        let palisade = Palisade { binary, name, workers: 0, plain: false, model: None, upstream };
        starts.push(servers::first_answer_ms(&palisade, folder)?);
    }
    line("to the first defended answer", Spread::of(starts), 0, " ms", "≤ 1000", |x| x <= 1_000.0);
    let palisade =
        Palisade { binary, name: "rest", workers: 0, plain: false, model: None, upstream }.start(folder)?;
    std::thread::sleep(Duration::from_secs(1));
    let rest = Spread::of([process::resident_mib(palisade.pid())?]);
    line("memory at rest (resident)", rest, 1, " MiB", "≤ 64", |x| x <= 64.0);
    Ok(())
}

/// `POST /check` over the real API; what one core could answer follows from the CPU time of a call.
fn checks(binary: &Path, folder: &Path, upstream: SocketAddr, extent: &Extent) -> anyhow::Result<()> {
    let palisade = Palisade { binary, name: "check", workers: 1, plain: false, model: None, upstream };
    let server = palisade.start(folder)?;
    let key = palisade.key(folder)?;
    let questions: Vec<String> = visitors::questions(QUESTIONS)
        .iter()
        .map(|body| {
            format!(
                "POST /check HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        })
        .collect();
    load::prepare(&folder.join("questions"), questions.iter().map(String::as_str))?;
    let api = server.api.context("palisade says where its API listens")?;
    let sample = |round| load::saturate(&server, api, &folder.join("questions"), 16, (extent.seconds, round));
    sample(0)?;
    let samples = (1..=extent.rounds).map(sample).collect::<anyhow::Result<Vec<_>>>()?;
    println!("\nPOST /check, 16 connections, {} rounds of {} s", extent.rounds, extent.seconds);
    println!(
        "  answered                           {:.0}/s on two threads, beside the one that asks",
        Spread::of(samples.iter().map(|sample| sample.per_second)).median
    );
    let per_core = Spread::of(samples.iter().map(|sample| 1e6 / sample.cpu_us));
    line("per second of one core", per_core, 0, "/s", "≥ 15000", |x| x >= 15_000.0);
    Ok(())
}

fn name(who: Who) -> &'static str {
    match who {
        Who::Nginx => "nginx, plain proxy",
        Who::Plain => "palisade, scoring off",
        Who::Palisade => "palisade, everything on",
    }
}

/// One figure with its budget; a missed one is named.
fn line(what: &str, spread: Spread, places: usize, unit: &str, budget: &str, kept: impl Fn(f64) -> bool) {
    let missed = if kept(spread.median) { "" } else { "  MISSED" };
    println!("  {what:<34} {}{unit}  {budget}{missed}", told(spread, places));
}

fn told(Spread { median, low, high }: Spread, places: usize) -> String {
    format!("{median:.places$} ({low:.places$} to {high:.places$})")
}

/// What the figures were made on, and what else it was doing.
fn machine() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("");
    let load = read("/proc/loadavg");
    let load: Vec<&str> = load.split(' ').take(3).collect();
    format!(
        "{cpus} × {}; load average before: {}",
        model.trim_start_matches([' ', '\t', ':']),
        load.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_a_pair_is_first_as_often_as_second() {
        let mut order = Vec::new();
        let results = in_turn(&[Who::Nginx, Who::Palisade], 2, |who, _| {
            order.push(who);
            Ok(who)
        });
        assert_eq!(order, [Who::Nginx, Who::Palisade, Who::Palisade, Who::Nginx]);
        assert_eq!(results.unwrap(), vec![vec![Who::Nginx, Who::Palisade]; 2]);
        assert_eq!((FULL.rounds % 2, QUICK.rounds % 2), (0, 0));
    }
}
