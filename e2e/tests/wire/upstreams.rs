//! Upstreams that are down, break off, fall silent or lie: the client always knows, and nothing passes for whole.

use std::net::SocketAddr;

use super::client::{Client, ask};
use super::message::{Framing, shown};
use super::upstream::{Said, Then, Upstream};
use super::{judging, passing};

const ASK: &str = "GET / HTTP/1.1\r\nHost: shop.example\r\nAccept: text/html\r\n\r\n";

/// An address where nobody listens.
async fn nobody() -> SocketAddr {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_is_down_and_comes_back() {
    let address = nobody().await;
    let palisade = judging(address, "").await;
    let mut client = Client::open(palisade.gateway).await;
    client.send(ASK).await;
    let answer = client.answer().await;
    assert_eq!(answer.status(), 502, "{}", shown(&answer.line));
    assert!(String::from_utf8_lossy(&answer.body).contains(&answer.text("x-request-id")), "{answer:?}");
    let upstream = Upstream::at(address, |_| Said::whole("back")).await;
    client.send(ASK).await;
    let answer = client.answer().await;
    assert_eq!((answer.status(), &*answer.body), (200, &b"back"[..]));
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_stalls() {
    let upstream = Upstream::start(|_| Said::raw("", Then::Hang)).await;
    let palisade = passing(upstream.address, "[limits]\nupstream_timeout_ms = 200").await;
    let answer = ask(palisade.gateway, ASK).await;
    assert_eq!(answer.status(), 504, "{}", shown(&answer.line));
    // What may have had effect is not asked for twice.
    assert_eq!(upstream.seen().len(), 1);
}

/// What the upstream says by itself, and whether it closes; what the client must not mistake for an answer.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_none() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    let said = [
        "",
        "hello\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{0}",
        "HTTP/1.1 200 OK\r\nContent-Length: 1",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nab",
        "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nX : 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: odd\r\n\r\n",
        "HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\nab",
        &long,
    ];
    for bytes in said.map(str::to_owned) {
        let shown: String = bytes.escape_debug().take(80).collect();
        let upstream = Upstream::start(move |_| Said::raw(bytes.clone(), Then::Close)).await;
        let palisade = judging(upstream.address, "").await;
        assert_eq!(ask(palisade.gateway, ASK).await.status(), 502, "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_answer_never_looks_whole() {
    let sized = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
    let broken = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\nmore\r\n0\r\n\r\n";
    for (said, reset) in [(sized, false), (sized, true), (chunked, false), (chunked, true), (broken, false)] {
        let then = move || if reset { Then::Reset } else { Then::Close };
        let upstream = Upstream::start(move |_| Said::raw(said, then())).await;
        let palisade = judging(upstream.address, "").await;
        let mut client = Client::open(palisade.gateway).await;
        client.send(ASK).await;
        match client.answer_to("GET").await {
            // A reset may overtake what was sent before it.
            Ok(answer) => assert_eq!((answer.status(), reset), (502, true), "{said}"),
            Err(error) => assert!(error.root_cause().to_string().contains("ended"), "{said}: {error:#}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_was_announced_is_nobodys_answer() {
    let said =
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    let upstream = Upstream::start(move |_| Said::raw(said, Then::Keep)).await;
    let palisade = judging(upstream.address, "").await;
    for _ in 0..3 {
        let mut client = Client::open(palisade.gateway).await;
        for _ in 0..3 {
            client.send(ASK).await;
            let answer = client.answer().await;
            assert_eq!((answer.status(), &*answer.body), (200, &b"ok"[..]));
        }
    }
}

/// Where an answer says its length in two ways, the client reads one (RFC 9112 section 6.3).
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_one_framing() {
    let said =
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let upstream = Upstream::start(move |_| Said::raw(said, Then::Keep)).await;
    let palisade = judging(upstream.address, "").await;
    let answer = ask(palisade.gateway, ASK).await;
    assert_eq!((answer.status(), answer.framing, &*answer.body), (200, Framing::Chunked, &b"ok"[..]));
}
