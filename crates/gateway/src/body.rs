//! Bodies on their way through: never whole in memory, watched for speed, counted to their end.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use palisade_domain::{BodyPrefix, Fact, ResponseFacts};
use tokio::time::Instant;

use crate::exchange::Ending;
use crate::forward;
use crate::settings::Limits;
use crate::upstream::Lease;
use crate::wire::Deadline;

/// Why a body does not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// The connection it comes from broke, or it is not framed as it should be.
    #[error("the body broke off: {0}")]
    Broken(#[from] hyper::Error),
    /// The client sends too slowly.
    #[error("the client sends too slowly")]
    TooSlow,
    /// The upstream says nothing.
    #[error("the upstream fell silent")]
    Silent,
}

/// A request body on its way up: what was held of it, then the rest as it comes. Most requests have none, and a request
/// is handed on many times.
#[derive(Debug, Default)]
pub(crate) struct RequestBody(Option<Box<Upload>>);

#[derive(Debug)]
struct Upload {
    held: Bytes,
    /// Trailers that came while the body was held.
    trailers: Option<HeaderMap>,
    incoming: Option<Incoming>,
    pace: Pace,
    progress: Rc<Progress>,
}

/// How far a body has come, for those who wait for its answer.
#[derive(Debug)]
pub(crate) struct Progress {
    moved: Cell<Instant>,
}

impl Progress {
    /// When the body last went on, or ended.
    pub(crate) fn moved(&self) -> Instant {
        self.moved.get()
    }
}

/// What was held of a body.
#[derive(Debug, Default)]
pub(crate) struct Prefix {
    /// The bytes, in one piece.
    pub bytes: Bytes,
    /// True where that is all.
    pub complete: bool,
}

impl RequestBody {
    pub(crate) fn new(incoming: Incoming, limits: &Limits) -> Self {
        if incoming.is_end_stream() {
            return RequestBody::default();
        }
        let progress = Rc::new(Progress { moved: Cell::new(Instant::now()) });
        let (held, trailers, pace) = (Bytes::new(), None, Pace::new(limits));
        RequestBody(Some(Box::new(Upload { held, trailers, incoming: Some(incoming), pace, progress })))
    }

    /// `bytes`, and nothing more to come.
    pub(crate) fn of(bytes: Bytes, limits: &Limits) -> Self {
        let progress = Rc::new(Progress { moved: Cell::new(Instant::now()) });
        let (trailers, pace) = (None, Pace::new(limits));
        RequestBody(Some(Box::new(Upload { held: bytes, trailers, incoming: None, pace, progress })))
    }

    /// True where there is nothing to send.
    pub(crate) fn is_empty(&self) -> bool {
        let is_sent =
            |body: &Upload| body.held.is_empty() && body.incoming.is_none() && body.trailers.is_none();
        self.0.as_deref().is_none_or(is_sent)
    }

    /// True where more is to come from the client.
    pub(crate) fn is_unread(&self) -> bool {
        self.0.as_ref().is_some_and(|body| body.incoming.is_some())
    }

    /// How far it has come; `None` where there is none.
    pub(crate) fn progress(&self) -> Option<Rc<Progress>> {
        self.0.as_ref().map(|body| Rc::clone(&body.progress))
    }

    /// Waits for the start of the body, up to [`BodyPrefix::BYTES_MAX`] or `limit`. Everything stays to be sent.
    ///
    /// # Errors
    /// Where the body broke off before that.
    pub(crate) async fn hold(&mut self, limit: Duration) -> Result<Prefix, BodyError> {
        self.hold_up_to(BodyPrefix::BYTES_MAX, limit).await
    }

    /// As [`RequestBody::hold`], up to `bytes_max`; what was held before stays held.
    pub(crate) async fn hold_up_to(
        &mut self,
        bytes_max: usize,
        limit: Duration,
    ) -> Result<Prefix, BodyError> {
        let Some(body) = &mut self.0 else { return Ok(Prefix { complete: true, ..Prefix::default() }) };
        let mut joined = BytesMut::new();
        let filling = std::future::poll_fn(|cx| body.poll_hold(cx, &mut joined, bytes_max));
        // In time or not: what has come is what is looked at.
        let filled = tokio::time::timeout(limit, filling).await.unwrap_or(Ok(()));
        if !joined.is_empty() {
            body.held = joined.freeze();
        }
        filled?;
        Ok(Prefix { bytes: body.held.clone(), complete: body.incoming.is_none() })
    }
}

