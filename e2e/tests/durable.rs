//! What was acknowledged holds: over a kill in the middle of changes, and while the disk takes nothing more.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is tests; helpers of tests are not known as such"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use palisade_e2e::pace::{GUARD, Pacer};
use palisade_e2e::palisade::{Palisade, Setup, binary};
use palisade_e2e::site::Site;
use palisade_e2e::tools::{self, program, to_hex};
use palisade_e2e::wire;
use ring::hmac;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::task::JoinSet;

const SECRET: &str = "a-secret-of-32-characters-or-more!";

const CONFIG: &str = "[store]\nevent_sample = 1.0\n[intel]\ndns = \"off\"\nrefresh_ranges_hours = 0\n\
    fetch_keys = false\n[api]\nwebhook_secret = \"a-secret-of-32-characters-or-more!\"\n";

/// How often `/ready` is asked.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// Changes that must be acknowledged before a kill comes.
const CHANGES_BEFORE_A_KILL: usize = 30;

/// Whether an address was acknowledged to be blocked.
#[derive(Clone, Default)]
struct Acknowledged {
    blocked: Arc<Mutex<BTreeMap<String, bool>>>,
    count: Arc<AtomicUsize>,
}

impl Acknowledged {
    /// Nobody knows how `address` stands until the change is answered.
    fn begin(&self, address: &str) {
        self.blocked.lock().unwrap().remove(address);
    }

