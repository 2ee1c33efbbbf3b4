//! Requests at a fixed rate, whatever the server does (open loop): each has its time, and its latency counts from that
//! time, not from when a connection was free for it. A server that stalls is charged for everybody who would have come.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

/// Connections, each with a thread that takes the next request when it has done with one: so many may be under way.
const CONNECTIONS: usize = 64;

/// A server that says nothing for so long is broken, not slow.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// How long requests took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Latency {
    pub(super) median_ms: f64,
    pub(super) p99_ms: f64,
}

/// Requests that are sent in turn, over several runs: who asks for the same page every ten seconds is no visitor.
pub(super) struct Turn {
    requests: Arc<[String]>,
    sent: AtomicUsize,
}

impl Turn {
    pub(super) fn of(requests: Vec<String>) -> Self {
        Turn { requests: requests.into(), sent: AtomicUsize::new(0) }
    }

    /// The same from the beginning, for another server.
    pub(super) fn again(&self) -> Self {
        Turn { requests: Arc::clone(&self.requests), sent: AtomicUsize::new(0) }
    }
}

/// Sends the requests whose turn it is to `address`, `per_second` for `length`.
///
/// # Errors
/// Where an answer is no success or a connection breaks.
pub(super) fn run(
    address: SocketAddr,
    turn: &Turn,
    per_second: usize,
    length: Duration,
) -> anyhow::Result<Latency> {
    let count = (length.as_secs_f64() * per_second as f64) as usize;
    let before = turn.sent.fetch_add(count, Ordering::Relaxed);
    let request = |number: usize| turn.requests[(before + number) % turn.requests.len()].as_bytes();
    let next = AtomicUsize::new(0);
    let pace = Duration::from_secs(1) / u32::try_from(per_second)?;
    let connections = (0..CONNECTIONS).map(|_| connect(address)).collect::<anyhow::Result<Vec<_>>>()?;
    let begun = Instant::now();
    let due = |number: usize| begun + pace * u32::try_from(number).unwrap_or(u32::MAX);
    let work = |mut stream: TcpStream| -> anyhow::Result<Vec<Duration>> {
        let (mut took, mut buffer) = (Vec::with_capacity(count / CONNECTIONS * 2), vec![0; 16 * 1_024]);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(took);
            }
            let due = due(number);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            stream.write_all(request(number))?;
            read_answer(&mut stream, &mut buffer)?;
            took.push(due.elapsed());
        }
    };
    let mut took = std::thread::scope(|scope| -> anyhow::Result<Vec<Duration>> {
        let work = &work;
        let workers: Vec<_> =
            connections.into_iter().map(|stream| scope.spawn(move || work(stream))).collect();
        let mut all = Vec::with_capacity(count);
        for worker in workers {
            let Ok(took) = worker.join() else { bail!("a thread of the pacer gave up") };
            all.extend(took?);
        }
        Ok(all)
    })?;
    took.sort_unstable();
    let at = |share: f64| {
        let took = took.get((took.len() as f64 * share) as usize).or(took.last());
        took.map_or(0.0, |took| took.as_secs_f64() * 1e3)
    };
    Ok(Latency { median_ms: at(0.5), p99_ms: at(0.99) })
}

fn connect(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    Ok(stream)
}

/// Reads one answer with a length to its end.
fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> anyhow::Result<()> {
    let mut filled = 0;
    loop {
        ensure!(filled < buffer.len(), "an answer is longer than {} bytes", buffer.len());
        let read = stream.read(&mut buffer[filled..])?;
        ensure!(read > 0, "the server closed a connection");
        filled += read;
        if let Some(length) = answer_length(&buffer[..filled])?
            && filled >= length
        {
            ensure!(filled == length, "more came than the answer");
            return Ok(());
        }
    }
}

/// How long the answer is, head and body, once its head is there.
fn answer_length(bytes: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end]).context("the head is no text")?;
    ensure!(head.starts_with("HTTP/1.1 200 "), "{}", head.lines().next().unwrap_or_default());
    let named = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    };
    let length = head.lines().find_map(named).context("the answer has no length")?;
    Ok(Some(end + 4 + length))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn an_answer_is_as_long_as_it_says() {
        let length = |text: &str| answer_length(text.as_bytes());
        assert_eq!(length("HTTP/1.1 200 OK\r\nContent-").unwrap(), None);
        assert_eq!(length("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab").unwrap(), Some(41));
        assert!(length("HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n").is_err());
        assert!(length("HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[test]
    fn every_request_is_sent_and_answered() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answered = std::sync::Arc::new(AtomicUsize::new(0));
        let counted = std::sync::Arc::clone(&answered);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, counted) = (stream.unwrap(), std::sync::Arc::clone(&counted));
                std::thread::spawn(move || {
                    let mut buffer = [0; 256];
                    while let Ok(1..) = stream.read(&mut buffer) {
                        counted.fetch_add(1, Ordering::Relaxed);
                        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
                    }
                });
            }
        });
        let turn = Turn::of(vec!["GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned()]);
        let latency = run(address, &turn, 2_000, Duration::from_millis(100)).unwrap();
        assert_eq!(answered.load(Ordering::Relaxed), 200);
        assert!(latency.p99_ms >= latency.median_ms && latency.median_ms > 0.0);
    }
}
