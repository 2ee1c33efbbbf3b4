//! The read side of a client's connection: cuts the byte stream into heads and bodies before hyper reads it.
//!
//! Every HTTP/1 head is captured as it came (order and case are evidence) and checked ([`crate::strict`]); bodies are
//! followed to their end ([`chunks`]), so that the next head is found wherever it starts, pipelined or not. hyper sees
//! only bytes that passed: where a head is refused it reads [`STAND_IN`] in its place, and the exchange answers the
//! captured fault. Nobody behind this can disagree about where a request ends.
//!
//! Times of the read side live here too: a head that does not come to its end, a connection that says nothing, a
//! client that takes nothing.

mod chunks;
mod timer;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use bytes::BufMut;
use palisade_domain::HeadFault;
use palisade_fingerprint::framing::{BodyFrame, Framed};
use palisade_fingerprint::head;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::bounds;
use crate::settings::Limits;
use crate::strict;
use chunks::{Chunks, Scan};
pub(crate) use timer::Deadline;

/// What hyper reads where a head is refused; the answer to it ends the connection.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nhost: refused.invalid\r\nconnection: close\r\n\r\n";
/// How an HTTP/2 connection begins (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes that are read at a time where hyper's own buffer is not used.
const READ_BYTES: usize = 8 * 1024;

/// A head as it came.
#[derive(Debug, Default)]
pub(crate) struct Captured {
    /// Its bytes, empty line included; what there was of it where it is refused.
    pub bytes: Vec<u8>,
    /// Where its parts lie; of use where it is not refused.
    pub framed: Framed,
    /// Why it is refused.
    pub fault: Option<HeadFault>,
}

/// What the read side and the exchange of one connection tell each other.
#[derive(Debug, Default)]
pub(crate) struct Link {
    heads: RefCell<VecDeque<Captured>>,
    spare: RefCell<Captured>,
    body_fault: Cell<Option<HeadFault>>,
    switch: Cell<Switch>,
    /// Who waits for the switch to be decided, with bytes at hand that nobody may read before.
    waiting: RefCell<Option<Waker>>,
}

/// Whether a connection that could become another protocol does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Switch {
    #[default]
    Undecided,
    Refused,
}

impl Link {
    /// The head of the request that hyper hands over now.
    pub(crate) fn take_head(&self) -> Option<Captured> {
        self.heads.borrow_mut().pop_front()
    }

    /// Keeps room for the next head.
    pub(crate) fn keep(&self, captured: Captured) {
        *self.spare.borrow_mut() = captured;
    }

    /// What was wrong with the body, where its bytes could not be followed.
    pub(crate) fn body_fault(&self) -> Option<HeadFault> {
        self.body_fault.get()
    }

    /// The connection stays HTTP: the request that asked for another protocol was answered.
    pub(crate) fn no_switch(&self) {
        self.switch.set(Switch::Refused);
        if let Some(waiting) = self.waiting.take() {
            waiting.wake();
        }
    }

    /// Room for a head.
    fn spare(&self) -> Captured {
        self.spare.take()
    }

    /// Hands a head to the exchange.
    fn push(&self, mut captured: Captured, bytes: &[u8], fault: Option<HeadFault>) {
        captured.bytes.clear();
        captured.bytes.extend_from_slice(bytes);
        captured.fault = fault;
        self.heads.borrow_mut().push_back(captured);
    }
}

/// How a connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// HTTP/1, or nothing that we know; the first head tells.
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
    /// The client left.
    Closed,
}

#[derive(Debug)]
enum State {
    /// A head is awaited or under way; so many bytes of it were searched for its end.
    Head { searched: usize },
    /// So many bytes of a body follow.
    Sized(u64),
    /// Chunks follow.
    Chunked(Chunks),
    /// A body whose chunks are broken: hyper reads an error.
    Broken,
    /// The request may change the protocol: nothing is read as HTTP until it is answered.
    Undecided,
    /// A head was refused: nothing more is read.
    Refused,
    /// Not ours to read: HTTP/2.
    Raw,
}

