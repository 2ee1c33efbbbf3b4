//! `/siteverify` in its three flavours, and `/captcha/verify`.

use std::sync::Arc;

use palisade_api::serve;
use palisade_challenge::challenges::{Challenges, Occasion, Settings, Visitor};
use palisade_challenge::claims::Claims;
use palisade_challenge::site_key::{self, SiteKey, SiteSecret};
use palisade_challenge::ticket::Purpose;
use palisade_challenge::token::{Algorithm, Keyring, SigningKey, Statement};
use palisade_challenge::{Bindings, Pass};
use palisade_domain::{PassKind, Scheme, SiteId, TenantId, Timestamp};
use palisade_guard::vouching::Vouching;
use palisade_intel::providers::{self, Verifier};
use palisade_intel::{Outbound, OutboundSettings};
use palisade_store::{KeyHash, NewSiteKey, Scope};
use ring::rand::SystemRandom;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::bench::{Answer, Bench, Call, START};

const TENANT: TenantId = TenantId(0);
const OWN: &str = "/siteverify";
const PATHS: [&str; 3] = [OWN, "/turnstile/v0/siteverify", "/recaptcha/api/siteverify"];

struct Desk {
    bench: Bench,
    challenges: Arc<Challenges>,
}

fn challenges(claims: Claims, key: &[u8]) -> Arc<Challenges> {
    let challenges = Challenges::new(&[7; 32], claims, Settings::default());
    let key = SigningKey::from_pkcs8(Algorithm::EdDsa, key).unwrap();
    challenges.tokens.replace_keyring(Keyring::new(Algorithm::EdDsa).with(key));
    let hosts = ["shop.example".to_owned()];
    challenges.tokens.set_automatic(vec![SiteKey::automatic(&challenges.secrets, TENANT, &hosts)]);
    Arc::new(challenges)
}

fn key() -> Vec<u8> {
    SigningKey::generate_ed25519(&SystemRandom::new()).unwrap()
}

impl Desk {
    async fn new() -> Self {
        Desk::with(challenges(Claims::default(), &key())).await
    }

    async fn with(challenges: Arc<Challenges>) -> Self {
        let bench = Bench::new().await;
        bench.api.guard.plug_challenges(Arc::clone(&challenges));
        bench.api.refresh().await.unwrap();
        Desk { bench, challenges }
    }

    fn secret(&self) -> String {
        site_key::automatic_secret(&self.challenges.secrets, TENANT).text().to_owned()
    }

    fn token(&self, id: u128) -> String {
        self.token_for(id, &site_key::automatic_key(&self.challenges.secrets, TENANT))
    }

    fn token_for(&self, id: u128, site_key: &str) -> String {
        let statement = Statement {
            site_key: site_key.to_owned(),
            issued: START,
            expires: START.plus_millis(300_000),
            id,
            action: "login".into(),
            hostname: "shop.example".into(),
            score: 0.9,
            interaction_id: "i-1".into(),
            kind: PassKind::Work,
            cdata: String::new(),
        };
        self.challenges.tokens.keyring().sign(&statement, &SystemRandom::new()).unwrap()
    }

    async fn form(&self, path: &str, secret: &str, token: &str) -> Answer {
        let call = Call::new("POST", path).header("content-type", "application/x-www-form-urlencoded");
        self.bench.call(call.body(format!("secret={secret}&response={token}&remoteip=192.0.2.1"))).await
    }

    async fn codes(&self, path: &str, secret: &str, token: &str) -> Value {
        let answer = self.form(path, secret, token).await;
        let json = answer.json();
        assert_eq!(json["success"], false, "{json}");
        json["error-codes"].clone()
    }
}

#[tokio::test]
async fn a_token_is_good_once_on_every_path_and_in_every_form() {
    let desk = Desk::new().await;
    for (n, path) in (0_u128..).zip(PATHS) {
        let answer = desk.form(path, &desk.secret(), &desk.token(n * 10)).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
        assert_eq!(answer.header("cache-control"), "no-store");
        let json = answer.json();
        assert_eq!((&json["success"], &json["hostname"]), (&json!(true), &json!("shop.example")), "{json}");
        assert_eq!(desk.codes(path, &desk.secret(), &desk.token(n * 10)).await[0], "timeout-or-duplicate");

        let body = json!({"secret": desk.secret(), "response": desk.token(n * 10 + 1)}).to_string();
        let call = Call::new("POST", path).header("content-type", "application/json").body(body);
        assert_eq!(desk.bench.call(call).await.json()["success"], true);
        let query = format!("{path}?secret={}&response={}", desk.secret(), desk.token(n * 10 + 2));
        for method in ["GET", "POST"] {
            let json = desk.bench.call(Call::new(method, &query)).await.json();
            assert_eq!(json["success"], method == "GET", "{method}: {json}");
        }
    }
}

