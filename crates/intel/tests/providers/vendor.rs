//! A vendor's server on loopback: answers what it is told to, in order, and remembers what it was asked.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use palisade_intel::providers::{BreakerSettings, Secret, Settings, Verifier, named};
use palisade_intel::{Outbound, OutboundSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// 2026-11-21T17:00:00Z
pub(crate) const NOW_MS: u64 = 1_795_280_400_000;
/// The same, as vendors write it.
pub(crate) const NOW: &str = "2026-11-21T17:00:00Z";
pub(crate) const SECRET: &str = "a secret & more";

/// What is done with one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// Nothing, for as long as the asker waits.
    Silence,
}

pub(crate) fn with_status(status: u16, body: &str) -> Reply {
    let head =
        format!("HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\nConnection: close\r\n");
    Reply::Bytes(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

pub(crate) fn ok(body: &str) -> Reply {
    with_status(200, body)
}

/// A yes of the kind that every vendor's check takes, on `shop.example` for `login`.
pub(crate) fn yes() -> Reply {
    ok(&format!(
        r#"{{"success":true,"challenge_ts":"{NOW}","hostname":"shop.example","action":"login","score":0.5}}"#
    ))
}

/// A question: its head, and the fields of its form.
pub(crate) struct Question {
    pub(crate) head: String,
    pub(crate) form: HashMap<String, String>,
}

pub(crate) struct Vendor {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Question>>>,
}

impl Vendor {
    /// The last reply is repeated.
    pub(crate) async fn start(replies: Vec<Reply>) -> Vendor {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        tokio::spawn(async move {
            let mut replies = replies.into_iter().peekable();
            while let Ok((stream, _)) = listener.accept().await {
                let reply = replies.next().unwrap();
                if replies.peek().is_none() {
                    replies = vec![reply.clone()].into_iter().peekable();
                }
                tokio::spawn(serve(stream, reply, log.clone()));
            }
        });
        Vendor { address, asked }
    }

    /// How many questions came.
    pub(crate) fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// All questions so far.
    pub(crate) fn take(&self) -> Vec<Question> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Asks this server as if it were `provider`.
    pub(crate) fn asked_as(&self, provider: &str) -> Verifier {
        self.asked_with(provider, |_| ())
    }

    pub(crate) fn asked_with(&self, provider: &str, change: impl FnOnce(&mut Settings)) -> Verifier {
        let mut settings = Settings::new(named(provider).unwrap(), Secret::new(SECRET).unwrap());
        settings.url = Some(format!("http://{}/siteverify", self.address));
        settings.breaker = BreakerSettings { failures: 3, pause_ms: 10_000 };
        // As long as a crowded machine may need; what waits for its end shortens it.
        settings.timeout = Duration::from_secs(20);
        change(&mut settings);
        Verifier::new(client(), settings).unwrap()
    }
}

/// A client that may ask loopback.
pub(crate) fn client() -> Outbound {
    Outbound::new(OutboundSettings { allow_private: true, ..Default::default() }).unwrap()
}

async fn serve(mut stream: TcpStream, reply: Reply, log: Arc<Mutex<Vec<Question>>>) {
    let mut bytes = Vec::new();
    let question = loop {
        let mut piece = [0; 4_096];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
        }
        let text = String::from_utf8(bytes.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
        });
        if body.len() == length.unwrap_or(0) {
            break Question { head: head.to_owned(), form: fields(body) };
        }
    };
    log.lock().unwrap().push(question);
    match reply {
        Reply::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
        }
        Reply::Silence => while stream.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {},
    }
}

fn fields(body: &str) -> HashMap<String, String> {
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (decoded(name), decoded(value)));
    body.split('&').filter_map(pair).collect()
}