/// A client's connection.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    link: Rc<Link>,
    state: State,
    /// Bytes read and not handed on, from `start`.
    held: Vec<u8>,
    start: usize,
    /// How many of them hyper may have.
    cleared: usize,
    /// What hyper reads in place of the bytes that came, from `.1`.
    instead: Option<(Cow<'static, [u8]>, usize)>,
    limits: Limits,
    reading: Deadline,
    writing: Deadline,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, link: Rc<Link>, limits: Limits) -> Self {
        Wire {
            stream,
            link,
            state: State::Head { searched: 0 },
            held: Vec::new(),
            start: 0,
            cleared: 0,
            instead: None,
            limits,
            reading: Deadline::default(),
            writing: Deadline::default(),
        }
    }

    /// Reads until it is plain how the connection begins.
    ///
    /// # Errors
    /// Where the connection breaks or says nothing for the time a head may take.
    pub(crate) async fn opening(&mut self) -> io::Result<Opening> {
        let limit = self.limits.head_timeout;
        let reading = async {
            loop {
                let held = self.held.len().min(PREFACE.len());
                if self.held[..held] != PREFACE[..held] {
                    return Ok(Opening::Http1);
                }
                if held == PREFACE.len() {
                    self.state = State::Raw;
                    return Ok(Opening::Http2);
                }
                if std::future::poll_fn(|cx| self.poll_more(cx)).await? == 0 {
                    return Ok(Opening::Closed);
                }
            }
        };
        tokio::time::timeout(limit, reading).await.unwrap_or_else(|_| Err(too_slow()))
    }

    /// The bare connection, and what was read of it and not handed on.
    pub(crate) fn into_parts(self) -> (TcpStream, Vec<u8>) {
        let rest = self.held.get(self.start..).unwrap_or_default().to_vec();
        (self.stream, rest)
    }

    /// True where the client may still be sending what nobody reads: a body, or more of a refused head.
    pub(crate) fn has_more(&self) -> bool {
        !matches!(self.state, State::Head { .. } | State::Undecided) || !self.pending().is_empty()
    }

    /// Reads what there is into `held`; 0 at the end of the stream.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.start > 0 {
            self.held.drain(..self.start);
            self.start = 0;
        }
        self.held.reserve(READ_BYTES);
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            // Nothing is cleared before it is read into: a head may come byte by byte.
            match self.stream.try_read_buf(&mut (&mut self.held).limit(READ_BYTES)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read),
            }
        }
    }

    fn pending(&self) -> &[u8] {
        &self.held[self.start..]
    }

    /// Looks at what is held and not cleared, and clears what hyper may have. False where more bytes are needed.
    fn advance(&mut self) -> bool {
        debug_assert_eq!(self.cleared, 0, "what is cleared goes first");
        let bytes = &self.held[self.start..];
        let (step, next) = look(&self.state, bytes, &self.link);
        if let Some(next) = next {
            self.state = next;
        }
        match step {
            Step::More => return false,
            Step::Skip(count) => self.start += count,
            Step::Clear(count) => self.cleared = count,
            Step::Instead { skip, bytes } => {
                self.start += skip;
                self.instead = Some((bytes, 0));
            }
        }
        true
    }

    fn hand_over(&mut self, buf: &mut ReadBuf<'_>) {
        let count = self.cleared.min(buf.remaining());
        buf.put_slice(&self.held[self.start..self.start + count]);
        self.start += count;
        self.cleared -= count;
        if self.start == self.held.len() {
            self.held.clear();
            self.start = 0;
        }
    }

    /// Reads into hyper's own buffer and keeps back what is not to be seen (yet). Ready with nothing read means: look at
    /// what is held.
    fn poll_direct(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<Direct>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let bytes = &buf.filled()[before..];
        if bytes.is_empty() {
            return Poll::Ready(Ok(Direct::End));
        }
        let (step, next) = look(&self.state, bytes, &self.link);
        if let Some(next) = next {
            self.state = next;
        }
        let (clear, skip) = match step {
            Step::More => (0, 0),
            Step::Clear(count) => (count, 0),
            Step::Skip(count) => (0, count),
            Step::Instead { skip, bytes } => {
                self.instead = Some((bytes, 0));
                (0, skip)
            }
        };
        self.held.clear();
        self.start = 0;
        self.held.extend_from_slice(&bytes[clear + skip..]);
        buf.set_filled(before + clear);
        Poll::Ready(Ok(if clear > 0 { Direct::Read } else { Direct::Held }))
    }

    fn poll_read_deadline(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (of, quiet) = match self.state {
            State::Head { .. } if self.pending().is_empty() => (self.limits.idle_timeout, true),
            State::Head { .. } => (self.limits.head_timeout, false),
            // Bodies are timed where they are read, tunnels and HTTP/2 by themselves.
            _ => return Poll::Pending,
        };
        match self.reading.poll(cx, of) {
            Poll::Pending => Poll::Pending,
            // The end of the stream: hyper closes without a word.
            Poll::Ready(()) if quiet => Poll::Ready(Ok(())),
            Poll::Ready(()) => Poll::Ready(Err(too_slow())),
        }
    }
}

