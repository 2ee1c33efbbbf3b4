//! Connections that become another protocol.

use tokio::io::AsyncWriteExt;

use crate::harness::{Front, REFUSED, Said, Then, Upstream};

const ASK: &str = "GET /chat HTTP/1.1\r\nHost: shop.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

async fn echo() -> Upstream {
    Upstream::new(|seen| match seen.values("upgrade").first() {
        Some(&"websocket") => Said::raw(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\nhi",
            Then::Echo,
        ),
        _ => Said::whole("no"),
    })
    .await
}

#[tokio::test]
async fn bytes_go_both_ways_until_one_side_is_done() {
    let upstream = echo().await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    // The first frame comes with the head: it waits for the answer.
    client.send(format!("{ASK}early")).await;
    let head = client.answer().await;
    assert_eq!(head.status, 101);
    assert_eq!((head.values("upgrade"), head.values("sec-websocket-accept")), (vec!["websocket"], vec!["x"]));
    assert_eq!(upstream.last().values("connection"), ["upgrade"]);
    let frames: Vec<u8> = (0..50_000_u32).map(|n| n as u8).collect();
    client.send(&frames).await;
    // Half a close: the other direction still ends in full.
    client.stream.shutdown().await.unwrap();
    let rest = client.rest().await;
    assert_eq!(&rest[..7], b"hiearly");
    assert_eq!(&rest[7..], &frames);
}

#[tokio::test]
async fn an_upstream_that_declines_keeps_the_connection() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    for _ in 0..2 {
        client.send(ASK).await;
        assert_eq!(client.answer().await.status, 200);
        client.send("GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n").await;
        assert_eq!(client.answer().await.status, 200);
    }
}

#[tokio::test]
async fn what_came_early_is_read_once_the_upstream_has_declined() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    client.send(format!("{ASK}GET /next HTTP/1.1\r\nHost: shop.example\r\n\r\n")).await;
    assert_eq!((client.answer().await.status, client.answer().await.status), (200, 200));
    assert_eq!(upstream.last().line(), "GET /next HTTP/1.1");
}

#[tokio::test]
async fn what_was_meant_for_a_refused_tunnel_is_no_request() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    client
        .send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nGET /next HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.status, 501);
    assert!(client.rest().await.is_empty() && upstream.seen().is_empty());
}

#[tokio::test]
async fn a_refused_client_is_not_switched() {
    let upstream = echo().await;
    let front = Front::before(&upstream);
    let request = ASK.replace("Connection:", &format!("X-Forwarded-For: {REFUSED}\r\nConnection:"));
    assert_eq!(front.ask(&request).await.status, 403);
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn a_silent_tunnel_is_closed() {
    let upstream = echo().await;
    let front = Front::with(vec![upstream.address.to_string()], |settings| {
        settings.limits.tunnel_silence = std::time::Duration::from_millis(20);
    });
    let mut client = front.connect().await;
    client.send(ASK).await;
    assert_eq!(client.answer().await.status, 101);
    assert_eq!(client.rest().await, b"hi");
}

#[tokio::test]
async fn no_connection_becomes_one_that_carries_requests_unseen() {
    let upstream = Upstream::new(|seen| match seen.values("upgrade").first() {
        Some(asked) => Said::raw(
            format!("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {asked}\r\n\r\n"),
            Then::Echo,
        ),
        None => Said::whole("no"),
    })
    .await;
    let front = Front::before(&upstream);
    for asked in ["h2c", "websocket, H2C", "HTTP/2.0", "TLS/1.0, HTTP/1.1", "websocket\r\nUpgrade: h2c"] {
        let request = format!(
            "GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: {asked}\r\n\
             HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
        );
        assert_eq!(front.ask(&request).await.status, 200, "{asked}");
        let seen = upstream.last();
        assert!(seen.values("upgrade").is_empty() && seen.values("http2-settings").is_empty(), "{asked}");
    }
}
