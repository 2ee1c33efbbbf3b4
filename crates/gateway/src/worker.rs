//! One thread: its runtime, its listeners, its connections and its upstreams. Nothing in here is shared.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Poll, Waker};
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
    pub connections: Rc<Connections>,
    /// Held by each question for a link preview.
    pub asking: Rc<()>,
}

/// How far a drain has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    #[default]
    Serving,
    /// Nothing more is accepted.
    Closed,
    /// No further request is wanted.
    Draining,
}

/// The connections of one thread, so that a drain can wake them.
#[derive(Default)]
pub(crate) struct Connections {
    wakers: RefCell<HashMap<u64, Waker>>,
    next: Cell<u64>,
    open: Cell<usize>,
    stage: Cell<Stage>,
    empty: Notify,
}

impl Connections {
    /// True once no further request is wanted.
    pub(crate) fn draining(&self) -> bool {
        self.stage.get() == Stage::Draining
    }

    /// Has the task behind `waker` woken by a drain, for as long as the registration lives.
    pub(crate) fn register(self: &Rc<Self>, waker: Waker) -> Registered {
        let id = self.next.get();
        self.next.set(id.wrapping_add(1));
        self.wakers.borrow_mut().insert(id, waker);
        Registered { connections: Rc::clone(self), id }
    }

    fn enter(&self, stage: Stage) {
        debug_assert!(stage > self.stage.get(), "a drain only goes on");
        self.stage.set(stage);
        self.wakers.borrow().values().for_each(Waker::wake_by_ref);
    }
}

/// A task that a drain wakes.
pub(crate) struct Registered {
    connections: Rc<Connections>,
    id: u64,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.connections.wakers.borrow_mut().remove(&self.id);
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
    let worker = Rc::new(Worker {
        guard,
        settings,
        shared,
        upstreams,
        connections: Rc::default(),
        asking: Rc::default(),
    });
    let accepting: Vec<_> = listeners
        .into_iter()
        .filter_map(|listener| tokio::net::TcpListener::from_std(listener).ok())
        .map(|listener| tokio::task::spawn_local(accept(Rc::clone(&worker), listener)))
        .collect();
    let sweeping = tokio::task::spawn_local(sweep(Rc::clone(&worker)));
    let order = orders.wait_for(|order| *order != Order::Serve).await.map(|order| *order);
    worker.connections.enter(Stage::Closed);
    for task in accepting {
        // Its listener is closed when this returns.
        let _ = task.await;
    }
    sweeping.abort();
    worker.connections.enter(Stage::Draining);
    let deadline = if let Ok(Order::Drain(deadline)) = order { deadline } else { Duration::ZERO };
    let emptied = async {
        while worker.connections.open.get() > 0 {
            worker.connections.empty.notified().await;
        }
    };
    let _ = tokio::time::timeout(deadline, emptied).await;
    worker.connections.open.get()
}

/// Accepts until a drain begins, and then what the kernel has accepted for us already.
async fn accept(worker: Rc<Worker>, listener: tokio::net::TcpListener) {
    let mut registered = None;
    loop {
        let accepted = poll_fn(|cx| {
            registered.get_or_insert_with(|| worker.connections.register(cx.waker().clone()));
            match listener.poll_accept(cx) {
                Poll::Pending if worker.connections.stage.get() > Stage::Serving => Poll::Ready(None),
                polled => polled.map(Some),
            }
        });
        match accepted.await {
            None => return,
            Some(Ok((stream, peer))) => seat(&worker, stream, peer),
            Some(Err(error)) if is_of_the_client(&error) => {}
            // No descriptors: those that close give some back.
            Some(Err(_)) if worker.connections.stage.get() > Stage::Serving => return,
            Some(Err(_)) => tokio::time::sleep(Duration::from_millis(bounds::ACCEPT_PAUSE_MS)).await,
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