impl Upload {
    /// The first piece is kept as it is; only where there is a second one are they joined.
    fn poll_hold(
        &mut self,
        cx: &mut Context<'_>,
        joined: &mut BytesMut,
        bytes_max: usize,
    ) -> Poll<Result<(), BodyError>> {
        while self.held.len().max(joined.len()) < bytes_max {
            let Some(incoming) = &mut self.incoming else { break };
            let Some(frame) = ready!(Pin::new(&mut *incoming).poll_frame(cx)) else {
                self.incoming = None;
                break;
            };
            let frame = frame?;
            if incoming.is_end_stream() {
                self.incoming = None;
            }
            match frame.into_data() {
                Ok(data) if self.held.is_empty() => self.held = data,
                Ok(data) => {
                    if joined.is_empty() {
                        joined.extend_from_slice(&self.held);
                    }
                    joined.extend_from_slice(&data);
                }
                Err(frame) => self.trailers = passed(frame).into_trailers().ok(),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.progress.moved.set(Instant::now());
        if !self.held.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.held)))));
        }
        let Some(incoming) = &mut self.incoming else {
            return Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))));
        };
        match Pin::new(incoming).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.pace.moved(frame.data_ref().map_or(0, Bytes::len));
                Poll::Ready(Some(Ok(passed(frame))))
            }
            Poll::Ready(other) => Poll::Ready(other.map(|frame| frame.map_err(BodyError::from))),
            Poll::Pending => {
                ready!(self.pace.poll_too_slow(cx));
                Poll::Ready(Some(Err(BodyError::TooSlow)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty()
            && self.trailers.is_none()
            && self.incoming.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.incoming.as_ref().map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint);
        let held = self.held.len() as u64;
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + held);
        }
        hint.set_lower(hint.lower() + held);
        hint
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.get_mut().0.as_mut().map_or(Poll::Ready(None), |body| body.poll_frame(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map_or_else(|| SizeHint::with_exact(0), |body| body.size_hint())
    }
}

/// `frame` as it goes on: data as it is, trailers without what only we may say.
fn passed(mut frame: Frame<Bytes>) -> Frame<Bytes> {
    if let Some(trailers) = frame.trailers_mut() {
        forward::strip_trailers(trailers);
    }
    frame
}

/// How fast a client must send.
#[derive(Debug)]
struct Pace {
    window: Duration,
    bytes_min: u64,
    bytes: u64,
    deadline: Deadline,
}

impl Pace {
    fn new(limits: &Limits) -> Self {
        Pace {
            window: limits.body_window,
            bytes_min: limits.body_bytes_min,
            bytes: 0,
            deadline: Deadline::default(),
        }
    }

    fn moved(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        if self.bytes >= self.bytes_min {
            self.bytes = 0;
            self.deadline.clear();
        }
    }

    fn poll_too_slow(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.deadline.poll(cx, self.window)
    }
}

/// The body of an answer on its way down.
#[derive(Debug)]
pub(crate) enum AnswerBody {
    /// The upstream's.
    Passed(Box<Passed>),
    /// Ours, at once.
    Ours(Bytes),
    /// Ours, slowly.
    Slow(Box<crate::reply::Slow>),
    /// None.
    Empty,
}

/// The body of an upstream's answer.
#[derive(Debug)]
pub(crate) struct Passed {
    incoming: Incoming,
    /// Given back when the body is read to its end; dropped, which closes the connection, where it is not.
    lease: Option<Lease>,
    ending: Ending,
    silence: Deadline,
    limit: Duration,
}

impl Passed {
    pub(crate) fn new(incoming: Incoming, lease: Lease, ending: Ending, limit: Duration) -> Self {
        let mut passed = Passed { incoming, lease: Some(lease), ending, silence: Deadline::default(), limit };
        passed.note_end();
        passed
    }

    fn note_end(&mut self) {
        if self.incoming.is_end_stream() {
            self.end();
        }
    }

    fn end(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.give_back();
        }
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match Pin::new(&mut self.incoming).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.silence.clear();
                self.ending.add(frame.data_ref().map_or(0, Bytes::len));
                self.note_end();
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                self.lease = None;
                Poll::Ready(Some(Err(error.into())))
            }
            Poll::Ready(None) => {
                self.end();
                Poll::Ready(None)
            }
            Poll::Pending => {
                ready!(self.silence.poll(cx, self.limit));
                Poll::Ready(Some(Err(BodyError::Silent)))
            }
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            AnswerBody::Passed(passed) => passed.poll_frame(cx),
            AnswerBody::Ours(bytes) if bytes.is_empty() => Poll::Ready(None),
            AnswerBody::Ours(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            AnswerBody::Slow(slow) => {
                slow.poll_piece(cx).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
            }
            AnswerBody::Empty => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            AnswerBody::Passed(passed) => passed.incoming.is_end_stream(),
            AnswerBody::Ours(bytes) => bytes.is_empty(),
            AnswerBody::Slow(slow) => slow.left() == 0,
            AnswerBody::Empty => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            AnswerBody::Passed(passed) => passed.incoming.size_hint(),
            AnswerBody::Ours(bytes) => SizeHint::with_exact(bytes.len() as u64),
            AnswerBody::Slow(slow) => SizeHint::with_exact(slow.left() as u64),
            AnswerBody::Empty => SizeHint::with_exact(0),
        }
    }
}

/// What an exchange says about its end.
pub(crate) fn response_facts(
    status: Option<u16>,
    bytes: u64,
    duration_ms: u64,
    cookie: bool,
    is_ours: bool,
) -> ResponseFacts {
    ResponseFacts {
        status: status.map_or(Fact::Unseen, Fact::Known),
        bytes: if status.is_some() { Fact::Known(bytes) } else { Fact::Unseen },
        duration_ms: Fact::Known(duration_ms),
        set_cookie: if status.is_some() { Fact::Known(cookie) } else { Fact::Unseen },
        login_ok: Fact::Unseen,
        is_ours,
    }
}
