//! A Palisade whose API gives and checks tokens, and visitors who earn them.

use std::net::SocketAddr;

use palisade_e2e::palisade::{Palisade, Setup};
use palisade_e2e::wire;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A browser's.
pub(crate) const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
/// What it sends with a call of a page.
pub(crate) const BROWSER_SENDS: [(&str, &str); 9] = [
    ("User-Agent", BROWSER),
    ("Accept", "*/*"),
    ("Accept-Language", "en-US,en;q=0.9"),
    ("Accept-Encoding", "gzip, deflate"),
    ("Referer", "http://127.0.0.1/"),
    ("Connection", "keep-alive"),
    ("Sec-Fetch-Dest", "empty"),
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-Site", "same-origin"),
];
/// A scanner's.
pub(crate) const SCANNER: &str = "sqlmap/1.7.2#stable (https://sqlmap.org)";

/// Nobody outside is asked anything; what is under `/members` is challenged.
const CONFIG: &str = r#"
[store]
event_sample = 1.0
[intel]
dns = "off"
refresh_ranges_hours = 0
fetch_keys = false
[policy]
rules = [{ when = 'path.startsWith("/members")', action = "challenge" }]
"#;

/// An API without a site of its own: applications ask it.
pub(crate) struct Place {
    pub(crate) palisade: Palisade,
    /// Of the scope `check`.
    pub(crate) api_key: String,
    /// What pages show.
    pub(crate) site_key: String,
    /// What the server of those pages shows.
    pub(crate) secret: String,
}

impl Place {
    pub(crate) async fn start() -> Place {
        Self::with(&Setup::default().with(CONFIG)).await
    }

    /// Set up otherwise.
    pub(crate) async fn with(setup: &Setup) -> Place {
        let palisade = Palisade::serve(setup).await.unwrap_or_else(|error| panic!("{error:#}"));
        let api_key = palisade.key("check").await.unwrap();
        // That of its own, which takes pages of this machine.
        let site: Value =
            serde_json::from_str(&palisade.command(&["keys", "site", "--json"]).await.unwrap()).unwrap();
        let text = |name: &str| site[name].as_str().unwrap_or_else(|| panic!("{name}: {site}")).to_owned();
        let (site_key, secret) = (text("key"), text("secret"));
        palisade.public_key().await;
        Place { palisade, api_key, site_key, secret }
    }

    pub(crate) fn api(&self) -> SocketAddr {
        self.palisade.api
    }

    /// What an application is told of its Palisade.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        vec![
            pair("PALISADE_URL", &format!("http://{}", self.api())),
            pair("PALISADE_API_KEY", &self.api_key),
            pair("PALISADE_SECRET", &self.secret),
        ]
    }

    /// A token for a form filled in by a person; no two persons are alike.
    pub(crate) async fn token(&self, person: u64) -> String {
        self.token_for(&person_like(person), true).await
    }

    /// One for a recording that was sent without a ticket, as the older system's pages did: it cost nothing.
    pub(crate) async fn token_without_work(&self, person: u64) -> String {
        self.token_for(&person_like(person), false).await
    }

    /// A token for a form filled in by a program.
    pub(crate) async fn token_of_a_program(&self) -> String {
        self.token_for(&program_like(), true).await
    }

    async fn token_for(&self, interactions: &Value, with_ticket: bool) -> String {
        let loaded_ms = now_ms() - DURATION_MS;
        let data = json!({
            "interactions": shifted(interactions, loaded_ms),
            "duration": DURATION_MS,
            "userAgent": BROWSER,
            "viewport": {"width": 1280, "height": 720},
            "loadTimestamp": loaded_ms,
            "action": "form",
            "hostname": "127.0.0.1",
        });
        let bearer = format!("Bearer {}", self.site_key);
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
            ("User-Agent", BROWSER),
            ("Origin", "http://127.0.0.1"),
        ];
        let ask = async |path: &str, body: Value| {
            wire::request(self.api(), "POST", path, &headers, body.to_string().as_bytes()).await.unwrap()
        };
        // As the widget does: a ticket, its work, and what was recorded.
        let mut body = json!({"data": data});
        if with_ticket {
            let step = ask("/captcha/start", json!({})).await.json().unwrap();
            body["ticket"] = step["ticket"].clone();
            body["work"] = solved(&step["work"]);
        }
        let answer = ask("/api/challenge", body).await;
        let said = answer.json().unwrap();
        assert_eq!(answer.status, 200, "{said}");
        said["token"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned()
    }
}

