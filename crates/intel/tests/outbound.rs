//! The outbound client against a real server that redirects, floods, stalls, breaks off or serves what is not its own.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is tests; helpers of tests are not known as such"
)]

use std::net::SocketAddr;
use std::time::Duration;

use palisade_crawl::published::Source;
use palisade_crawl::signature::{AgentUrl, DirectoryError, Kind};
use palisade_intel::keys::{self, KeysError};
use palisade_intel::{FetchError, Outbound, OutboundSettings, ranges};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Serves `answer`, byte for byte, to everybody; then holds the connection open where `hold` says so.
async fn serve(answer: impl Into<Vec<u8>>, hold: bool) -> SocketAddr {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut head = [0_u8; 2048];
                let _ = stream.read(&mut head).await;
                let _ = stream.write_all(&answer).await;
                while hold && stream.read(&mut head).await.is_ok_and(|read| read > 0) {}
            });
        }
    });
    address
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A client that may ask loopback, and loses patience soon.
fn client() -> Outbound {
    let settings = OutboundSettings { allow_private: true, timeout: Duration::from_millis(1_500) };
    Outbound::new(settings).unwrap()
}

async fn got(answer: impl Into<Vec<u8>>, hold: bool) -> Result<palisade_intel::Fetched, FetchError> {
    client().get(&format!("http://{}/x", serve(answer, hold).await), 1_000).await
}

#[tokio::test]
async fn an_answer_comes_whole_with_its_age() {
    let answer = "HTTP/1.1 200 OK\r\nCache-Control: max-age=120\r\nContent-Length: 2\r\n\r\nhi";
    let fetched = got(answer, false).await.unwrap();
    assert_eq!((fetched.body.as_slice(), fetched.max_age), (&b"hi"[..], Some(Duration::from_secs(120))));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = serve(ok("secret"), false).await;
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: http://{elsewhere}/\r\nContent-Length: 0\r\n\r\n");
    assert!(matches!(got(answer, false).await, Err(FetchError::Status { status: 302, .. })));
}

#[tokio::test]
async fn what_is_too_long_is_refused_whether_it_says_so_or_not() {
    let told = "HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n";
    assert!(matches!(got(told, true).await, Err(FetchError::TooLong { limit: 1_000, .. })));
    let untold = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "a".repeat(100_000));
    assert!(matches!(got(untold, false).await, Err(FetchError::TooLong { .. })));
}

#[tokio::test]
async fn silence_and_breaking_off_are_failures() {
    assert!(matches!(got("", true).await, Err(FetchError::Failed { .. })));
    assert!(matches!(
        got("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", true).await,
        Err(FetchError::Failed { .. })
    ));
    assert!(matches!(
        got("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", false).await,
        Err(FetchError::Failed { .. })
    ));
    assert!(matches!(got("nonsense", false).await, Err(FetchError::Failed { .. })));
}

#[tokio::test]
async fn private_addresses_and_plain_http_are_not_asked() {
    let address = serve(ok("secret"), false).await;
    let strict =
        Outbound::new(OutboundSettings { timeout: Duration::from_millis(1_500), ..Default::default() })
            .unwrap();
    for url in [
        format!("http://{address}/"),
        format!("https://{address}/"),
        "https://10.0.0.1/".to_owned(),
        "https://[::ffff:127.0.0.1]/".to_owned(),
        "https://2130706433/".to_owned(),
        "https://user:pass@a.example/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "nonsense".to_owned(),
    ] {
        assert!(matches!(strict.get(&url, 10).await, Err(FetchError::Address { .. })), "{url}");
    }
    // A name that leads to a private address is found out by the resolver.
    let by_name = strict.get(&format!("https://localhost:{}/", address.port()), 10).await;
    assert!(matches!(by_name, Err(FetchError::Failed { .. })), "{by_name:?}");
}

const KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

async fn keys_of(body: &str) -> Result<keys::FetchedKeys, KeysError> {
    let address = serve(ok(body), false).await;
    let agent = AgentUrl {
        origin: format!("http://{address}"),
        url: format!("http://{address}/keys"),
        kind: Kind::KeySet,
    };
    keys::fetch(&client(), &agent).await
}

#[tokio::test]
async fn key_directories_are_read_and_bad_ones_named() {
    let fetched = keys_of(&format!(r#"{{"keys":[{KEY}]}}"#)).await.unwrap();
    assert!(fetched.directory.key("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k").is_some());
    let refused = |why| async move {
        match why {
            Err(KeysError::Directory { why, .. }) => why,
            other => panic!("{other:?}"),
        }
    };
    let named = KEY.replace('}', r#","kid":"somebody-elses"}"#);
    assert!(matches!(
        refused(keys_of(&format!(r#"{{"keys":[{named}]}}"#)).await).await,
        DirectoryError::WrongId(_)
    ));
    assert!(matches!(refused(keys_of("<html>").await).await, DirectoryError::Json(_)));
    assert!(matches!(keys_of(&" ".repeat(100_000)).await, Err(KeysError::Fetch(FetchError::TooLong { .. }))));
}

#[tokio::test]
async fn ranges_come_whole_or_not_at_all() {
    let good = serve(ok(r#"{"prefixes":[{"ipv4Prefix":"66.249.64.0/27"}]}"#), false).await;
    let bad = serve(ok(r#"{"prefixes":[{"ipv4Prefix":"0.0.0.0/0"}]}"#), false).await;
    let url = |address: SocketAddr| -> &'static str { format!("http://{address}/").leak() };
    let fetch = |urls: Vec<&'static str>| async move {
        let source = Source { operator: "googlebot", urls: urls.leak() };
        ranges::fetch(&client(), &source).await
    };
    assert_eq!(fetch(vec![url(good)]).await.unwrap().len(), 1);
    assert!(fetch(vec![url(good), url(bad)]).await.is_err());
}
