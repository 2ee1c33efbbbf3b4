//! What a model costs a request: the same gateway by the hand-set tables alone, with the model that ships, and with boosted trees and a
//! net that Palisade trains here and that stand in the tables' place. None may change an answer (`enforce = "hard"`): all that is measured
//! is scoring.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::Value;

use super::load::{self, Sample};
use super::servers::{self, Palisade, Server};
use super::spread::Spread;
use super::{Extent, in_turn, line, told, visitors};

/// Clients that trees and net learn from, half of them programs, and how often each asks.
const CLIENTS: u64 = 800;
const REQUESTS: u64 = 30;

/// A model that would act upon more of its visitors is measured with the recording of what it says.
const ACTED_MAX: f64 = 0.05;

/// As many turns as of the other parts, times that.
const ROUNDS_MORE: usize = 3;

/// What scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Tables,
    Shipped,
    Trees,
    Net,
}

impl By {
    const ALL: [By; 4] = [By::Tables, By::Shipped, By::Trees, By::Net];

    fn name(self) -> &'static str {
        match self {
            By::Tables => "hand-set tables alone",
            By::Shipped => "the model that ships",
            By::Trees => "100 boosted trees, depth 6",
            By::Net => "net 64-32-16-1",
        }
    }

    /// As `palisade train --model` has it.
    fn kind(self) -> Option<&'static str> {
        match self {
            By::Tables | By::Shipped => None,
            By::Trees => Some("gbdt"),
            By::Net => Some("mlp"),
        }
    }

    /// As `[model] uri` has it; what is trained lies in `folder`.
    fn uri(self) -> &'static str {
        match self {
            By::Tables => "builtin:rules",
            By::Shipped => "builtin:http",
            By::Trees => "gbdt.model",
            By::Net => "mlp.model",
        }
    }

    /// Microseconds of CPU that it may add to a request.
    fn budget(self) -> (f64, &'static str) {
        match self {
            By::Tables => (0.0, ""),
            By::Shipped => (2.0, "≤ 2"),
            By::Trees => (4.0, "≤ 4"),
            By::Net => (10.0, "≤ 10"),
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
    let mut sizes = Vec::new();
    let servers = By::ALL
        .map(|by| {
            if let Some(kind) = by.kind() {
                let file = folder.join(by.uri());
                train(binary, kind, &file, &traffic)?;
                sizes.push(size(&file)?);
            }
            let (name, model) = (&format!("{by:?}"), Some((&*folder, by.uri())));
            let palisade = Palisade { binary, name, workers: 1, plain: false, model, upstream };
            palisade.start(&folder).with_context(|| by.uri())
        })
        .into_iter()
        .collect::<anyhow::Result<Vec<Server>>>()?;
    let sample = |by: By, seconds, round| {
        let server = &servers[by as usize];
        load::saturate(server, server.address, requests, load::CONNECTIONS, (seconds, round))
    };
    // Every visitor once, and more.
    in_turn(&By::ALL, 2, |by, round| sample(by, extent.seconds, round))?;
    // A machine's mood lasts for seconds, and differences are small: many short turns.
    let (rounds, seconds) = (extent.rounds * ROUNDS_MORE, 1);
    println!("\ntrained here: {}", sizes.join("; "));
    println!("models, 1 worker, {rounds} rounds of {seconds} s, 100,000 visitors in random order");
    let rounds = in_turn(&By::ALL, rounds, |by, round| sample(by, seconds, 2 + round))?;
    let spread = |value: &dyn Fn(&[Sample]) -> f64| Spread::of(rounds.iter().map(|round| value(round)));
    for by in By::ALL {
        let acted = acted_upon(&servers[by as usize])?;
        ensure!(acted < ACTED_MAX, "{}: {:.1} % of requests would be acted upon", by.name(), acted * 100.0);
        let cpu = spread(&|round| round[by as usize].cpu_us);
        // Whatever else the machine does only adds.
        let least = rounds.iter().map(|round| round[by as usize].cpu_us).fold(f64::INFINITY, f64::min);
        println!(
            "  {:<34} {} µs CPU/request, least {least:.1}; {:.1} % would be acted upon, and are recorded",
            by.name(),
            told(cpu, 1),
            acted * 100.0
        );
    }
    for by in By::ALL.into_iter().filter(|by| *by != By::Tables) {
        let more = spread(&|round| round[by as usize].cpu_us - round[By::Tables as usize].cpu_us);
        let (most, words) = by.budget();
        line(&format!("{}, on top", by.name()), more, 2, " µs", words, |x| x <= most);
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

/// How large the model in a file is: what a budget speaks of is to be what is measured.
fn size(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path)?;
    let document = text.lines().nth(1).context("a model file has a second line")?;
    let document: Value = serde_json::from_str(document)?;
    let of = |view: &Value| {
        let form = &view["form"];
        if let Some(trees) = form["trees"]["trees"].as_array() {
            let splits =
                trees.iter().map(|tree| tree["features"].as_array().map_or(0, Vec::len)).sum::<usize>();
            return format!("{} trees with {splits} splits", trees.len());
        }
        let layers = form["neural"]["layers"].as_array().map_or(0, Vec::len);
        let inputs = form["neural"]["inputs"].as_array().map_or(0, Vec::len);
        format!("a net of {inputs} inputs and {layers} layers")
    };
    let views = document["views"].as_array().context("a model has views")?;
    Ok(views.iter().map(of).collect::<Vec<_>>().join(", "))
}

/// Visitors of the measured site as Palisade would have recorded them, who come back to the same few targets every few seconds, and as many
/// programs that send the same heads, more slowly, and to other targets each time. A fifth of either side behaves as the other does, so
/// that telling them apart takes what a model may have; the visitors who are measured are people to it.
fn recorded() -> String {
    let mut lines = Vec::new();
    for client in 0..CLIENTS {
        let (is_bot, is_odd_one) = (client % 2 == 1, client / 2 % 5 == 0);
        let is_visitor = is_bot == is_odd_one;
        let mut time_us = 1_700_000_000_000_000 + client * 50_000;
        for request in 0..REQUESTS {
            let target = if is_visitor { request % 3 } else { request };
            let (what, pause) =
                (visitors::scramble(client << 8 | target), visitors::scramble(client << 8 | request));
            time_us +=
                if is_visitor { 2_000_000 + pause % 5_000_000 } else { 9_000_000 + pause % 20_000_000 };
            let label = if is_bot { "bot" } else { "human" };
            lines.push((time_us, label, visitors::as_recorded(client, what)));
        }
    }
    lines.sort_unstable();
    let mut text = String::new();
    for (sequence, (time_us, label, said)) in lines.into_iter().enumerate() {
        // Writing to memory cannot fail.
        let _ = writeln!(
            text,
            "{{\"palisade\":1,\"time_us\":{time_us},\"resolution\":\"micro\",\"run\":\"1\",\"seq\":{sequence},\
             \"vantage\":\"gateway-clear\",\"version\":\"HTTP/1.1\",\"scheme\":\"https\",\"status\":200,\
             \"label\":\"{label}\",{said}}}"
        );
    }
    text
}

/// The share of requests that would have been acted upon: each of them is recorded, which is no cost of scoring.
fn acted_upon(server: &Server) -> anyhow::Result<f64> {
    let api = server.api.context("palisade says where its API listens")?;
    let page = servers::get(api, "/metrics")?;
    let of = |action: &str| {
        let name = format!("palisade_actions_total{{action=\"{action}\"}} ");
        page.lines().find_map(|line| line.strip_prefix(&name)?.trim().parse::<f64>().ok())
    };
    let all: f64 = ["allow", "monitor", "throttle", "challenge", "charge", "tarpit", "block"]
        .into_iter()
        .map(|action| of(action).with_context(|| format!("/metrics counts no {action}")))
        .sum::<anyhow::Result<f64>>()?;
    let mild = of("allow").unwrap_or_default() + of("monitor").unwrap_or_default();
    Ok((all - mild) / all.max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_json_of_both_sides() {
        let text = recorded();
        assert_eq!(text.lines().count() as u64, CLIENTS * REQUESTS);
        for line in text.lines().take(20) {
            let line: Value = serde_json::from_str(line).unwrap();
            assert!(line["path"].is_string() && line["headers"].is_array(), "{line}");
        }
        assert_eq!(text.matches("\"bot\"").count(), text.matches("\"human\"").count());
    }
}
