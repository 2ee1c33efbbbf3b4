//! An axum application behind the layer of `sdk/axum`.

use std::net::SocketAddr;
use std::time::Duration;

use axum::routing::get;
use axum::{Extension, Router};
use palisade_axum::{OnFailure, Palisade, PalisadeLayer, Settings, Verdict};
use palisade_e2e::wire;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::place::{BROWSER, BROWSER_SENDS, Place, SCANNER};

/// The application, on a port of the system's choice. Whoever calls says who it is, as behind a proxy.
async fn running(settings: Settings) -> SocketAddr {
    let layer = PalisadeLayer::new(Palisade::new(settings).unwrap())
        .client(|request| request.headers().get("x-forwarded-for")?.to_str().ok()?.parse().ok());
    let page = async |verdict: Option<Extension<Verdict>>| {
        json!({"page": true, "action": verdict.map(|Extension(verdict)| verdict.action)}).to_string()
    };
    let app = Router::new().route("/{*path}", get(page).post(page)).layer(layer);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn settings(place: &Place) -> Settings {
    Settings::new(format!("http://{}", place.api())).key(&place.api_key).secret(&place.secret)
}

async fn asked(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    let mut all = vec![("X-Forwarded-For", "203.0.113.80")];
    all.extend_from_slice(headers);
    let answer = wire::request(address, "GET", path, &all, b"").await.unwrap();
    (answer.status, answer.json().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_kept_out_and_people_are_not() {
    let place = Place::start().await;
    let app = running(settings(&place)).await;
    let (status, said) = asked(app, "/read?q=1", &BROWSER_SENDS).await;
    assert_eq!((status, &said["page"]), (200, &json!(true)), "{said}");
    assert!(said["action"].is_string(), "{said}");
    let refused = asked(app, "/read", &[("User-Agent", SCANNER)]).await;
    assert_eq!(refused, (403, json!({"error": "Access denied"})));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_challenged_comes_back_with_a_token() {
    let place = Place::start().await;
    let app = running(settings(&place)).await;
    let ask = async |token: Option<&str>| {
        let mut headers = BROWSER_SENDS.to_vec();
        headers.extend(token.map(|token| ("X-Captcha-Token", token)));
        asked(app, "/members/1", &headers).await
    };
    let (status, said) = ask(None).await;
    assert_eq!((status, &said["error"]), (403, &json!("CAPTCHA required")), "{said}");
    assert!(said["captcha_token"].is_string(), "{said}");
    let token = place.token(40).await;
    assert_eq!(ask(Some(&token)).await.0, 200);
    assert_eq!(ask(Some(&token)).await.0, 403, "a token is good once");
    assert_eq!(ask(Some("nonsense")).await.0, 403);
    assert_eq!(ask(Some(&place.token_of_a_program().await)).await.0, 403);
}

/// An API key is as good as a site key's secret, and a wrong one is no answer.
#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_the_setting_decides() {
    let place = Place::start().await;
    let here = format!("http://{}", place.api());
    let by_key = running(Settings::new(&here).key(&place.api_key)).await;
    let token = place.token(41).await;
    let headers = [("User-Agent", BROWSER), ("X-Captcha-Token", token.as_str())];
    assert_eq!(asked(by_key, "/members/1", &headers).await.0, 200);

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("http://{}", silent.local_addr().unwrap());
    for (on_failure, expect) in [(OnFailure::Open, 200), (OnFailure::Closed, 503)] {
        let change = |settings: Settings| settings.on_failure(on_failure).timeout(Duration::from_millis(300));
        let wrong_key =
            Settings::new(&here).key("pal_wrong").timeout(Duration::from_secs(20)).on_failure(on_failure);
        for settings in
            [change(Settings::new("http://127.0.0.1:1")), change(Settings::new(&silent_url)), wrong_key]
        {
            let app = running(settings).await;
            assert_eq!(asked(app, "/read", &[("User-Agent", SCANNER)]).await.0, expect, "{on_failure:?}");
        }
    }
}