#[tokio::test]
async fn a_question_that_cannot_be_read_has_its_status() {
    let desk = Desk::new().await;
    for (path, status) in PATHS.into_iter().zip([400, 400, 200]) {
        for body in ["{", "[1]", r#"{"secret":1}"#, r#"{"secret":"a","secret":"b"}"#] {
            let call = Call::new("POST", path).header("content-type", "application/json").body(body);
            let answer = desk.bench.call(call).await;
            assert_eq!((answer.status, &answer.json()["error-codes"][0]), (status, &json!("bad-request")));
        }
        let empty = desk.bench.call(Call::new("POST", path)).await;
        assert_eq!(empty.status, 200);
        assert_eq!(empty.json()["error-codes"], json!(["missing-input-secret", "missing-input-response"]));
    }
    let long = format!("secret=a&response={}", "b".repeat(20_000));
    let answer = desk.bench.call(Call::new("POST", OWN).body(long)).await;
    assert_eq!(
        (answer.status, answer.json()["error-codes"].clone()),
        (400, json!(["bad-request", "too-large"]))
    );
}

#[tokio::test]
async fn an_api_key_that_may_check_is_a_secret_too() {
    let desk = Desk::new().await;
    let json = desk.form(OWN, &desk.bench.key(Scope::Check), &desk.token(1)).await.json();
    assert_eq!(json["success"], true, "{json}");
    let codes = desk.codes(OWN, &desk.bench.key(Scope::Stats), &desk.token(2)).await;
    assert_eq!(codes, json!(["invalid-input-secret"]));
}

#[tokio::test]
async fn a_site_key_works_as_soon_as_it_is_made_and_its_secret_is_rotated_without_a_gap() {
    let desk = Desk::new().await;
    let (old, new) = (SiteSecret::from_random([1; 32]), SiteSecret::from_random([2; 32]));
    let made = NewSiteKey {
        key: "pal_site_named".into(),
        name: "shop".into(),
        hostnames: vec!["shop.example".into()],
        secret: KeyHash::of(old.text()),
        created_at: START,
    };
    // Another process does this.
    let store = &desk.bench.api.store;
    let record = store.create_site_key(TENANT, &made).await.unwrap();
    let ask = async |secret: &SiteSecret, id: u128| {
        desk.form(OWN, secret.text(), &desk.token_for(id, "pal_site_named")).await.json()
    };
    assert_eq!(ask(&old, 1).await["success"], true);
    assert_eq!(ask(&new, 2).await["error-codes"], json!(["invalid-input-secret"]));
    let until = START.plus_millis(24 * 3_600_000);
    store.rotate_site_secret(TENANT, record.id, &KeyHash::of(new.text()), until).await.unwrap();
    desk.bench.pass_secs(1);
    assert_eq!(ask(&new, 3).await["success"], true);
    assert_eq!(ask(&old, 4).await["success"], true, "the one before is still taken");
    let codes = desk.codes(OWN, &desk.secret(), &desk.token_for(5, "pal_site_named")).await;
    assert_eq!(codes, json!(["invalid-input-response", "foreign-site-key"]));
    desk.bench.pass_secs(24 * 3_600);
    assert_eq!(ask(&old, 6).await["error-codes"], json!(["invalid-input-secret"]));

    assert!(store.revoke_site_key(TENANT, record.id).await.unwrap());
    desk.bench.api.refresh().await.unwrap();
    assert_eq!(ask(&new, 7).await["error-codes"], json!(["invalid-input-secret"]));
}

#[tokio::test]
async fn test_keys_are_for_testing() {
    let desk = Desk::new().await;
    let (secret, token) = ("1x0000000000000000000000000000000AA", "XXXX.DUMMY.TOKEN.XXXX");
    assert_eq!(desk.codes(PATHS[1], secret, token).await, json!(["invalid-input-secret"]));
    desk.challenges.replace_settings(Settings { testing: true, ..Settings::default() });
    assert_eq!(desk.form(PATHS[1], secret, token).await.json()["success"], true);
    assert_eq!(desk.codes(PATHS[1], &desk.secret(), token).await, json!(["invalid-input-response"]));
}

#[tokio::test]
async fn wrong_secrets_are_held_to_a_rate_and_right_ones_are_not() {
    let desk = Desk::new().await;
    let mut refused = 0;
    for n in 0..400 {
        let answer = desk.form(OWN, &format!("wrong-{n}"), "x").await;
        refused += usize::from(answer.status == 429);
    }
    assert_eq!(refused, 100, "300 at once, and no more while the clock stands still");
    for n in 0..400 {
        assert_eq!(desk.form(OWN, &desk.secret(), &desk.token(n)).await.status, 200);
    }
}

