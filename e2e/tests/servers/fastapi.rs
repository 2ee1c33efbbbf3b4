//! A FastAPI application behind the middleware of `sdk/python`.

use palisade_e2e::tools::{python, root};
use palisade_e2e::wire;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::app::App;
use crate::place::{BROWSER_SENDS, Place, SCANNER};

async fn running(environment: &[(String, String)]) -> App {
    let mut command = Command::new(python().unwrap());
    command.arg(root().join("e2e/fixtures/serve_app.py")).arg("sdk_fastapi");
    command.env("PYTHONPATH", root().join("sdk/python"));
    App::start(&mut command, environment).await
}

fn refused() -> (u16, serde_json::Value) {
    (403, json!({"error": "Access denied"}))
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_kept_out_and_people_are_not() {
    let place = Place::start().await;
    let app = running(&place.environment()).await;
    for page in 0..3 {
        let path = format!("/read/{page}?q=%20x");
        let (status, said) = app.asked("GET", &path, "203.0.113.40", &BROWSER_SENDS, "").await;
        assert_eq!((status, &said["path"]), (200, &json!(format!("read/{page}"))), "{said}");
        assert!(said["action"].is_string(), "{said}");
    }
    assert_eq!(app.asked("GET", "/read/1", "203.0.113.41", &[("User-Agent", SCANNER)], "").await, refused());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_challenged_comes_back_with_a_token() {
    let place = Place::start().await;
    let app = running(&place.environment()).await;
    let ask = async |token: Option<&str>| {
        let mut headers = BROWSER_SENDS.to_vec();
        headers.extend(token.map(|token| ("X-Captcha-Token", token)));
        app.asked("GET", "/members/1", "203.0.113.50", &headers, "").await
    };
    let (status, said) = ask(None).await;
    assert_eq!((status, &said["error"]), (403, &json!("CAPTCHA required")), "{said}");
    let captcha_token = said["captcha_token"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned();

    let token = place.token(10).await;
    let (status, said) = ask(Some(&token)).await;
    assert_eq!((status, &said["path"]), (200, &json!("members/1")), "{said}");
    assert_eq!(ask(Some(&token)).await.0, 403, "a token is good once");
    assert_eq!(ask(Some("nonsense")).await.0, 403);
    assert_eq!(ask(Some(&place.token_of_a_program().await)).await.0, 403);

    // Or the application lets its page ask for a pass.
    let body = json!({"token": captcha_token, "response": place.token(11).await}).to_string();
    let headers = [("Content-Type", "application/json")];
    let answer =
        wire::request(place.api(), "POST", "/captcha/verify", &headers, body.as_bytes()).await.unwrap();
    assert_eq!(answer.json().unwrap()["success"], json!(true), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_the_setting_decides() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone_address = gone.local_addr().unwrap();
    drop(gone);
    // Takes questions, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for address in [gone_address, silent.local_addr().unwrap()] {
        for (on_failure, expect) in [("open", 200), ("closed", 503)] {
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let environment = [
                pair("PALISADE_URL", &format!("http://{address}")),
                pair("PALISADE_TIMEOUT", "0.3"),
                pair("PALISADE_ON_FAILURE", on_failure),
            ];
            let app = running(&environment).await;
            let (status, said) =
                app.asked("GET", "/read", "203.0.113.60", &[("User-Agent", SCANNER)], "").await;
            assert_eq!(status, expect, "{address} {on_failure}: {said}");
        }
    }
}
