//! Published ranges of crawlers: one dated file per operator.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use palisade_crawl::ranges::Ranges;
use palisade_domain::NetPrefix;

/// The day the snapshot is taken to be of. The list's commit carries no date in our copy, so this is the oldest date
/// of its siblings: a date too old can only keep a miss from counting.
const COLLECTED: &str = "2026-07-02";

/// Operator key and the folders of lord-alfred/ipranges that prove it. Folders of hosting companies and of whole
/// clouds (amazon, google, microsoft, github, ...) prove nobody: anyone may rent there.
const OPERATORS: &[(&str, &[&str])] = &[
    ("bing", &["bing"]),
    ("duckduckgo", &["duckduckbot", "duckassistbot"]),
    ("facebook", &["facebook"]),
    ("googlebot", &["googlebot"]),
    ("openai", &["openai"]),
    ("perplexity", &["perplexity"]),
    ("telegram", &["telegram"]),
    ("twitter", &["twitter"]),
];

/// Writes one file per operator into `out`; returns how many networks each holds.
pub(super) fn write(data: &Path, out: &Path) -> Result<BTreeMap<&'static str, usize>> {
    std::fs::create_dir_all(out)?;
    let mut counts = BTreeMap::new();
    for &(operator, folders) in OPERATORS {
        let mut networks = BTreeSet::new();
        for folder in folders {
            for file in ["ipv4_merged.txt", "ipv6_merged.txt"] {
                let path = data.join("crawler-ip-ranges").join(folder).join(file);
                if path.exists() {
                    networks.extend(read(&path)?);
                }
            }
        }
        ensure!(!networks.is_empty(), "no networks for {operator}");
        let mut text = format!("# date: {COLLECTED}\n");
        for network in &networks {
            let _ = writeln!(text, "{network}");
        }
        Ranges::read(&text)?;
        std::fs::write(out.join(format!("{operator}.txt")), text)?;
        counts.insert(operator, networks.len());
    }
    Ok(counts)
}

fn read(path: &Path) -> Result<Vec<NetPrefix>> {
    let lines = super::read(path)?;
    let network = |line: &str| line.trim().parse().with_context(|| format!("{}: {line}", path.display()));
    lines.lines().filter(|line| !line.trim().is_empty()).map(network).collect()
}