/// The solutions of `work`, puzzles of the cheap kind (SHA-256 of ticket, puzzle and candidate), where there are any.
fn solved(work: &Value) -> Value {
    if work.is_null() {
        return Value::Null;
    }
    assert_eq!(work["kind"], "hash", "{work}");
    let seed = hex(&work["seed"]);
    let range = u32::try_from(work["range"].as_u64().unwrap()).unwrap();
    let solution = |(index, target): (u32, &Value)| {
        let (begun, target) =
            (Sha256::new().chain_update(&seed).chain_update(index.to_be_bytes()), hex(target));
        let finds =
            |n: &u32| begun.clone().chain_update(n.to_be_bytes()).finalize()[..target.len()] == target[..];
        (0..range).find(finds).unwrap()
    };
    let solutions: Vec<u32> = (0..).zip(work["targets"].as_array().unwrap()).map(solution).collect();
    json!({"solutions": solutions})
}

fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Waiting for a key that is made in the background belongs to the harness of these tests.
pub(crate) trait PublicKey {
    async fn public_key(&self) -> String;
}

impl PublicKey for Palisade {
    /// The RSA key, when there is one: it is made after the start.
    async fn public_key(&self) -> String {
        use palisade_e2e::pace::{GUARD, Pacer};
        let pacer = Pacer::start();
        let mut ask = std::time::Duration::ZERO;
        loop {
            let answer = wire::get(self.api, "/api/public_key").await.unwrap();
            if answer.status == 200 {
                return answer.json().unwrap()["public_key"].as_str().unwrap().to_owned();
            }
            assert!(answer.status == 503 && pacer.elapsed() < GUARD, "{}: {}", answer.status, answer.text());
            ask += std::time::Duration::from_millis(100);
            pacer.until(ask).await;
        }
    }
}

/// How long the form was open.
const DURATION_MS: u64 = 9_000;

fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_millis() as u64
}

/// Numbers that look like chance, the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Somebody moves the mouse to a field, types, and clicks. Times count from the page's load.
fn person_like(person: u64) -> Value {
    let mut chance = Chance(person.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xa5a5);
    let mut at = 400 + chance.below(300);
    let (mut x, mut y) = (200.0 + chance.below(200) as f64, 120.0 + chance.below(100) as f64);
    let mut moves = Vec::new();
    for step in 0..24_u32 {
        // Faster in the middle, bent, and never twice the same.
        let reach = f64::from(step.min(24 - step)) * 3.0 + chance.below(7) as f64;
        x += reach * 0.9;
        y += reach * 0.3 + chance.below(9) as f64 - 3.0;
        at += 35 + chance.below(40);
        moves.push(json!({"x": x.round(), "y": y.round(), "time": at}));
    }
    let click = |chance: &mut Chance, at: u64, x: f64, y: f64| {
        let up = at + 70 + chance.below(60);
        let event =
            |kind: &str, time: u64| json!({"type": kind, "x": x.round(), "y": y.round(), "time": time});
        (vec![event("down", at), event("up", up)], up)
    };
    let (mut clicks, up) = click(&mut chance, at + 90, x, y);
    let mut time = up + 200;
    let mut keys = Vec::new();
    for _ in 0..22 {
        time += 70 + chance.below(160);
        keys.push(json!({"time": time}));
    }
    let (last, _) = click(&mut chance, time + 400, x, y);
    clicks.extend(last);
    json!({
        "mouseMovements": moves, "keyPresses": keys, "mouseClicks": clicks, "scrollEvents": [], "touchEvents": [],
        "formInteractions": [{"field": 0, "time": up + 200}, {"field": 1, "time": time}],
    })
}

/// A straight line at a constant speed, keys like a clock.
fn program_like() -> Value {
    let moves: Vec<Value> =
        (0..30).map(|n| json!({"x": 10 * n, "y": 10 * n, "time": 1_000 + 20 * n})).collect();
    let keys: Vec<Value> = (0..20).map(|n| json!({"time": 3_000 + n})).collect();
    json!({
        "mouseMovements": moves, "keyPresses": keys, "mouseClicks": [], "scrollEvents": [], "touchEvents": [],
        "formInteractions": [{"field": 0, "time": 3_000}],
    })
}

/// The same with times since 1970.
fn shifted(interactions: &Value, loaded_ms: u64) -> Value {
    let mut interactions = interactions.clone();
    for events in interactions.as_object_mut().unwrap().values_mut() {
        for event in events.as_array_mut().unwrap() {
            event["time"] = json!(loaded_ms + event["time"].as_u64().unwrap());
        }
    }
    interactions
}
