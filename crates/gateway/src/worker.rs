//! One thread: its runtime, its listeners, its connections and its upstreams. Nothing in here is shared.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::thread::JoinHandle;
use std::time::Duration;

use palisade_guard::Guard;
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::task::LocalSet;

use crate::gateway::{Order, Shared};
use crate::settings::GatewaySettings;
use crate::upstream::Upstreams;
use crate::{bounds, connection};

/// What a worker is started with.
pub(crate) struct Start {
    pub guard: Arc<Guard>,
    pub settings: Arc<GatewaySettings>,
    pub shared: Arc<Shared>,
    pub orders: watch::Receiver<Order>,
    pub listeners: Vec<TcpListener>,
}

/// What all connections of one thread use.
pub(crate) struct Worker {
    pub guard: Arc<Guard>,
    pub settings: Arc<GatewaySettings>,
    pub shared: Arc<Shared>,
    pub upstreams: Upstreams,
    pub connections: Connections,
}

/// The connections of one thread, so that a drain can wake them.
#[derive(Default)]
pub(crate) struct Connections {
    wakers: RefCell<HashMap<u64, Waker>>,
    next: Cell<u64>,
    open: Cell<usize>,
    draining: Cell<bool>,
    empty: Notify,
}

impl Connections {
    /// True once no further request is wanted.
    pub(crate) fn draining(&self) -> bool {
        self.draining.get()
    }

    /// Remembers how to wake a connection.
    pub(crate) fn register(&self, waker: Waker) -> u64 {
        let id = self.next.get();
        self.next.set(id.wrapping_add(1));
        self.wakers.borrow_mut().insert(id, waker);
        id
    }

    pub(crate) fn forget(&self, id: u64) {
        self.wakers.borrow_mut().remove(&id);
    }

    fn drain(&self) {
        self.draining.set(true);
        self.wakers.borrow().values().for_each(Waker::wake_by_ref);
    }
}

/// One open connection, counted.
pub(crate) struct Seat {
    worker: Rc<Worker>,
}

impl Seat {
    /// A seat, where there is one.
    fn take(worker: &Rc<Worker>) -> Option<Seat> {
        let max = worker.settings.limits.connections_max;
        if worker.shared.connections.fetch_add(1, Ordering::Relaxed) >= max {
            worker.shared.connections.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        worker.connections.open.set(worker.connections.open.get() + 1);
        Some(Seat { worker: Rc::clone(worker) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.worker.shared.connections.fetch_sub(1, Ordering::Relaxed);
        let connections = &self.worker.connections;
        connections.open.set(connections.open.get() - 1);
        if connections.open.get() == 0 {
            connections.empty.notify_one();
        }
    }
}

/// Starts a worker; its thread returns how many connections it cut.
///
/// # Errors
/// Where the runtime or the thread cannot be made.
pub(crate) fn spawn(number: usize, start: Start) -> io::Result<JoinHandle<usize>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name(format!("gateway-{number}")).spawn(move || {
        let local = LocalSet::new();
        let cut = local.block_on(&runtime, run(start));
        // Dropping the set here drops what is cut.
        drop(local);
        cut
    })
}

async fn run(start: Start) -> usize {
    let Start { guard, settings, shared, mut orders, listeners } = start;
    let upstreams = Upstreams::new(settings.limits);
    let worker = Rc::new(Worker { guard, settings, shared, upstreams, connections: Connections::default() });
    let accepting: Vec<_> = listeners
        .into_iter()
        .filter_map(|listener| tokio::net::TcpListener::from_std(listener).ok())
        .map(|listener| tokio::task::spawn_local(accept(Rc::clone(&worker), listener)))
        .collect();
    let sweeping = tokio::task::spawn_local(sweep(Rc::clone(&worker)));
    let order = orders.wait_for(|order| *order != Order::Serve).await.map(|order| *order);
    accepting.iter().for_each(tokio::task::JoinHandle::abort);
    for task in accepting {
        // An aborted task has closed its listener when this returns.
        let _ = task.await;
    }
    sweeping.abort();
    let deadline = if let Ok(Order::Drain(deadline)) = order { deadline } else { Duration::ZERO };
    worker.connections.drain();
    let emptied = async {
        while worker.connections.open.get() > 0 {
            worker.connections.empty.notified().await;
        }
    };
    let _ = tokio::time::timeout(deadline, emptied).await;
    worker.connections.open.get()
}

async fn accept(worker: Rc<Worker>, listener: tokio::net::TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => seat(&worker, stream, peer),
            Err(error) if is_of_the_client(&error) => {}
            // No descriptors: those that close give some back.
            Err(_) => tokio::time::sleep(Duration::from_millis(bounds::ACCEPT_PAUSE_MS)).await,
        }
    }
}

fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

fn seat(worker: &Rc<Worker>, stream: TcpStream, peer: SocketAddr) {
    // A refused option costs latency, nothing else.
    let _ = stream.set_nodelay(true);
    match Seat::take(worker) {
        Some(seat) => {
            tokio::task::spawn_local(connection::serve(Rc::clone(worker), seat, stream, peer));
        }
        None => connection::turn_away(&stream),
    }
}

async fn sweep(worker: Rc<Worker>) {
    let mut ticks = tokio::time::interval(worker.settings.limits.upstream_idle_timeout / 4);
    loop {
        ticks.tick().await;
        worker.upstreams.sweep();
    }
}
