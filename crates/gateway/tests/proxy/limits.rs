//! Slow clients, full houses, and the way out.

use std::time::Duration;

use crate::harness::{Client, Front, Said, Then, Upstream, within};

const ASK: &str = "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n";
const SOON: Duration = Duration::from_millis(30);

#[tokio::test]
async fn heads_that_do_not_end_are_cut() {
    let upstream = Upstream::hello().await;
    let front =
        Front::with(vec![upstream.address.to_string()], |settings| settings.limits.head_timeout = SOON);
    for start in ["", "G", "GET / HTTP/1.1\r\nHost: shop", "PRI * HTTP/2.0\r\n"] {
        let mut client = front.connect().await;
        client.send(start).await;
        assert!(client.rest().await.is_empty(), "{start}");
    }
    // So is a second one.
    let mut client = front.connect().await;
    client.send(format!("{ASK}GET /")).await;
    assert_eq!(client.answer().await.status, 200);
    assert!(client.rest().await.is_empty());
}

#[tokio::test]
async fn idle_connections_are_closed_without_a_word() {
    let upstream = Upstream::hello().await;
    let front =
        Front::with(vec![upstream.address.to_string()], |settings| settings.limits.idle_timeout = SOON);
    let mut client = front.connect().await;
    client.send(ASK).await;
    assert_eq!(client.answer().await.status, 200);
    assert!(client.rest().await.is_empty());
}

#[tokio::test]
async fn bodies_that_do_not_move_are_cut() {
    let upstream = Upstream::hello().await;
    let front =
        Front::with(vec![upstream.address.to_string()], |settings| settings.limits.body_window = SOON);
    let mut client = front.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 10\r\n\r\nabc").await;
    let answer = client.answer().await;
    assert_eq!((answer.status, upstream.seen().len()), (400, 0));
    client.rest().await;
}

#[tokio::test]
async fn readers_that_take_nothing_are_cut() {
    let upstream = Upstream::new(|_| {
        let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n".to_vec();
        bytes.resize(bytes.len() + 50_000_000, b'x');
        Said::raw(bytes, Then::Keep)
    })
    .await;
    let front =
        Front::with(vec![upstream.address.to_string()], |settings| settings.limits.write_timeout = SOON);
    let mut client = front.connect().await;
    client.send(ASK).await;
    // Nothing is read until the gateway has let go: its connection to the upstream is gone then.
    within(upstream.gone()).await;
    assert!(client.rest().await.len() < 50_000_000);
}

#[tokio::test]
async fn a_full_house_turns_away() {
    let upstream = Upstream::hello().await;
    let front =
        Front::with(vec![upstream.address.to_string()], |settings| settings.limits.connections_max = 1);
    let mut first = front.connect().await;
    first.send(ASK).await;
    assert_eq!(first.answer().await.status, 200);
    let mut second = front.connect().await;
    assert!(second.rest().await.starts_with(b"HTTP/1.1 503 "));
    drop(first);
    within(async {
        // The seat is free as soon as the gateway has seen the end.
        loop {
            let mut next = Client::connect(front.address()).await;
            next.send(ASK).await;
            if next.status().await == 200 {
                return;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_drain_finishes_what_runs() {
    let (to, mut handed) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::new(move |_| {
        Said::raw("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", Then::Hand(to.clone()))
    })
    .await;
    let front = Front::with(vec![upstream.address.to_string()], |settings| settings.workers = 1);
    let mut idle = front.connect().await;
    let mut busy = front.connect().await;
    busy.send(ASK).await;
    busy.head().await;
    let mut late = within(handed.recv()).await.unwrap();
    let (address, gateway) = (front.address(), front.gateway);
    let draining = tokio::task::spawn_blocking(move || gateway.drain(Duration::from_secs(20)));
    assert!(idle.rest().await.is_empty());
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
    tokio::io::AsyncWriteExt::write_all(&mut late, b"done").await.unwrap();
    assert_eq!(busy.rest().await, b"done");
    assert_eq!(within(draining).await.unwrap(), 0);
}

#[tokio::test]
async fn a_drain_cuts_what_does_not_end() {
    let upstream = Upstream::new(|_| Said::raw("", Then::Hang)).await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    client.send(ASK).await;
    within(async {
        while upstream.seen().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let gateway = front.gateway;
    let cut = within(tokio::task::spawn_blocking(move || gateway.drain(SOON))).await.unwrap();
    assert_eq!(cut, 1);
    assert!(client.rest().await.is_empty());
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_request_along() {
    let upstream = Upstream::new(|_| Said::raw("", Then::Hang)).await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    client.send(ASK).await;
    within(async {
        while upstream.seen().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    drop(client);
    within(upstream.gone()).await;
}

#[test]
fn an_address_in_use_is_named() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    let front = Front::try_with(Vec::new(), |settings| settings.listeners = vec![address]);
    let error = front.err().unwrap();
    let reason = std::error::Error::source(&error).unwrap().to_string();
    assert!(
        error.to_string().contains(&address.to_string()) && reason.contains("in use"),
        "{error}: {reason}"
    );
}
