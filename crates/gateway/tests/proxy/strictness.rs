//! Heads and bodies that two readers could read differently.

use crate::harness::{Front, Upstream};

/// Sends `request`, and one that must never be reached behind it.
async fn refused(front: &Front, request: &str, status: u16) {
    let mut client = front.connect().await;
    client.send(request).await;
    client.send("GET /smuggled HTTP/1.1\r\nHost: shop.example\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!(answer.status, status, "{}", request.escape_debug());
    assert_eq!(answer.values("connection"), ["close"]);
    assert!(answer.text().contains("\"request_id\""));
    assert!(client.rest().await.is_empty(), "{}", request.escape_debug());
}

#[tokio::test]
async fn ambiguous_heads_are_refused_and_counted() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let heads = [
        "POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 4, 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: +4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: shop.example\r\nHost: shop.example\r\n\r\n",
        "GET / HTTP/1.1\r\nX: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: shop.example\r\nX: 1\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: shop.example\nX: 1\r\n\r\n",
        "GET / HTTP/1.1\nHost: shop.example\n\n",
        "GET / HTTP/1.1\r\nHost: shop.example\r\nX: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: shop.example\r\nX: a\0b\r\n\r\n",
        "GET / HTTP/1.7\r\nHost: shop.example\r\n\r\n",
        "GET /#x HTTP/1.1\r\nHost: shop.example\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00",
        "POST / HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n",
    ];
    for head in heads {
        refused(&front, head, 400).await;
    }
    assert!(upstream.seen().is_empty());
    assert_eq!(front.guard.totals.requests(), heads.len() as u64);
}

#[tokio::test]
async fn heads_without_end() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let long = format!("GET / HTTP/1.1\r\nHost: shop.example\r\nX: {}\r\n\r\n", "a".repeat(65_536));
    refused(&front, &long, 431).await;
    let many = format!("GET / HTTP/1.1\r\nHost: shop.example\r\n{}\r\n", "A: b\r\n".repeat(200));
    refused(&front, &many, 431).await;
    let wide = format!("GET / HTTP/1.1\r\nHost: shop.example\r\nX: {}\r\n\r\n", "a".repeat(60_000));
    assert_eq!(front.ask(&wide).await.status, 200);
}

#[tokio::test]
async fn a_second_head_is_held_to_the_same() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    client
        .send("GET /one HTTP/1.1\r\nHost: shop.example\r\n\r\n\r\nPOST /two HTTP/1.1\r\nHost: shop.example\r\nContent-Length: -1\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.status, 200);
    assert_eq!(client.answer().await.status, 400);
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test]
async fn a_chunk_that_breaks_later_ends_the_exchange() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    client
        .send("POST / HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        .await;
    client.send("zz\r\n").await;
    let answer = client.answer().await;
    assert_eq!((answer.status, upstream.seen().len()), (400, 0));
    client.rest().await;
}
