//! The sessions of a detector's table (`crates/detect/testdata/<name>.json`) in words.

use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use super::cell;

/// Two tables: what the detector must see, and what it must leave alone.
pub(super) fn sections(root: &Path, detector: &str) -> anyhow::Result<String> {
    let path = format!("crates/detect/testdata/{detector}.json");
    let json = std::fs::read(root.join(&path)).with_context(|| path.clone())?;
    let table: Value = serde_json::from_slice(&json).with_context(|| path.clone())?;
    let seen = section(&table["true"]).with_context(|| format!("{path}: \"true\""))?;
    let alike = section(&table["lookalike"]).with_context(|| format!("{path}: \"lookalike\""))?;
    Ok(format!("## Sessions it must see\n\n{seen}\n## Lookalikes it must leave alone\n\n{alike}"))
}

fn section(cases: &Value) -> anyhow::Result<String> {
    let mut text = "| session | seen from | requests |\n|---|---|---|\n".to_owned();
    for case in cases.as_array().context("not a list")? {
        let name = case["name"].as_str().context("a case without a name")?;
        let vantage = case["vantage"].as_str().unwrap_or("log");
        let requests = case["requests"].as_array().context("a case without requests")?;
        text.push_str(&format!("| {} | {vantage} | {} |\n", cell(name), summary(requests)));
    }
    Ok(text)
}

/// The first requests of a session; more would hide the point.
fn summary(requests: &[Value]) -> String {
    const SHOWN_MAX: usize = 3;
    let mut words: Vec<String> = requests.iter().take(SHOWN_MAX).map(one).collect();
    if requests.len() > SHOWN_MAX {
        words.push(format!("and {} more", requests.len() - SHOWN_MAX));
    }
    words.join("; ")
}

/// ``40 × `GET /a/{n}` every 50 ms``.
fn one(request: &Value) -> String {
    let method = request["method"].as_str().unwrap_or("GET");
    let path = shortened(request["path"].as_str().unwrap_or("/"));
    let mut text = format!("`{} {}`", cell(method), cell(&path).replace('`', "'"));
    let repeat = request["repeat"].as_u64().unwrap_or(1);
    if repeat > 1 {
        text = format!("{repeat} × {text}");
        match (request["every_ms"].as_i64(), request["gaps_ms"].is_array()) {
            (Some(gap_ms), _) => text.push_str(&format!(" every {}", time(gap_ms))),
            (None, true) => text.push_str(" at uneven gaps"),
            (None, false) => text.push_str(" every 1 s"),
        }
    }
    text
}

fn time(ms: i64) -> String {
    if ms >= 1_000 && ms % 1_000 == 0 { format!("{} s", ms / 1_000) } else { format!("{ms} ms") }
}

fn shortened(path: &str) -> String {
    const CHARS_MAX: usize = 60;
    if path.chars().count() <= CHARS_MAX {
        return path.to_owned();
    }
    path.chars().take(CHARS_MAX).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_told_in_a_few_words() {
        let json = r#"[{"path":"/a/{n}","repeat":40,"every_ms":50},{"method":"POST","path":"/x|y"},
            {"path":"/","repeat":2,"every_ms":5000},{"path":"/b"}]"#;
        let requests: Vec<Value> = serde_json::from_str(json).unwrap();
        let expect = "40 × `GET /a/{n}` every 50 ms; `POST /x\\|y`; 2 × `GET /` every 5 s; and 1 more";
        assert_eq!(summary(&requests), expect);
    }

    #[test]
    fn long_paths_are_cut_between_characters() {
        assert!(shortened(&"é".repeat(100)).ends_with('…'));
    }
}
