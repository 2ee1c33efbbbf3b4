//! One client's connection, from its first byte to its last.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use palisade_domain::ClientIp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bounds;
use crate::exchange::{self, Tunnel};
use crate::wire::{Deadline, Link, Opening, Wire};
use crate::worker::{Seat, Worker};

/// What all exchanges of one connection know.
pub(crate) struct Client {
    pub worker: Rc<Worker>,
    /// The other end of the connection; not yet the client.
    pub peer: ClientIp,
    /// The same as text, for the upstream.
    pub peer_text: String,
    pub link: Rc<Link>,
    /// True on HTTP/2.
    pub multiplexed: bool,
    /// Held by every exchange until its last byte.
    pub busy: Rc<()>,
    /// Set where an exchange ended as another protocol.
    pub tunnel: RefCell<Option<Tunnel>>,
}

/// Serves `stream` until it is closed.
pub(crate) async fn serve(worker: Rc<Worker>, seat: Seat, stream: TcpStream, peer: SocketAddr) {
    let link = Rc::new(Link::default());
    let mut wire = Wire::new(stream, Rc::clone(&link), worker.settings.limits);
    let opening = tokio::select! {
        biased;
        opening = wire.opening() => opening,
        () = drained(&worker) => return,
    };
    let multiplexed = match opening {
        Ok(Opening::Http1) => false,
        Ok(Opening::Http2) => true,
        Ok(Opening::Closed) | Err(_) => return,
    };
    let client = Rc::new(Client {
        worker,
        peer: ClientIp::new(peer.ip()),
        peer_text: ClientIp::new(peer.ip()).to_string(),
        link,
        multiplexed,
        busy: Rc::new(()),
        tunnel: RefCell::new(None),
    });
    if multiplexed {
        serve_http2(client, wire).await;
    } else {
        serve_http1(client, wire).await;
    }
    drop(seat);
}

async fn serve_http1(client: Rc<Client>, wire: Wire) {
    let of_exchange = Rc::clone(&client);
    let service = service_fn(move |request| exchange::serve(Rc::clone(&of_exchange), request));
    let mut connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_headers(palisade_fingerprint::head::HEADERS_MAX)
        .pipeline_flush(true)
        .serve_connection(TokioIo::new(wire), service);
    let _ = until_drained(&client.worker, &mut connection, http1::Connection::graceful_shutdown).await;
    let parts = connection.into_parts();
    let wire = parts.io.into_inner();
    let tunnel = client.tunnel.borrow_mut().take();
    if let Some(tunnel) = tunnel {
        let (stream, rest) = wire.into_parts();
        let early = [&parts.read_buf[..], &rest].concat();
        tunnel.run(stream, &early).await;
    } else if wire.has_more() {
        linger(wire.into_parts().0).await;
    }
}

async fn serve_http2(client: Rc<Client>, wire: Wire) {
    let of_exchange = Rc::clone(&client);
    let begun = Rc::new(Cell::new(0_u64));
    let service = service_fn({
        let begun = Rc::clone(&begun);
        move |request| {
            begun.set(begun.get().wrapping_add(1));
            exchange::serve(Rc::clone(&of_exchange), request)
        }
    });
    let limits = client.worker.settings.limits;
    let mut connection = http2::Builder::new(LocalExecutor)
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(limits.idle_timeout / 4))
        .keep_alive_timeout(limits.head_timeout)
        .max_concurrent_streams(bounds::STREAMS_MAX)
        .max_header_list_size(u32::try_from(palisade_fingerprint::head::BYTES_MAX).unwrap_or(u32::MAX))
        .serve_connection(TokioIo::new(wire), service);
    let (mut idle, mut known) = (Deadline::default(), 0);
    let serving = until_drained(&client.worker, &mut connection, http2::Connection::graceful_shutdown);
    let mut serving = pin!(serving);
    // Pings are answered by the protocol, not by somebody who wants something: only streams keep a connection.
    poll_fn(|cx| {
        if serving.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        // A quick exchange begins and ends between two looks at who is busy.
        if begun.get() != known {
            known = begun.get();
            idle.clear();
        }
        if Rc::strong_count(&client.busy) > 1 {
            idle.clear();
            return Poll::Pending;
        }
        idle.poll(cx, limits.idle_timeout)
    })
    .await;
}

/// Runs `connection` to its end; once a drain begins it is told to come to one.
async fn until_drained<C: Future + Unpin>(
    worker: &Rc<Worker>,
    connection: &mut C,
    stop: impl Fn(Pin<&mut C>),
) -> C::Output {
    let (mut registered, mut told) = (None, false);
    poll_fn(|cx| {
        registered.get_or_insert_with(|| worker.connections.register(cx.waker().clone()));
        let polled = Pin::new(&mut *connection).poll(cx);
        // Only after it was polled: a request that has arrived already is served.
        if polled.is_pending() && worker.connections.draining() && !told {
            told = true;
            stop(Pin::new(connection));
            return Pin::new(&mut *connection).poll(cx);
        }
        polled
    })
    .await
}

/// Ready when a drain begins.
async fn drained(worker: &Rc<Worker>) {
    let mut registered = None;
    poll_fn(|cx| {
        registered.get_or_insert_with(|| worker.connections.register(cx.waker().clone()));
        if worker.connections.draining() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Says that there is no room, if the kernel takes it at once.
pub(crate) fn turn_away(stream: &TcpStream) {
    const ANSWER: &[u8] =
        b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 60\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let _ = stream.try_write(ANSWER);
}

/// Takes in what a refused client still sends, so that it can read the answer (RFC 9112 section 9.6).
async fn linger(mut stream: TcpStream) {
    let taking = async {
        let _ = stream.shutdown().await;
        let mut waste = [0; 4_096];
        let mut left = bounds::LINGER_BYTES_MAX;
        while let Ok(read @ 1..) = stream.read(&mut waste).await {
            let Some(rest) = left.checked_sub(read) else { return };
            left = rest;
        }
    };
    let _ = tokio::time::timeout(Duration::from_millis(bounds::LINGER_MS), taking).await;
}

/// Runs the streams of HTTP/2 on the thread they came in.
#[derive(Clone, Copy, Debug)]
struct LocalExecutor;

impl<F: Future + 'static> Executor<F> for LocalExecutor
where
    F::Output: 'static,
{
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}
