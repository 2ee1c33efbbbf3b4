//! What was looked at and what was seen, for people and for programs.

use serde::Serialize;

use crate::columns::harmless;

/// How it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing; nothing is wrong.
    Note,
    /// To be put right.
    Finding,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// What.
    pub(super) what: String,
    /// How it looks.
    pub(super) level: Level,
    /// What was seen.
    pub(super) message: String,
    /// The line to type, or to write into the configuration.
    pub(super) line: Option<String>,
}

/// Everything that was looked at, in that order.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Check>);

impl Findings {
    /// `what` is as it should be.
    pub(super) fn ok(&mut self, what: &str, message: impl Into<String>) {
        self.add(what, Level::Ok, message.into(), None);
    }

    /// Something to know about `what`.
    pub(super) fn note(&mut self, what: &str, message: impl Into<String>, line: Option<&str>) {
        self.add(what, Level::Note, message.into(), line.map(str::to_owned));
    }

    /// Something to put right about `what`.
    pub(super) fn found(&mut self, what: &str, message: impl Into<String>, line: Option<&str>) {
        self.add(what, Level::Finding, message.into(), line.map(str::to_owned));
    }

    /// What a running Palisade says about itself. The line to type stands in its words.
    pub(super) fn told(&mut self, what: &str, message: &str) {
        let (words, line) = apart(message);
        self.add(what, Level::Finding, words.to_owned(), line.map(str::to_owned));
    }

    fn add(&mut self, what: &str, level: Level, message: String, line: Option<String>) {
        self.0.push(Check { what: what.to_owned(), level, message, line });
    }

    /// How many things are to be put right.
    pub(super) fn count(&self) -> usize {
        self.0.iter().filter(|check| check.level == Level::Finding).count()
    }

    /// As one JSON value.
    pub(super) fn to_json(&self, running: bool) -> serde_json::Value {
        let status = if self.count() == 0 { "fine" } else { "findings" };
        serde_json::json!({ "status": status, "running": running, "checks": self.0 })
    }

    /// For people.
    pub(super) fn to_text(&self) -> String {
        let width = self.0.iter().map(|check| check.what.chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for check in &self.0 {
            let mark = match check.level {
                Level::Ok => "ok  ",
                Level::Note => "note",
                Level::Finding => "FIX ",
            };
            let gap = " ".repeat(width - check.what.chars().count());
            text.push_str(&format!("{mark}  {}{gap}  {}\n", check.what, harmless(&check.message)));
            if let Some(line) = &check.line {
                text.push_str(&format!("      {}  {}\n", " ".repeat(width), harmless(line)));
            }
        }
        text.push_str(&match self.count() {
            0 => "\nNothing is wrong.\n".to_owned(),
            1 => "\nOne thing is to be put right.\n".to_owned(),
            many => format!("\n{many} things are to be put right.\n"),
        });
        text
    }
}

/// The beginning of the line that a forgotten proxy wants.
const TRUSTED: &str = "trusted_proxies = [";

/// The words of a message, and the line in them: the setting at the end, or the command in backticks.
fn apart(message: &str) -> (&str, Option<&str>) {
    if let Some((words, line)) = message.rfind(TRUSTED).map(|at| message.split_at(at)) {
        return (words.trim_end().trim_end_matches(':'), Some(line));
    }
    let command = message.split('`').nth(1).filter(|text| text.starts_with("palisade "));
    (message, command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_to_type_is_taken_out() {
        let check =
            |message: &str, words: &str, line: Option<&str>| assert_eq!(apart(message), (words, line));
        check(
            "10.0.0.2 is not trusted; write under [server]: trusted_proxies = [\"loopback\", \"10.0.0.2/32\"]",
            "10.0.0.2 is not trusted; write under [server]",
            Some("trusted_proxies = [\"loopback\", \"10.0.0.2/32\"]"),
        );
        let no_keys = "there is no API key: `palisade keys create --name N --scope check` makes one";
        check(no_keys, no_keys, Some("palisade keys create --name N --scope check"));
        check("the queue was full", "the queue was full", None);
    }

    #[test]
    fn it_reads_well() {
        let mut findings = Findings::default();
        findings.ok("hash seed", "there");
        findings.found("ready", "who\x1b[2J", Some("line"));
        assert_eq!(
            findings.to_text(),
            "ok    hash seed  there\nFIX   ready      who.[2J\n                 line\n\nOne thing is to be put right.\n"
        );
        let json = findings.to_json(true);
        assert_eq!((&json["status"], &json["checks"][1]["line"]), (&"findings".into(), &"line".into()));
    }
}
