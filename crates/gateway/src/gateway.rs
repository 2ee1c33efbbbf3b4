//! Start, addresses, drain.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::thread::JoinHandle;
use std::time::Duration;

use palisade_guard::Guard;
use tokio::sync::watch;

use crate::exchange::HeldBodies;
use crate::previews::Previews;
use crate::settings::GatewaySettings;
use crate::{listener, worker};

/// A running gateway; it stops when it is dropped or drained.
#[derive(Debug)]
pub struct Gateway {
    addresses: Vec<SocketAddr>,
    workers: Vec<JoinHandle<usize>>,
    order: watch::Sender<Order>,
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nowhere to listen.
    #[error("the gateway has no address to listen on")]
    NoListener,
    /// The address cannot be taken.
    #[error("cannot listen on {address}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The runtime of a worker does not start.
    #[error("cannot start gateway worker {worker}")]
    Worker {
        /// Which, from 0.
        worker: usize,
        /// Why.
        source: io::Error,
    },
}

/// What the workers are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Serve.
    Serve,
    /// Accept nothing more, finish what runs, leave after so long at the latest.
    Drain(Duration),
}

/// What the workers share: counts over all threads.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Connections open.
    pub connections: AtomicUsize,
    /// Slow answers under way.
    pub slow_answers: AtomicUsize,
    /// Whole bodies held.
    pub held_bodies: HeldBodies,
    /// What is known for link previews.
    pub previews: Previews,
}

impl Gateway {
    /// Binds all addresses, then starts the workers.
    ///
    /// # Errors
    /// Where an address cannot be bound, or a thread not started; nothing runs then.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "each worker holds the guard: whoever starts one shares it"
    )]
    pub fn start(guard: Arc<Guard>, settings: GatewaySettings) -> Result<Gateway, StartError> {
        let count = worker_count(settings.workers);
        if settings.listeners.is_empty() {
            return Err(StartError::NoListener);
        }
        let mut listeners: Vec<Vec<TcpListener>> = (0..count).map(|_| Vec::new()).collect();
        let mut addresses = Vec::with_capacity(settings.listeners.len());
        for &address in &settings.listeners {
            let fault = |source| StartError::Bind { address, source };
            let bound = listener::bind(address, count).map_err(fault)?;
            addresses.push(bound[0].local_addr().map_err(fault)?);
            listeners.iter_mut().zip(bound).for_each(|(of_worker, listener)| of_worker.push(listener));
        }
        let (order, orders) = watch::channel(Order::Serve);
        let (settings, shared) = (Arc::new(settings), Arc::new(Shared::default()));
        let mut gateway = Gateway { addresses, workers: Vec::with_capacity(count), order };
        for (worker, listeners) in listeners.into_iter().enumerate() {
            let start = worker::Start {
                guard: Arc::clone(&guard),
                settings: Arc::clone(&settings),
                shared: Arc::clone(&shared),
                orders: orders.clone(),
                listeners,
            };
            let started =
                worker::spawn(worker, start).map_err(|source| StartError::Worker { worker, source });
            gateway.workers.push(started?);
        }
        Ok(gateway)
    }

    /// Where it listens, in the order of the settings, with real ports.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops accepting, closes idle connections, lets what runs come to its end within `deadline`; waits for that.
    /// Returns how many connections were cut. Blocks: call it outside a runtime, or on a thread that may block.
    pub fn drain(mut self, deadline: Duration) -> usize {
        let _ = self.order.send(Order::Drain(deadline));
        self.workers.drain(..).map(|worker| worker.join().unwrap_or(0)).sum()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Nobody waits for the workers here; they leave as soon as they see it.
        let _ = self.order.send(Order::Drain(Duration::ZERO));
    }
}

fn worker_count(asked: usize) -> usize {
    if asked > 0 { asked } else { std::thread::available_parallelism().map_or(1, usize::from) }
}
