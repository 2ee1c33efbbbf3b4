//! What the detectors make of real clients: recordings of browsers, programs and driven browsers, each request through a
//! real engine and the balanced policy, in the order of time.
//!
//! Fails where a browser is not left alone, where a program is not named, or where a tool under a browser's user agent
//! stays at monitor; and where any of that changes once the client itself is left out of what was learned.

mod leave_out;
mod outcome;
pub(crate) mod recording;

use std::path::Path;

use anyhow::ensure;
use palisade_detect::{Detector, Engine, EngineSettings, HashSeed, Observe, detectors};
use palisade_policy::{Judge, Policy, Preset};

use outcome::Outcomes;
use recording::{Label, Recording};

/// Tools of the recordings that wear another program's user agent: a browser's, in `dirb`'s case since 2005, in curl's a
/// few requests with `-A`.
const WEARERS: [&str; 2] = ["dirb", "curl"];

/// Copies the TLS hello, the HTTP/2 frames and every header of a browser, in order: on the wire it is one. It is told by
/// what it does, not by what it claims.
const IMITATORS: [&str; 1] = ["curl_cffi"];

/// Prints what every client of the recordings in `folder` scored, as Markdown.
///
/// # Errors
/// Where the recordings cannot be read, or a line above is missed; all missed lines are printed.
pub(crate) fn run(folder: &Path) -> anyhow::Result<()> {
    let recordings = recording::read(folder)?;
    let outcomes = judge(&recordings, detectors::all());
    outcome::print(&outcomes);
    let mut missed = missed_lines(&outcomes);
    missed.extend(leave_out::run(folder, &recordings)?);
    for line in &missed {
        println!("MISSED {line}");
    }
    ensure!(missed.is_empty(), "{} lines are missed", missed.len());
    println!("every line holds");
    Ok(())
}

/// Every request through one engine.
fn judge(recordings: &[Recording], detectors: Vec<Box<dyn Detector>>) -> Vec<Outcomes> {
    let settings = EngineSettings::new(HashSeed([1, 2]));
    let judge = Judge::new(Engine::with_detectors(settings, detectors), Policy::preset(Preset::Balanced));
    let mut all = Outcomes::by_client(recordings);
    for recording in recordings {
        let judged = recording.with_facts(|facts| judge.request(facts, Observe::Note));
        let own = all.iter_mut().find(|outcomes| outcomes.is_of(recording));
        own.expect("made from the same recordings").add(recording, &judged.verdict);
    }
    all
}

/// What must hold, client by client.
fn missed_lines(all: &[Outcomes]) -> Vec<String> {
    all.iter()
        .flat_map(|own| match own.label {
            Label::Browser => own.beyond_allow.clone(),
            Label::Program if IMITATORS.contains(&own.client.as_str()) => Vec::new(),
            Label::Program => own.unnamed_and_unnoticed(WEARERS.contains(&own.client.as_str())),
            Label::Automated => own.headless_below_challenge.clone(),
        })
        .collect()
}
