//! The two lines about real logs: attack lines that carry the attack in method, path or user agent go beyond
//! monitor, and a blog's clients that load assets do not.
//!
//! Which lines are attacks is said by hand in `data/attack-lines.tsv`; each log is one run of the whole pipeline.

mod listed;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::ensure;
use palisade_detect::{Engine, EngineSettings, HashSeed, Observe};
use palisade_domain::{ClientKey, Timestamp};
use palisade_policy::{Judge, Policy, Preset};
use palisade_replay::formats::Record;
use palisade_replay::merge::{Feed, FeedOptions};

use listed::{Listed, Verdict};

/// Least share of attack lines beyond monitor, in percent.
const ATTACKS_MIN: f64 = 90.0;

/// Most clients that load assets with any request beyond monitor, in percent.
const PEOPLE_MAX: f64 = 0.5;

/// Logs are of the past; nothing in them is skipped as being of the future.
const NOW: Timestamp = Timestamp(i64::MAX / 2);

/// Prints both figures for the logs below `data`, with every miss.
///
/// # Errors
/// Where a log cannot be read or a line is missed.
pub(crate) fn run(data: &Path) -> anyhow::Result<()> {
    let attacks = attack_lines(data)?;
    let people = people(&data.join("access-log-apache-semicomplete/access.log.gz"))?;
    ensure!(
        attacks >= ATTACKS_MIN,
        "{attacks:.1} % of attack lines go beyond monitor, {ATTACKS_MIN} % is the line"
    );
    ensure!(people <= PEOPLE_MAX, "{people:.2} % of people go beyond monitor, {PEOPLE_MAX} % is the line");
    Ok(())
}

fn judge() -> Judge {
    let settings = EngineSettings::new(HashSeed([1, 2]));
    Judge::new(Engine::new(settings), Policy::preset(Preset::Balanced))
}

/// One request of a log and what became of it.
struct Outcome {
    line: u64,
    beyond: bool,
    shown: String,
}

/// Share of the listed attack lines that go beyond monitor.
fn attack_lines(data: &Path) -> anyhow::Result<f64> {
    let listed = Listed::read()?;
    let (mut hits, mut total, mut ordinary) = (0, 0, 0);
    println!("{:<72} {:>9}", "log", "hit/lines");
    for file in listed.files() {
        let path = data.join(&file.folder).join(&file.name);
        let outcomes = replay(&path)?;
        let (mut file_hits, mut file_total, mut misses) = (0, 0, Vec::new());
        for line in 1..=line_count(&path)? {
            match file.verdict(line) {
                Verdict::Attack(reason) if !listed::is_blank(&path, line)? => {
                    let outcome = outcomes.iter().find(|outcome| outcome.line == line);
                    file_total += 1;
                    match outcome {
                        Some(outcome) if outcome.beyond => file_hits += 1,
                        Some(outcome) => misses.push(format!("{line}: {} ({reason})", outcome.shown)),
                        None => misses.push(format!("{line}: not read ({reason})")),
                    }
                }
                Verdict::Ordinary(reason) => {
                    let outcome = outcomes.iter().find(|outcome| outcome.line == line && outcome.beyond);
                    ordinary += usize::from(outcome.is_some());
                    misses.extend(
                        outcome.map(|outcome| format!("{line}: ordinary, yet {} ({reason})", outcome.shown)),
                    );
                }
                Verdict::Attack(_) | Verdict::Other(_) => {}
            }
        }
        if file_total > 0 || !misses.is_empty() {
            println!("{:<72} {file_hits:>4}/{file_total}", file.name);
        }
        misses.iter().for_each(|miss| println!("    {miss}"));
        hits += file_hits;
        total += file_total;
    }
    let share = 100.0 * f64::from(hits) / f64::from(total.max(1));
    println!(
        "attack lines beyond monitor: {hits} of {total}, {share:.1} %; ordinary lines beyond monitor: {ordinary}"
    );
    Ok(share)
}

/// Every request of the log at `path`, judged in order.
fn replay(path: &Path) -> anyhow::Result<Vec<Outcome>> {
    let judge = judge();
    let mut outcomes = Vec::new();
    each_record(path, |record| {
        let headers = record.header_entries();
        let facts = record.facts(&headers);
        let judged = judge.request(&facts, Observe::Note);
        judge.response(judged.ticket, &record.response(), facts.time);
        let action = judged.verdict.decision.action;
        let why: Vec<String> = judged
            .verdict
            .assessment
            .explanation
            .iter()
            .map(|line| format!("{}={:.1}", line.id, line.evidence))
            .collect();
        let (method, target) = (facts.method.known().unwrap_or("-"), facts.target.known().unwrap_or("-"));
        let target: String = target.chars().take(80).collect();
        let shown = format!("{} {method} {target} [{}]", action.name(), why.join(" "));
        outcomes.push(Outcome { line: record.line, beyond: action.is_beyond_monitor(), shown });
    })?;
    Ok(outcomes)
}

fn each_record(path: &Path, mut visit: impl FnMut(&Record)) -> anyhow::Result<()> {
    let mut feed = Feed::open(&[path.to_path_buf()], FeedOptions { format: None, now: NOW })
        .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    while let Some(batch) = feed.next_batch() {
        batch.iter().for_each(&mut visit);
    }
    Ok(())
}

fn line_count(path: &Path) -> anyhow::Result<u64> {
    Ok(std::fs::read(path)?.split(|b| *b == b'\n').count() as u64)
}

/// Share of the blog's clients that load assets of which any request goes beyond monitor.
fn people(path: &Path) -> anyhow::Result<f64> {
    #[derive(Default)]
    struct Client {
        pages: u32,
        assets: u32,
        beyond: Option<String>,
    }
    let judge = judge();
    let mut clients: BTreeMap<String, Client> = BTreeMap::new();
    each_record(path, |record| {
        let facts = record.facts(&[]);
        let judged = judge.request(&facts, Observe::Note);
        judge.response(judged.ticket, &record.response(), facts.time);
        let key = match facts.client {
            ClientKey::Ip(ip) => ip.to_string(),
            ClientKey::Opaque(name) => name.to_owned(),
        };
        let client = clients.entry(format!("{key} {}", facts.user_agent.known().unwrap_or("-"))).or_default();
        let path = facts.path().known().unwrap_or("");
        match palisade_detect::route::is_asset_path(path) {
            true => client.assets += 1,
            false => client.pages += 1,
        }
        if judged.verdict.decision.action.is_beyond_monitor() && client.beyond.is_none() {
            let lines = judged.verdict.assessment.explanation.iter();
            let why: Vec<String> = lines.map(|line| format!("{}={:.1}", line.id, line.evidence)).collect();
            client.beyond = Some(format!("{} [{}]", judged.verdict.decision.action.name(), why.join(" ")));
        }
    })?;
    let loads = || clients.values().filter(|client| client.assets > 0 && client.pages > 0);
    let beyond: Vec<&String> = loads().filter_map(|client| client.beyond.as_ref()).collect();
    beyond.iter().for_each(|why| println!("    {why}"));
    let share = 100.0 * beyond.len() as f64 / loads().count().max(1) as f64;
    println!(
        "blog: {} of {} clients that load assets go beyond monitor, {share:.2} %",
        beyond.len(),
        loads().count()
    );
    Ok(share)
}
