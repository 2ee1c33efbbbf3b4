//! Clients as data: what they write, how often, and what becomes of them (`scenarios/*.toml`).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use ring::hmac;
use serde::Deserialize;

use crate::pace::Pacer;
use crate::site::HOOK_SECRET;
use crate::tools::{root, to_hex};
use crate::wire::{Answer, Connection};

/// One client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Who it is, for people.
    pub name: String,
    /// Where it comes from.
    pub address: String,
    /// Class and status that are expected, of welcome ones.
    pub identity: Option<String>,
    /// The actions any of which is expected, of unwelcome ones.
    #[serde(default)]
    pub outcome: Vec<String>,
    /// By which request.
    pub within_requests: Option<usize>,
    /// By when.
    pub within_ms: Option<u64>,
    /// Under which settings of `enforce`; all where none is named.
    #[serde(default)]
    pub enforce: Vec<String>,
    /// What it sends, in order.
    pub request: Vec<Request>,
}

/// One kind of request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The head; `{n}` counts from 1.
    pub head: String,
    /// The body.
    #[serde(default)]
    pub body: String,
    /// How often.
    #[serde(default = "once")]
    pub times: usize,
    /// From one to the next.
    #[serde(default)]
    pub every_ms: u64,
    /// What the site itself answers.
    #[serde(default = "ok")]
    pub status: u16,
    /// Whether the body is signed as payment providers do.
    #[serde(default)]
    pub signed: bool,
}

fn once() -> usize {
    1
}

fn ok() -> u16 {
    200
}

/// The clients of `scenarios/NAME.toml`.
///
/// # Errors
/// Where the file is not what it should be.
pub fn clients(name: &str) -> anyhow::Result<Vec<Client>> {
    let path = root().join(format!("e2e/scenarios/{name}.toml"));
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut tables: BTreeMap<String, Vec<Client>> =
        toml::from_str(&text).with_context(|| path.display().to_string())?;
    tables.remove("client").context("a list of [[client]]")
}

/// One exchange of a client.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Its number, from 1.
    pub number: usize,
    /// When it was due, after the first.
    pub due: Duration,
    /// Head and body as they were sent.
    pub head: String,
    /// Its body.
    pub body: String,
    /// What the site itself would have answered.
    pub expected: u16,
    /// What was answered.
    pub answer: Answer,
}

impl Exchange {
    /// True where the answer is the site's own.
    pub fn passed(&self) -> bool {
        self.answer.is_from_site() && self.answer.status == self.expected
    }

    /// For people.
    pub fn shown(&self) -> String {
        let line = self.head.lines().next().unwrap_or_default();
        let (status, text) = (self.answer.status, self.answer.text());
        format!(
            "request {} after {:?}: {line}: {status}, not {}: {text}",
            self.number, self.due, self.expected
        )
    }
}

impl Client {
    /// Every request in order: its head, its body and when it is due.
    pub fn script(&self) -> Vec<(Duration, String, String, u16)> {
        let mut due = Duration::ZERO;
        let mut script = Vec::new();
        for request in &self.request {
            for number in 1..=request.times {
                script.push((
                    due,
                    request.written(number, &self.address),
                    request.body.clone(),
                    request.status,
                ));
                due += Duration::from_millis(request.every_ms);
            }
        }
        script
    }

    /// Sends everything to `gateway` in its own pace, or until `enough`.
    ///
    /// # Errors
    /// Where a connection breaks.
    pub async fn play(
        &self,
        gateway: SocketAddr,
        enough: impl Fn(&Exchange) -> bool,
    ) -> anyhow::Result<Vec<Exchange>> {
        let pacer = Pacer::start();
        let mut connection: Option<Connection> = None;
        let mut exchanges = Vec::new();
        for (number, (due, head, body, expected)) in (1..).zip(self.script()) {
            pacer.until(due).await;
            let mut line = match connection.take() {
                Some(line) => line,
                None => Connection::open(gateway).await?,
            };
            let what = || format!("{}: request {number}", self.name);
            let answer = line.exchange(head.as_bytes(), body.as_bytes()).await.with_context(what)?;
            let over = |head: &str| head.to_ascii_lowercase().contains("connection: close");
            if !over(&head) && answer.header("connection") != Some("close") {
                connection = Some(line);
            }
            exchanges.push(Exchange { number, due, head, body, expected, answer });
            if exchanges.last().is_some_and(&enough) {
                break;
            }
        }
        Ok(exchanges)
    }
}

impl Request {
    /// The head as it goes over the wire, from `address` through a trusted front.
    fn written(&self, number: usize, address: &str) -> String {
        let mut head = self.head.trim().replace("{n}", &number.to_string()).replace('\n', "\r\n");
        if self.signed {
            let key = hmac::Key::new(hmac::HMAC_SHA256, HOOK_SECRET);
            let tag = hmac::sign(&key, format!("1767000000.{}", self.body).as_bytes());
            head.push_str(&format!("\r\nStripe-Signature: t=1767000000,v1={}", to_hex(tag.as_ref())));
        }
        if !self.body.is_empty() {
            head.push_str(&format!("\r\nContent-Length: {}", self.body.len()));
        }
        head.push_str(&format!("\r\nX-Forwarded-For: {address}\r\n\r\n"));
        head
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_complete() {
        let welcome = clients("welcome").unwrap();
        let unwelcome = clients("unwelcome").unwrap();
        assert!(welcome.iter().all(|client| client.identity.is_some() && client.outcome.is_empty()));
        assert!(unwelcome.iter().all(|client| !client.outcome.is_empty() && !client.enforce.is_empty()));
        let mut addresses: Vec<_> = welcome.iter().chain(&unwelcome).map(|client| &client.address).collect();
        let all = addresses.len();
        addresses.sort();
        addresses.dedup();
        assert_eq!(addresses.len(), all, "clients do not share histories");
        for client in welcome.iter().chain(&unwelcome) {
            for (_, head, ..) in client.script() {
                let mut headers = [httparse::EMPTY_HEADER; 64];
                let mut request = httparse::Request::new(&mut headers);
                assert!(request.parse(head.as_bytes()).unwrap().is_complete(), "{}: {head}", client.name);
            }
        }
    }
}