#[tokio::test]
async fn without_keys_the_answer_says_so() {
    let bench = Bench::new().await;
    for path in PATHS {
        bench.call(Call::new("POST", path).body("secret=a&response=b")).await.is_error(503, "unavailable");
    }
}

/// Sends a thousand calls over 250 connections, all of them under way at once, and counts who was told yes.
async fn thousand(desk: &Desk, token: &str) -> usize {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, desk.bench.router.clone(), async move {
        let _ = stopped.await;
    }));
    let body = format!("secret={}&response={token}", desk.secret());
    let call = |last: bool| {
        let connection = if last { "close" } else { "keep-alive" };
        format!(
            "POST /siteverify HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let four = Arc::new(format!("{}{}{}{}", call(false), call(false), call(false), call(true)));
    let mut tasks = Vec::new();
    for _ in 0..250 {
        let four = Arc::clone(&four);
        tasks.push(tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(four.as_bytes()).await.unwrap();
            let mut answers = String::new();
            stream.read_to_string(&mut answers).await.unwrap();
            (answers.matches("\"success\":true").count(), answers.matches("\"success\":").count())
        }));
    }
    let (mut won, mut answered) = (0, 0);
    for task in tasks {
        let (yes, all) = task.await.unwrap();
        (won, answered) = (won + yes, answered + all);
    }
    assert_eq!(answered, 1_000);
    drop(stop);
    server.await.unwrap();
    won
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_thousand_at_once_exactly_one_is_told_yes_also_over_a_restart() {
    let key = key();
    let desk = Desk::with(challenges(Claims::default(), &key)).await;
    let token = desk.token(1);
    assert_eq!(thousand(&desk, &token).await, 1);
    let saved = desk.challenges.claims.to_bytes();
    let clean = Desk::with(challenges(Claims::from_bytes(&saved).unwrap(), &key)).await;
    assert_eq!(thousand(&clean, &token).await, 0, "after a clean end");
    assert_eq!(thousand(&clean, &clean.token(2)).await, 1);
    let killed = Desk::with(challenges(Claims::since(START), &key)).await;
    assert_eq!(thousand(&killed, &token).await, 0, "after a kill");
    assert_eq!(
        killed.codes(OWN, &killed.secret(), &token).await,
        json!(["timeout-or-duplicate", "token-before-restart"])
    );
}

fn visitor() -> Visitor {
    let bindings = Bindings { network: Some(4), agent: Some(7), stack: None };
    Visitor { tenant: TENANT, site: SiteId(0), bindings, scheme: Scheme::Http }
}

fn ticket(desk: &Desk, purpose: Purpose, id: u128, now: Timestamp) -> String {
    desk.challenges.issue(&visitor(), purpose, &Occasion::default(), now, id).text
}