/// What comes of reading into hyper's buffer.
enum Direct {
    Read,
    Held,
    End,
}

/// What becomes of the bytes at hand.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// More are needed.
    More,
    /// So many are nobody's.
    Skip(usize),
    /// So many go to hyper.
    Clear(usize),
    /// hyper reads other bytes in place of so many.
    Instead { skip: usize, bytes: Cow<'static, [u8]> },
}

fn look(state: &State, bytes: &[u8], link: &Link) -> (Step, Option<State>) {
    match state {
        State::Head { searched } => look_for_head(bytes, *searched, link),
        State::Sized(left) => {
            let count = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
            let left = left - count as u64;
            (Step::Clear(count), Some(if left == 0 { HEAD } else { State::Sized(left) }))
        }
        State::Chunked(chunks) => {
            let mut chunks = *chunks;
            match chunks.scan(bytes) {
                Scan::All => (Step::Clear(bytes.len()), Some(State::Chunked(chunks))),
                Scan::End(count) => (Step::Clear(count), Some(HEAD)),
                Scan::Fault => {
                    link.body_fault.set(Some(HeadFault::Chunk));
                    (Step::More, Some(State::Broken))
                }
            }
        }
        State::Raw => (Step::Clear(bytes.len()), None),
        State::Broken | State::Undecided | State::Refused => (Step::More, None),
    }
}

const HEAD: State = State::Head { searched: 0 };

fn look_for_head(bytes: &[u8], searched: usize, link: &Link) -> (Step, Option<State>) {
    // RFC 9112 section 2.2: empty lines before a request line are nobody's.
    let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    if blank > 0 {
        return (Step::Skip(blank), Some(HEAD));
    }
    let refuse = |fault, seen: usize| {
        link.push(link.spare(), &bytes[..seen.min(head::BYTES_MAX)], Some(fault));
        (Step::Instead { skip: bytes.len(), bytes: Cow::Borrowed(STAND_IN) }, Some(State::Refused))
    };
    let Some(first) = bytes.first() else { return (Step::More, None) };
    if !first.is_ascii_graphic() {
        return refuse(HeadFault::Garbage, bytes.len());
    }
    let mut captured = link.spare();
    // Nearly every head comes whole and is sound: it is read without looking for its end first.
    let at_once = (searched == 0).then(|| strict::check(bytes, &mut captured.framed).ok()).flatten();
    let (end, spelled) = match at_once {
        Some(spelled) => (captured.framed.bytes, spelled),
        None => {
            let Some(end) = head_end(bytes, searched) else {
                link.keep(captured);
                if bytes.len() >= head::BYTES_MAX {
                    return refuse(HeadFault::TooLong, bytes.len());
                }
                return (Step::More, Some(State::Head { searched: bytes.len() }));
            };
            if end > head::BYTES_MAX {
                return refuse(HeadFault::TooLong, end);
            }
            match strict::check(&bytes[..end], &mut captured.framed) {
                Ok(spelled) => (end, spelled),
                Err(fault) => return refuse(fault, end),
            }
        }
    };
    let next = match captured.framed.body {
        BodyFrame::Length(0) if captured.framed.upgrade => State::Undecided,
        BodyFrame::Length(0) => HEAD,
        BodyFrame::Length(left) => State::Sized(left),
        BodyFrame::Chunked => {
            let mut chunks = Chunks::default();
            if chunks.scan(&bytes[end..]) == Scan::Fault {
                return refuse(HeadFault::Chunk, end);
            }
            State::Chunked(Chunks::default())
        }
    };
    link.body_fault.set(None);
    link.switch.set(Switch::Undecided);
    link.push(captured, &bytes[..end], None);
    let step = match spelled {
        None => Step::Clear(end),
        Some(bytes) => Step::Instead { skip: end, bytes: Cow::Owned(bytes) },
    };
    (step, Some(next))
}

