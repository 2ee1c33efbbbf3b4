//! Our own answers on the wire: at once, or as slowly as a tarpit asks.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use palisade_domain::Pace;
use palisade_visitor::Reply;
use tokio::time::{Instant, Sleep};

use crate::body::AnswerBody;
use crate::exchange::Ending;
use crate::worker::Worker;

/// Whether the connection goes on after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// Another request may follow.
    Keep,
    /// It is closed.
    Close,
}

/// Writes `reply`; `ending` hears of its end.
pub(crate) fn answer(
    worker: &Rc<Worker>,
    reply: Reply,
    mut ending: Ending,
    after: After,
) -> Response<AnswerBody> {
    let Reply { status, headers, body, pace } = reply;
    ending.answered_by_us(status);
    let bytes = match body {
        std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let slow =
        pace.filter(|_| !bytes.is_empty()).and_then(|pace| Seat::take(worker).map(|seat| (pace, seat)));
    let length = bytes.len();
    let body = match slow {
        Some((pace, seat)) => AnswerBody::Slow(Box::new(Slow::new(bytes, pace, seat, ending))),
        None => {
            ending.add(length);
            AnswerBody::Ours(bytes)
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
    let map = response.headers_mut();
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            map.append(HeaderName::from_static(name), value);
        }
    }
    if length > 0 {
        map.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    if after == After::Close {
        map.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A place among the slow answers.
#[derive(Debug)]
struct Seat {
    shared: std::sync::Arc<crate::gateway::Shared>,
}

impl Seat {
    fn take(worker: &Rc<Worker>) -> Option<Seat> {
        let shared = std::sync::Arc::clone(&worker.shared);
        if shared.slow_answers.fetch_add(1, Ordering::Relaxed) >= worker.settings.limits.slow_answers_max {
            shared.slow_answers.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Seat { shared })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.slow_answers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body that is written so many bytes a second.
#[derive(Debug)]
pub(crate) struct Slow {
    bytes: Bytes,
    piece: usize,
    sleep: Pin<Box<Sleep>>,
    until: Instant,
    ending: Ending,
    _seat: Seat,
}

impl Slow {
    fn new(bytes: Bytes, pace: Pace, seat: Seat, ending: Ending) -> Self {
        let limit = ending.worker().settings.limits.slow_answer_timeout;
        Slow {
            bytes,
            piece: usize::try_from(pace.0).unwrap_or(usize::MAX).max(1),
            sleep: Box::pin(tokio::time::sleep(Duration::ZERO)),
            until: Instant::now() + limit,
            ending,
            _seat: seat,
        }
    }

    /// Bytes not written yet.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.bytes.is_empty() {
            return Poll::Ready(None);
        }
        ready!(self.sleep.as_mut().poll(cx));
        let now = Instant::now();
        let count = if now >= self.until { self.bytes.len() } else { self.piece.min(self.bytes.len()) };
        self.sleep.as_mut().reset(now + Duration::from_secs(1));
        self.ending.add(count);
        Poll::Ready(Some(self.bytes.split_to(count)))
    }
}
