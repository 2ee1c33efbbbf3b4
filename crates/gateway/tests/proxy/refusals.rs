//! The guard's word carried out.

use palisade_guard::vouching::{RequireToken, Vouching};
use palisade_intel::providers::OnFailure;

use crate::harness::{Front, REFUSED, Upstream, within};

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
async fn a_form_without_a_token_is_refused_in_the_words_of_who_sent_it() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let rule = RequireToken {
        path: "/contact".to_owned(),
        on_failure: OnFailure::Closed,
        score_min: None,
        action: None,
    };
    front.guard.replace_vouching(Vouching { rules: vec![rule], provider: None });
    for (accept, kind) in [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
    ] {
        let answer = front
            .ask(&format!(
                "POST /contact HTTP/1.1\r\nHost: shop.example\r\nAccept: {accept}\r\nAccept-Language: de\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b"
            ))
            .await;
        assert_eq!((answer.status, answer.values("content-type")), (403, vec![kind]), "{accept}");
        assert_eq!(answer.values("cache-control"), ["private, no-store"]);
        assert!(answer.values("etag").is_empty());
        let id = answer.values("x-request-id")[0].to_owned();
        assert!(answer.text().contains(&id) && answer.text().contains("missing-input-response"));
    }
    assert!(upstream.seen().is_empty());
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

#[tokio::test]
async fn a_tarpit_writes_a_few_bytes_at_a_time() {
    let upstream = Upstream::hello().await;
    let front = Front::before(&upstream);
    let mut client = front.connect().await;
    client.send("GET /slow HTTP/1.1\r\nHost: shop.example\r\n\r\n").await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 429 "), "{head}");
    let length: usize = crate::harness::values(&head, "content-length")[0].parse().unwrap();
    let first = client.some().await;
    assert!(!first.is_empty() && first.len() < length, "{} of {length}", first.len());
}

#[tokio::test]
async fn slow_answers_end_and_are_few() {
    let upstream = Upstream::hello().await;
    for (answers, seconds) in [(0, 60), (10, 0)] {
        let front = Front::with(vec![upstream.address.to_string()], |settings| {
            settings.limits.slow_answers_max = answers;
            settings.limits.slow_answer_timeout = std::time::Duration::from_secs(seconds);
        });
        let answer = front.ask("GET /slow HTTP/1.1\r\nHost: shop.example\r\n\r\n").await;
        assert_eq!((answer.status, answer.whole), (429, true));
    }
}

#[tokio::test]
async fn the_record_holds_what_was_seen() {
    let upstream = Upstream::hello().await;
    let mut front = Front::before(&upstream);
    let mut client = front.connect().await;
    for head in
        ["GET /a HTTP/1.1\r\nhost: shop.example\r\nX-bB: 1\r\nACCEPT: */*\r\n\r\n", "GET /b HTTP/9\r\n\r\n"]
    {
        client.send(head).await;
        client.answer().await;
    }
    let first = within(front.backlog.events.recv()).await.unwrap();
    assert_eq!((first.event.target.as_deref(), first.event.status), (Some("/a"), Some(200)));
    let facts = first.event.facts.clone().unwrap();
    let at = |name: &str| facts.find(name).unwrap_or_else(|| panic!("{name} in {facts}"));
    assert!(at("host") < at("X-bB") && at("X-bB") < at("ACCEPT"), "{facts}");
    let second = within(front.backlog.events.recv()).await.unwrap();
    assert_eq!((second.event.target.as_deref(), second.event.status), (Some("/b"), Some(400)));
    let facts = second.event.facts.clone().unwrap();
    assert!(facts.contains("garbage"), "{facts}");
}
