//! Who the client is, is not for the client to say; and one forgotten setting does not take a site down.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use palisade_e2e::palisade::Palisade;
use palisade_e2e::wire;
use serde_json::Value;

use super::client::Client;
use super::judging;
use super::message::Message;
use super::upstream::{Said, Upstream};

/// A proxy that nobody told the gateway to trust.
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// Only this one is trusted.
const TRUSTED: &str = "[server]\ntrusted_proxies = [\"127.0.0.1/32\"]\n[policy]\nenforce = \"all\"";

const FORGED: &str = "X-Forwarded-For: 66.249.66.1\r\nX-Forwarded-For: 10.1.1.1\r\nX-Real-IP: 66.249.66.1\r\n\
    Forwarded: for=66.249.66.1;host=evil.example;proto=https\r\nX-Forwarded-Proto: https\r\n\
    X-Forwarded-Host: evil.example\r\nX-Request-ID: 0000000000000\r\nX-Palisade-Score: 0\r\n\
    X-Palisade-Action: allow\r\nX-Palisade-Identity: search; verified\r\nX-Palisade-Else: 1\r\n\
    X-Fingerprint: {}\r\nX-JA4: t13d1516h2_8daaf6152771_02713d6af862\r\n";

async fn arrives(upstream: &Upstream, gateway: SocketAddr, from: Option<IpAddr>, headers: &str) -> Message {
    let mut client = match from {
        Some(from) => Client::open_from(from, gateway).await,
        None => Client::open(gateway).await,
    };
    client.send(format!("GET /page1 HTTP/1.1\r\nHost: shop.example\r\n{headers}\r\n")).await;
    assert_eq!(client.answer().await.status(), 200);
    upstream.seen().pop().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_cannot_say_who_it_is() {
    let upstream = Upstream::start(|_| Said::whole("hello")).await;
    let mut palisade = judging(upstream.address, TRUSTED).await;
    let seen = arrives(&upstream, palisade.gateway, Some(STRANGER), FORGED).await;
    for (name, value) in [
        ("x-forwarded-for", "127.0.0.2"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "shop.example"),
    ] {
        assert_eq!(seen.text(name), value, "{name}");
    }
    for name in ["x-real-ip", "forwarded", "x-palisade-else", "x-fingerprint", "x-ja4"] {
        assert_eq!(seen.values(name), Vec::<&[u8]>::new(), "{name}");
    }
    assert_ne!(seen.text("x-request-id"), "0000000000000");
    for name in ["x-palisade-score", "x-palisade-action", "x-palisade-identity"] {
        assert_eq!(seen.values(name).len(), 1, "{name}");
    }
    assert!(!seen.text("x-palisade-identity").contains("search"), "{}", seen.text("x-palisade-identity"));

    // Whom the trusted one names is the client: the right-most that is no proxy, whatever stands left of it.
    let seen =
        arrives(&upstream, palisade.gateway, None, "X-Forwarded-For: 66.249.66.1, 203.0.113.9\r\n").await;
    assert_eq!(seen.text("x-forwarded-for"), "66.249.66.1, 203.0.113.9, 127.0.0.1");
    palisade.terminate().await.unwrap();
    let clients: Vec<Value> =
        palisade.events().await.unwrap().into_iter().map(|mut event| event["client"].take()).collect();
    assert_eq!(clients, ["127.0.0.2", "203.0.113.9"]);
}

/// What one client must not do: many requests, fast, with the name of a library.
async fn load(gateway: SocketAddr, from: Option<IpAddr>, forwarded: impl Fn(usize) -> String) -> Vec<u16> {
    let mut client = match from {
        Some(from) => Client::open_from(from, gateway).await,
        None => Client::open(gateway).await,
    };
    let mut statuses = Vec::new();
    for number in 0..150 {
        let page = number % 40 + 1;
        client
            .send(format!(
                "GET /page{page} HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: python-requests/2.32.3\r\n\
                 Accept: */*\r\nX-Forwarded-For: {}\r\n\r\n",
                forwarded(number)
            ))
            .await;
        statuses.push(client.answer().await.status());
    }
    statuses
}

async fn degraded(palisade: &Palisade) -> Value {
    wire::get(palisade.api, "/ready").await.unwrap().json().unwrap()["degraded"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_proxy_does_not_take_the_site_down() {
    let upstream = Upstream::start(|_| Said::whole("hello")).await;
    let mut palisade = judging(upstream.address, TRUSTED).await;
    assert_eq!(degraded(&palisade).await.as_array().map(Vec::len), Some(0));
    // One client behind a proxy that is trusted is slowed down.
    let one = load(palisade.gateway, None, |_| "203.0.113.50".to_owned()).await;
    assert!(one.contains(&429), "{one:?}");
    // Everybody behind one that is not would share its fate: they pass.
    let many = load(palisade.gateway, Some(STRANGER), |number| format!("198.51.100.{number}")).await;
    assert!(many.iter().all(|status| *status == 200), "{many:?}");

    let degraded = degraded(&palisade).await;
    let line = "trusted_proxies = [\"127.0.0.1/32\", \"127.0.0.2/32\"]";
    assert_eq!(degraded[0]["what"], "trusted_proxies", "{degraded}");
    assert!(degraded[0]["message"].as_str().is_some_and(|said| said.ends_with(line)), "{degraded}");

    // `doctor` says the same, with the answer "no".
    let doctor = palisade.command(&["doctor", "--api", &palisade.api.to_string()]).await;
    let said = format!("{:#}", doctor.expect_err("something is to be put right"));
    assert!(said.contains("exit status: 1") && said.contains(line), "{said}");

    // An attack is one, whoever sends it.
    let mut client = Client::open_from(STRANGER, palisade.gateway).await;
    client
        .send("GET /?q=1%27%20UNION%20SELECT%20password%20FROM%20users-- HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: sqlmap/1.7\r\nX-Forwarded-For: 198.51.100.1\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.status(), 403);

    palisade.terminate().await.unwrap();
    let hidden = palisade.events().await.unwrap().into_iter().filter(|event| event["client_hidden"] == true);
    assert_eq!(hidden.count(), 151);
}
