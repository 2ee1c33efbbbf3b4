//! Upstreams that are down, silent, broken, or lie: the client always knows.

use std::time::Duration;

use crate::harness::{Front, Said, Then, Upstream};

const ASK: &str = "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n";

/// An address where nobody listens.
async fn nobody() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test]
async fn an_upstream_that_is_down() {
    let front = Front::with(vec![nobody().await], |_| {});
    let mut client = front.connect().await;
    for _ in 0..2 {
        client.send(ASK).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 502);
        assert!(answer.text().contains(answer.values("x-request-id")[0]), "{}", answer.text());
    }
    let page = front.ask("GET / HTTP/1.1\r\nHost: shop.example\r\nAccept: text/html\r\n\r\n").await;
    assert_eq!((page.status, page.values("content-type")), (502, vec!["text/html; charset=utf-8"]));
}

#[tokio::test]
async fn the_next_upstream_takes_over() {
    let upstream = Upstream::hello().await;
    let front = Front::with(vec![nobody().await, upstream.address.to_string()], |_| {});
    for _ in 0..4 {
        assert_eq!(front.ask(ASK).await.status, 200);
    }
}

#[tokio::test]
async fn upstreams_take_turns() {
    let (one, other) = (Upstream::hello().await, Upstream::hello().await);
    let both = vec![one.address.to_string(), other.address.to_string()];
    let front = Front::with(both, |settings| settings.workers = 1);
    for _ in 0..6 {
        front.ask(ASK).await;
    }
    assert_eq!((one.seen().len(), other.seen().len()), (3, 3));
}

#[tokio::test]
async fn an_upstream_that_stalls() {
    let upstream = Upstream::new(|_| Said::raw("", Then::Hang)).await;
    let front = Front::with(vec![upstream.address.to_string()], |settings| {
        settings.limits.answer_timeout = Duration::from_millis(20);
    });
    assert_eq!(front.ask(ASK).await.status, 504);
}

#[tokio::test]
async fn an_upstream_that_speaks_nonsense_or_leaves() {
    for said in ["", "hello\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"] {
        let upstream = Upstream::new(move |_| Said::raw(said, Then::Close)).await;
        let front = Front::before(&upstream);
        assert_eq!(front.ask(ASK).await.status, 502, "{said}");
    }
}

#[tokio::test]
async fn half_an_answer_never_looks_whole() {
    let sized = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
    for (said, reset) in [(sized, false), (sized, true), (chunked, false), (chunked, true)] {
        let then = move || if reset { Then::Reset } else { Then::Close };
        let upstream = Upstream::new(move |_| Said::raw(said, then())).await;
        let front = Front::before(&upstream);
        let mut client = front.connect().await;
        client.send(ASK).await;
        if reset {
            // A reset may overtake what was sent before it: then there is no answer to pass.
            let rest = String::from_utf8(client.rest().await).unwrap();
            let whole = rest.ends_with("0\r\n\r\n") || rest.contains(" 502 ");
            assert!(rest.contains(" 502 ") || !whole, "{rest}");
        } else {
            let answer = client.answer().await;
            assert_eq!((answer.status, answer.whole), (200, false), "{said}");
        }
    }
}

#[tokio::test]
async fn more_than_was_announced_is_nobodys_answer() {
    let upstream = Upstream::new(|_| {
        Said::raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 EVIL\r\n\r\n", Then::Keep)
    })
    .await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    for _ in 0..3 {
        client.send(ASK).await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.text()), (200, "ok"));
        assert!(!answer.head.contains("EVIL"));
    }
}

#[tokio::test]
async fn a_kept_connection_that_died_is_made_up_for() {
    // Answers once per connection, takes the next request and leaves without a word.
    let upstream = Upstream::new(|seen| match seen.line().contains("again") {
        false => Said::whole("hello"),
        true if seen.connection == 0 => Said::raw("", Then::Close),
        true => Said::whole("again"),
    })
    .await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    client.send(ASK).await;
    assert_eq!(client.answer().await.status, 200);
    client.send("GET /again HTTP/1.1\r\nHost: shop.example\r\nX-A: 1\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.text()), (200, "again"));
    assert_eq!((upstream.last().connection, upstream.last().values("x-a")), (1, vec!["1"]));
}

#[tokio::test]
async fn what_may_have_had_effect_is_not_sent_twice() {
    let upstream = Upstream::new(|seen| match seen.line().contains("again") {
        false => Said::whole("hello"),
        true => Said::raw("", Then::Close),
    })
    .await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    client.send(ASK).await;
    client.answer().await;
    client.send("POST /again HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 1\r\n\r\nx").await;
    assert_eq!((client.answer().await.status, upstream.seen().len()), (502, 2));
}

#[tokio::test]
async fn silence_within_an_answer_cuts_it() {
    let upstream =
        Upstream::new(|_| Said::raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", Then::Hang)).await;
    let front = Front::with(vec![upstream.address.to_string()], |settings| {
        settings.limits.upstream_silence = Duration::from_millis(20);
    });
    let answer = front.ask(ASK).await;
    assert_eq!((answer.status, answer.whole), (200, false));
}

#[tokio::test]
async fn a_length_beside_chunks_is_nobodys() {
    let said =
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let upstream = Upstream::new(move |_| Said::raw(said, Then::Keep)).await;
    let answer = Front::before(&upstream).ask(ASK).await;
    assert_eq!((answer.status, answer.text(), answer.values("content-length").len()), (200, "ok", 0));
}
