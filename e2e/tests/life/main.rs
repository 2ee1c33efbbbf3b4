//! The life of a model in a running server: traffic, labels, a training that is killed and resumed, shadow, promotion, drift, the
//! way back.
#![expect(clippy::unwrap_used, reason = "all of it is tests; helpers of tests are not known as such")]

mod hands;
mod online;

use std::net::SocketAddr;
use std::time::Duration;

use palisade_e2e::pace::{GUARD, Pacer};
use palisade_e2e::palisade::{Palisade, Setup};
use palisade_e2e::site::Site;
use palisade_e2e::wire::{self, Connection};
use serde_json::{Value, json};

/// Without the model that ships, which would leave a challenger nothing to be better at.
const CONFIG: &str = "[model]\nuri = \"builtin:rules\"\n[store]\nevent_sample = 1.0\n[policy]\npreset = \"observe\"\n[intel]\ndns = \"off\"\n\
    refresh_ranges_hours = 0\nfetch_keys = false\n";

/// How often it is asked how far a training is.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// Requests after which drift may be told: it is counted of one in sixteen.
const FOR_DRIFT: usize = 9_000;

fn head(address: &str, target: &str, more: &str) -> Vec<u8> {
    format!(
        "GET {target} HTTP/1.1\r\nHost: shop.example\r\n\
         User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
         Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: de,en;q=0.5\r\n\
         Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\nX-Forwarded-For: {address}\r\n\
         X-Forwarded-Proto: http\r\n{more}\r\n"
    )
    .into_bytes()
}

fn person(client: usize) -> String {
    format!("198.51.{}.{}", 100 + client / 200, client % 200 + 1)
}

fn program(client: usize) -> String {
    format!("203.0.{}.{}", 113 + client / 200, client % 200 + 1)
}

/// People load parts of pages and follow links; programs with the same headers take page after page.
async fn visits(gateway: SocketAddr, clients: std::ops::Range<usize>) {
    for client in clients {
        let mut line = Connection::open(gateway).await.unwrap();
        for page in 0..4 {
            let target = format!("/page{}", (page + client) % 5);
            let referrer = format!("Referer: http://shop.example/page{}\r\n", (page + client + 4) % 5);
            let parts = [(target.as_str(), referrer.as_str()), ("/style.css", referrer.as_str())];
            for (target, more) in parts {
                line.exchange(&head(&person(client), target, more), b"").await.unwrap();
            }
        }
        // Half of them are as lazy as people are, and load parts too: the hand-set tables let those pass.
        for page in 0..if client % 2 == 0 { 4 } else { 8 } {
            let target = format!("/page{}", page % 5);
            line.exchange(&head(&program(client), &target, ""), b"").await.unwrap();
            if client % 2 == 0 {
                line.exchange(&head(&program(client), "/style.css", ""), b"").await.unwrap();
            }
        }
    }
}

async fn label(palisade: &Palisade, clients: std::ops::Range<usize>) {
    let text: String =
        clients.map(|client| format!("{},human\n{},bot\n", person(client), program(client))).collect();
    let path = palisade.data().join("known.csv");
    std::fs::write(&path, text).unwrap();
    palisade.command(&["labels", "import", path.to_str().unwrap()]).await.unwrap();
}

async fn ask(palisade: &Palisade, method: &str, path: &str, key: &str) -> wire::Answer {
    let auth = format!("Bearer {key}");
    wire::request(palisade.api, method, path, &[("Authorization", auth.as_str())], b"").await.unwrap()
}

async fn train(palisade: &Palisade, key: &str) -> String {
    let begun = ask(palisade, "POST", "/train?epochs=20", key).await;
    assert_eq!(begun.status, 202, "{}", begun.text());
    begun.json().unwrap()["job_id"].as_str().unwrap().to_owned()
}

