//! What the guides of the older systems tell their readers to type, with the programs they name.

use std::net::SocketAddr;
use std::process::Stdio;

use anyhow::Context as _;
use palisade_e2e::pace::guarded;
use palisade_e2e::palisade::{Palisade, Setup};
use palisade_e2e::site::Site;
use palisade_e2e::tools::{self, program, python, root};
use palisade_e2e::wire;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::{ENFORCE, QUIET, defended};

/// Runs a line of a guide as it stands, but for the address; status and body.
async fn typed(line: &str, guide: &str, here: SocketAddr) -> (u16, Value) {
    let curl = program("curl").unwrap().display().to_string();
    let line = line.replacen("curl ", &format!("{curl} -s --noproxy '*' -w '\\n%{{http_code}}' "), 1);
    let line = line.replace(guide, &here.to_string());
    let ran = tools::run("/bin/sh".as_ref(), ["-c", &line]).await.unwrap();
    let said = tools::text(&ran);
    let (body, status) = said.rsplit_once('\n').unwrap_or_else(|| panic!("{line}: {ran:?}"));
    let body = serde_json::from_str(body).unwrap_or_else(|_| panic!("{line}: {said}"));
    (status.parse().unwrap(), body)
}

/// The older detector's guide, its curl calls word for word.
#[tokio::test(flavor = "multi_thread")]
async fn the_detectors_guide_works_against_the_demo() {
    let demo = Palisade::start("demo", &Setup::default().with(QUIET)).await.unwrap();
    let guide = async |line: &str| typed(line, "localhost:8000", demo.api).await;

    let (status, said) = guide(
        r#"curl -X POST "http://localhost:8000/check" \
-H "Content-Type: application/json" \
-d '{
"user_agent": "python-requests/2.28.0",
"endpoint": "/api/data"
}'"#,
    )
    .await;
    assert_eq!((status, &said["is_bot"], &said["action"]), (200, &json!(true), &json!("MONITOR")), "{said}");
    assert!(said["score"].as_u64().is_some_and(|score| score <= 100), "{said}");
    let features: Vec<f64> = serde_json::from_value(said["features"].clone()).unwrap();
    assert!(features.len() == 7 && features.iter().all(|feature| (0.0..=1.0).contains(feature)), "{said}");
    for (name, most) in [("ml_score", 100.0), ("ml_probability", 1.0)] {
        let found = said[name].as_f64().unwrap_or_else(|| panic!("{name}: {said}"));
        assert!((0.0..=most).contains(&found), "{name}: {found}");
    }
    // Not where nobody is challenged.
    assert_eq!(said.get("captcha_token"), None);

    let (status, said) = guide(
        r#"curl -X POST "http://localhost:8000/feedback" \
-H "Content-Type: application/json" \
-d '{
"user_agent": "curl/7.68.0",
"endpoint": "/api/data",
"is_bot": true
}'"#,
    )
    .await;
    assert_eq!(status, 200, "{said}");
    assert!(said["status"].is_string() && !said["label_id"].is_null(), "{said}");

    let (status, said) = guide(
        r#"curl -X POST "http://localhost:8000/captcha/verify" \
-H "Content-Type: application/json" \
-d '{
"token": "captcha_token_here",
"response": "user_captcha_response"
}'"#,
    )
    .await;
    // Neither is one that anybody was given.
    assert_eq!(
        (status, &said["success"], &said["error-codes"]),
        (200, &json!(false), &json!(["invalid-ticket"]))
    );

    let (status, said) = guide("curl http://localhost:8000/stats").await;
    assert_eq!(status, 200, "{said}");
    for name in [
        "total_requests",
        "bot_requests",
        "human_requests",
        "bot_percentage",
        "unique_ips",
        "blocked_ips",
        "training_examples",
    ] {
        assert!(said[name].is_number(), "{name}: {said}");
    }
    assert_eq!((&said["total_requests"], &said["bot_requests"]), (&json!(1), &json!(1)), "{said}");
    assert_eq!(said["training_examples"], json!(1), "{said}");
    assert_eq!(said["deep_learning_enabled"], json!(false), "{said}");

    let (status, said) = guide(r#"curl -X POST "http://localhost:8000/train?epochs=10&batch_size=32""#).await;
    assert!(status == 202 && said["job_id"].is_string(), "{status} {said}");

    let docs = wire::get(demo.api, "/docs").await.unwrap();
    assert_eq!(docs.status, 200);
}

/// The older detector's middleware in a FastAPI application, with the calls going to `/check`.
#[tokio::test(flavor = "multi_thread")]
async fn the_detectors_middleware_works() {
    let config = "[api]\nrequire_key = \"unless-loopback\"\n";
    let palisade = Palisade::serve(&Setup::default().with(QUIET).with(config)).await.unwrap();
    let mut command = Command::new(python().unwrap());
    command.arg(root().join("e2e/fixtures/serve_app.py")).arg("guide_fastapi");
    command.env("PALISADE_CHECK_URL", format!("http://{}/check", palisade.api));
    let (_app, address) = listening(&mut command).await.unwrap();

    let ask = async |client: &str, agent: &str, path: &str| {
        let headers = [("User-Agent", agent), ("X-Forwarded-For", client)];
        let answer = wire::request(address, "GET", path, &headers, b"").await.unwrap();
        (answer.status, answer.json().unwrap())
    };
    let browser = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
    for page in 0..5 {
        let (status, said) = ask("203.0.113.40", browser, &format!("/read/{page}")).await;
        assert_eq!((status, said), (200, json!({"path": format!("read/{page}")})));
    }
    let (status, said) = ask("203.0.113.41", "sqlmap/1.7.2#stable (https://sqlmap.org)", "/read/1").await;
    assert_eq!((status, said), (403, json!({"error": "Access denied"})));
    // A library that reads page after page is throttled, which this interface calls a challenge without a token.
    let mut answers = Vec::new();
    for page in 1..=60 {
        answers.push(ask("203.0.113.42", "python-requests/2.28.0", &format!("/read/{page}")).await);
    }
    let passed = answers.iter().take_while(|(status, _)| *status == 200).count();
    assert!((1..60).contains(&passed), "{passed} of 60 passed");
    assert_eq!(answers[passed], (403, json!({"error": "CAPTCHA required", "captcha_token": null})));
}

