//! A trusted proxy in front: it gives whoever connects a public address (`X-Forwarded-For`), says that it came without TLS
//! (`X-Forwarded-Proto`), and changes nothing else.
//!
//! Order, casing and timing of what a real client sends stay as they are, which an ordinary proxy would not keep. It
//! understands just as much HTTP/1.1 as clients need that say `Content-Length` or send no body; what follows an upgrade is
//! passed on as it is.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// One request as the client wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Request line and headers, without the empty line.
    pub head: String,
    /// Body.
    pub body: Vec<u8>,
}

impl Passed {
    /// Its method and target.
    pub fn line(&self) -> (&str, &str) {
        let mut words = self.head.lines().next().unwrap_or_default().split(' ');
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }

    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let pairs = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        pairs.clone().find(|(named, _)| named.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

type Seen = Arc<Mutex<Vec<Passed>>>;

/// A running front; it ends when dropped.
pub struct Front {
    /// Where clients connect.
    pub address: SocketAddr,
    seen: Seen,
    task: JoinHandle<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Front {
    /// Everybody who comes through it to `gateway` comes from `client`.
    ///
    /// # Errors
    /// Where no port is left.
    pub async fn start(gateway: SocketAddr, client: IpAddr) -> anyhow::Result<Front> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let seen = Seen::default();
        let log = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((down, _)) = listener.accept().await {
                let log = Arc::clone(&log);
                tokio::spawn(async move {
                    // A client or gateway that goes away ends its connection, no more.
                    let _ = connection(down, gateway, client, &log).await;
                });
            }
        });
        Ok(Front { address, seen, task })
    }

    /// Every request that came so far whole, in order.
    pub fn passed(&self) -> Vec<Passed> {
        self.seen.lock().expect("writers do not panic").clone()
    }

    /// Where clients go, as a URL without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn connection(down: TcpStream, gateway: SocketAddr, client: IpAddr, log: &Seen) -> std::io::Result<()> {
    let up = TcpStream::connect(gateway).await?;
    down.set_nodelay(true)?;
    up.set_nodelay(true)?;
    let ((down_read, mut down_write), (mut up_read, up_write)) = (down.into_split(), up.into_split());
    let answers = tokio::spawn(async move {
        let done = tokio::io::copy(&mut up_read, &mut down_write).await;
        let _ = down_write.shutdown().await;
        done
    });
    requests(down_read, up_write, client, log).await?;
    answers.await.map_err(std::io::Error::other)?.map(drop)
}

async fn requests(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    client: IpAddr,
    log: &Seen,
) -> std::io::Result<()> {
    let mut ahead = Vec::new();
    loop {
        let Some(end) = head_end(&ahead) else {
            if from.read_buf(&mut ahead).await? == 0 {
                return to.shutdown().await;
            }
            continue;
        };
        let head: Vec<u8> = ahead.drain(..end).collect();
        let shown = String::from_utf8_lossy(&head[..head.len() - 4]).into_owned();
        let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
        to.write_all(&head[..head.len() - 2]).await?;
        let more = format!("X-Forwarded-For: {client}\r\nX-Forwarded-Proto: http\r\n\r\n");
        to.write_all(more.as_bytes()).await?;
        if text.contains("\r\nupgrade: ") || text.contains("\r\ntransfer-encoding: ") {
            log.lock().expect("writers do not panic").push(Passed { head: shown, body: Vec::new() });
            to.write_all(&ahead).await?;
            tokio::io::copy(&mut from, &mut to).await?;
            return to.shutdown().await;
        }
        let mut left = content_length(&text);
        let mut body = Vec::new();
        while left > 0 {
            if ahead.is_empty() && from.read_buf(&mut ahead).await? == 0 {
                return to.shutdown().await;
            }
            let part = left.min(ahead.len());
            to.write_all(&ahead[..part]).await?;
            body.extend(ahead.drain(..part));
            left -= part;
        }
        log.lock().expect("writers do not panic").push(Passed { head: shown, body });
    }
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

fn content_length(head: &str) -> usize {
    let value = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}
