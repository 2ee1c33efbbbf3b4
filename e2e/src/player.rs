//! Plays recorded visits: the same bytes in the same order, over real connections, from an address of choice.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::Mutex;

use crate::pace::Pacer;
use crate::recorded::{Form, Request, Session};
use crate::{h2, wire};

/// What the site answers by itself, to compare with.
#[derive(Clone)]
pub struct Reference {
    site: SocketAddr,
    known: Arc<Mutex<HashMap<(String, String), Said>>>,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Status.
    pub status: u16,
    /// Body.
    pub body: Vec<u8>,
}

impl Reference {
    /// Of the site at `site`.
    pub fn of(site: SocketAddr) -> Self {
        Reference { site, known: Arc::default() }
    }

    async fn says(&self, request: &Request) -> anyhow::Result<Said> {
        let key = (request.method.clone(), request.target.clone());
        let mut known = self.known.lock().await;
        if let Some(said) = known.get(&key) {
            return Ok(said.clone());
        }
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let answer =
            wire::request(self.site, &request.method, &request.target, &form, &request.body()).await?;
        let said = Said { status: answer.status, body: answer.body };
        known.insert(key, said.clone());
        Ok(said)
    }
}

/// Where and as whom a visit is played.
#[derive(Clone)]
pub struct Stage {
    /// The gateway.
    pub gateway: SocketAddr,
    /// The address everybody comes from (`X-Forwarded-For` of a trusted front).
    pub client: String,
    /// What is expected.
    pub reference: Reference,
    /// How many times faster than recorded.
    pub speed: f64,
}

/// What became of one visit.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// Requests sent.
    pub requests: usize,
    /// What was answered otherwise than the site does.
    pub hindered: Vec<String>,
}

enum Line {
    One(wire::Connection),
    Two(h2::Connection),
}

/// Plays `session` from now on.
///
/// # Errors
/// Where a connection breaks: no visit of the recording ended that way.
pub async fn play(session: &Session, stage: &Stage) -> anyhow::Result<Played> {
    let pacer = Pacer::start();
    let mut lines: HashMap<u64, Line> = HashMap::new();
    let mut played = Played::default();
    for request in &session.requests {
        pacer.until(request.offset.div_f64(stage.speed)).await;
        let what = || format!("{} {} {}", session.name, request.method, request.target);
        let said = one(request, stage, &mut lines).await.with_context(what)?;
        played.requests += 1;
        let expected = match websocket(request) {
            true => Said { status: 101, body: Vec::new() },
            false => stage.reference.says(request).await?,
        };
        if said != expected {
            let body = String::from_utf8_lossy(&said.body).chars().take(200).collect::<String>();
            played.hindered.push(format!("{}: {}, not {}: {body}", what(), said.status, expected.status));
        }
    }
    Ok(played)
}

async fn one(request: &Request, stage: &Stage, lines: &mut HashMap<u64, Line>) -> anyhow::Result<Said> {
    let line = match lines.entry(request.connection) {
        Entry::Occupied(open) => open.into_mut(),
        Entry::Vacant(closed) => closed.insert(match &request.form {
            Form::Http1(_) => Line::One(wire::Connection::open(stage.gateway).await?),
            Form::Http2(first) => Line::Two(h2::Connection::open(stage.gateway, first).await?),
        }),
    };
    let body = request.body();
    match (line, &request.form) {
        (Line::One(line), Form::Http1(head)) => {
            let mut head = head.clone();
            // Before the empty line.
            head.truncate(head.len() - 2);
            // One front names the scheme always or never: what is missing at times is not believed.
            let more = format!("X-Forwarded-For: {}\r\nX-Forwarded-Proto: http\r\n\r\n", stage.client);
            head.extend(more.as_bytes());
            let answer = line.exchange(&head, &body).await?;
            if answer.status == 101 {
                anyhow::ensure!(line.echo("hello").await? == "hello", "the WebSocket echoes");
            }
            Ok(Said { status: answer.status, body: answer.body })
        }
        (Line::Two(line), Form::Http2(form)) => {
            let more = [("x-forwarded-for", stage.client.as_str()), ("x-forwarded-proto", "https")];
            let answer = line.exchange(form, &more, &body).await?;
            Ok(Said { status: answer.status, body: answer.body })
        }
        _ => anyhow::bail!("a connection spoke two protocols"),
    }
}

fn websocket(request: &Request) -> bool {
    request.target == "/ws"
}
