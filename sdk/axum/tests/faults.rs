//! An application behind the layer, and APIs that answer, refuse, stay silent, break off and talk nonsense.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is tests; helpers of tests are not known as such"
)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::routing::get;
use palisade_axum::{OnFailure, Palisade, PalisadeLayer, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::Service;

/// An API that answers `/check` and `/siteverify` each in one way, and remembers what it was asked.
struct Api {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Api {
    /// `None`: takes the question and never answers.
    async fn start(check: Option<Vec<u8>>, siteverify: Option<Vec<u8>>) -> Api {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let log = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, check.clone(), siteverify.clone(), log.clone()));
            }
        });
        Api { address, asked }
    }

    fn settings(&self) -> Settings {
        Settings::new(format!("http://{}", self.address)).key("pal_k").timeout(Duration::from_secs(20))
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    check: Option<Vec<u8>>,
    siteverify: Option<Vec<u8>>,
    log: Arc<Mutex<Vec<String>>>,
) {
    let mut bytes = Vec::new();
    let question = loop {
        let mut piece = [0; 4_096];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
        }
        let text = String::from_utf8(bytes.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
        });
        if body.len() == length.unwrap_or(0) {
            break text;
        }
    };
    let answer = if question.starts_with("POST /check ") { check } else { siteverify };
    log.lock().unwrap().push(question);
    match answer {
        Some(answer) => {
            let _ = stream.write_all(&answer).await;
        }
        None => while stream.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {},
    }
}

fn with_status(status: u16, body: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} Whatever\r\nConnection: close\r\nContent-Length: {}", body.len());
    format!("{head}\r\n\r\n{body}").into_bytes()
}

fn verdict(action: &str, enforce: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"is_bot":false,"score":7,"action":"{action}","enforce":"{enforce}","request_id":"r","captcha_token":"t"}}"#
    );
    with_status(200, &body)
}

