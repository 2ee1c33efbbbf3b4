//! The widget on somebody's form: one script tag, one call of the server (seed 000).

use std::time::Duration;

use palisade_e2e::pace::{GUARD, Pacer};
use palisade_e2e::palisade::{Palisade, Setup};
use palisade_e2e::site::Site;
use palisade_e2e::wire::{self, Answer, Connection};
use serde_json::{Value, json};

use crate::pages;
use crate::place::{KINDS, Place, Visitor};

/// A site key and its secret, as an operator makes them.
pub(crate) struct SiteKey {
    pub(crate) key: String,
    pub(crate) secret: String,
}

/// A site whose gateway serves the routes of the older system, too. Browsers here are driven and say so: what they get is of use to
/// whoever looks at `success` only where every score is.
pub(crate) async fn seeded() -> Place {
    let site = Site::with_pages(pages::router()).await.unwrap();
    let setup = Setup::default().with(&format!(
        "[store]\nevent_sample = 1.0\n[intel]\ndns = \"off\"\nrefresh_ranges_hours = 0\nfetch_keys = false\n\
        [challenge]\nsiteverify_score_min = 0.0\n\
        [[sites]]\nhosts = [\"*\"]\nupstreams = [\"http://{}\"]\nseed_routes = true\n",
        site.address
    ));
    let palisade = Palisade::serve(&setup).await.unwrap_or_else(|error| panic!("{error:#}"));
    Place { site, palisade, setup }
}

/// The key that the script carries by itself, with its secret.
pub(crate) async fn own_key(palisade: &Palisade) -> SiteKey {
    key_of(palisade, &["keys", "site", "--json"]).await
}

/// A key that an operator makes for pages of this machine.
pub(crate) async fn site_key(palisade: &Palisade) -> SiteKey {
    key_of(palisade, &["keys", "create", "--name", "form", "--site", "127.0.0.1,localhost", "--json"]).await
}

async fn key_of(palisade: &Palisade, args: &[&str]) -> SiteKey {
    let printed = palisade.command(args).await.unwrap_or_else(|error| panic!("{error:#}"));
    let said: Value = serde_json::from_str(&printed).unwrap();
    let text = |name: &str| said[name].as_str().unwrap_or_else(|| panic!("{name} in {said}")).to_owned();
    SiteKey { key: text("key"), secret: text("secret") }
}

/// What `/siteverify` says about `token`.
pub(crate) async fn verify(palisade: &Palisade, path: &str, secret: &str, token: &str) -> Value {
    let form = format!("secret={secret}&response={token}");
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = wire::request(palisade.api, "POST", path, &headers, form.as_bytes()).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().unwrap()
}

/// Tokens are signed with a key that is made at the first start, beside everything else; returns when it is there.
pub(crate) async fn signs(palisade: &Palisade) {
    let pacer = Pacer::start();
    while wire::get(palisade.api, "/api/public_key").await.unwrap().status != 200 {
        assert!(pacer.elapsed() < GUARD, "no key: {}", palisade.log());
        pacer.until(pacer.elapsed() + Duration::from_millis(100)).await;
    }
}

/// The value of `name` in a form's body.
pub(crate) fn field(body: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(body);
    let found = text.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("{name} in {text}")).to_owned()
}

/// The example of the older system, on the gateway's own site.
#[tokio::test(flavor = "multi_thread")]
async fn the_seeds_page_works_word_for_word() {
    for kind in KINDS {
        let place = seeded().await;
        let key = own_key(&place.palisade).await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.goes("/seed", "AI CAPTCHA Example").await.unwrap();
        visitor.browser().type_into("input[name=name]", "Anna").await.unwrap();
        visitor.browser().type_into("input[name=text]", "Good day").await.unwrap();
        visitor.browser().click("button").await.unwrap();
        visitor.arrives("Submitted").await.unwrap();
        let arrived = place.arrived_at("/submit");
        assert_eq!(arrived.len(), 1, "{kind:?}: {:?}", visitor.lines());
        let token = field(&arrived[0].body, "captcha_token");
        assert_eq!(field(&arrived[0].body, "name"), "Anna");
        let said = verify(&place.palisade, "/siteverify", &key.secret, &token).await;
        assert_eq!(said["success"], json!(true), "{kind:?}: {said}");
        assert_eq!(said["hostname"], json!("127.0.0.1"), "{said}");
        assert!(said["score"].as_f64().is_some_and(|score| (0.0..=1.0).contains(&score)), "{said}");
        // Once.
        let again = verify(&place.palisade, "/siteverify", &key.secret, &token).await;
        assert_eq!(again["success"], json!(false), "{again}");
        assert_eq!(again["error-codes"][0], json!("timeout-or-duplicate"), "{again}");
        // Nothing that was typed has gone to us.
        for passed in visitor.front.passed() {
            let (_, target) = passed.line();
            let body = String::from_utf8_lossy(&passed.body).into_owned();
            assert!(target == "/submit" || !(body.contains("Anna") || body.contains("Good day")), "{body}");
        }
    }
}