/// Where the first empty line ends, however lines end; `searched` bytes are known to hold none.
fn head_end(bytes: &[u8], searched: usize) -> Option<usize> {
    let from = searched.saturating_sub(2);
    memchr::memchr_iter(b'\n', &bytes[from..]).map(|at| from + at).find_map(|at| match &bytes[at + 1..] {
        [b'\n', ..] => Some(at + 2),
        [b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    })
}

fn too_slow() -> io::Error {
    io::Error::from(io::ErrorKind::TimedOut)
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if let Some((bytes, done)) = &mut this.instead {
                let count = (bytes.len() - *done).min(buf.remaining());
                buf.put_slice(&bytes[*done..*done + count]);
                *done += count;
                if *done == bytes.len() {
                    this.instead = None;
                }
                return Poll::Ready(Ok(()));
            }
            if this.cleared > 0 {
                this.hand_over(buf);
                return Poll::Ready(Ok(()));
            }
            match this.state {
                State::Broken => return Poll::Ready(Err(io::Error::from(io::ErrorKind::InvalidData))),
                State::Undecided if this.link.switch.get() == Switch::Refused => {
                    this.state = HEAD;
                    continue;
                }
                // What came early is no news of the socket's: whoever answers has to say that it can be read.
                State::Undecided => *this.link.waiting.borrow_mut() = Some(cx.waker().clone()),
                _ => {}
            }
            if !this.pending().is_empty() && this.advance() {
                this.reading.clear();
                continue;
            }
            let read = match this.state {
                State::Broken => continue,
                State::Refused => {
                    // Whatever else comes is thrown away, so that the answer is not lost in a reset.
                    this.held.clear();
                    this.start = 0;
                    match ready!(this.poll_more(cx))? {
                        0 => return Poll::Ready(Ok(())),
                        _ => continue,
                    }
                }
                State::Undecided if this.pending().len() >= bounds::EARLY_BYTES_MAX => return Poll::Pending,
                _ if !this.pending().is_empty() || matches!(this.state, State::Undecided) => {
                    this.poll_more(cx).map_ok(|read| if read == 0 { Direct::End } else { Direct::Held })
                }
                _ => {
                    let read = this.poll_direct(cx, buf);
                    if !this.pending().is_empty() {
                        // The first bytes of a head: from now on its own time counts, not that of the pause before.
                        this.reading.clear();
                    }
                    read
                }
            };
            match read {
                Poll::Pending => return this.poll_read_deadline(cx),
                Poll::Ready(Ok(Direct::Held)) => {}
                Poll::Ready(Ok(Direct::Read)) => {
                    this.reading.clear();
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Ok(Direct::End)) => return Poll::Ready(Ok(())),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl Wire {
    fn timed_write<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match write(Pin::new(&mut self.stream), cx) {
            Poll::Ready(done) => {
                self.writing.clear();
                Poll::Ready(done)
            }
            Poll::Pending => {
                ready!(self.writing.poll(cx, self.limits.write_timeout));
                Poll::Ready(Err(too_slow()))
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().timed_write(cx, |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().timed_write(cx, |stream, cx| stream.poll_write_vectored(cx, parts))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
