//! Bodies pass whole, sized or chunked, and are looked at only so far.

use std::time::Duration;

use crate::harness::{Front, REFUSED, Said, Then, Upstream, within};

fn megabyte() -> Vec<u8> {
    (0..1_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in body.chunks(size) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

#[tokio::test]
async fn a_megabyte_each_way() {
    let upstream = Upstream::new(|seen| {
        if seen.line().contains("chunked") {
            let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            bytes.extend(chunked(&seen.body, 70_000));
            Said::raw(bytes, Then::Keep)
        } else {
            Said::whole(&seen.body)
        }
    })
    .await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    let body = megabyte();
    for media in ["application/octet-stream", "text/plain"] {
        let head = format!("POST /sized HTTP/1.1\r\nHost: shop.example\r\nContent-Type: {media}\r\n");
        client.send(format!("{head}Content-Length: {}\r\n\r\n", body.len())).await;
        client.send(&body).await;
        let answer = client.answer().await;
        assert!(answer.body == body && answer.values("content-length") == ["1000000"]);
        let head = head.replace("sized", "chunked");
        client.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n")).await;
        client.send(chunked(&body, 9_999)).await;
        let answer = client.answer().await;
        assert!(answer.body == body && answer.values("transfer-encoding") == ["chunked"]);
    }
    assert!(upstream.seen().iter().all(|seen| seen.body == body));
}

#[tokio::test]
async fn a_chunked_body_without_content_stays_chunked() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    for method in ["GET", "POST"] {
        let head = format!(
            "{method} / HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        );
        assert_eq!(front.ask(&head).await.status, 200);
        assert_eq!(upstream.last().values("transfer-encoding"), ["chunked"]);
    }
}

#[tokio::test]
async fn the_start_of_a_form_is_held_and_then_everything_streams() {
    let upstream = Upstream::new(|seen| Said::whole(&seen.body)).await;
    let front = Front::with(vec![upstream.address.to_string()], |settings| {
        settings.limits.prefix_timeout = Duration::from_millis(10);
    });
    let mut client = front.connect().await;
    client
        .send("POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\na=1")
        .await;
    // The rest comes only after the upstream has seen the request's head: nobody waits for a whole body.
    within(async {
        while upstream.connections() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    client.send("&b=").await;
    assert_eq!(client.answer().await.text(), "a=1&b=");
}

#[tokio::test]
async fn trailers_pass_both_ways() {
    let upstream = Upstream::new(|_| {
        Said::raw(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n",
            Then::Keep,
        )
    })
    .await;
    let front = Front::before(&upstream);
    let answer = front
        .ask("POST / HTTP/1.1\r\nHost: shop.example\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\nTrailer: X-Up\r\n\
              Content-Type: text/plain\r\n\r\n3\r\nabc\r\n0\r\nX-Up: 9\r\n\r\n")
        .await;
    assert_eq!(answer.text().to_ascii_lowercase(), "okx-sum: 7\r\n");
    assert_eq!(String::from_utf8_lossy(&upstream.last().body).to_ascii_lowercase(), "abcx-up: 9\r\n");
}

#[tokio::test]
async fn trailers_do_not_vouch() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    for media in ["text/plain", "application/octet-stream"] {
        let head = format!(
            "POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Type: {media}\r\nTransfer-Encoding: chunked"
        );
        let trailers =
            "X-Palisade-Score: 0\r\nX-Forwarded-For: 192.0.2.1\r\nX-Real-IP: 192.0.2.1\r\nX-Up: 9\r\n";
        let named = "Trailer: X-Palisade-Score, X-Forwarded-For, X-Real-IP, X-Up";
        front.ask(&format!("{head}\r\n{named}\r\n\r\n3\r\nabc\r\n0\r\n{trailers}\r\n")).await;
        assert_eq!(String::from_utf8_lossy(&upstream.last().body).to_ascii_lowercase(), "abcx-up: 9\r\n");
    }
}

#[tokio::test]
async fn an_early_answer_comes_through_while_the_body_is_still_sent() {
    let upstream =
        Upstream::reading_heads_only("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig").await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    client.send("PUT / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 100000000\r\n\r\nstart").await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.text()), (413, "big"));
}

#[tokio::test]
async fn a_refused_client_is_not_told_to_go_on() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let head = |client: &str, media: &str| {
        format!(
            "POST / HTTP/1.1\r\nHost: shop.example\r\nX-Forwarded-For: {client}\r\nExpect: 100-continue\r\n\
                 Content-Type: {media}\r\nContent-Length: 3\r\n\r\n"
        )
    };
    for media in ["application/octet-stream", "application/json"] {
        assert_eq!(front.ask(&head(REFUSED, media)).await.status, 403, "{media}");
        let mut client = front.connect().await;
        client.send(head("203.0.113.7", media)).await;
        assert_eq!(client.answer().await.status, 100, "{media}");
        client.send("{ }").await;
        assert_eq!(client.answer().await.status, 200, "{media}");
    }
    assert_eq!(upstream.seen().len(), 2);
}
