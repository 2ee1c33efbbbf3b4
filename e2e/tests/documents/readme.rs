//! README.md, typed.

use std::fs;

use palisade_e2e::site::Site;
use palisade_e2e::tools::root;
use palisade_e2e::wire;

use super::blocks::{self, Block, Kind};
use super::place::Place;

/// Every walk of the page has a test below.
const WALKS: [&str; 5] = ["demo", "own", "replay", "log", "assess"];

fn text() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

fn page() -> Vec<Block> {
    blocks::read(&text())
}

#[test]
fn every_walk_is_walked() {
    for block in page() {
        assert!(WALKS.contains(&block.walk.as_str()), "line {}: nobody walks {}", block.line, block.walk);
    }
}

/// `(/target)` of every link that is no address of the network.
#[test]
fn every_link_leads_somewhere() {
    for name in ["README.md", "docs/deploying.md"] {
        let path = root().join(name);
        let page = fs::read_to_string(&path).unwrap();
        for link in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") {
                assert!(path.parent().unwrap().join(file).exists(), "{name}: {link}");
            }
        }
    }
}

/// The picture of the demo in the page: every verdict in it is one that the demo prints.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_looks_as_the_page_shows_it() {
    let site = Site::start().await.unwrap();
    let mut place = Place::new(site.address);
    place.walk(&page(), "demo").await;
    let text = text();
    let is_picture = |block: &&str| block.starts_with("text\n  time ");
    let picture = text.split("```").find(is_picture).expect("a picture of the demo");
    let (mut shown, mut is_counted) = (0, false);
    for line in picture.lines().skip(2).map(str::trim).filter(|line| !line.is_empty()) {
        let is_verdict = line.starts_with(|c: char| c.is_ascii_digit());
        // What repeats is one line with a count in a terminal only, and its points are those of the last.
        is_counted = if is_verdict { line.contains('×') } else { is_counted };
        if is_counted {
            continue;
        }
        let (_, words) = if is_verdict { line.split_once("  ").expect("a time first") } else { ("", line) };
        place.awaited(words, || place.log().contains(words)).await;
        shown += 1;
    }
    assert!(shown >= 4, "{picture}");
    let open = wire::get(place.gateway, "/").await.unwrap();
    assert!(open.text().contains("Harbour Books"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_site() {
    let site = Site::start().await.unwrap();
    let mut place = Place::new(site.address);
    place.walk(&page(), "own").await;
    assert!(wire::get(place.gateway, "/").await.unwrap().is_from_site());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log() {
    let mut place = Place::new("127.0.0.1:9".parse().unwrap());
    place.walk(&page(), "replay").await;
    assert!(fs::read_to_string(place.path("report.html")).unwrap().contains("<html"));
    let sample = fs::read(root().join("examples/sample-access.log.gz")).unwrap();
    fs::write(place.path("var/log/nginx/access.log.1.gz"), sample).unwrap();
    fs::remove_file(place.path("report.html")).unwrap();
    place.walk(&page(), "log").await;
    assert!(place.path("report.html").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_question() {
    let mut place = Place::new("127.0.0.1:9".parse().unwrap());
    place.walk(&page(), "assess").await;
    assert!(page().iter().any(|block| block.walk == "assess" && block.kind == Kind::Promised));
}
