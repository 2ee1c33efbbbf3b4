//! The same with one client left out of what was learned from the recordings: the table of header orders and the default
//! headers of programs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use palisade_detect::detectors::header_order::HeaderOrder;
use palisade_detect::{Detector, detectors};
use palisade_fingerprint::header_order::{Engine, Expected, programs};

use super::judge;
use super::outcome::Outcomes;
use super::recording::{Label, Recording};
use crate::update_headers::captures::{self, Capture};
use crate::update_headers::orders;

/// The user agents that programs put on for the trial, as recorded.
const WORN: [(&str, &str); 2] = [
    (
        "Chromium",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
    ),
    ("Firefox", "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"),
];

/// Prints both trials, returns missed lines.
///
/// # Errors
/// Where the recordings cannot be read.
pub(super) fn run(folder: &Path, recordings: &[Recording]) -> anyhow::Result<Vec<String>> {
    let captures = captures::read(folder)?;
    let missed = browsers(&captures, recordings)?;
    nameless(&captures);
    disguised(recordings);
    Ok(missed)
}

/// Each browser, judged with a table of orders that has not seen it.
fn browsers(captures: &[Capture], recordings: &[Recording]) -> anyhow::Result<Vec<String>> {
    let learned: BTreeSet<(&str, Engine)> =
        captures.iter().filter_map(|capture| Some((capture.client.as_str(), capture.engine()?))).collect();
    let mut missed = Vec::new();
    println!("\nleft out of the header orders, then judged:");
    for (client, engine) in learned {
        let table = Expected::parse(&orders(captures.iter().filter(|capture| capture.client != client)))?;
        let own: Vec<Recording> = recordings.iter().filter(|one| one.client == client).cloned().collect();
        for outcomes in judge(&own, with_orders(table)) {
            let (low, middle, high) = outcomes.spread();
            println!("  {client:20} {:12} {low} / {middle} / {high}", engine.name());
            if outcomes.label == Label::Browser {
                missed.extend(outcomes.beyond_allow.iter().map(|text| format!("left out: {text}")));
            }
        }
    }
    Ok(missed)
}

/// Programs without a user agent: does another client write the same headers, so that they would be named had they never
/// been recorded? Nothing here must hold: a library nobody recorded is a library nobody knows.
fn nameless(captures: &[Capture]) {
    println!("\nprograms without a user agent, named by the headers of others alone:");
    let signature = |capture: &Capture| (capture.version, capture.with_list(programs::signature));
    let is_nameless =
        |capture: &&Capture| capture.label == "program" && capture.header("user-agent").is_empty();
    let mut named = BTreeMap::<&str, (usize, usize)>::new();
    for own in captures.iter().filter(is_nameless) {
        let wanted = signature(own);
        let mut others = captures.iter().filter(|one| one.client != own.client && one.label == "program");
        let found = others.any(|one| signature(one) == wanted || signature(&without_agent(one)) == wanted);
        let (yes, all) = named.entry(&own.client).or_default();
        (*yes, *all) = (*yes + usize::from(found), *all + 1);
    }
    named.iter().for_each(|(client, (yes, all))| println!("  {client:20} {yes} of {all}"));
}

fn without_agent(capture: &Capture) -> Capture {
    let mut bare = capture.clone();
    bare.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("user-agent"));
    bare
}

fn with_orders(table: Expected) -> Vec<Box<dyn Detector>> {
    let mut all = detectors::all();
    all.retain(|detector| detector.card().name != "header_order");
    all.push(Box::new(HeaderOrder::with_table(table)));
    all
}

/// Each program under a browser's user agent, with its own default headers unknown: what is left are the habits of the
/// browser it claims to be. Nothing here must hold; it says how much a disguise is worth.
fn disguised(recordings: &[Recording]) {
    let mut seen = BTreeMap::<&str, Vec<Outcomes>>::new();
    for (name, agent) in WORN {
        let worn: Vec<Recording> = recordings
            .iter()
            .filter(|one| one.label == Label::Program && one.client != "curl_cffi")
            .map(|one| one.wearing(agent))
            .collect();
        let mut detectors = detectors::all();
        detectors.retain(|detector| detector.card().name != "library_headers");
        seen.insert(name, judge(&worn, detectors));
    }
    for (name, all) in &seen {
        println!("\nprograms under {name}'s user agent, their own headers unknown:");
        let mut requests = (0, 0);
        for own in all {
            let (noticed, total) = own.above_monitor();
            requests = (requests.0 + noticed, requests.1 + total);
            let (low, middle, high) = own.spread();
            println!("  {:20} {noticed} of {total} above monitor, {low} / {middle} / {high}", own.client);
        }
        println!("  {:20} {} of {} above monitor", "all requests", requests.0, requests.1);
    }
}
