//! Recorded sessions of browsers, of driven browsers, and of programs, as labelled traffic.

use std::io::Write as _;
use std::path::Path;

use serde_json::json;

use crate::measure::captures::recording::{self, Label};

/// Families of the gym, by the clients of the recordings that belong to them: what a model never saw must be in neither.
const OF_THE_GYM: [(&str, &str); 19] = [
    ("ab", "ab"),
    ("axios", "axios"),
    ("curl", "curl"),
    ("ffuf", "ffuf"),
    ("gobuster", "gobuster"),
    ("hey", "hey"),
    ("httpx", "httpx"),
    ("node-builtin-fetch", "node-fetch"),
    ("node-fetch", "node-fetch"),
    ("playwright", "playwright"),
    ("playwright-headed", "playwright"),
    ("puppeteer", "puppeteer-stealth"),
    ("puppeteer-headed", "puppeteer-stealth"),
    ("python-requests", "python-requests"),
    ("scrapy", "scrapy"),
    ("sqlmap", "sqlmap"),
    ("wget", "wget"),
    ("wget-recursive", "wget"),
    ("wrk", "wrk"),
];

/// What a program of the recordings is counted under.
fn family(recording: &recording::Recording) -> String {
    let own = OF_THE_GYM.iter().find(|(client, _)| *client == recording.client);
    own.map_or_else(|| format!("other {}", recording.family), |(_, family)| (*family).to_owned())
}

/// The recordings in `folder` as labelled traffic, in a file that goes when it is dropped. Single runs of a browser are left out:
/// one page of a browser is nobody's visit.
///
/// # Errors
/// Where they cannot be read.
pub(crate) fn labelled(folder: &Path) -> anyhow::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::with_suffix(".ndjson")?;
    let mut out = std::io::BufWriter::new(&mut file);
    for recording in recording::read(folder)? {
        let is_session = !recording.session.is_empty();
        if recording.label != Label::Program && !is_session {
            continue;
        }
        let is_person = recording.label == Label::Browser;
        let label = if is_person { "human" } else { "bot" };
        let family = (!is_person).then(|| family(&recording));
        let (time_ms, method, target) = recording.request();
        let agent = recording.header("user-agent");
        let line = json!({
            "time_ms": time_ms,
            "client": recording.address.to_string(),
            "group": format!("{} {}", recording.client, recording.session),
            "method": method,
            "path": target,
            "user_agent": (!agent.is_empty()).then_some(agent),
            "headers": recording.headers,
            "label": label,
            "family": family,
        });
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    drop(out);
    Ok(file)
}
