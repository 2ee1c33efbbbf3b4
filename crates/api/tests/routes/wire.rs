//! On a real socket: heads, bodies and connections within their bounds.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use palisade_api::{ServeSettings, serve_with};
use palisade_store::Scope;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::bench::Bench;

struct Served {
    bench: Bench,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn served(settings: ServeSettings) -> Served {
    let bench = Bench::new().await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let router = bench.router.clone();
    let task = tokio::spawn(serve_with(listener, router, settings, async {
        let _ = stopped.await;
    }));
    Served { bench, address, stop, task }
}

/// Everything until the peer closes; a guard against hanging only.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let all = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut bytes)).await;
    // A peer that closes with bytes of ours unread resets the connection; what came before counts.
    let _ = all.expect("the connection ends");
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(request).await;
    rest(&mut stream).await
}

#[tokio::test]
async fn two_calls_on_one_connection_are_answered() {
    let served = served(ServeSettings::default()).await;
    let key = served.bench.key(Scope::Check);
    let body = r#"{"user_agent":"x","endpoint":"/"}"#;
    let call = |close: &str| {
        format!(
            "POST /check HTTP/1.1\r\nHost: localhost\r\nKey: {key}\r\n{close}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let both = format!("{}{}", call(""), call("Connection: close\r\n"));
    let answer = exchange(served.address, both.as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
    assert_eq!(answer.matches("\"is_bot\"").count(), 2);
}

#[tokio::test]
async fn a_head_beyond_64_kib_is_refused() {
    let served = served(ServeSettings::default()).await;
    let head = format!("GET /health HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(70_000));
    let answer = exchange(served.address, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn a_body_beyond_its_bound_is_refused_before_it_has_come() {
    let served = served(ServeSettings::default()).await;
    let key = served.bench.key(Scope::Check);
    let sized =
        format!("POST /check HTTP/1.1\r\nHost: localhost\r\nKey: {key}\r\nContent-Length: 10485760\r\n\r\n");
    let answer = exchange(served.address, sized.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let mut chunked = format!(
        "POST /check HTTP/1.1\r\nHost: localhost\r\nKey: {key}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    .into_bytes();
    for _ in 0..32 {
        chunked.extend_from_slice(b"10000\r\n");
        chunked.resize(chunked.len() + 0x10000, b' ');
        chunked.extend_from_slice(b"\r\n");
    }
    let answer = exchange(served.address, &chunked).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(served.bench.api.guard.totals.requests(), 0);
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let served = served(ServeSettings { head_ms_max: 50, ..ServeSettings::default() }).await;
    let answer = exchange(served.address, b"GET /health HTTP/1.1\r\nHost: loc").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn a_connection_that_asks_nothing_is_closed() {
    let served = served(ServeSettings { idle_ms_max: 50, ..ServeSettings::default() }).await;
    // Nothing, half of what an HTTP/2 connection begins with, and one that begins and never asks.
    let begun = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".as_slice();
    for sent in [b"".as_slice(), b"PRI * HT", begun] {
        let answer = exchange(served.address, sent).await;
        assert!(!answer.contains("HTTP/1.1"), "{answer}");
    }
    // One call counts as asking, once.
    let answer = exchange(served.address, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn garbage_ends_the_connection_and_nothing_else() {
    let served = served(ServeSettings::default()).await;
    for garbage in
        [&b"\x16\x03\x01\x02\x00\x01"[..], b"GET\r\n\r\n", b"\0\0\0\0\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"]
    {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        rest(&mut stream).await;
    }
    let answer =
        exchange(served.address, b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn open_calls_end_before_it_does() {
    let served = served(ServeSettings::default()).await;
    let key = served.bench.key(Scope::Check);
    let body = r#"{"user_agent":"x","endpoint":"/"}"#;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let head =
        format!("POST /check HTTP/1.1\r\nHost: a\r\nKey: {key}\r\nContent-Length: {}\r\n\r\n", body.len());
    // An answer to an earlier call shows that the connection is being served.
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    stream.read_u8().await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let api = Arc::clone(&served.bench.api);
    served.stop.send(()).unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    served.task.await.unwrap();
    assert!(TcpStream::connect(served.address).await.is_err(), "the listener is closed");
    // Whether the head was read before the end was announced is the scheduler's choice; a call is answered or was not begun.
    let judged = api.guard.totals.requests();
    assert_eq!(answer.matches("\"is_bot\"").count() as u64, judged, "{answer}");
}
