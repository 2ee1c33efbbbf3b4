//! Recorded browser sessions, as they came over the wire.
//!
//! `fixtures/sessions.jsonl.gz` is a small excerpt (CC0, see `fixtures/SOURCE.md`); where the data folder lies beside the
//! repository (`../shared/data/client-captures`), all sessions of people's browsers are read from there.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use flate2::read::GzDecoder;
use serde::Deserialize;

use crate::tools::{from_hex, root};

/// One visit.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its name in the recording.
    pub name: String,
    /// Its requests, in the order of time.
    pub requests: Vec<Request>,
}

/// One request of a visit.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which connection carried it.
    pub connection: u64,
    /// When it was sent, after the first.
    pub offset: Duration,
    /// Method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// How it was written.
    pub form: Form,
    /// How many bytes of body followed; their content was not recorded.
    pub body_bytes: usize,
}

/// How a request was written.
#[derive(Clone, Debug)]
pub enum Form {
    /// An HTTP/1.1 head, byte for byte, with the empty line.
    Http1(Vec<u8>),
    /// HTTP/2 fields in order, pseudo-headers among them.
    Http2(Http2),
}

/// One HTTP/2 request.
#[derive(Clone, Debug, Deserialize)]
pub struct Http2 {
    /// Stream number.
    pub stream: u32,
    /// Fields in order.
    pub headers: Vec<(String, String)>,
    /// What HEADERS said about priority.
    pub header_priority: Option<Priority>,
    /// On the first request of a connection: SETTINGS in order.
    #[serde(default)]
    pub settings: Vec<(u16, u32)>,
    /// On the first request of a connection: WINDOW_UPDATE frames, stream and increment.
    #[serde(default)]
    pub window_update: Vec<(u32, u32)>,
}

/// Priority fields of a HEADERS frame.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Priority {
    /// 1 where the dependency is exclusive.
    pub exclusive: u8,
    /// The stream depended on.
    pub dep: u32,
    /// 1..=256.
    pub weight: u16,
}

/// One line of the recording, as far as it is needed.
#[derive(Deserialize)]
struct Row {
    session: String,
    label: String,
    conn: u64,
    t_us: u64,
    method: Option<String>,
    path: Option<String>,
    body_len: usize,
    raw_head_hex: Option<String>,
    h2: Option<Http2>,
    #[serde(default)]
    incomplete: bool,
}

impl Request {
    /// A body of the recorded length that fits its content type: nobody's words, and a form is a form.
    pub fn body(&self) -> Vec<u8> {
        let mut body = if self.target.starts_with("/login") { "user=anna&password=" } else { "" }.to_owned();
        while body.len() < self.body_bytes {
            body.push('7');
        }
        body.truncate(self.body_bytes);
        body.into_bytes()
    }
}

/// The recording that is there: all of it, or the excerpt of a fresh clone.
pub fn recording() -> PathBuf {
    let all = root().join("../shared/data/client-captures/sessions.jsonl.gz");
    if all.is_file() { all } else { root().join("e2e/fixtures/sessions.jsonl.gz") }
}

/// Visits of people's browsers in `path`, in the order of their names.
///
/// # Errors
/// Where it cannot be read or is not what it should be.
pub fn people(path: &Path) -> anyhow::Result<Vec<Session>> {
    let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for (number, line) in (1..).zip(BufReader::new(GzDecoder::new(file)).lines()) {
        let row: Row =
            serde_json::from_str(&line?).with_context(|| format!("{}:{number}", path.display()))?;
        if row.label == "browser" && row.method.is_some() && !row.incomplete {
            rows.entry(row.session.clone()).or_default().push(row);
        }
    }
    rows.into_iter().map(|(name, rows)| Ok(Session { name, requests: requests(rows)? })).collect()
}

fn requests(mut rows: Vec<Row>) -> anyhow::Result<Vec<Request>> {
    rows.sort_by_key(|row| row.t_us);
    let start_us = rows.first().map_or(0, |row| row.t_us);
    rows.into_iter()
        .map(|row| {
            let form = match (row.raw_head_hex, row.h2) {
                (Some(hex), _) => Form::Http1(from_hex(&hex).context("raw_head_hex")?),
                (None, Some(h2)) => Form::Http2(h2),
                (None, None) => anyhow::bail!("a request without its bytes in {}", row.session),
            };
            Ok(Request {
                connection: row.conn,
                offset: Duration::from_micros(row.t_us - start_us),
                method: row.method.context("a method")?,
                target: row.path.context("a path")?,
                form,
                body_bytes: row.body_len,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_excerpt_has_both_browsers_and_both_protocols() {
        let sessions = people(&root().join("e2e/fixtures/sessions.jsonl.gz")).unwrap();
        let names: Vec<&str> = sessions.iter().map(|session| session.name.as_str()).collect();
        assert_eq!(names, ["chromium-05", "chromium-06", "firefox-esr-02", "firefox-esr-06"]);
        for session in &sessions {
            let h2 = session.requests.iter().filter(|request| matches!(request.form, Form::Http2(_))).count();
            assert!(session.requests.len() > 70, "{}: {}", session.name, session.requests.len());
            assert_eq!(h2 > 0, ["chromium-05", "firefox-esr-02"].contains(&session.name.as_str()));
            assert!(session.requests.iter().any(|request| request.target == "/ws"), "{}", session.name);
            assert!(session.requests.is_sorted_by_key(|request| request.offset));
        }
    }

    #[test]
    fn bodies_have_the_recorded_length() {
        let check = |target: &str, body_bytes, expect: &str| {
            let form = Form::Http1(Vec::new());
            let (method, target) = ("POST".to_owned(), target.to_owned());
            let request = Request { connection: 0, offset: Duration::ZERO, method, target, form, body_bytes };
            assert_eq!(String::from_utf8(request.body()).unwrap(), expect);
        };
        check("/login", 21, "user=anna&password=77");
        check("/api/event", 3, "777");
        check("/", 0, "");
    }
}
