//! The listener: connections within bounds, drained at the end.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::ServiceExt;

use crate::bounds::{CONNECTIONS_MAX, HEAD_BYTES_MAX, HEAD_MS_MAX, IDLE_MS_MAX};

/// How connections are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeSettings {
    /// Connections served at a time.
    pub connections_max: usize,
    /// Milliseconds until a request head must be complete.
    pub head_ms_max: u64,
    /// See [`crate::bounds::IDLE_MS_MAX`].
    pub idle_ms_max: u64,
    /// Milliseconds that open calls have to end when the API shuts down.
    pub drain_ms_max: u64,
}

impl Default for ServeSettings {
    fn default() -> Self {
        ServeSettings {
            connections_max: CONNECTIONS_MAX,
            head_ms_max: HEAD_MS_MAX,
            idle_ms_max: IDLE_MS_MAX,
            drain_ms_max: 10_000,
        }
    }
}

/// Serves `router` with the usual settings until `shutdown` is over, then lets open calls end.
pub async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
    serve_with(listener, router, ServeSettings::default(), shutdown).await;
}

/// [`serve`] with other settings.
pub async fn serve_with(
    listener: TcpListener,
    router: Router,
    settings: ServeSettings,
    shutdown: impl Future<Output = ()>,
) {
    let permits = Arc::new(Semaphore::new(settings.connections_max));
    let connections = GracefulShutdown::new();
    let mut builder = auto::Builder::new(TokioExecutor::new());
    let idle_ms_max = Duration::from_millis(settings.idle_ms_max);
    let head_ms_max = Duration::from_millis(settings.head_ms_max);
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head_ms_max).max_buf_size(HEAD_BYTES_MAX);
    builder.http2().timer(TokioTimer::new()).max_header_list_size(HEAD_BYTES_MAX as u32);
    tokio::pin!(shutdown);
    loop {
        let accept = async {
            // The semaphore is never closed.
            let permit = Arc::clone(&permits).acquire_owned().await.ok();
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            accepted = accept => accepted,
            () = &mut shutdown => break,
        };
        let Ok((stream, peer)) = accepted else {
            // Out of descriptors, or a peer that was gone at once: the next may do better, a moment later.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let calls = Calls::default();
        let called = calls.clone();
        let service =
            router.clone().map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(ConnectInfo(peer));
                request.extensions_mut().insert(called.call());
                request.map(axum::body::Body::new)
            });
        let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = connections.watch(connection.into_owned());
        tokio::spawn(async move {
            // How a connection ends is the peer's business; one that begins nothing, and one that only answers pings,
            // ends by ours.
            tokio::select! {
                _ = connection => {}
                () = calls.idle(idle_ms_max) => {}
            }
            drop(permit);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(Duration::from_millis(settings.drain_ms_max), connections.shutdown()).await;
}

/// The calls of one connection: how many began, and how many are under way.
#[derive(Clone, Default)]
struct Calls(Arc<Counts>);

#[derive(Default)]
struct Counts {
    begun: AtomicU64,
    running: AtomicU64,
}

/// Held by a call, with its request, until it is answered.
#[derive(Clone)]
struct Running {
    _held: Arc<Held>,
}

struct Held(Arc<Counts>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Calls {
    fn call(&self) -> Running {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        self.0.running.fetch_add(1, Ordering::Relaxed);
        Running { _held: Arc::new(Held(Arc::clone(&self.0))) }
    }

    /// Ready when for `limit` no call began and none is under way.
    async fn idle(&self, limit: Duration) {
        let mut known = 0;
        loop {
            tokio::time::sleep(limit).await;
            let begun = self.0.begun.load(Ordering::Relaxed);
            if begun == known && self.0.running.load(Ordering::Relaxed) == 0 {
                return;
            }
            known = begun;
        }
    }
}
