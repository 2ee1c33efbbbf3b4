//! HTTP/2 without TLS as one browser writes it: its own SETTINGS, its own order of fields and pseudo-fields.
//!
//! A general client chooses these itself, and would look like a program that claims to be a browser. This one writes
//! fields as literals (RFC 7541, 6.2.2) and reads of an answer just its status and its body.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::pace::guarded;
use crate::recorded::{Http2, Priority};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

/// Also ACK.
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

/// One connection.
pub struct Connection {
    stream: TcpStream,
    statuses: Statuses,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
}

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Connection {
    /// Opens a connection the way the browser of `first` does.
    ///
    /// # Errors
    /// Where nobody listens.
    pub async fn open(address: SocketAddr, first: &Http2) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut connection = Connection { stream, statuses: Statuses::default() };
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        let settings: Vec<u8> = first
            .settings
            .iter()
            .flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()[..]].concat())
            .collect();
        bytes.extend(frame(SETTINGS, 0, 0, &settings));
        for (stream, increment) in &first.window_update {
            bytes.extend(frame(WINDOW_UPDATE, 0, *stream, &increment.to_be_bytes()));
        }
        connection.stream.write_all(&bytes).await?;
        Ok(connection)
    }

    /// Sends `request` with these fields behind its own, and reads the answer.
    ///
    /// # Errors
    /// Where the connection or the stream is ended.
    pub async fn exchange(
        &mut self,
        request: &Http2,
        more: &[(&str, &str)],
        body: &[u8],
    ) -> anyhow::Result<Answer> {
        let mut block = Vec::new();
        let own = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(more.iter().copied()) {
            literal(name, value, &mut block);
        }
        let mut flags = END_HEADERS;
        if body.is_empty() {
            flags |= END_STREAM;
        }
        let mut payload = Vec::new();
        if let Some(priority) = request.header_priority {
            flags |= PRIORITY;
            payload.extend(priority_fields(priority));
        }
        payload.extend(block);
        let mut bytes = frame(HEADERS, flags, request.stream, &payload);
        if !body.is_empty() {
            bytes.extend(frame(DATA, END_STREAM, request.stream, body));
        }
        self.stream.write_all(&bytes).await?;
        guarded("an HTTP/2 answer", self.answer(request.stream)).await
    }

    async fn answer(&mut self, stream: u32) -> anyhow::Result<Answer> {
        let mut answer = Answer { status: 0, body: Vec::new() };
        loop {
            let frame = self.frame().await?;
            match frame.kind {
                SETTINGS if frame.flags & END_STREAM == 0 => self.send(SETTINGS, END_STREAM, 0, &[]).await?,
                PING if frame.flags & END_STREAM == 0 => {
                    self.send(PING, END_STREAM, 0, &frame.payload).await?;
                }
                HEADERS => {
                    let mut block = unpadded(&frame)?.to_vec();
                    let mut ended = frame.flags & END_HEADERS != 0;
                    while !ended {
                        let next = self.frame().await?;
                        anyhow::ensure!(next.kind == CONTINUATION, "headers without their end");
                        ended = next.flags & END_HEADERS != 0;
                        block.extend(next.payload);
                    }
                    let status = self.statuses.read(&block)?;
                    if frame.stream == stream {
                        answer.status = status.unwrap_or(answer.status);
                    }
                }
                DATA if frame.stream == stream => answer.body.extend(unpadded(&frame)?),
                RST_STREAM | GOAWAY => {
                    anyhow::bail!("the other side gave up: frame {} {:?}", frame.kind, frame.payload)
                }
                _ => {}
            }
            let last = matches!(frame.kind, HEADERS | DATA) && frame.flags & END_STREAM != 0;
            if last && frame.stream == stream {
                return Ok(answer);
            }
        }
    }

    async fn frame(&mut self) -> anyhow::Result<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, d, e, f, g] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.stream.read_exact(&mut payload).await?;
        Ok(Frame { kind, flags, stream: u32::from_be_bytes([d & 0x7f, e, f, g]), payload })
    }

    async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> anyhow::Result<()> {
        Ok(self.stream.write_all(&frame(kind, flags, stream, payload)).await?)
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("frames are short").to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

fn priority_fields(priority: Priority) -> [u8; 5] {
    let [a, b, c, d] = (priority.dep | u32::from(priority.exclusive) << 31).to_be_bytes();
    [a, b, c, d, u8::try_from(priority.weight.saturating_sub(1)).unwrap_or(u8::MAX)]
}

fn unpadded(frame: &Frame) -> anyhow::Result<&[u8]> {
    let payload = frame.payload.as_slice();
    if frame.flags & PADDED == 0 {
        return Ok(payload);
    }
    let pad = payload.first().copied().map_or(0, usize::from);
    let end = payload.len().checked_sub(pad).filter(|end| *end >= 1);
    Ok(&payload[1..end.ok_or_else(|| anyhow::anyhow!("more padding than frame"))?])
}

/// A field as a literal with a literal name, not to be indexed.
fn literal(name: &str, value: &str, block: &mut Vec<u8>) {
    block.push(0);
    for text in [name, value] {
        integer(text.len(), 7, block);
        block.extend(text.as_bytes());
    }
}

/// RFC 7541, 5.1, with the bits above the prefix 0.
fn integer(mut value: usize, prefix: u8, block: &mut Vec<u8>) {
    let max = (1 << prefix) - 1;
    if value < max {
        block.push(u8::try_from(value).expect("below the prefix"));
        return;
    }
    block.push(u8::try_from(max).expect("a prefix has at most 8 bits"));
    value -= max;
    while value >= 128 {
        block.push(u8::try_from(value % 128 + 128).expect("a byte"));
        value /= 128;
    }
    block.push(u8::try_from(value).expect("below 128"));
}

/// Reads `:status` out of header blocks. It remembers of the dynamic table just which entries are statuses; sizes do not
/// matter, because an encoder never names what it has let go, and entries are counted from the newest.
#[derive(Default)]
struct Statuses {
    /// Newest last.
    inserted: Vec<Option<u16>>,
}

/// `:status` stands at 8 to 14 of the static table.
const STATIC: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
const STATIC_FIRST: usize = 8;
const STATIC_ENTRIES: usize = 61;

impl Statuses {
    /// The status in `block`; none in trailers.
    fn read(&mut self, block: &[u8]) -> anyhow::Result<Option<u16>> {
        let mut rest = Reader(block);
        let mut status = None;
        while let Some(first) = rest.0.first().copied() {
            let (prefix, insert) = match first {
                0x80.. => {
                    let index = rest.integer(7)?;
                    status = status.or(self.at(index));
                    continue;
                }
                0x40.. => (6, true),
                0x20.. => {
                    // A change of the table's size.
                    rest.integer(5)?;
                    continue;
                }
                _ => (4, false),
            };
            let index = rest.integer(prefix)?;
            let named = if index == 0 {
                rest.string()?;
                false
            } else {
                self.at(index).is_some()
            };
            let (coded, value) = rest.string()?;
            let found = if named { digits(coded, value) } else { None };
            status = status.or(found);
            if insert {
                self.inserted.push(found);
            }
        }
        Ok(status)
    }

    fn at(&self, index: usize) -> Option<u16> {
        match index.checked_sub(STATIC_ENTRIES + 1) {
            Some(back) => *self.inserted.iter().rev().nth(back)?,
            None => STATIC.get(index.checked_sub(STATIC_FIRST)?).copied(),
        }
    }
}

/// A status in digits, plain or in the Huffman code of RFC 7541: 0, 1, 2 are five bits, the other digits six.
fn digits(coded: bool, value: &[u8]) -> Option<u16> {
    if !coded {
        return std::str::from_utf8(value).ok()?.parse().ok();
    }
    let bits: Vec<u8> = value.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)).collect();
    let take = |from: usize, count: usize| -> Option<u16> {
        Some(bits.get(from..from + count)?.iter().fold(0, |sum, bit| sum << 1 | u16::from(*bit)))
    };
    let (mut at, mut status) = (0, 0);
    for _ in 0..3 {
        let (digit, length) = match take(at, 5)? {
            short @ 0..=2 => (short, 5),
            _ => (take(at, 6)?.checked_sub(0b01_1001)? + 3, 6),
        };
        status = status * 10 + digit;
        at += length;
    }
    Some(status)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> anyhow::Result<u8> {
        let (first, rest) = self.0.split_first().ok_or_else(|| anyhow::anyhow!("a torn header block"))?;
        self.0 = rest;
        Ok(*first)
    }

    fn integer(&mut self, prefix: u8) -> anyhow::Result<usize> {
        let max = (1_usize << prefix) - 1;
        let mut value = usize::from(self.byte()?) & max;
        if value < max {
            return Ok(value);
        }
        for shift in (0..28).step_by(7) {
            let byte = self.byte()?;
            value += usize::from(byte & 0x7f) << shift;
            if byte < 128 {
                return Ok(value);
            }
        }
        anyhow::bail!("an endless number in a header block")
    }

    /// Whether it is in Huffman code, and its bytes.
    fn string(&mut self) -> anyhow::Result<(bool, &'a [u8])> {
        let coded = self.0.first().is_some_and(|byte| *byte >= 0x80);
        let length = self.integer(7)?;
        anyhow::ensure!(length <= self.0.len(), "a torn header block");
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        Ok((coded, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_from_blocks() {
        // RFC 7541, C.6: 302, 307, 200 in Huffman code; the second refers to the first by the table.
        let mut statuses = Statuses::default();
        let mut check = |block: &[u8], expect| assert_eq!(statuses.read(block).unwrap(), expect);
        check(&[0x48, 0x82, 0x64, 0x02, 0x58, 0x85, 0xae, 0xc3, 0x77, 0x1a, 0x4b], Some(302));
        // The newest entry is cache-control, the one before it the status.
        check(&[0xbf], Some(302));
        check(&[0x48, 0x83, 0x64, 0x0e, 0xff], Some(307));
        check(&[0xbe], Some(307));
        check(&[0x88, 0xc1], Some(200));
        check(&[0x8d], Some(404));
        check(&[0x08, 0x03, b'4', b'2', b'9'], Some(429));
        assert!(statuses.read(&[0x48, 0x83, 0x64]).is_err());
    }

    #[test]
    fn numbers_longer_than_their_prefix() {
        // RFC 7541, C.1.2
        let mut block = Vec::new();
        integer(1337, 5, &mut block);
        assert_eq!(block, [31, 154, 10]);
        assert_eq!(Reader(&block).integer(5).unwrap(), 1337);
    }
}
