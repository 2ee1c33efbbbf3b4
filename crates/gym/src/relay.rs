//! A relay gives a run an address of its own: programs connect to it, and it connects to the gateway from 127.x.y.z.
//!
//! Bytes pass unchanged in both directions, so that order, case and framing of headers arrive as the program wrote them. What a
//! run may cost is bounded here, whatever the program was told: connections, bytes, time.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use crate::bounds::{RELAY_AT_ONCE_MAX, RELAY_BUFFER_BYTES};

/// What one run may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections in all; further ones are closed unanswered.
    pub connections: u64,
    /// Bytes from the program to the gateway; then its connections end.
    pub bytes: u64,
    /// How long a connection may last.
    pub time: Duration,
}

/// What a relay has passed on so far.
#[derive(Debug, Default)]
struct Spent {
    connections: AtomicU64,
    refused: AtomicU64,
    bytes: AtomicU64,
}

/// A listening relay; dropping it ends every connection.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    spent: Arc<Spent>,
    task: JoinHandle<()>,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Relay {
    /// Listens on a free port of this machine. Connections come to `gateway` from `sources` in turn, which must not be empty
    /// and must be loopback addresses.
    ///
    /// # Errors
    /// Where no port is free.
    pub async fn start(
        gateway: SocketAddr,
        sources: Vec<Ipv4Addr>,
        limits: Limits,
    ) -> std::io::Result<Relay> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let spent = Arc::new(Spent::default());
        let task = tokio::spawn(listen(listener, gateway, sources, limits, Arc::clone(&spent)));
        Ok(Relay { address, spent, task })
    }

    /// Where programs connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that were passed on.
    pub fn connections(&self) -> u64 {
        self.spent.connections.load(Ordering::Relaxed)
    }

    /// Connections that were closed because the run had had its share.
    pub fn refused(&self) -> u64 {
        self.spent.refused.load(Ordering::Relaxed)
    }

    /// Bytes from the program to the gateway.
    pub fn bytes(&self) -> u64 {
        self.spent.bytes.load(Ordering::Relaxed)
    }
}

async fn listen(
    listener: TcpListener,
    gateway: SocketAddr,
    sources: Vec<Ipv4Addr>,
    limits: Limits,
    spent: Arc<Spent>,
) {
    let room = Arc::new(Semaphore::new(RELAY_AT_ONCE_MAX));
    // Dropped with this task, and all connections with it.
    let mut open = JoinSet::new();
    for turn in 0_usize.. {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let Ok((program, _)) = listener.accept().await else { continue };
        while open.try_join_next().is_some() {}
        if spent.connections.load(Ordering::Relaxed) >= limits.connections {
            spent.refused.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        spent.connections.fetch_add(1, Ordering::Relaxed);
        let (source, spent) = (sources[turn % sources.len()], Arc::clone(&spent));
        open.spawn(async move {
            let passing = pass(program, gateway, source, limits.bytes, &spent.bytes);
            // What broke a connection shows at both of its ends; nobody else asks.
            let _ = tokio::time::timeout(limits.time, passing).await;
            drop(permit);
        });
    }
}

async fn pass(
    mut program: TcpStream,
    gateway: SocketAddr,
    source: Ipv4Addr,
    bytes_max: u64,
    bytes: &AtomicU64,
) -> std::io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((source, 0)))?;
    let mut gateway = socket.connect(gateway).await?;
    program.set_nodelay(true)?;
    gateway.set_nodelay(true)?;
    let (mut program_reads, mut program_writes) = program.split();
    let (mut gateway_reads, mut gateway_writes) = gateway.split();
    let back = AtomicU64::new(0);
    let there = copy(&mut program_reads, &mut gateway_writes, bytes, bytes_max);
    let here = copy(&mut gateway_reads, &mut program_writes, &back, u64::MAX);
    tokio::try_join!(there, here).map(drop)
}

/// Copies until the end, or until `passed` has reached `most`; what is beyond is not passed on.
async fn copy(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    passed: &AtomicU64,
    most: u64,
) -> std::io::Result<()> {
    let mut buffer = vec![0; RELAY_BUFFER_BYTES];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        let before = passed.fetch_add(read as u64, Ordering::Relaxed);
        if before + read as u64 > most {
            passed.fetch_sub(read as u64, Ordering::Relaxed);
            return Err(std::io::ErrorKind::QuotaExceeded.into());
        }
        to.write_all(&buffer[..read]).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { connections: 2, bytes: 8, time: Duration::from_secs(60) };

    /// A gateway that answers each connection with the address it came from, then with all it says.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, peer)) = listener.accept().await {
                tokio::spawn(async move {
                    let _ = stream.write_all(format!("{} ", peer.ip()).as_bytes()).await;
                    let (mut reads, mut writes) = stream.split();
                    let _ = tokio::io::copy(&mut reads, &mut writes).await;
                });
            }
        });
        address
    }

    async fn relay(limits: Limits) -> Relay {
        let sources = vec![Ipv4Addr::new(127, 9, 8, 7), Ipv4Addr::new(127, 6, 5, 4)];
        Relay::start(echo().await, sources, limits).await.unwrap()
    }

    /// What a program gets that says `words` and no more.
    async fn said(relay: &Relay, words: &str) -> String {
        let mut stream = TcpStream::connect(relay.address()).await.unwrap();
        let _ = stream.write_all(words.as_bytes()).await;
        let _ = stream.shutdown().await;
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all).await;
        String::from_utf8(all).unwrap()
    }

    #[tokio::test]
    async fn connections_come_from_the_addresses_in_turn_and_then_no_more() {
        let relay = relay(LIMITS).await;
        assert_eq!(said(&relay, "one").await, "127.9.8.7 one");
        assert_eq!(said(&relay, "two").await, "127.6.5.4 two");
        assert_eq!(said(&relay, "three").await, "");
        assert_eq!((relay.connections(), relay.refused(), relay.bytes()), (2, 1, 6));
    }

    #[tokio::test]
    async fn bytes_are_passed_up_to_their_bound() {
        let relay = relay(LIMITS).await;
        assert_eq!(said(&relay, "12345678").await, "127.9.8.7 12345678");
        assert!(!said(&relay, "9").await.contains('9'));
        assert_eq!(relay.bytes(), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_ends_with_its_time() {
        let relay = relay(LIMITS).await;
        let mut stream = TcpStream::connect(relay.address()).await.unwrap();
        let mut all = Vec::new();
        // Nobody ends this connection but the relay.
        let _ = stream.read_to_end(&mut all).await;
        assert_eq!(relay.bytes(), 0);
    }

    #[tokio::test]
    async fn a_gateway_that_is_gone_ends_the_connection() {
        let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
        let relay = Relay::start(gone, vec![Ipv4Addr::LOCALHOST], LIMITS).await.unwrap();
        assert_eq!(said(&relay, "anybody?").await, "");
    }
}