/// Status and body of a request to the application, with these headers.
async fn asked(layer: PalisadeLayer, headers: &[(&str, &str)]) -> (u16, String) {
    let mut app = Router::new().route("/{*path}", get(async || "the page")).layer(layer);
    let mut request = Request::builder().uri("/a?b=c").header("host", "shop.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    let peer: SocketAddr = "203.0.113.7:50000".parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    let answer = app.as_service().call(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), 10_000).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn layer(settings: Settings) -> PalisadeLayer {
    PalisadeLayer::new(Palisade::new(settings).unwrap())
}

#[tokio::test]
async fn the_question_says_what_is_known_and_no_secrets() {
    let api = Api::start(Some(verdict("ALLOW", "allow")), None).await;
    let headers = [("user-agent", "x/1"), ("authorization", "Bearer hush"), ("cookie", "session=hush")];
    assert_eq!(asked(layer(api.settings()), &headers).await, (200, "the page".to_owned()));
    let question = &api.asked()[0];
    assert!(question.contains("authorization: Bearer pal_k\r\n"), "{question}");
    let body = question.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(
        body,
        r#"{"endpoint":"/a?b=c","user_agent":"x/1","ip":"203.0.113.7","method":"GET","host":"shop.example","headers":{"authorization":"-","cookie":"session=-","host":"shop.example","user-agent":"x/1"}}"#
    );
}

#[tokio::test]
async fn verdicts_are_obeyed() {
    for (action, enforce, by_action, by_enforce) in [
        ("ALLOW", "allow", 200, 200),
        ("MONITOR", "monitor", 200, 200),
        ("CHALLENGE", "monitor", 403, 200),
        ("CHALLENGE", "throttle", 403, 403),
        ("BLOCK", "monitor", 403, 200),
        ("BLOCK", "tarpit", 403, 403),
        ("BLOCK", "block", 403, 403),
    ] {
        let api = Api::start(Some(verdict(action, enforce)), None).await;
        let status = asked(layer(api.settings()), &[]).await.0;
        assert_eq!(status, by_action, "{action} {enforce}");
        let status = asked(layer(api.settings()).obey_enforce(), &[]).await.0;
        assert_eq!(status, by_enforce, "{action} {enforce}");
    }
}

#[tokio::test]
async fn a_challenge_is_met_by_a_good_token() {
    let challenge = || Some(verdict("CHALLENGE", "challenge"));
    for (answer, status) in [
        (r#"{"success":true,"score":0.5}"#, 200),
        (r#"{"success":true}"#, 200),
        (r#"{"success":true,"score":0.4}"#, 403),
        (r#"{"success":false,"error-codes":["timeout-or-duplicate"]}"#, 403),
    ] {
        let api = Api::start(challenge(), Some(with_status(200, answer))).await;
        let got = asked(layer(api.settings().secret("s&=")), &[("x-captcha-token", "a.b-c_d")]).await.0;
        assert_eq!(got, status, "{answer}");
        let question = &api.asked()[1];
        assert!(
            question.contains("secret=s%26%3D&response=a%2Eb%2Dc%5Fd&remoteip=203%2E0%2E113%2E7"),
            "{question}"
        );
    }
    // Nobody is asked about what is no token.
    let api = Api::start(challenge(), None).await;
    for token in ["", &"a".repeat(5_000)] {
        let (status, body) = asked(layer(api.settings()), &[("x-captcha-token", token)]).await;
        assert_eq!((status, body.as_str()), (403, r#"{"captcha_token":"t","error":"CAPTCHA required"}"#));
    }
    assert!(api.asked().iter().all(|question| question.starts_with("POST /check ")));
}

#[tokio::test]
async fn without_an_answer_the_setting_decides() {
    let good = || Some(verdict("ALLOW", "allow"));
    let challenge = || Some(verdict("CHALLENGE", "challenge"));
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}".to_vec();
    let huge = with_status(200, &" ".repeat((1 << 20) + 1));
    let redirect = b"HTTP/1.1 302 Away\r\nLocation: /check\r\nContent-Length: 0\r\n\r\n".to_vec();
    let wrong_secret = with_status(200, r#"{"success":false,"error-codes":["invalid-input-secret"]}"#);
    let cases = [
        (None, good()),
        (Some(Vec::new()), good()),
        (Some(b"nonsense\r\n\r\n".to_vec()), good()),
        (Some(cut), good()),
        (Some(huge), good()),
        (Some(redirect), good()),
        (Some(with_status(401, r#"{"error":"unauthorized"}"#)), good()),
        (Some(with_status(500, "")), good()),
        (Some(with_status(200, "{}")), good()),
        (challenge(), None),
        (challenge(), Some(with_status(200, r#"{"success":"yes"}"#))),
        (challenge(), Some(with_status(500, r#"{"success":true}"#))),
        (challenge(), Some(wrong_secret)),
    ];
    for (n, (check, siteverify)) in cases.into_iter().enumerate() {
        for (on_failure, expect) in [(OnFailure::Open, 200), (OnFailure::Closed, 503)] {
            let api = Api::start(check.clone(), siteverify.clone()).await;
            let waits = check.is_none() || siteverify.is_none();
            let settings = api.settings().on_failure(on_failure);
            let settings = if waits { settings.timeout(Duration::from_millis(200)) } else { settings };
            let got = asked(layer(settings), &[("x-captcha-token", "a.b.c")]).await.0;
            assert_eq!(got, expect, "case {n} {on_failure:?}");
        }
    }
}

#[tokio::test]
async fn who_fails_is_left_alone() {
    let api = Api::start(Some(with_status(503, "")), None).await;
    let layer = layer(api.settings());
    for _ in 0..20 {
        assert_eq!(asked(layer.clone(), &[]).await.0, 200);
    }
    // Five, and one more for each rest that this machine may take so long for.
    assert!((5..10).contains(&api.asked().len()));
}
