//! The permitted lists: where they lie, what a row of them says.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::read::GzDecoder;
use palisade_domain::IdentityClass;
use palisade_fingerprint::user_agent::{Role, Token, Tokens, role};
use serde_json::Value;

use super::patterns;

/// One name that a list gives.
pub(super) struct Candidate {
    /// A literal, perhaps with `^` in front.
    pub(super) pattern: String,
    /// The class the list gives it.
    pub(super) class: Option<IdentityClass>,
    /// User agents it was seen in.
    pub(super) instances: Vec<String>,
}

/// A list whose licence lets it ship.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    WellKnownBots,
    AiRobots,
    CrawlerUserAgents,
    Isbot,
}

impl Source {
    /// All, the most informative first: a name is taken from the first that has it.
    pub(super) const ALL: [Source; 4] =
        [Source::WellKnownBots, Source::AiRobots, Source::CrawlerUserAgents, Source::Isbot];

    pub(super) fn name(self) -> &'static str {
        match self {
            Source::WellKnownBots => "well-known-bots",
            Source::AiRobots => "ai-robots",
            Source::CrawlerUserAgents => "crawler-user-agents",
            Source::Isbot => "isbot",
        }
    }

    pub(super) fn candidates(self, data: &Path) -> Result<Vec<Candidate>> {
        match self {
            Source::WellKnownBots => well_known_bots(&data.join("well-known-bots/well-known-bots.json")),
            Source::AiRobots => ai_robots(&data.join("ai-robots/robots.json")),
            Source::CrawlerUserAgents => crawler_user_agents(data),
            Source::Isbot => isbot(data),
        }
    }
}

fn json(path: &Path) -> Result<Value> {
    let text = super::read(path)?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn well_known_bots(path: &Path) -> Result<Vec<Candidate>> {
    let list = json(path)?;
    let mut all = Vec::new();
    for bot in list.as_array().context("not an array")? {
        let class = class_of(&strings(&bot["categories"]).collect::<Vec<_>>());
        let instances: Vec<_> = strings(&bot["instances"]["accepted"]).map(str::to_owned).collect();
        for regex in strings(&bot["pattern"]["accepted"]) {
            all.extend(expand(regex, class, &instances));
        }
    }
    Ok(all)
}

/// The class of a well-known-bots category list: the special purpose before the general word. What only says whose
/// it is, or `unknown`, says no class.
fn class_of(categories: &[&str]) -> Option<IdentityClass> {
    const CLASSES: [(&str, IdentityClass); 14] = [
        ("webhook", IdentityClass::Webhook),
        ("feedfetcher", IdentityClass::Feed),
        ("preview", IdentityClass::Preview),
        ("social", IdentityClass::Preview),
        ("monitor", IdentityClass::Monitor),
        ("archive", IdentityClass::Archive),
        ("optimizer", IdentityClass::Tool),
        ("advertising", IdentityClass::Tool),
        ("ai", IdentityClass::Ai),
        ("search-engine", IdentityClass::Search),
        ("programmatic", IdentityClass::Library),
        ("academic", IdentityClass::Search),
        ("tool", IdentityClass::Tool),
        ("vercel", IdentityClass::Tool),
    ];
    CLASSES.iter().find(|(category, _)| categories.contains(category)).map(|&(_, class)| class)
}

fn ai_robots(path: &Path) -> Result<Vec<Candidate>> {
    let list = json(path)?;
    let names = list.as_object().context("not an object")?.keys();
    let plain = |name: &str| name.split('/').next().unwrap_or(name).trim().to_owned();
    let candidate = |name: &String| Candidate {
        pattern: plain(name),
        class: Some(IdentityClass::Ai),
        instances: Vec::new(),
    };
    Ok(names.map(candidate).collect())
}

/// One regular expression as candidates; the empty pattern stands for what cannot be said in literals.
fn expand(regex: &str, class: Option<IdentityClass>, instances: &[String]) -> Vec<Candidate> {
    let literals = patterns::literals(regex).unwrap_or_else(|| vec![String::new()]);
    literals.into_iter().map(|pattern| Candidate { pattern, class, instances: instances.to_vec() }).collect()
}

fn crawler_user_agents(data: &Path) -> Result<Vec<Candidate>> {
    let mut families: Vec<(String, Vec<String>)> = Vec::new();
    for (ua, name, _) in
        tsv(&data.join("user-agents/bots.tsv.gz"))?.into_iter().filter(|row| row.2 == "crawler-user-agents")
    {
        match families.iter_mut().find(|(held, _)| *held == name) {
            Some((_, instances)) => instances.push(ua),
            None => families.push((name, vec![ua])),
        }
    }
    Ok(families.iter().flat_map(|(regex, instances)| expand(regex, None, instances)).collect())
}

/// isbot gives user agents under display names: the pattern is the product that no browser carries.
fn isbot(data: &Path) -> Result<Vec<Candidate>> {
    let rows = tsv(&data.join("user-agents/bots.tsv.gz"))?;
    let named = rows.into_iter().filter(|(_, name, source)| source == "isbot" && !name.starts_with("ZZZ"));
    let candidate = |(ua, ..): (String, String, String)| Candidate {
        pattern: own_product(&ua).unwrap_or_default(),
        class: None,
        instances: vec![ua],
    };
    Ok(named.map(candidate).collect())
}

/// The first product of `ua` that is a name of its own: with a version, and no browser's.
fn own_product(ua: &str) -> Option<String> {
    Tokens::new(ua).find_map(|token| match token {
        Token::Product { name, version }
            if !version.is_empty() && name.len() >= 5 && role(name) == Role::Unknown && name.is_ascii() =>
        {
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            plain.then(|| format!("{name}/"))
        }
        _ => None,
    })
}

/// Clients of people from permitted lists: no name of a program may be found in them.
pub(super) fn people(data: &Path) -> Result<Vec<String>> {
    let rows = tsv(&data.join("user-agents/browsers.tsv.gz"))?;
    let mut all: Vec<_> =
        rows.into_iter().filter(|row| row.2 != "matomo-device-detector").map(|(ua, ..)| ua).collect();
    for line in gunzip(&data.join("user-agents/browser-profiles.jsonl.gz"))?.lines() {
        let profile: Value = serde_json::from_str(line)?;
        all.extend(profile["userAgent"].as_str().map(str::to_owned));
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// Rows `user_agent name source` below the heading.
pub(crate) fn tsv(path: &Path) -> Result<Vec<(String, String, String)>> {
    let row = |line: &str| {
        let mut columns = line.split('\t').map(str::to_owned);
        Some((columns.next()?, columns.next()?, columns.next()?))
    };
    Ok(gunzip(path)?.lines().skip(1).filter_map(row).collect())
}

/// The text of a gzipped file.
pub(crate) fn gunzip(path: &Path) -> Result<String> {
    let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).with_context(|| path.display().to_string())?;
    Ok(text)
}
