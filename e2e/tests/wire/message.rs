//! HTTP/1 messages, read as strictly as RFC 9112 lets anybody: what has two readings is an error, never a guess.

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// How a body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// No body, and no header that would say so.
    Bare,
    /// `Content-Length`.
    Sized(usize),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// Until the connection ends; answers only.
    Closed,
}

/// One message, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Request line or status line.
    pub(crate) line: Vec<u8>,
    /// Names in lower case, values without the blanks around them, in order.
    pub(crate) headers: Fields,
    pub(crate) framing: Framing,
    pub(crate) body: Vec<u8>,
    /// Fields behind a chunked body.
    pub(crate) trailers: Fields,
}

/// Names in lower case and values.
pub(crate) type Fields = Vec<(String, Vec<u8>)>;

impl Message {
    /// Values of header `name` (lower case), in order.
    pub(crate) fn values(&self, name: &str) -> Vec<&[u8]> {
        values(&self.headers, name)
    }

    /// The one value of header `name` as text.
    pub(crate) fn text(&self, name: &str) -> String {
        self.values(name).iter().map(|value| shown(value)).collect::<Vec<_>>().join(" | ")
    }

    pub(crate) fn status(&self) -> u16 {
        shown(&self.line).split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn word(&self, at: usize) -> &[u8] {
        self.line.split(|byte| *byte == b' ').nth(at).unwrap_or_default()
    }
}

pub(crate) fn values<'a>(fields: &'a Fields, name: &str) -> Vec<&'a [u8]> {
    fields.iter().filter(|(held, _)| held == name).map(|(_, value)| value.as_slice()).collect()
}

pub(crate) fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// No message of these tests is longer.
const BYTES_MAX: usize = 8 << 20;

/// Cuts a stream of bytes into messages.
pub(crate) struct Reader<R> {
    stream: R,
    held: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(crate) fn new(stream: R) -> Self {
        Reader { stream, held: Vec::new() }
    }

    pub(crate) fn into_inner(self) -> R {
        self.stream
    }

    /// False at the end of the stream.
    pub(crate) async fn more(&mut self) -> anyhow::Result<bool> {
        ensure!(self.held.len() <= BYTES_MAX, "an endless message");
        Ok(self.stream.read_buf(&mut self.held).await? > 0)
    }

    /// The next request; `None` where the stream ends before it begins.
    pub(crate) async fn request(&mut self) -> anyhow::Result<Option<Message>> {
        while self.held.is_empty() {
            if !self.more().await? {
                return Ok(None);
            }
        }
        let mut message = self.head().await?;
        let words = message.line.split(|byte| *byte == b' ').count();
        ensure!(words == 3 && message.line.ends_with(b" HTTP/1.1"), "no request: {}", shown(&message.line));
        ensure!(message.values("host").len() == 1, "{} hosts", message.values("host").len());
        self.body(&mut message).await?;
        Ok(Some(message))
    }

    /// The next answer, informational ones passed over. `bodiless`: it is one to `HEAD`.
    pub(crate) async fn answer(&mut self, bodiless: bool) -> anyhow::Result<Message> {
        loop {
            let mut message = self.head().await?;
            ensure!(message.line.starts_with(b"HTTP/1."), "no answer: {}", shown(&message.line));
            match message.status() {
                101 => return Ok(message),
                100..200 => continue,
                status if bodiless || matches!(status, 204 | 304) => return Ok(message),
                _ => {}
            }
            if message.framing == Framing::Bare {
                message.framing = Framing::Closed;
            }
            self.body(&mut message).await?;
            return Ok(message);
        }
    }

    /// The next head, with what it says about a body.
    pub(crate) async fn head(&mut self) -> anyhow::Result<Message> {
        let end = loop {
            if let Some(at) = self.held.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            ensure!(self.more().await?, "the stream ended within a head: {}", shown(&self.held));
        };
        let head: Vec<u8> = self.held.drain(..end).collect();
        let mut lines = lines(&head[..end - 2])?.into_iter();
        let line = lines.next().context("a first line")?.to_vec();
        let headers = lines.map(field).collect::<anyhow::Result<Fields>>()?;
        let framing = framing(&headers)?;
        Ok(Message { line, headers, framing, body: Vec::new(), trailers: Vec::new() })
    }

