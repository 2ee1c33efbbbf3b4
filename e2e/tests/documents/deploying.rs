//! docs/deploying.md, typed.

use std::fs;

use palisade_e2e::site::Site;
use palisade_e2e::tools::{program, root, run, text};
use palisade_e2e::wire;

use super::blocks::{self, Block};
use super::place::Place;

/// Every walk of the page has a test below.
const WALKS: [&str; 8] =
    ["build", "front", "service", "nginx-front", "nginx-beside", "caddy", "cdn", "forgotten"];

fn page() -> Vec<Block> {
    blocks::read(&fs::read_to_string(root().join("docs/deploying.md")).unwrap())
}

#[test]
fn every_walk_is_walked() {
    for block in page() {
        assert!(WALKS.contains(&block.walk.as_str()), "line {}: nobody walks {}", block.line, block.walk);
    }
}

#[test]
fn every_file_it_names_is_there() {
    let page = fs::read_to_string(root().join("docs/deploying.md")).unwrap();
    let names = page.split(['`', '(', ')', ' ', '\n']).filter(|word| word.starts_with("deploy/"));
    let mut named = 0;
    for name in names {
        assert!(root().join(name).exists(), "{name}");
        named += 1;
    }
    assert!(named > 5);
}

async fn walked(walk: &str) -> (Site, Place) {
    let site = Site::start().await.unwrap();
    let mut place = Place::new(site.address);
    place.walk(&page(), walk).await;
    (site, place)
}

#[tokio::test(flavor = "multi_thread")]
async fn in_front() {
    let (site, place) = walked("front").await;
    assert_eq!(site.arrived().len(), 1, "the scan did not arrive");
    assert!(!place.path("palisade-data/first-run.txt").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn as_a_service() {
    let site = Site::start().await.unwrap();
    let mut place = Place::new(site.address).listening_as_configured();
    place.walk(&page(), "build").await;
    place.walk(&page(), "service").await;
    let gone =
        ["etc/palisade", "var/lib/palisade", "usr/local/bin/palisade", "etc/systemd/system/palisade.service"];
    for name in gone {
        assert!(!place.path(name).exists(), "{name} is left after uninstalling");
    }
    let backup = place.path("palisade-backup.tar.gz").display().to_string();
    let names = text(&run(&program("tar").unwrap(), ["-tzf", &backup]).await.unwrap());
    for name in ["palisade.db", "hash.seed", "webhook.secret", "history.snapshot"] {
        assert!(names.contains(name), "{name} is not in the backup: {names}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_in_front() {
    let site = Site::start().await.unwrap();
    let mut place = Place::new(site.address);
    place.has_nginx().await;
    place.walk(&page(), "nginx-front").await;
    assert_eq!(site.arrived().len(), 1, "the scan did not arrive");
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_nginx() {
    let site = Site::start().await.unwrap();
    let mut place = Place::new(site.address);
    place.has_nginx().await;
    place.walk(&page(), "nginx-beside").await;
    assert_eq!(site.arrived().len(), 1, "the scan did not arrive");
    place.end_what_runs().await;
    let away = wire::get(place.front, "/").await.unwrap();
    assert!(away.is_from_site(), "while Palisade is away, requests pass: {} {}", away.status, away.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_caddy() {
    program("caddy")
        .unwrap_or_else(|_| panic!("caddy is missing; on Debian or Ubuntu: sudo apt-get install caddy"));
    let (site, mut place) = walked("caddy").await;
    assert_eq!(site.arrived().len(), 1, "the scan did not arrive");
    place.end_what_runs().await;
    let away = wire::get(place.front, "/").await.unwrap();
    assert_eq!(away.status, 502, "what the page says of Caddy: {}", away.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_cdn() {
    let (site, place) = walked("cdn").await;
    let visitor = [("X-Forwarded-For", "203.0.113.77")];
    let answer = wire::request(place.gateway, "GET", "/", &visitor, b"").await.unwrap();
    assert!(answer.is_from_site());
    let named = site.arrived()[0].header("x-forwarded-for").map(str::to_owned);
    assert_eq!(named.as_deref(), Some("203.0.113.77, 127.0.0.1"), "the site is told of the visitor");
    let ready = wire::get(place.api, "/ready").await.unwrap();
    assert!(ready.text().contains("\"ready\""), "who is trusted hides nobody: {}", ready.text());
}

/// A proxy nobody told Palisade of, and a whole office behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_proxy() {
    let site = Site::start().await.unwrap();
    let mut place = Place::new(site.address);
    let config = format!(
        "[server]\ntrusted_proxies = [\"192.0.2.1/32\"]\n[[sites]]\nupstreams = [\"http://{}\"]\n[policy]\nenforce = \"all\"\n",
        site.address
    );
    fs::write(place.path("palisade.toml"), config).unwrap();
    let serve = blocks::read("```sh begin starts\npalisade serve\n```\n");
    place.walk(&serve, "begin").await;
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
    for n in 0..60 {
        let from = format!("203.0.113.{n}");
        // As Firefox sends it: who hides nothing else but an address is not in doubt.
        let headers = [
            ("User-Agent", agent),
            ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            ("Accept-Language", "en-US,en;q=0.5"),
            ("Accept-Encoding", "gzip, deflate"),
            ("X-Forwarded-For", from.as_str()),
            ("Upgrade-Insecure-Requests", "1"),
        ];
        let answer = wire::request(place.gateway, "GET", "/", &headers, b"").await.unwrap();
        assert!(answer.is_from_site(), "visitor {n} is in the way of none: {}", answer.status);
    }
    // Findings make `doctor` end with 1, which is what the walk has to see.
    let page: Vec<Block> = page()
        .into_iter()
        .map(|block| Block { text: block.text.replace("palisade doctor", "! palisade doctor"), ..block })
        .collect();
    place.walk(&page, "forgotten").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unit_is_sound() {
    let Ok(analyze) = program("systemd-analyze") else {
        panic!("systemd-analyze is missing; on Debian or Ubuntu: sudo apt-get install systemd")
    };
    let place = Place::new("127.0.0.1:9".parse().unwrap());
    let unit = place.path("deploy/systemd/palisade.service").display().to_string();
    // The binary has to be where the unit says.
    fs::copy(palisade_e2e::palisade::binary(), place.path("usr/local/bin/palisade")).unwrap();
    let verified = run(&analyze, ["verify", "--man=no", &unit]).await.unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let exposure = run(&analyze, ["security", "--offline=true", "--threshold=20", &unit]).await.unwrap();
    assert!(exposure.status.success(), "{}", text(&exposure));
}
