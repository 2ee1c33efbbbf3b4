//! The older system's example of a server, word for word: Express, `jsonwebtoken`, `axios`.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use palisade_e2e::tools::{node_package, program, root};
use ring::hmac;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::app::App;
use crate::place::{Place, PublicKey as _};

/// The code of its README, with the address of the API as its only change.
fn example(place: &Place) -> String {
    let readme = std::fs::read_to_string(root().join("e2e/fixtures/aicaptcha_readme.md")).unwrap();
    let code = readme.split_once("```javascript\n").unwrap().1.split_once("```").unwrap().0;
    let there = "http://localhost:5000/";
    assert_eq!(code.matches(there).count(), 1);
    code.replace(there, &format!("http://{}/", place.api()))
}

/// The example as it runs, when it has the public key; its clock may be ahead.
async fn running(place: &Place, ahead_ms: u64) -> (App, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.js");
    std::fs::write(&path, example(place)).unwrap();
    let modules = node_package("express", "express").unwrap().parent().unwrap().to_owned();
    for name in ["jsonwebtoken", "axios"] {
        node_package("express", name).unwrap();
    }
    let mut command = Command::new(program("node").unwrap());
    command.arg("--require").arg(root().join("e2e/fixtures/express/preload.js")).arg(&path);
    command.env("NODE_PATH", modules).env("CLOCK_AHEAD_MS", ahead_ms.to_string());
    let mut app = App::start(&mut command, &[]).await;
    app.says("answered").await;
    (app, folder)
}

async fn submit(app: &App, token: &str) -> (u16, String) {
    let answer = app.posted("/submit", &format!("name=A&captcha_token={token}")).await;
    (answer.status, answer.text())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_takes_good_tokens_and_no_others() {
    let place = Place::start().await;
    let (app, _folder) = running(&place, 0).await;

    let answer = app.posted("/submit", "name=A").await;
    assert_eq!((answer.status, answer.text().as_str()), (400, "CAPTCHA token is missing"));

    let token = place.token(1).await;
    assert_eq!(submit(&app, &token).await, (200, "Form submitted successfully".to_owned()));
    let body = json!({"captcha_token": token}).to_string();
    let (status, _) = as_json(&app, &body).await;
    assert_eq!(status, 200, "its body may be JSON");

    let program = place.token_of_a_program().await;
    assert_eq!(submit(&app, &program).await, (403, "CAPTCHA verification failed".to_owned()));

    for forged in forgeries(&program, &place).await {
        assert_eq!(submit(&app, &forged).await, (500, "Internal server error".to_owned()), "{forged}");
    }
}

async fn as_json(app: &App, body: &str) -> (u16, String) {
    let headers = [("Content-Type", "application/json")];
    let answer = palisade_e2e::wire::request(app.address, "POST", "/submit", &headers, body.as_bytes());
    let answer = answer.await.unwrap();
    (answer.status, answer.text())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_takes_no_token_whose_time_is_over() {
    let place = Place::start().await;
    let token = place.token(2).await;
    let (in_time, _folder) = running(&place, 0).await;
    assert_eq!(submit(&in_time, &token).await.0, 200);
    let (later, _folder) = running(&place, 600_000).await;
    assert_eq!(submit(&later, &token).await, (500, "Internal server error".to_owned()));
}

/// What a program that got a bad score may try, so that it reads 1.0.
async fn forgeries(token: &str, place: &Place) -> Vec<String> {
    let [head, claims, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let mut better: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    better["score"] = json!(1.0);
    let encoded = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let better = encoded(&better);
    let head_of = |algorithm: &str| encoded(&json!({"alg": algorithm, "typ": "JWT"}));
    let pem = place.palisade.public_key().await;
    let by_public_key = {
        let signed = format!("{}.{better}", head_of("HS256"));
        let key = hmac::Key::new(hmac::HMAC_SHA256, pem.as_bytes());
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes())))
    };
    vec![
        format!("{head}.{better}.{signature}"),
        format!("{head}.{claims}."),
        format!("{head}.{claims}.{}", &signature[..signature.len() - 8]),
        format!("{}.{better}.", head_of("none")),
        format!("{}.{better}.{signature}", head_of("none")),
        by_public_key,
        "nonsense".to_owned(),
    ]
}
