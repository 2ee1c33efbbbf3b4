//! HTTP/2 with prior knowledge: the same request upstream as with HTTP/1.1, and none of the ways to smuggle one into it.

use palisade_e2e::h2::Connection;
use palisade_e2e::pace::guarded;
use palisade_e2e::palisade::Palisade;
use palisade_e2e::recorded::Http2;

use super::message::{Framing, Message};
use super::passing;
use super::upstream::{Said, Upstream};

fn request(stream: u32, method: &str, path: &str, more: &[(&str, &str)]) -> Http2 {
    let own = [(":method", method), (":scheme", "http"), (":authority", "shop.example"), (":path", path)];
    let headers =
        own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    // Room for a megabyte of answer.
    Http2 {
        stream,
        headers,
        header_priority: None,
        settings: vec![(4, 4 << 20)],
        window_update: vec![(0, 4 << 20)],
    }
}

async fn set_up() -> (Upstream, Palisade) {
    let upstream = Upstream::start(|request| Said::whole(&request.body)).await;
    let palisade = passing(upstream.address, "").await;
    (upstream, palisade)
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_arrive_as_they_were_meant() {
    let (upstream, palisade) = set_up().await;
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], usize);
    let cases: &[Case<'_>] = &[
        ("GET", "/", &[], 0),
        ("GET", "/%zz/%2e%2E//a%2Fb;v=1?x=%&y=%20+|{}", &[("x-a", "1"), ("x-b", ""), ("x-a", "2")], 0),
        ("GET", "/c", &[("cookie", "a=1"), ("cookie", "b=2"), ("te", "trailers")], 0),
        ("POST", "/sized", &[("content-length", "300")], 300),
        ("PUT", "/unsized", &[("content-type", "application/json")], 10_000),
        ("PROPFIND", "/", &[("depth", "1")], 0),
        ("DELETE", "/gone", &[("content-type", "text/plain")], 7),
    ];
    let first = request(1, "GET", "/", &[]);
    let mut connection = Connection::open(palisade.gateway, &first).await.unwrap();
    for (number, (method, path, headers, bytes)) in (0..).zip(cases) {
        let body = vec![b'x'; *bytes];
        let sent = request(2 * number + 1, method, path, headers);
        let answer = connection.exchange(&sent, &[], &body).await.unwrap();
        assert_eq!((answer.status, answer.body.len()), (200, body.len()), "{path}");
        let seen: Message = upstream.seen().pop().unwrap();
        assert_eq!(seen.line, format!("{method} {path} HTTP/1.1").into_bytes());
        assert_eq!((seen.text("host"), &seen.body), ("shop.example".to_owned(), &body));
        let framing = match (bytes, path.contains("unsized") || path.contains("gone")) {
            (0, _) => Framing::Bare,
            (_, true) => Framing::Chunked,
            (bytes, false) => Framing::Sized(*bytes),
        };
        assert_eq!(seen.framing, framing, "{path}");
        match *path {
            "/c" => assert_eq!(seen.text("cookie"), "a=1; b=2"),
            _ => {
                for (name, _) in headers.iter().filter(|(name, _)| *name != "te") {
                    let sent: Vec<&[u8]> = headers
                        .iter()
                        .filter(|(held, _)| held == name)
                        .map(|(_, value)| value.as_bytes())
                        .collect();
                    assert_eq!(seen.values(name), sent, "{name}");
                }
            }
        }
    }
    assert_eq!(upstream.faults(), Vec::<String>::new());
}

/// What HTTP/2 can carry and HTTP/1.1 cannot say without becoming something else.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_smuggled_on_the_way_down() {
    let (upstream, palisade) = set_up().await;
    let fields: &[(&str, &str)] = &[
        ("transfer-encoding", "chunked"),
        ("connection", "transfer-encoding"),
        ("content-length", "3"),
        ("content-length", "30"),
        ("content-length", "+4"),
        ("x-a", "b\r\ntransfer-encoding: chunked"),
        ("x-a", "b\r\n\r\nGET /behind HTTP/1.1\r\nHost: shop.example"),
        ("x-a", "b\nc"),
        ("x-a", "b\0c"),
        ("x-a: b\r\nx-c", "d"),
        ("x a", "b"),
        ("X-A", "b"),
        ("te", "gzip"),
        (":path", "/second"),
        ("upgrade", "h2c"),
    ];
    for (name, value) in fields {
        refused(&palisade, request(1, "POST", "/front", &[(name, value)])).await;
    }
    for (at, value) in [
        (0, "GET /behind HTTP/1.1\r\nHost: a\r\n\r\nGET"),
        (0, "G T"),
        (2, "shop.example\r\nX-A: b"),
        (2, "shop.example/evil"),
        (3, "/a HTTP/1.1\r\nHost: a\r\n\r\nGET /behind"),
        (3, "/a b"),
        (3, "front"),
        (3, ""),
    ] {
        let mut request = request(1, "POST", "/front", &[]);
        request.headers[at].1 = value.to_owned();
        refused(&palisade, request).await;
    }
    assert_eq!((upstream.seen(), upstream.faults()), (Vec::new(), Vec::new()));
}

/// The stream, or the connection, is ended, or there is a plain 400.
async fn refused(palisade: &Palisade, request: Http2) {
    let shown = format!("{:?}", request.headers);
    let mut connection = Connection::open(palisade.gateway, &request).await.unwrap();
    let answered =
        guarded("an end", async { Ok(connection.exchange(&request, &[], b"body").await) }).await.unwrap();
    if let Ok(answer) = answered {
        assert_eq!(answer.status, 400, "{shown}");
    }
}