/// Asks for the job until it is over.
async fn over(palisade: &Palisade, id: &str, key: &str) -> Value {
    let pacer = Pacer::start();
    let mut due = Duration::ZERO;
    loop {
        let job = ask(palisade, "GET", &format!("/jobs/{id}"), key).await.json().unwrap();
        // One that begins by itself is there a moment after its reason.
        if job["state"].as_str().is_some_and(|state| ["done", "failed", "cancelled"].contains(&state)) {
            return job;
        }
        assert!(pacer.elapsed() < GUARD * 4, "{job}\n{}", palisade.log());
        due += ASK_EVERY;
        pacer.until(due).await;
    }
}

async fn statuses(palisade: &Palisade) -> Vec<String> {
    let listed: Value =
        serde_json::from_str(&palisade.command(&["models", "list", "--json"]).await.unwrap()).unwrap();
    listed.as_array().unwrap().iter().map(|version| version["status"].as_str().unwrap().to_owned()).collect()
}

/// Asks `/metrics` until it has `words`.
async fn metrics_say(palisade: &Palisade, words: &str) {
    let pacer = Pacer::start();
    let mut due = Duration::ZERO;
    loop {
        let page = wire::get(palisade.api, "/metrics").await.unwrap().text();
        if page.contains(words) {
            return;
        }
        assert!(pacer.elapsed() < GUARD, "{words} is not in\n{page}");
        due += ASK_EVERY;
        pacer.until(due).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_lives_from_its_first_label_to_the_way_back() {
    let site = Site::start().await.unwrap();
    let setup = Setup::before(site.address).with(CONFIG);
    let palisade = Palisade::serve(&setup).await.unwrap();
    let key = palisade.key("train,feedback").await.unwrap();
    visits(palisade.gateway, 0..130).await;
    label(&palisade, 0..130).await;

    // Killed under a training, it is begun again by itself, and nothing is live or half there.
    let id = train(&palisade, &key).await;
    let palisade = palisade.killed_and_served_again(&setup).await.unwrap();
    let job = over(&palisade, &id, &key).await;
    assert_eq!(job["state"], "done", "{job}\n{}", palisade.log());
    assert_eq!(statuses(&palisade).await, ["shadow"], "{job}");
    metrics_say(&palisade, "role=\"shadow\"").await;

    // Who came later is labelled later; by then the challenger has shadowed them.
    visits(palisade.gateway, 130..160).await;
    label(&palisade, 130..160).await;
    let told = json!({"ip": person(131), "user_agent": "x", "endpoint": "/page1", "is_bot": false});
    assert_eq!(palisade.post("/feedback", &key, &told).await.unwrap().status, 200);
    let id = train(&palisade, &key).await;
    let job = over(&palisade, &id, &key).await;
    assert!(job["outcome"].as_str().is_some_and(|why| why.contains("is live")), "{job}");
    assert_eq!(statuses(&palisade).await, ["live"]);
    metrics_say(&palisade, "model_version_info{version=\"1\"").await;

    // A training that is cancelled leaves no version.
    let id = train(&palisade, &key).await;
    ask(&palisade, "DELETE", &format!("/jobs/{id}"), &key).await;
    assert_eq!(over(&palisade, &id, &key).await["state"], "cancelled");
    assert_eq!(statuses(&palisade).await, ["live"]);

    // Other traffic than it was trained on.
    let mut line = Connection::open(palisade.gateway).await.unwrap();
    for request in 0..FOR_DRIFT {
        let target = format!("/search?q={request}");
        line.exchange(&head(&program(request % 50), &target, ""), b"").await.unwrap();
    }
    metrics_say(&palisade, "model_drift_psi{").await;
    metrics_say(&palisade, "model_score_psi{").await;

    palisade.command(&["models", "rollback", "--reason", "traffic has changed"]).await.unwrap();
    assert_eq!(statuses(&palisade).await, ["retired"]);
    let audit = palisade.command(&["audit", "verify"]).await.unwrap();
    assert!(audit.contains("sound"), "{audit}");
}
