//! What the upstream is told about the client, and by whom.

use palisade_guard::TrustedProxies;

use crate::harness::{Front, Upstream};

const FORGED: &str = "GET / HTTP/1.1\r\nHost: shop.example\r\nX-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 203.0.113.7\r\n\
    X-Forwarded-Proto: https\r\nX-Forwarded-Host: www.example\r\nForwarded: for=1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\n\
    X-Palisade-Score: 0\r\nX-Palisade-Other: x\r\nX-Request-ID: mine\r\nX-JA4: t13d\r\nX-Fingerprint: {}\r\nX-Kept: 1\r\n\r\n";

#[tokio::test]
async fn a_trusted_proxy_is_believed_and_appended() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    // This machine is trusted unless told otherwise; the forwarded host is then the host, and no site of ours.
    assert_eq!(front.ask(FORGED).await.status, 421);
    let request = FORGED.replace("www.example", "shop.example");
    assert_eq!(front.ask(&request).await.status, 200);
    let seen = upstream.last();
    assert_eq!(seen.values("x-forwarded-for"), ["198.51.100.1, 203.0.113.7, 127.0.0.1"]);
    assert_eq!((seen.values("x-forwarded-proto"), seen.values("x-ja4")), (vec!["https"], vec!["t13d"]));
    assert_eq!(seen.values("x-kept"), ["1"]);
    told(&seen.head, &seen.values("x-request-id"), &seen.values("x-palisade-score"));
    assert!(seen.values("x-palisade-other").is_empty() && seen.values("x-fingerprint").is_empty());
    assert_eq!(seen.values("x-palisade-action").len(), 1);
    assert_eq!(seen.values("x-palisade-identity").len(), 1);
}

fn told(head: &str, id: &[&str], score: &[&str]) {
    assert!(id.len() == 1 && id[0].len() == 13, "{head}");
    assert!(score.len() == 1 && score[0].parse::<u8>().is_ok_and(|score| score <= 100), "{head}");
}

#[tokio::test]
async fn anybody_else_is_not() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    front.guard.trust(TrustedProxies::nobody());
    assert_eq!(front.ask(FORGED).await.status, 200);
    let seen = upstream.last();
    assert_eq!(seen.values("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(seen.values("x-forwarded-proto"), ["http"]);
    assert_eq!(seen.values("x-forwarded-host"), ["shop.example"]);
    for name in ["forwarded", "x-real-ip", "x-ja4", "x-fingerprint", "x-palisade-other"] {
        assert!(seen.values(name).is_empty(), "{name}: {}", seen.head);
    }
    told(&seen.head, &seen.values("x-request-id"), &seen.values("x-palisade-score"));
}

#[tokio::test]
async fn a_host_that_the_proxy_does_not_name_is_told_to_nobody() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let plain = "GET / HTTP/1.1\r\nHost: shop.example\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n";
    for _ in 0..8 {
        assert_eq!(front.ask(plain).await.status, 200);
    }
    let forged = plain.replace("\r\n\r\n", "\r\nX-Forwarded-Host: www.example\r\n\r\n");
    assert_eq!(front.ask(&forged).await.status, 200);
    assert_eq!(upstream.last().values("x-forwarded-host"), ["shop.example"]);
}

#[tokio::test]
async fn a_plain_proxy_tells_no_verdict() {
    let upstream = Upstream::hello().await;
    let front = Front::with(vec![upstream.address.to_string()], |settings| settings.judge = false);
    assert_eq!(front.ask(FORGED.replace("www.", "shop.").as_str()).await.status, 200);
    let seen = upstream.last();
    assert!(seen.values("x-palisade-score").is_empty() && seen.values("x-request-id").is_empty());
    assert_eq!(front.guard.totals.requests(), 0);
}

#[tokio::test]
async fn a_host_of_no_site_is_misdirected() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: other.example\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 421);
    client.send("GET / HTTP/1.1\r\nHost: SHOP.example:8080\r\n\r\n").await;
    assert_eq!((client.answer().await.status, upstream.seen().len()), (200, 1));
}
