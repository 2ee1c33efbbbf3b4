//! Palisade beside nginx and Caddy, and behind nginx: the example configurations of `deploy/`, run by the real servers.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is tests; helpers of tests are not known as such"
)]

mod caddy;
mod nginx;
mod server;
mod traefik;

use std::net::SocketAddr;

use palisade_e2e::palisade::{Palisade, Setup};
use palisade_e2e::site::Site;
use palisade_e2e::wire::{Answer, Connection};

/// A site, and a Palisade that only judges.
async fn beside(config: &str) -> (Site, Palisade) {
    let site = Site::start().await.unwrap();
    let palisade = Palisade::serve(&Setup::default().with(config)).await.unwrap();
    (site, palisade)
}

/// A browser's own words, as far as a refusal goes by them.
const BROWSER: [(&str, &str); 4] = [
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"),
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept-Language", "de,en;q=0.5"),
    ("Accept-Encoding", "gzip, deflate"),
];

/// The reference number of a refusal, which the page or JSON must show.
fn reference(answer: &Answer) -> String {
    let id = answer.header("x-request-id").expect("a refusal has a reference number").to_owned();
    assert!(answer.text().contains(&id), "{id} is not in {}", answer.text());
    id
}

/// Asks for `target` on a connection of its own.
async fn get(address: SocketAddr, target: &str, headers: &[(&str, &str)]) -> anyhow::Result<Answer> {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("GET {target} HTTP/1.1\r\nHost: shop.example\r\n{lines}Connection: close\r\n\r\n");
    Connection::open(address).await?.exchange(head.as_bytes(), b"").await
}
