//! What passes, passes as it came.

use crate::harness::{Front, Said, Then, Upstream, within};

#[tokio::test]
async fn both_sides_keep_their_connections() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    for n in 0..3 {
        client.send(format!("GET /{n} HTTP/1.1\r\nHost: shop.example\r\n\r\n")).await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.text()), (200, "hello"));
    }
    let seen = upstream.seen();
    assert_eq!(seen.iter().map(|one| one.connection).collect::<Vec<_>>(), [0, 0, 0]);
    assert_eq!(seen[2].line(), "GET /2 HTTP/1.1");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let upstream = Upstream::new(|seen| Said::whole(seen.line())).await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    let one = |n: u32| format!("POST /{n} HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 3\r\n\r\nabc");
    client.send((0..20).map(one).collect::<String>()).await;
    for n in 0..20 {
        assert_eq!(client.answer().await.text(), format!("POST /{n} HTTP/1.1"));
    }
    assert!(upstream.seen().iter().all(|seen| seen.body == b"abc"));
}

#[tokio::test]
async fn targets_methods_and_values_arrive_as_sent() {
    let upstream = Upstream::hello().await;
    // Some of these are attacks to a judge.
    let front = Front::with(vec![upstream.address.to_string()], |settings| settings.judge = false);
    for target in [
        "/%zz/%2e%2E//a%2Fb?x=%&y=%20+",
        "/?",
        "//x",
        "/a/../b/./",
        "/{a|b}^[]\\~",
        "/caf\u{e9}",
        "/;a=b?c=`|{}",
    ] {
        let answer = front
            .ask(&format!("PROPFIND {target} HTTP/1.1\r\nHost: shop.example\r\nX-A: 1\r\nCookie: a=b\r\nx-a:  2 \r\nX-a: 1\r\n\r\n"))
            .await;
        assert_eq!(answer.status, 200, "{target}");
        let seen = upstream.last();
        assert_eq!(seen.line(), format!("PROPFIND {target} HTTP/1.1"));
        assert_eq!((seen.values("x-a"), seen.values("cookie")), (vec!["1", "2", "1"], vec!["a=b"]));
    }
}

#[tokio::test]
async fn sloppy_targets_are_spelled_for_the_upstream() {
    let upstream = Upstream::hello().await;
    let front = Front::with(vec![upstream.address.to_string()], |settings| settings.judge = false);
    front.ask("GET /a<b>?q=\"x\" HTTP/1.1\r\nHost: shop.example\r\n\r\n").await;
    assert_eq!(upstream.last().line(), "GET /a%3Cb%3E?q=%22x%22 HTTP/1.1");
}

#[tokio::test]
async fn absolute_and_asterisk_targets() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let answer = front.ask("GET http://shop.example/a?b HTTP/1.1\r\nHost: shop.example\r\n\r\n").await;
    assert_eq!((answer.status, upstream.last().line()), (200, "GET /a?b HTTP/1.1"));
    assert_eq!(upstream.last().values("host"), ["shop.example"]);
    let answer = front.ask("OPTIONS * HTTP/1.1\r\nHost: shop.example\r\n\r\n").await;
    assert_eq!((answer.status, upstream.last().line()), (200, "OPTIONS * HTTP/1.1"));
    let answer = front.ask("CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n").await;
    assert_eq!((answer.status, upstream.seen().len()), (501, 2));
}

#[tokio::test]
async fn http_1_0_is_served_and_closed() {
    let upstream = Upstream::new(|_| {
        Said::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", Then::Keep)
    })
    .await;
    let front = Front::before(&upstream);
    let answer = front.ask("GET / HTTP/1.0\r\nHost: shop.example\r\n\r\n").await;
    assert_eq!((answer.status, answer.text()), (200, "hello"));
    assert!(answer.values("transfer-encoding").is_empty());
    assert_eq!(upstream.last().line(), "GET / HTTP/1.1");
}

#[tokio::test]
async fn answers_without_body_keep_their_length() {
    let upstream = Upstream::new(|seen| match seen.line().split(' ').next() {
        Some("HEAD") => Said::raw("HTTP/1.1 200 OK\r\nContent-Length: 42\r\nETag: \"x\"\r\n\r\n", Then::Keep),
        _ => Said::raw("HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", Then::Keep),
    })
    .await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    for _ in 0..2 {
        client.send("HEAD / HTTP/1.1\r\nHost: shop.example\r\n\r\n").await;
        let answer = client.answer_to("HEAD").await;
        assert_eq!((answer.status, answer.values("content-length")), (200, vec!["42"]));
        client.send("GET / HTTP/1.1\r\nHost: shop.example\r\nIf-None-Match: \"x\"\r\n\r\n").await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.values("etag")), (304, vec!["\"x\""]));
    }
    assert!(upstream.seen().iter().all(|seen| seen.connection == 0));
}

#[tokio::test]
async fn informational_answers_do_not_confuse() {
    let upstream = Upstream::new(|_| {
        Said::raw(
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            Then::Keep,
        )
    })
    .await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    for _ in 0..2 {
        client.send("GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n").await;
        let mut answer = client.answer().await;
        if answer.status == 103 {
            answer = client.answer().await;
        }
        assert_eq!((answer.status, answer.text()), (200, "ok"));
    }
}

#[tokio::test]
async fn what_belongs_to_one_hop_stays_there() {
    let upstream = Upstream::new(|_| {
        Said::raw(
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\n\
             X-Hop: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n",
            Then::Keep,
        )
    })
    .await;
    let front = Front::before(&upstream);
    let answer = front
        .ask("GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: keep-alive, x-mine\r\nX-Mine: 1\r\nKeep-Alive: 9\r\n\
              Proxy-Connection: keep-alive\r\nTE: trailers, deflate\r\nX-Other: 2\r\n\r\n")
        .await;
    assert_eq!(answer.values("set-cookie"), ["a=1", "b=2"]);
    assert!(answer.values("x-hop").is_empty() && answer.values("keep-alive").is_empty());
    let seen = upstream.last();
    for name in ["x-mine", "keep-alive", "proxy-connection", "te"] {
        assert!(seen.values(name).is_empty(), "{name}: {}", seen.head);
    }
    assert_eq!(seen.values("x-other"), ["2"]);
}

#[tokio::test]
async fn events_flow_as_they_come() {
    let (to, mut handed) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::new(move |_| {
        Said::raw("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", Then::Hand(to.clone()))
    })
    .await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    client.send("GET /events HTTP/1.1\r\nHost: shop.example\r\n\r\n").await;
    client.head().await;
    let mut events = within(handed.recv()).await.unwrap();
    for n in 0..3 {
        let event = format!("data: {n}\n\n");
        within(tokio::io::AsyncWriteExt::write_all(&mut events, event.as_bytes())).await.unwrap();
        // The next one is sent only after this one was read: nothing waits in between.
        assert_eq!(client.chunk().await.unwrap(), event.as_bytes());
    }
    drop(events);
    assert_eq!(client.chunk().await.unwrap(), b"");
}
