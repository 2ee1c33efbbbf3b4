//! Clients that send slowly, or not at all, to hold what they can: cut, without a word where none was asked for.

use std::time::Duration;

use palisade_e2e::pace::{GUARD, Pacer};

use super::client::{Client, ask};
use super::judging;
use super::upstream::{Said, Upstream};

/// Short times, so that nobody waits; no list, so that policy has its say, too.
const HASTY: &str = "[limits]\nhead_timeout_ms = 200\nidle_timeout_ms = 200\nbody_idle_timeout_ms = 200\n\
    [policy]\nenforce = \"all\"";

/// A byte so often: each arrives well within the time of anything.
const DRIP: Duration = Duration::from_millis(20);

/// Sends `start` and then `drip` over and over, byte by byte, until the gateway ends the connection; what it said.
async fn drip(client: &mut Client, start: &str, drip: &str) -> String {
    client.send(start).await;
    let pacer = Pacer::start();
    let mut bytes = drip.bytes().cycle();
    let mut due = Duration::ZERO;
    loop {
        assert!(pacer.elapsed() < GUARD, "{start:?} and then {drip:?}: never cut");
        if !client.send([bytes.next().unwrap()]).await {
            return client.rest().await;
        }
        due += DRIP;
        tokio::select! {
            more = client.reader.more() => match more {
                Ok(true) => {}
                Ok(false) | Err(_) => return client.rest().await,
            },
            () = pacer.until(due) => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_senders_are_cut() {
    let upstream = Upstream::start(|_| Said::whole("hello")).await;
    let palisade = judging(upstream.address, HASTY).await;
    let post = "POST /slow HTTP/1.1\r\nHost: shop.example\r\n";
    let cases = [
        ("GET /slow HTTP/1.1\r\nHost: shop.example\r\nX-A: ", "b"),
        ("GET /", "slow"),
        ("", "GET "),
        ("", "\r\n"),
        ("\r\n\r\n", "\n"),
        ("PRI * HTTP/2.0\r\n", "\r"),
    ];
    for (start, bytes) in cases {
        let said = drip(&mut Client::open(palisade.gateway).await, start, bytes).await;
        assert!(!said.contains(" 200 "), "{start:?}: {said}");
    }
    let bodies = [
        format!("{post}Content-Length: 100000\r\n\r\n"),
        format!("{post}Content-Type: text/plain\r\nContent-Length: 100000\r\n\r\n"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\nfffff\r\n"),
    ];
    for start in &bodies {
        let said = drip(&mut Client::open(palisade.gateway).await, start, "x").await;
        assert!(!said.contains(" 200 "), "{start:?}: {said}");
    }
    let chunks = format!("{post}Transfer-Encoding: chunked\r\n\r\n");
    for (start, bytes) in
        [(chunks.clone(), "1\r\nx\r\n"), (format!("{chunks}1;"), "a"), (format!("{chunks}0\r\nX: "), "a")]
    {
        let said = drip(&mut Client::open(palisade.gateway).await, &start, bytes).await;
        assert!(!said.contains(" 200 "), "{start:?}: {said}");
    }
    assert!(upstream.seen().is_empty(), "half a request is none: {:?}", upstream.seen());
    // Everybody else is served meanwhile, and afterwards.
    let answer = ask(palisade.gateway, "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n").await;
    assert_eq!(answer.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_is_let_go_without_a_word() {
    let upstream = Upstream::start(|_| Said::whole("hello")).await;
    let palisade = judging(upstream.address, HASTY).await;
    assert!(Client::open(palisade.gateway).await.is_closed().await);
    let mut client = Client::open(palisade.gateway).await;
    client.send("GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n").await;
    assert_eq!(client.answer().await.status(), 200);
    assert!(client.is_closed().await);
}

/// Many that hold what they can do not keep others out.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_slow_senders_keeps_nobody_out() {
    let upstream = Upstream::start(|_| Said::whole("hello")).await;
    let palisade = judging(upstream.address, "").await;
    let mut crowd = Vec::new();
    for _ in 0..300 {
        let mut client = Client::open(palisade.gateway).await;
        client.send("POST /slow HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 9\r\n").await;
        crowd.push(client);
    }
    let answer = ask(palisade.gateway, "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n").await;
    assert_eq!((answer.status(), upstream.seen().len()), (200, 1));
    drop(crowd);
}
