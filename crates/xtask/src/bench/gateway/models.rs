//! What a model costs a request: the same gateway by the hand-set tables alone, with the model that ships, and with boosted trees and a
//! net that Palisade trains here and that stand in the tables' place. None may change an answer (`enforce = "hard"`): all that is measured
//! is scoring.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use super::load::{self, Sample};
use super::servers::{Palisade, Server};
use super::spread::Spread;
use super::{Extent, in_turn, line, told, visitors};

/// Clients that trees and net learn from, half of them programs, and how often each asks.
const CLIENTS: u64 = 800;
const REQUESTS: u64 = 30;

/// As many turns as of the other parts, times that.
const ROUNDS_MORE: usize = 3;

/// By what is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judge {
    Tables,
    Shipped,
    Trees,
    Net,
}

impl Judge {
    const ALL: [Judge; 4] = [Judge::Tables, Judge::Shipped, Judge::Trees, Judge::Net];

    fn name(self) -> &'static str {
        match self {
            Judge::Tables => "hand-set tables alone",
            Judge::Shipped => "the model that ships",
            Judge::Trees => "100 boosted trees, depth 6",
            Judge::Net => "net 64-32-16-1",
        }
    }

    /// As `palisade train --model` has it.
    fn kind(self) -> Option<&'static str> {
        match self {
            Judge::Tables | Judge::Shipped => None,
            Judge::Trees => Some("gbdt"),
            Judge::Net => Some("mlp"),
        }
    }

    /// As `[model] uri` has it; what is trained lies in `folder`.
    fn uri(self) -> &'static str {
        match self {
            Judge::Tables => "builtin:rules",
            Judge::Shipped => "builtin:http",
            Judge::Trees => "gbdt.model",
            Judge::Net => "mlp.model",
        }
    }

    /// Microseconds of CPU that it may add to a request.
    fn budget(self) -> (f64, &'static str) {
        match self {
            Judge::Tables => (0.0, ""),
            Judge::Shipped => (2.0, "≤ 2"),
            Judge::Trees => (4.0, "≤ 4"),
            Judge::Net => (10.0, "≤ 10"),
        }
    }
}

/// Measures all in turn, one worker each, and prints what each adds to the tables within a round.
pub(super) fn measure(
    binary: &Path,
    folder: &Path,
    upstream: SocketAddr,
    requests: &Path,
    extent: &Extent,
) -> anyhow::Result<()> {
    let folder = folder.join("models");
    std::fs::create_dir_all(&folder)?;
    let traffic = folder.join("recorded.ndjson");
    std::fs::write(&traffic, recorded())?;
    let servers = Judge::ALL
        .map(|judge| {
            if let Some(kind) = judge.kind() {
                train(binary, kind, &folder.join(judge.uri()), &traffic)?;
            }
            let (name, model) = (&format!("{judge:?}"), Some((&*folder, judge.uri())));
            let palisade = Palisade { binary, name, workers: 1, plain: false, model, upstream };
            palisade.start(&folder).with_context(|| judge.uri())
        })
        .into_iter()
        .collect::<anyhow::Result<Vec<Server>>>()?;
    let sample = |judge: Judge, seconds, round| {
        let server = &servers[judge as usize];
        load::saturate(server, server.address, requests, load::CONNECTIONS, (seconds, round))
    };
    // Every visitor once, and more.
    in_turn(&Judge::ALL, 2, |judge, round| sample(judge, extent.seconds, round))?;
    // A machine's mood lasts for seconds, and differences are small: many short turns.
    let (rounds, seconds) = (extent.rounds * ROUNDS_MORE, 1);
    println!("\nmodels, 1 worker, {rounds} rounds of {seconds} s, 100,000 visitors in random order");
    let rounds = in_turn(&Judge::ALL, rounds, |judge, round| sample(judge, seconds, 2 + round))?;
    let spread = |value: &dyn Fn(&[Sample]) -> f64| Spread::of(rounds.iter().map(|round| value(round)));
    for judge in Judge::ALL {
        let cpu = spread(&|round| round[judge as usize].cpu_us);
        println!("  {:<34} {} µs CPU/request", judge.name(), told(cpu, 1));
    }
    for judge in Judge::ALL.into_iter().filter(|judge| *judge != Judge::Tables) {
        let more = spread(&|round| round[judge as usize].cpu_us - round[Judge::Tables as usize].cpu_us);
        let (most, words) = judge.budget();
        line(&format!("{}, on top", judge.name()), more, 2, " µs", words, |x| x <= most);
    }
    Ok(())
}

/// Makes a model of that kind of what was recorded.
fn train(binary: &Path, kind: &str, out: &Path, traffic: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(binary);
    command.arg("train").arg(traffic).args(["--trusted", "--model", kind, "--id", kind, "--out"]).arg(out);
    let ran = command.stdin(Stdio::null()).output().context("palisade train")?;
    ensure!(ran.status.success(), "palisade train --model {kind}: {}", String::from_utf8_lossy(&ran.stderr));
    Ok(())
}

/// Visitors of the measured site as Palisade would have recorded them, and as many programs that send the same heads: they ask
/// for more pages and fewer parts, in another pace. Both overlap, so that telling them apart takes what a model may have.
fn recorded() -> String {
    let mut text = String::new();
    let mut sequence = 0;
    for request in 0..REQUESTS {
        for client in 0..CLIENTS {
            let is_bot = client % 2 == 1;
            let odd = visitors::scramble(client << 8 | request);
            let pause_us = if is_bot { 4_000_000 + odd % 5_000_000 } else { 3_000_000 + odd % 20_000_000 };
            let time_us = 1_700_000_000_000_000 + request * 25_000_000 + pause_us;
            // Below 74 is a part of a page; a program's is one in three of a person's.
            let what = odd >> 8;
            let what = if is_bot && what.is_multiple_of(3) { what / 100 * 100 + 80 } else { what };
            let label = if is_bot { "bot" } else { "human" };
            // Writing to memory cannot fail.
            let _ = writeln!(
                text,
                "{{\"palisade\":1,\"time_us\":{time_us},\"resolution\":\"micro\",\"run\":\"1\",\"seq\":{sequence},\
                 \"vantage\":\"gateway-clear\",\"version\":\"HTTP/1.1\",\"scheme\":\"https\",\"status\":200,\
                 \"label\":\"{label}\",{}}}",
                visitors::as_recorded(client, what)
            );
            sequence += 1;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_json_of_both_sides() {
        let text = recorded();
        assert_eq!(text.lines().count() as u64, CLIENTS * REQUESTS);
        for line in text.lines().take(20) {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(line["path"].is_string() && line["headers"].is_array(), "{line}");
        }
        assert_eq!(text.matches("\"bot\"").count(), text.matches("\"human\"").count());
    }
}