/// The widget answers the whole form's script as documented: a class, a method, a hidden field.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_asked_for_and_reset_by_hand() {
    for kind in KINDS {
        let place = seeded().await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.goes("/seed", "AI CAPTCHA Example").await.unwrap();
        let script = "const done = arguments[arguments.length - 1];
            const captcha = new AICaptcha({action: 'order'});
            captcha.executeAsync().then(async one => { captcha.reset(); done([one, await captcha.executeAsync()]); }, why => done(String(why)));";
        let tokens = visitor.browser().run_until_done(script, &[]).await.unwrap();
        let tokens: Vec<String> =
            serde_json::from_value(tokens.clone()).unwrap_or_else(|_| panic!("{kind:?}: {tokens}"));
        assert_ne!(tokens[0], tokens[1]);
        for token in &tokens {
            let claims = claims(token);
            assert_eq!(
                (&claims["iss"], &claims["action"]),
                (&json!("palisade"), &json!("order")),
                "{claims}"
            );
            assert_eq!(claims.get("nbf"), None);
            assert!(
                claims["score"].is_number()
                    && claims["interaction_id"].is_string()
                    && claims["jti"].is_string()
            );
        }
    }
}

fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let middle = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(middle).unwrap()).unwrap()
}

/// Programs that talk to the routes without a browser: each answer says in a word why.
#[tokio::test(flavor = "multi_thread")]
async fn programs_are_told_in_a_word() {
    let place = seeded().await;
    let SiteKey { key, .. } = own_key(&place.palisade).await;
    signs(&place.palisade).await;
    let gateway = place.palisade.gateway;
    let auth = format!("Bearer {key}");
    let post = async |path: &str, body: &str, auth: Option<&str>| {
        let mut headers = vec![
            ("User-Agent", "curl/8.14.1"),
            ("Accept", "*/*"),
            ("Content-Type", "application/json"),
            ("Origin", "http://127.0.0.1"),
        ];
        headers.extend(auth.map(|auth| ("Authorization", auth)));
        wire::request(gateway, "POST", path, &headers, body.as_bytes()).await.unwrap()
    };
    let data = r#""interactions":{"mouseMovements":[],"keyPresses":[],"scrollEvents":[],"formInteractions":[],"touchEvents":[],"mouseClicks":[]},"duration":1000,"userAgent":"curl","viewport":{"width":800,"height":600},"loadTimestamp":1"#;
    let whole = format!("{{\"data\":{{{data}}}}}");
    for (name, path, body, auth, statuses, codes) in [
        ("no key", "/api/challenge", whole.as_str(), None, &[401][..], &["invalid-site-key"][..]),
        ("another key", "/api/challenge", &whole, Some("Bearer nonsense"), &[401], &["invalid-site-key"]),
        ("no data", "/api/challenge", "{}", Some(auth.as_str()), &[400], &["bad-request"]),
        ("no JSON", "/api/challenge", "{", Some(&auth), &[400], &["bad-request"]),
        (
            "a ticket of its own",
            "/api/challenge",
            &format!("{{\"data\":{{{data},\"ticket\":\"AAAA.BBBB\"}}}}"),
            Some(&auth),
            &[400, 403],
            &["invalid-ticket"],
        ),
        (
            "answers without a ticket",
            "/.palisade/answer",
            "{}",
            None,
            &[400, 403],
            &["missing-ticket", "bad-request", "cookies-off"],
        ),
        (
            "answers with a forged ticket",
            "/.palisade/answer",
            r#"{"ticket":"AAAA.BBBB"}"#,
            None,
            &[400, 403],
            &["invalid-ticket", "cookies-off"],
        ),
        (
            "deep JSON",
            "/.palisade/answer",
            &"[".repeat(100_000),
            None,
            &[400, 413],
            &["bad-request", "too-large"],
        ),
    ] {
        let answer: Answer = post(path, body, auth).await;
        assert!(statuses.contains(&answer.status), "{name}: {} {}", answer.status, answer.text());
        let said = answer.json().unwrap();
        let told = said["error-codes"][0].as_str().unwrap_or_else(|| panic!("{name}: {said}")).to_owned();
        assert!(codes.contains(&told.as_str()), "{name}: {said}");
    }
    // What is too long is not waited for.
    let length = (10 << 20).to_string();
    let headers =
        [("Host", "127.0.0.1"), ("Content-Type", "application/json"), ("Content-Length", length.as_str())];
    for path in ["/api/challenge", "/.palisade/answer"] {
        let head = wire::head("POST", path, &headers, b"");
        let answer = Connection::open(gateway).await.unwrap().exchange(&head, b"").await.unwrap();
        assert!([400, 401, 403, 413].contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
        assert!(answer.json().unwrap()["error-codes"][0].is_string(), "{path}: {}", answer.text());
    }
    // Who shows no ticket and has done nothing gets what older clients get, and it says what it is worth.
    let answer = post("/api/challenge", &whole, Some(&auth)).await;
    let token = answer.json().unwrap()["token"]
        .as_str()
        .map(str::to_owned)
        .unwrap_or_else(|| panic!("{}", answer.text()));
    assert!(claims(&token)["score"].as_f64().is_some_and(|score| score < 0.5), "{}", claims(&token));
    assert_eq!(place.arrived(), [], "nothing of it is for the site");
}
