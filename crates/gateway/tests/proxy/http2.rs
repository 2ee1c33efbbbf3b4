//! Clear-text HTTP/2 with prior knowledge.

use bytes::Bytes;
use http::{Method, Request, Version};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::harness::{Front, REFUSED, Said, Then, Upstream, within};

async fn connect(front: &Front) -> SendRequest<Full<Bytes>> {
    let stream = tokio::net::TcpStream::connect(front.address()).await.unwrap();
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn request(method: Method, path: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let uri = format!("http://shop.example{path}");
    Request::builder().method(method).uri(uri).version(Version::HTTP_2).body(Full::new(body.into())).unwrap()
}

#[tokio::test]
async fn streams_become_requests() {
    let upstream = Upstream::new(|seen| Said::whole(&seen.body)).await;
    let front = Front::before(&upstream);
    let mut sender = connect(&front).await;
    let mut get = request(Method::GET, "/a?b=%zz", "");
    for crumb in ["a=1", "b=2"] {
        get.headers_mut().append("cookie", crumb.parse().unwrap());
    }
    let answer = within(sender.send_request(get)).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
    let seen = upstream.last();
    assert_eq!((seen.line(), seen.values("host")), ("GET /a?b=%zz HTTP/1.1", vec!["shop.example"]));
    assert_eq!(seen.values("cookie"), ["a=1; b=2"]);
    assert!(seen.values("transfer-encoding").is_empty() && seen.values("content-length").is_empty());
    // A body whose length nobody announced.
    let (parts, _) = request(Method::GET, "/search", "").into_parts();
    let answer =
        within(sender.send_request(Request::from_parts(parts, Full::from("a query")))).await.unwrap();
    assert_eq!(within(answer.into_body().collect()).await.unwrap().to_bytes(), "a query");
    let body = Bytes::from(vec![b'x'; 1_000_000]);
    let answers = (0..4).map(|_| sender.send_request(request(Method::POST, "/echo", body.clone())));
    for answer in answers.collect::<Vec<_>>() {
        let answer = within(answer).await.unwrap();
        assert_eq!(within(answer.into_body().collect()).await.unwrap().to_bytes(), body);
    }
}

#[tokio::test]
async fn refusals_and_faults() {
    let upstream =
        Upstream::new(|_| Said::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", Then::Close)).await;
    let front = Front::before(&upstream);
    let mut sender = connect(&front).await;
    let mut refused = request(Method::POST, "/", "x");
    refused.headers_mut().insert("x-forwarded-for", REFUSED.parse().unwrap());
    assert_eq!(within(sender.send_request(refused)).await.unwrap().status().as_u16(), 403);
    assert!(upstream.seen().is_empty());
    let half = within(sender.send_request(request(Method::GET, "/", ""))).await.unwrap();
    assert!(within(half.into_body().collect()).await.is_err(), "half an answer never looks whole");
    let misdirected = Request::builder().uri("http://other.example/").body(Full::default()).unwrap();
    assert_eq!(within(sender.send_request(misdirected)).await.unwrap().status().as_u16(), 421);
}
