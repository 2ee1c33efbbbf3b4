//! The guard's word carried out.

use crate::harness::{Front, REFUSED, Upstream};

fn ask(method: &str, path: &str, more: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: shop.example\r\nX-Forwarded-For: {REFUSED}\r\n{more}\r\n")
}

#[tokio::test]
async fn a_program_reads_json_and_a_person_a_page() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    client.send(ask("GET", "/", "")).await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.values("content-type")), (403, vec!["application/json"]));
    assert!(answer.text().contains("\"request_id\""), "{}", answer.text());
    // The connection goes on.
    client.send(ask("GET", "/", "Accept: text/html\r\nAccept-Language: de\r\n")).await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.values("content-language")), (403, vec!["de"]));
    client.send(ask("HEAD", "/", "")).await;
    assert_eq!(client.answer_to("HEAD").await.status, 403);
    assert!(upstream.seen().is_empty());
    assert_eq!(front.guard.totals.requests(), 3);
}

#[tokio::test]
async fn a_refused_body_is_not_waited_for() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    client.send(ask("POST", "/", "Content-Length: 5000000\r\n")).await;
    client.send(vec![b'x'; 100_000]).await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.values("connection")), (403, vec!["close"]));
    client.rest().await;
}

#[tokio::test]
async fn paths_of_ours_are_answered_here() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let answer = front.ask("GET /.palisade/nothing HTTP/1.1\r\nHost: shop.example\r\n\r\n").await;
    assert_eq!(answer.status, 404);
    let answer = front.ask("GET /.palisade/about HTTP/1.1\r\nHost: shop.example\r\n\r\n").await;
    assert_eq!((answer.status, upstream.seen().len()), (200, 0));
}