    async fn body(&mut self, message: &mut Message) -> anyhow::Result<()> {
        match message.framing {
            Framing::Bare => {}
            Framing::Sized(length) => message.body = self.take(length).await?,
            Framing::Closed => message.body = self.rest().await?,
            Framing::Chunked => loop {
                let line = self.line().await?;
                let digits =
                    std::str::from_utf8(line.split(|byte| *byte == b';').next().unwrap_or_default())?;
                let is_size = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                ensure!(is_size, "no chunk size: {}", shown(&line));
                let size = usize::from_str_radix(digits, 16)?;
                if size > 0 {
                    message.body.extend(self.take(size).await?);
                    ensure!(self.line().await?.is_empty(), "a chunk longer than its size");
                    continue;
                }
                loop {
                    let line = self.line().await?;
                    if line.is_empty() {
                        return Ok(());
                    }
                    message.trailers.push(field(&line)?);
                }
            },
        }
        Ok(())
    }

    /// The next piece of a chunked body; empty at its end.
    pub(crate) async fn chunk(&mut self) -> anyhow::Result<Vec<u8>> {
        let line = self.line().await?;
        let size = usize::from_str_radix(std::str::from_utf8(&line)?, 16)?;
        let chunk = self.take(size).await?;
        ensure!(self.line().await?.is_empty(), "a chunk longer than its size");
        Ok(chunk)
    }

    pub(crate) async fn take(&mut self, length: usize) -> anyhow::Result<Vec<u8>> {
        while self.held.len() < length {
            ensure!(self.more().await?, "the stream ended {} bytes early", length - self.held.len());
        }
        Ok(self.held.drain(..length).collect())
    }

    /// Everything until the stream ends.
    pub(crate) async fn rest(&mut self) -> anyhow::Result<Vec<u8>> {
        while self.more().await? {}
        Ok(std::mem::take(&mut self.held))
    }

    async fn line(&mut self) -> anyhow::Result<Vec<u8>> {
        loop {
            if let Some(end) = self.held.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.held.drain(..=end).collect();
                return Ok(lines(&line)?.first().context("a line")?.to_vec());
            }
            ensure!(self.more().await?, "the stream ended within a line: {}", shown(&self.held));
        }
    }
}

/// Lines that each end in CRLF, without their ends.
fn lines(bytes: &[u8]) -> anyhow::Result<Vec<&[u8]>> {
    let lines = bytes.strip_suffix(b"\n").context("a line end")?.split(|byte| *byte == b'\n');
    let cut = lines.map(|line| {
        let line = line.strip_suffix(b"\r").context("a bare LF")?;
        ensure!(!line.iter().any(|byte| matches!(byte, b'\r' | 0)), "a bare CR or NUL: {}", shown(line));
        Ok(line)
    });
    cut.collect()
}

fn field(line: impl AsRef<[u8]>) -> anyhow::Result<(String, Vec<u8>)> {
    let line = line.as_ref();
    let colon = line.iter().position(|byte| *byte == b':').with_context(|| shown(line))?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    ensure!(!name.is_empty() && name.iter().all(is_token), "no field name: {}", shown(line));
    Ok((std::str::from_utf8(name)?.to_ascii_lowercase(), value.trim_ascii().to_vec()))
}

/// What the headers say about a body, where it is one thing.
fn framing(headers: &Fields) -> anyhow::Result<Framing> {
    let (lengths, codings) = (values(headers, "content-length"), values(headers, "transfer-encoding"));
    match (&lengths[..], &codings[..]) {
        ([], []) => Ok(Framing::Bare),
        ([length], []) if !length.is_empty() && length.iter().all(u8::is_ascii_digit) => {
            Ok(Framing::Sized(std::str::from_utf8(length)?.parse()?))
        }
        ([], [b"chunked"]) => Ok(Framing::Chunked),
        _ => bail!("no single framing: {headers:?}"),
    }
}

#[tokio::test]
async fn messages_are_read_strictly() {
    let read = async |bytes: &[u8]| Reader::new(bytes).request().await;
    let sound = b"POST /a HTTP/1.1\r\nHost: a\r\nX:  b \r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nT: 1\r\n\r\n";
    let message = read(sound).await.unwrap().unwrap();
    assert_eq!((message.word(1), message.text("x").as_str()), (&b"/a"[..], "b"));
    assert_eq!((message.body, message.trailers), (b"abc".to_vec(), vec![("t".to_owned(), b"1".to_vec())]));
    assert!(read(b"").await.unwrap().is_none());
    for odd in [
        &b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"[..],
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx",
        b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
        b"GET /",
    ] {
        assert!(read(odd).await.is_err(), "{}", shown(odd));
    }
}