/// The bot guide's own test: its curl line is refused, and a browser's form is not.
#[tokio::test(flavor = "multi_thread")]
async fn the_guides_curl_test_is_refused() {
    for enforce in ENFORCE {
        let mut command = Command::new(python().unwrap());
        command.arg(root().join("e2e/fixtures/guide_flask.py"));
        let (_app, address) = listening(&mut command).await.unwrap();
        let setup = Setup::before(address).with(QUIET);
        let enforce_line = if enforce == "hard" { "enforce = \"hard\"" } else { "" };
        let setup = setup.with(&format!("[policy]\npreset = \"strict\"\n{enforce_line}"));
        let palisade = Palisade::serve(&setup).await.unwrap();

        let (status, said) = typed(
            r#"curl -X POST http://your-app/assess \
  -H "Content-Type: application/json" \
  -d '{"requirement": "Test"}'"#,
            "your-app",
            palisade.gateway,
        )
        .await;
        assert_eq!(status, 403, "{enforce}: {said}");
        for name in ["error", "message", "request_id"] {
            assert!(said[name].as_str().is_some_and(|text| !text.is_empty()), "{enforce}: {name}: {said}");
        }

        let form = [
            ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"),
            ("Accept", "*/*"),
            ("Accept-Language", "en-US,en;q=0.9"),
            ("Accept-Encoding", "gzip, deflate"),
            ("Referer", "http://your-app/"),
            ("Content-Type", "application/json"),
            ("Origin", "http://your-app"),
            ("Connection", "keep-alive"),
            ("Sec-Fetch-Dest", "empty"),
            ("Sec-Fetch-Mode", "cors"),
            ("Sec-Fetch-Site", "same-origin"),
            ("X-Forwarded-For", "203.0.113.45"),
        ];
        let body = br#"{"requirement": "Test"}"#;
        let answer = wire::request(palisade.gateway, "POST", "/assess", &form, body).await.unwrap();
        assert_eq!((answer.status, answer.json().unwrap()["risk"].clone()), (200, json!("low")), "{enforce}");
    }
}

/// The scraping defence's webhook: signed with `openssl`, sent with curl, and it acts.
#[tokio::test(flavor = "multi_thread")]
async fn the_webhook_blocks_and_allows() {
    let site = Site::start().await.unwrap();
    let config = "[api]\nwebhook_secret = \"a-secret-of-32-characters-or-more!\"\n";
    let palisade = Palisade::serve(&Setup::before(site.address).with(QUIET).with(config)).await.unwrap();
    let send = async |body: &Value, secret: &str| {
        let line = format!(
            r#"body='{body}'; sig=$(printf %s "$body" | openssl dgst -sha256 -hmac '{secret}' | sed 's/.* //')
curl -X POST "http://localhost:8000/webhook" -H "Content-Type: application/json" -H "X-Signature: $sig" -d "$body""#
        );
        typed(&line, "localhost:8000", palisade.api).await
    };
    let secret = "a-secret-of-32-characters-or-more!";
    let visit = async || {
        let headers = [("User-Agent", "curl/8.5.0"), ("X-Forwarded-For", "203.0.113.46")];
        wire::request(palisade.gateway, "GET", "/page1", &headers, b"").await.unwrap().status
    };
    let told = |action: &str| json!({"action": action, "ip": "203.0.113.46", "reason": "seen elsewhere"});

    assert_eq!(visit().await, 200);
    let (status, said) = send(&told("block_ip"), "another secret").await;
    assert_eq!(status, 401, "{said}");
    assert_eq!(visit().await, 200, "a wrong signature changes nothing");
    let (status, said) = send(&told("block_ip"), secret).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(visit().await, 403, "blocked from the answer on");
    let (status, said) = send(&told("allow_ip"), secret).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(visit().await, 200);
    // Somebody who overheard the first message plays it again: it is acknowledged and does nothing.
    let (status, said) = send(&told("block_ip"), secret).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(visit().await, 200);
}

/// Starts a program that says `listening on PORT`.
async fn listening(command: &mut Command) -> anyhow::Result<(Child, SocketAddr)> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    let mut child = command.spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("piped")?).lines();
    let line = guarded("an application listens", async { Ok(lines.next_line().await?) }).await?;
    let line = line.context("it ended at once")?;
    let port: u16 = line.rsplit(' ').next().context("a port")?.parse()?;
    Ok((child, SocketAddr::from(([127, 0, 0, 1], port))))
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_the_api_says_how_to_make_one() {
    let site = Site::start().await.unwrap();
    let palisade = defended(&site, "default", "").await;
    let body = json!({"user_agent": "curl/8.5.0", "endpoint": "/"});
    let refused = palisade.post("/check", "wrong", &body).await.unwrap();
    assert_eq!(refused.status, 401);
    assert!(refused.text().contains("palisade keys create"), "{}", refused.text());
    let key = palisade.key("check").await.unwrap();
    let answer = palisade.post("/check", &key, &body).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}
