//! An application under test: started, asked, ended.

use std::net::SocketAddr;
use std::process::Stdio;

use anyhow::Context as _;
use palisade_e2e::pace::guarded;
use palisade_e2e::wire::{self, Answer};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// A running application; dropping it ends it.
pub(crate) struct App {
    pub(crate) address: SocketAddr,
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl App {
    /// Starts a program that says `listening on PORT`.
    pub(crate) async fn start(command: &mut Command, environment: &[(String, String)]) -> App {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        command.env("PYTHONDONTWRITEBYTECODE", "1").envs(environment.iter().cloned());
        for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
            command.env_remove(name);
        }
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = next(&mut lines, |line| line.starts_with("listening on ")).await.unwrap();
        let port: u16 = line.rsplit(' ').next().unwrap().parse().unwrap();
        App { address: SocketAddr::from(([127, 0, 0, 1], port)), lines, _child: child }
    }

    /// Waits until it has said `expected`.
    pub(crate) async fn says(&mut self, expected: &str) {
        next(&mut self.lines, |line| line == expected).await.unwrap();
    }

    /// Status and body of a request; `client` is who asks, as a proxy would say.
    pub(crate) async fn asked(
        &self,
        method: &str,
        path: &str,
        client: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, Value) {
        let mut all = vec![("X-Forwarded-For", client)];
        all.extend_from_slice(headers);
        let answer = wire::request(self.address, method, path, &all, body.as_bytes()).await.unwrap();
        (answer.status, answer.json().unwrap())
    }

    /// The answer to a form.
    pub(crate) async fn posted(&self, path: &str, form: &str) -> Answer {
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        wire::request(self.address, "POST", path, &headers, form.as_bytes()).await.unwrap()
    }
}

async fn next(
    lines: &mut Lines<BufReader<ChildStdout>>,
    is_it: impl Fn(&str) -> bool,
) -> anyhow::Result<String> {
    guarded("an application speaks", async {
        loop {
            let line = lines.next_line().await?.context("it ended")?;
            if is_it(&line) {
                return Ok(line);
            }
        }
    })
    .await
}