async fn answered(desk: &Desk, ticket: &str, response: &str) -> Value {
    let body = json!({"token": ticket, "response": response}).to_string();
    let answer = desk.bench.call(Call::new("POST", "/captcha/verify").body(body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_ticket_of_check_and_a_token_make_one_pass() {
    let desk = Desk::new().await;
    let asked = ticket(&desk, Purpose::Check, 1, START);
    let codes = async |ticket: &str, response: &str| {
        let answer = answered(&desk, ticket, response).await;
        assert!(answer["success"] == false && answer["pass"].is_null(), "{answer}");
        answer["error-codes"].clone()
    };
    assert_eq!(codes("", "x").await, json!(["missing-ticket"]));
    assert_eq!(codes(&asked, "").await, json!(["missing-input-response"]));
    assert_eq!(codes(&asked[1..], &desk.token(1)).await, json!(["invalid-ticket"]));
    assert_eq!(
        codes(&ticket(&desk, Purpose::Pass, 2, START), &desk.token(1)).await,
        json!(["foreign-ticket"])
    );
    let old = ticket(&desk, Purpose::Check, 3, START.plus_millis(-3_600_000));
    assert_eq!(codes(&old, &desk.token(1)).await, json!(["expired-ticket"]));
    assert_eq!(codes(&asked, "forged").await, json!(["invalid-input-response", "malformed-token"]));

    let answer = answered(&desk, &asked, &desk.token(1)).await;
    assert_eq!((&answer["success"], &answer["error-codes"]), (&json!(true), &json!([])), "{answer}");
    let pass = Pass::read(answer["pass"].as_str().unwrap(), &desk.challenges.secrets).unwrap();
    assert_eq!((pass.kind, pass.bindings, pass.tenant), (PassKind::Work, visitor().bindings, TENANT));
    assert_eq!(codes(&asked, &desk.token(1)).await, json!(["timeout-or-duplicate", "already-seen-response"]));
    assert_eq!(codes(&asked, &desk.token(2)).await, json!(["spent-ticket"]), "one ticket, one pass");
}

/// A provider on this machine that knows one response.
async fn provider(url_of: TcpListener) -> Arc<Verifier> {
    let url = format!("http://{}/", url_of.local_addr().unwrap());
    let said = |body: String| async move {
        match () {
            () if body.contains("response=known") => {
                r#"{"success":true,"challenge_ts":"2026-03-01T00:00:00Z","hostname":"shop.example","error-codes":[]}"#
            }
            () if body.contains("response=misplaced") => {
                r#"{"success":false,"error-codes":["invalid-input-secret"]}"#
            }
            () => r#"{"success":false,"error-codes":["invalid-input-response"]}"#,
        }
    };
    let router = axum::Router::new().route("/", axum::routing::post(said));
    tokio::spawn(serve(url_of, router, std::future::pending()));
    let outbound = Outbound::new(OutboundSettings { allow_private: true, ..OutboundSettings::default() });
    let secret = providers::Secret::new("a secret").unwrap();
    let settings = providers::Settings {
        url: Some(url),
        ..providers::Settings::new(providers::named("turnstile").unwrap(), secret)
    };
    Arc::new(Verifier::new(outbound.unwrap(), settings).unwrap())
}

#[tokio::test]
async fn where_there_is_a_provider_its_word_counts_too() {
    let desk = Desk::new().await;
    let provider = provider(TcpListener::bind("127.0.0.1:0").await.unwrap()).await;
    let vouching = Vouching { provider: Some(provider), ..Vouching::default() };
    desk.bench.api.guard.replace_vouching(vouching);
    let asked = ticket(&desk, Purpose::Check, 1, START);
    let no = answered(&desk, &asked, "unknown").await;
    let codes = json!(["invalid-response", "invalid-input-response"]);
    assert_eq!(
        (&no["success"], &no["error-codes"]),
        (&json!(false), &codes),
        "ours first, then the provider's"
    );
    let yes = answered(&desk, &asked, "known").await;
    assert_eq!(yes["success"], true, "{yes}");
    let pass = Pass::read(yes["pass"].as_str().unwrap(), &desk.challenges.secrets).unwrap();
    assert_eq!(pass.kind, PassKind::Provider);
    assert_eq!(answered(&desk, &asked, "known").await["error-codes"], json!(["spent-ticket"]));
    let own = answered(&desk, &ticket(&desk, Purpose::Check, 2, START), &desk.token(1)).await;
    assert_eq!(own["success"], true, "our own tokens go on counting: {own}");
}

#[tokio::test]
async fn what_a_provider_says_is_counted_and_a_wrong_secret_is_told() {
    let desk = Desk::new().await;
    let provider = provider(TcpListener::bind("127.0.0.1:0").await.unwrap()).await;
    let vouching = Vouching { provider: Some(provider), ..Vouching::default() };
    let guard = &desk.bench.api.guard;
    guard.replace_vouching(vouching.clone());
    let told = || guard.degradations().into_iter().find(|held| held.code == "provider");
    let asked = ticket(&desk, Purpose::Check, 1, START);
    for (response, is_told) in
        [("unknown", false), ("misplaced", true), ("unknown", true), ("misplaced", true)]
    {
        let said = answered(&desk, &asked, response).await;
        assert_eq!(said["success"], false, "{said}");
        assert_eq!(told().is_some(), is_told, "{response}: {said}");
    }
    let held = told().unwrap();
    assert!(held.count == 2 && held.message.contains("invalid-input-secret"), "{held:?}");
    assert!(held.message.starts_with("turnstile ") && held.message.contains("challenge.secret"), "{held:?}");
    assert_eq!(answered(&desk, &asked, "known").await["success"], true);
    assert_eq!(told(), None, "it knows us again");
    let text = desk.bench.call(Call::new("GET", "/metrics").from([127, 0, 0, 1])).await.text();
    for (verdict, count) in [("human", 1), ("no", 2), ("unavailable", 2)] {
        let line =
            format!(r#"palisade_provider_answers_total{{provider="turnstile",verdict="{verdict}"}} {count}"#);
        assert!(text.lines().any(|held| held == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("hcaptcha"), "who is not asked is not shown");
    assert!(text.contains("palisade_challenges_abandoned_total{kind=\"work\"} 0"), "{text}");
    answered(&desk, &ticket(&desk, Purpose::Check, 2, START), "misplaced").await;
    assert!(told().is_some());
    guard.replace_vouching(vouching);
    assert_eq!(told(), None, "other settings, another question");
}

#[tokio::test]
async fn what_is_no_question_is_refused() {
    let desk = Desk::new().await;
    let call = |body: &str| Call::new("POST", "/captcha/verify").body(body);
    desk.bench.call(call("{")).await.is_error(400, "bad_request");
    desk.bench.call(call(r#"{"token":1}"#)).await.is_error(422, "invalid_body");
    Bench::new().await.call(call("{}")).await.is_error(503, "unavailable");
}
