//! A connection that became another protocol: bytes both ways until both sides are done, or nothing moves.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

use super::Ending;
use crate::wire::Deadline;

/// Bytes on their way in one direction.
const PIPE_BYTES: usize = 8 * 1024;

/// What is left to do for an upgraded exchange.
pub(crate) struct Tunnel {
    upstream: OnUpgrade,
    ending: Ending,
}

impl Tunnel {
    pub(crate) fn new(upstream: OnUpgrade, ending: Ending) -> Self {
        Tunnel { upstream, ending }
    }

    /// Copies until both directions ended, one broke, or both were silent for too long. `early` came from the client
    /// before the protocol changed.
    pub(crate) async fn run(mut self, client: TcpStream, early: &[u8]) {
        let silence = self.ending.worker().settings.limits.tunnel_silence;
        let Ok(upstream) = (&mut self.upstream).await else { return };
        let mut upstream = TokioIo::new(upstream);
        if upstream.write_all(early).await.is_err() {
            return;
        }
        let mut client = client;
        let mut up = Pipe::default();
        let mut down = Pipe::default();
        let mut quiet = Deadline::default();
        // What broke is of no interest to anybody: either side may leave at any time.
        let _: io::Result<()> = std::future::poll_fn(|cx| {
            let before = up.total + down.total;
            let one = up.poll_copy(cx, Pin::new(&mut client), Pin::new(&mut upstream))?;
            let other = down.poll_copy(cx, Pin::new(&mut upstream), Pin::new(&mut client))?;
            if one.is_ready() && other.is_ready() {
                return Poll::Ready(Ok(()));
            }
            if up.total + down.total > before {
                quiet.clear();
            }
            quiet.poll(cx, silence).map(Ok)
        })
        .await;
        self.ending.add(usize::try_from(down.total).unwrap_or(usize::MAX));
    }
}

/// One direction.
struct Pipe {
    buffer: Box<[u8]>,
    from: usize,
    to: usize,
    total: u64,
    state: PipeState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PipeState {
    Open,
    /// The reader said that no more comes; the writer is told.
    Closing,
    Done,
}

impl Default for Pipe {
    fn default() -> Self {
        Pipe { buffer: vec![0; PIPE_BYTES].into(), from: 0, to: 0, total: 0, state: PipeState::Open }
    }
}

impl Pipe {
    fn poll_copy(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut impl AsyncRead>,
        mut writer: Pin<&mut impl AsyncWrite>,
    ) -> io::Result<Poll<()>> {
        loop {
            while self.from < self.to {
                match writer.as_mut().poll_write(cx, &self.buffer[self.from..self.to]) {
                    Poll::Pending => return Ok(Poll::Pending),
                    Poll::Ready(written) => match written? {
                        0 => return Err(io::ErrorKind::WriteZero.into()),
                        written => {
                            self.from += written;
                            self.total += written as u64;
                        }
                    },
                }
            }
            match self.state {
                PipeState::Open => {}
                PipeState::Closing => match writer.as_mut().poll_shutdown(cx) {
                    Poll::Pending => return Ok(Poll::Pending),
                    Poll::Ready(result) => {
                        result?;
                        self.state = PipeState::Done;
                    }
                },
                PipeState::Done => return Ok(Poll::Ready(())),
            }
            if self.state != PipeState::Open {
                continue;
            }
            let mut buf = ReadBuf::new(&mut self.buffer);
            match reader.as_mut().poll_read(cx, &mut buf) {
                Poll::Pending => return Ok(Poll::Pending),
                Poll::Ready(result) => result?,
            }
            (self.from, self.to) = (0, buf.filled().len());
            if self.to == 0 {
                self.state = PipeState::Closing;
            }
        }
    }
}
