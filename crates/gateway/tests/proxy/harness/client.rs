//! A client that writes what it is told and reads what comes.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{head_end, values, within};

pub(crate) struct Client {
    pub stream: TcpStream,
    held: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
    /// False where the connection ended before the body did.
    pub whole: bool,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        values(&self.head, name)
    }
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Client {
        Client { stream: TcpStream::connect(address).await.unwrap(), held: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        within(self.stream.write_all(bytes.as_ref())).await.unwrap();
    }

    /// Writes `bytes` in pieces while answers are read.
    pub(crate) fn send_aside(&mut self, bytes: Vec<u8>, piece: usize) -> tokio::task::JoinHandle<()> {
        let socket = socket2::SockRef::from(&self.stream).try_clone().unwrap();
        let mut write = TcpStream::from_std(socket.into()).unwrap();
        tokio::spawn(async move {
            for piece in bytes.chunks(piece) {
                within(write.write_all(piece)).await.unwrap();
            }
        })
    }

    /// False at the end of the stream.
    async fn more(&mut self) -> bool {
        within(self.stream.read_buf(&mut self.held)).await.is_ok_and(|read| read > 0)
    }

    /// The next head.
    pub(crate) async fn head(&mut self) -> String {
        loop {
            if let Some(end) = head_end(&self.held) {
                let head: Vec<u8> = self.held.drain(..end).collect();
                return String::from_utf8(head).unwrap();
            }
            assert!(self.more().await, "the connection ended before a head: {}", self.held.escape_ascii());
        }
    }

    pub(crate) async fn answer(&mut self) -> Answer {
        self.answer_to("GET").await
    }

    /// The next answer, to a request with `method`.
    pub(crate) async fn answer_to(&mut self, method: &str) -> Answer {
        let head = self.head().await;
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer { status, head, body: Vec::new(), whole: true };
        if method == "HEAD" || matches!(status, 100..=199 | 204 | 304) {
            return answer;
        }
        if answer.values("transfer-encoding") == ["chunked"] {
            answer.whole = self.chunks(&mut answer.body).await;
        } else if let Some(length) = answer.values("content-length").first() {
            let length: usize = length.parse().unwrap();
            answer.whole = self.take(length, &mut answer.body).await;
        } else {
            answer.body = self.rest().await;
        }
        answer
    }

    async fn take(&mut self, count: usize, into: &mut Vec<u8>) -> bool {
        while self.held.len() < count {
            if !self.more().await {
                into.append(&mut self.held);
                return false;
            }
        }
        into.extend(self.held.drain(..count));
        true
    }

    /// The next chunk; empty is the last. `None` where the connection ended.
    pub(crate) async fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = loop {
            match self.held.iter().position(|byte| *byte == b'\n') {
                Some(at) => break self.held.drain(..=at).collect::<Vec<u8>>(),
                None if self.more().await => {}
                None => return None,
            }
        };
        let size = usize::from_str_radix(std::str::from_utf8(&line).unwrap().trim(), 16).unwrap();
        let mut chunk = Vec::new();
        if size > 0 {
            self.take(size + 2, &mut chunk).await.then_some(())?;
            chunk.truncate(size);
        }
        Some(chunk)
    }

    async fn chunks(&mut self, into: &mut Vec<u8>) -> bool {
        loop {
            match self.chunk().await {
                None => return false,
                Some(chunk) if chunk.is_empty() => break,
                Some(chunk) => into.extend(chunk),
            }
        }
        // Trailers, if any, end with an empty line.
        loop {
            let line = loop {
                match self.held.iter().position(|byte| *byte == b'\n') {
                    Some(at) => break self.held.drain(..=at).collect::<Vec<u8>>(),
                    None if self.more().await => {}
                    None => return false,
                }
            };
            if line == b"\r\n" {
                return true;
            }
            into.extend(line);
        }
    }

    /// What comes next, however much it is.
    pub(crate) async fn some(&mut self) -> Vec<u8> {
        if self.held.is_empty() {
            self.more().await;
        }
        std::mem::take(&mut self.held)
    }

    /// Everything until the connection ends.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.held)
    }
}

impl Client {
    /// The status of the next answer; 0 where the connection ends without one.
    pub(crate) async fn status(&mut self) -> u16 {
        while head_end(&self.held).is_none() {
            if !self.more().await {
                return 0;
            }
        }
        self.answer().await.status
    }
}