    fn done(&self, address: &str, is_blocked: bool) {
        self.blocked.lock().unwrap().insert(address.to_owned(), is_blocked);
        self.count.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a visitor from `address` gets; 0 where nobody answers any more.
async fn visit(gateway: SocketAddr, address: &str) -> u16 {
    let browser = [
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        ("Accept", "text/html"),
        ("Accept-Language", "de"),
        ("X-Forwarded-For", address),
    ];
    wire::request(gateway, "GET", "/page1", &browser, b"").await.map_or(0, |answer| answer.status)
}

/// Blocks and allows addresses by the webhook until nobody answers any more.
async fn by_webhook(palisade: (SocketAddr, SocketAddr), round: usize, acknowledged: Acknowledged) {
    let (gateway, api) = palisade;
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    for number in 0.. {
        let address = format!("203.0.113.{}", number % 20);
        let is_blocked = (number / 20 + number) % 3 != 2;
        let action = if is_blocked { "block_ip" } else { "allow_ip" };
        let reason = format!("change {number} of round {round}");
        let body = json!({"action": action, "ip": address, "reason": reason}).to_string();
        let signature = to_hex(hmac::sign(&key, body.as_bytes()).as_ref());
        acknowledged.begin(&address);
        let headers = [("Content-Type", "application/json"), ("X-Signature", signature.as_str())];
        match wire::request(api, "POST", "/webhook", &headers, body.as_bytes()).await {
            Ok(answer) if answer.status == 200 => acknowledged.done(&address, is_blocked),
            // So many a minute; others go on.
            Ok(answer) if answer.status == 429 => return,
            _ => return,
        }
        // In effect with the answer, not some time after it.
        match visit(gateway, &address).await {
            0 => return,
            status => assert_eq!(status == 403, is_blocked, "{action} {address}: {status}"),
        }
    }
}

/// Reports addresses until nobody answers any more.
async fn by_report(api: SocketAddr, key: String, round: usize, acknowledged: Acknowledged) {
    let auth = format!("Bearer {key}");
    for number in 0..200 {
        let address = format!("198.51.{round}.{number}");
        acknowledged.begin(&address);
        let headers = [("Content-Type", "application/json"), ("Authorization", auth.as_str())];
        let body = json!({"ip": address}).to_string();
        match wire::request(api, "POST", "/report", &headers, body.as_bytes()).await {
            Ok(answer) if answer.status == 200 => acknowledged.done(&address, true),
            _ => return,
        }
    }
}

/// Adds and removes entries by the command line, which is a process of its own.
async fn by_command(data: String, round: usize, acknowledged: Acknowledged) {
    for number in 0.. {
        let address = format!("192.0.2.{}", number % 12);
        let is_blocked = number / 12 % 2 == 0;
        let verb = if is_blocked { "add" } else { "remove" };
        acknowledged.begin(&address);
        let mut command = Command::new(binary());
        command.args(["list", verb, &address, "--data", &data]).kill_on_drop(true);
        let ran = command.output().await.unwrap();
        assert!(ran.status.success() || !is_blocked, "round {round}: {ran:?}");
        acknowledged.done(&address, is_blocked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_changes_survive_a_kill() {
    let site = Site::start().await.unwrap();
    let setup = Setup::before(site.address).with(CONFIG);
    let mut palisade = Palisade::serve(&setup).await.unwrap();
    let key = palisade.key("list").await.unwrap();
    let acknowledged = Acknowledged::default();
    for round in 1..=3 {
        let before = acknowledged.count.load(Ordering::Relaxed);
        let mut changing = JoinSet::new();
        changing.spawn(by_webhook((palisade.gateway, palisade.api), round, acknowledged.clone()));
        changing.spawn(by_report(palisade.api, key.clone(), round, acknowledged.clone()));
        let commands =
            changing.spawn(by_command(palisade.data().display().to_string(), round, acknowledged.clone()));
        let gateway = palisade.gateway;
        changing.spawn(async move { while visit(gateway, "203.0.113.200").await != 0 {} });
        let pacer = Pacer::start();
        while acknowledged.count.load(Ordering::Relaxed) < before + CHANGES_BEFORE_A_KILL {
            assert!(pacer.elapsed() < GUARD, "round {round}: changes are not acknowledged");
            tokio::task::yield_now().await;
        }
        // A command dies where it stands, too. It would go on beside the next process, which follows it a second later.
        commands.abort();
        palisade = palisade.killed_and_served_again(&setup).await.unwrap();
        changing.abort_all();
        while let Some(done) = changing.join_next().await {
            assert!(
                done.is_ok() || done.is_err_and(|error| error.is_cancelled()),
                "a change was not in effect"
            );
        }
        let acknowledged = acknowledged.blocked.lock().unwrap().clone();
        assert!(acknowledged.len() > CHANGES_BEFORE_A_KILL / 2);
        for (address, is_blocked) in acknowledged {
            let status = visit(palisade.gateway, &address).await;
            assert_eq!(status == 403, is_blocked, "round {round}: {address}: {status}");
        }
    }
    assert!(palisade.command(&["audit", "verify"]).await.is_ok(), "the chain of the audit log holds");
    palisade.terminate().await.unwrap();
}

/// What `/ready` says: its word, and the codes of what is degraded.
async fn ready(palisade: &Palisade) -> (Value, Vec<Value>) {
    let mut said = wire::get(palisade.api, "/ready").await.unwrap().json().unwrap();
    let degraded =
        said["degraded"].as_array_mut().unwrap().iter_mut().map(|one| one["what"].take()).collect();
    (said["status"].take(), degraded)
}

/// Asks until `/ready` says `word`, with visitors meanwhile, every one of them served.
async fn until_ready_says(palisade: &Palisade, word: &str) -> Vec<Value> {
    let pacer = Pacer::start();
    let mut number = 0;
    for turn in 1_u32.. {
        let (said, degraded) = ready(palisade).await;
        if said == word {
            return degraded;
        }
        assert!(pacer.elapsed() < GUARD, "{said}, not {word}: {degraded:?}\n{}", palisade.log());
        for _ in 0..20 {
            number += 1;
            let address = format!("192.0.2.{}", number % 200);
            assert_eq!(visit(palisade.gateway, &address).await, 200, "while the disk takes nothing");
        }
        pacer.until(ASK_EVERY * turn).await;
    }
    panic!("asked for ever")
}

/// How much `palisade` may write to files, as `prlimit` has it: a full disk, made and freed.
async fn limit_files(palisade: &Palisade, limit: &str) {
    let pid = palisade.pid().unwrap().to_string();
    let args = [format!("--fsize={limit}:unlimited"), "--pid".to_owned(), pid];
    let ran = tools::run(&program("prlimit").unwrap(), args).await.unwrap();
    assert!(ran.status.success(), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_no_visitor_and_is_named() {
    let site = Site::start().await.unwrap();
    // The signal that would end it is none of a full disk's.
    let under = "trap '' XFSZ".to_owned();
    let setup = Setup { under, ..Setup::before(site.address).with(CONFIG) };
    let mut palisade = Palisade::serve(&setup).await.unwrap();
    let key = palisade.key("list").await.unwrap();
    assert_eq!(until_ready_says(&palisade, "ready").await, Vec::<Value>::new());
    limit_files(&palisade, "0").await;
    assert_eq!(visit(palisade.gateway, "192.0.2.250").await, 200);
    assert_eq!(until_ready_says(&palisade, "degraded").await, ["store"]);
    // What cannot be kept is not acknowledged, and not in effect.
    let refused = palisade.post("/report", &key, &json!({"ip": "198.51.100.9"})).await.unwrap();
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert_eq!(visit(palisade.gateway, "198.51.100.9").await, 200);

    // There is room again: what waited is stored, and `/ready` says so.
    limit_files(&palisade, "unlimited").await;
    assert_eq!(until_ready_says(&palisade, "ready").await, Vec::<Value>::new());
    let listed = palisade.post("/report", &key, &json!({"ip": "198.51.100.9"})).await.unwrap();
    assert_eq!(listed.status, 200, "{}", listed.text());
    assert_eq!(visit(palisade.gateway, "198.51.100.9").await, 403);
    palisade.terminate().await.unwrap();
    let requests = site.arrived().len() + 1;
    assert_eq!(palisade.events().await.unwrap().len(), requests, "nothing of it was lost");
}
