//! A training beside a gateway under load: what visitors notice of it. The training is as a server runs its own, on one thread and
//! as polite as can be, and longer than a turn.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};

/// Clients that it learns from, half of them programs, and how often each asks: a minute's work and more.
const CLIENTS: u64 = 4_000;
const REQUESTS: u64 = 40;

/// By then it has read its traffic.
const READS: Duration = Duration::from_secs(4);

/// What a training learns from.
pub(super) struct Traffic<'a> {
    binary: &'a Path,
    file: PathBuf,
}

/// A training under way; dropping it ends it.
pub(super) struct Training(Child);

impl Drop for Training {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl<'a> Traffic<'a> {
    /// Written into `folder`.
    pub(super) fn written(binary: &'a Path, folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join("labelled.ndjson");
        std::fs::write(&file, lines())?;
        Ok(Traffic { binary, file })
    }

    /// Begins a training; returns when it has read and learns.
    pub(super) fn train(&self) -> anyhow::Result<Training> {
        let mut command = Command::new("nice");
        command.args(["-n", "19"]).arg(self.binary).arg("train").arg(&self.file);
        command.arg("--out").arg(self.file.with_extension("model")).env("RAYON_NUM_THREADS", "1");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let training = Training(command.spawn().context("nice")?);
        std::thread::sleep(READS);
        Ok(training)
    }
}

impl Training {
    /// That it has gone on until now.
    pub(super) fn still_runs(mut self) -> anyhow::Result<()> {
        let ended = self.0.try_wait()?;
        ensure!(ended.is_none(), "the training ended before its turn did: {ended:?}");
        Ok(())
    }
}

/// People and programs whose pauses overlap: what tells them apart takes all rounds to learn.
fn lines() -> String {
    let mut text = String::new();
    for request in 0..REQUESTS {
        for client in 0..CLIENTS {
            let is_bot = client % 2 == 1;
            let odd = super::visitors::scramble(client << 8 | request);
            let pause = if is_bot { 4_000 + odd % 5_000 } else { 3_000 + odd % 20_000 };
            let time_ms = 1_700_000_000_000 + request * 25_000 + pause;
            let path = match odd >> 20 & 3 {
                0 if !is_bot => "/static/part.css".to_owned(),
                _ => format!("/products/{}", odd % if is_bot { 400 } else { 40 }),
            };
            let label = if is_bot { "bot" } else { "human" };
            // Writing to memory cannot fail.
            let _ = writeln!(
                text,
                "{{\"time_ms\":{time_ms},\"client\":\"c{client}\",\"method\":\"GET\",\"path\":\"{path}\",\"status\":200,\
                 \"label\":\"{label}\"}}"
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_there_and_every_line_is_one_request() {
        let text = lines();
        assert_eq!(text.lines().count() as u64, CLIENTS * REQUESTS);
        for line in text.lines().take(10) {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(line["time_ms"].is_u64() && line["path"].is_string(), "{line}");
        }
        assert_eq!(text.matches("\"bot\"").count(), text.matches("\"human\"").count());
    }
}
