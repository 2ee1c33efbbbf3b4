//! HTTP/1.1 as it is written: a client that sends the bytes it is given, in their order and casing, and reads the answer.

use std::net::SocketAddr;

use anyhow::Context as _;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::pace::guarded;

/// An answer, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// Its body, without chunk sizes.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(named, _)| named == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// Where it is none; with the whole answer.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("JSON expected, got {}: {}", self.status, self.text()))
    }

    /// True where the sample site wrote it, not something in front of it.
    pub fn is_from_site(&self) -> bool {
        self.header(crate::site::MARK).is_some()
    }
}

/// One connection.
pub struct Connection {
    stream: TcpStream,
    /// Bytes read ahead.
    ahead: Vec<u8>,
}

/// An answer of more than this is none of ours.
const ANSWER_BYTES_MAX: usize = 8 << 20;

impl Connection {
    /// To `address`.
    ///
    /// # Errors
    /// Where nobody listens.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("{address}"))?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, ahead: Vec::new() })
    }

    /// Sends `bytes` as they are.
    ///
    /// # Errors
    /// Where the other side has gone.
    pub async fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// Sends a head and a body as they are, and reads the answer to it.
    ///
    /// # Errors
    /// Where the connection breaks or what comes is no HTTP/1 answer.
    pub async fn exchange(&mut self, head: &[u8], body: &[u8]) -> anyhow::Result<Answer> {
        let mut bytes = head.to_vec();
        bytes.extend_from_slice(body);
        self.write(&bytes).await?;
        let head_only = head.starts_with(b"HEAD ");
        guarded("an answer", self.answer(head_only)).await
    }

    /// Reads one answer.
    async fn answer(&mut self, head_only: bool) -> anyhow::Result<Answer> {
        loop {
            let mut answer = self.head().await?;
            let length = answer.header("content-length").and_then(|text| text.parse::<usize>().ok());
            let chunked = answer.header("transfer-encoding") == Some("chunked");
            let bodiless = head_only || matches!(answer.status, 101 | 204 | 304);
            match (answer.status, length) {
                (100, _) => continue,
                _ if bodiless => {}
                _ if chunked => answer.body = self.chunks().await?,
                (_, Some(length)) => answer.body = self.take(length).await?,
                (_, None) => answer.body = self.rest().await?,
            }
            return Ok(answer);
        }
    }

    async fn head(&mut self) -> anyhow::Result<Answer> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; 100];
            let mut response = httparse::Response::new(&mut headers);
            if let httparse::Status::Complete(length) = response.parse(&self.ahead)? {
                let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
                let headers = response
                    .headers
                    .iter()
                    .map(|header| (header.name.to_ascii_lowercase(), text(header.value)))
                    .collect();
                let status = response.code.context("a status")?;
                self.ahead.drain(..length);
                return Ok(Answer { status, headers, body: Vec::new() });
            }
            self.more().await?;
        }
    }

    /// Exactly `length` bytes.
    ///
    /// # Errors
    /// Where the connection ends before.
    pub async fn take(&mut self, length: usize) -> anyhow::Result<Vec<u8>> {
        while self.ahead.len() < length {
            self.more().await?;
        }
        Ok(self.ahead.drain(..length).collect())
    }

    async fn chunks(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line().await?;
            let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)?;
            anyhow::ensure!(body.len() + size <= ANSWER_BYTES_MAX, "an endless answer");
            body.extend(self.take(size).await?);
            // The end of the chunk, or of the (empty) trailers.
            self.line().await?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    /// One line, without its end.
    ///
    /// # Errors
    /// Where the connection ends before.
    pub async fn line(&mut self) -> anyhow::Result<String> {
        loop {
            if let Some(end) = self.ahead.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.ahead.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            self.more().await?;
        }
    }

    async fn rest(&mut self) -> anyhow::Result<Vec<u8>> {
        while self.stream.read_buf(&mut self.ahead).await? > 0 {
            anyhow::ensure!(self.ahead.len() <= ANSWER_BYTES_MAX, "an endless answer");
        }
        Ok(std::mem::take(&mut self.ahead))
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        anyhow::ensure!(self.ahead.len() <= ANSWER_BYTES_MAX, "an endless answer");
        let read = self.stream.read_buf(&mut self.ahead).await?;
        let shown = String::from_utf8_lossy(&self.ahead).into_owned();
        anyhow::ensure!(read > 0, "the connection ended within an answer: {shown:?}");
        Ok(())
    }

    /// Sends `text` as a WebSocket client does (RFC 6455, masked) and returns the text that comes back. For connections
    /// that were answered 101.
    ///
    /// # Errors
    /// Where no short text frame comes back.
    pub async fn echo(&mut self, text: &str) -> anyhow::Result<String> {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 126).context("a short text")?;
        let mut frame = vec![0x81, 0x80 | length];
        frame.extend(mask);
        frame.extend(text.bytes().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.write(&frame).await?;
        guarded("a WebSocket echo", async {
            let head = self.take(2).await?;
            anyhow::ensure!(head[0] == 0x81 && head[1] < 126, "no short text frame: {head:?}");
            Ok(String::from_utf8(self.take(usize::from(head[1])).await?)?)
        })
        .await
    }
}

/// A request head in this order and casing; `Content-Length` is added where there is a body.
pub fn head(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// One request on a connection of its own; `Host` stands first.
///
/// # Errors
/// Where the connection breaks.
pub async fn request(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> anyhow::Result<Answer> {
    let host = address.to_string();
    let mut all = vec![("Host", host.as_str())];
    all.extend(headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host")));
    if let Some((_, named)) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host")) {
        all[0] = ("Host", named);
    }
    Connection::open(address).await?.exchange(&head(method, target, &all, body), body).await
}

/// `GET target`.
///
/// # Errors
/// Where the connection breaks.
pub async fn get(address: SocketAddr, target: &str) -> anyhow::Result<Answer> {
    request(address, "GET", target, &[], b"").await
}
