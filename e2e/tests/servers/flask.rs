//! A Flask application behind the decorator of `sdk/python`.

use palisade_e2e::tools::{python, root};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::app::App;
use crate::place::{BROWSER_SENDS, Place, SCANNER};

async fn running(environment: &[(String, String)]) -> App {
    let mut command = Command::new(python().unwrap());
    command.arg(root().join("e2e/fixtures/sdk_flask.py"));
    command.env("PYTHONPATH", root().join("sdk/python"));
    App::start(&mut command, environment).await
}

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn detected(message: &str) -> Value {
    json!({"error": "Bot detected", "message": message})
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_kept_out_and_people_are_not() {
    let place = Place::start().await;
    let app = running(&place.environment()).await;
    let assess = async |sends: &[(&str, &str)], body: &Value| {
        let mut headers = sends.to_vec();
        headers.push(JSON);
        app.asked("POST", "/assess", "203.0.113.70", &headers, &body.to_string()).await
    };
    let (status, said) = assess(&BROWSER_SENDS, &json!({"requirement": "Test"})).await;
    assert_eq!((status, &said["risk"]), (200, &json!("low")), "{said}");
    assert!(said["action"].is_string(), "{said}");
    let expect = (403, detected("Automated requests are not allowed"));
    assert_eq!(
        assess(&[("User-Agent", SCANNER), ("Accept", "*/*")], &json!({"requirement": "Test"})).await,
        expect
    );
    let expect = (403, detected("Invalid form submission"));
    assert_eq!(
        assess(&BROWSER_SENDS, &json!({"requirement": "Test", "website": "http://a.example"})).await,
        expect
    );
    assert_eq!(assess(&BROWSER_SENDS, &json!({"requirement": "Test", "website": ""})).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_hold_a_token_under_any_of_five_names() {
    let place = Place::start().await;
    let app = running(&place.environment()).await;
    let submit = async |headers: &[(&str, &str)], body: &str| {
        let mut all = BROWSER_SENDS.to_vec();
        all.extend_from_slice(headers);
        app.asked("POST", "/assess_batch", "203.0.113.71", &all, body).await
    };
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let required =
        (403, json!({"error": "Bot detected", "message": "CAPTCHA required", "captcha_token": null}));
    assert_eq!(submit(&[form], "requirement=Test").await, required);
    assert_eq!(submit(&[form], "requirement=Test&captcha_token=").await, required);
    assert_eq!(submit(&[JSON], "[1, 2]").await, required);
    assert_eq!(submit(&[JSON], "{").await, required);

    let names = [
        "captcha_token",
        "g-recaptcha-response",
        "h-captcha-response",
        "cf-turnstile-response",
        "recaptcha_token",
    ];
    for (person, name) in (20..).zip(names) {
        let token = place.token(person).await;
        let (status, said) = submit(&[form], &format!("requirement=Test&{name}={token}")).await;
        assert_eq!((status, &said["risk"]), (200, &json!("low")), "{name}: {said}");
        let (status, said) = submit(&[JSON], &json!({name: token}).to_string()).await;
        assert_eq!((status, &said["message"]), (403, &json!("CAPTCHA verification failed")), "once: {said}");
    }
    let (status, said) = submit(&[JSON], &json!({"captcha_token": place.token(30).await}).to_string()).await;
    assert_eq!(status, 200, "{said}");
    for bad in [place.token_of_a_program().await, "nonsense".to_owned()] {
        assert_eq!(submit(&[form], &format!("captcha_token={bad}")).await.0, 403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_the_setting_decides() {
    for (on_failure, expect) in [("open", 200), ("closed", 503)] {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        // Nobody listens at port 1.
        let app =
            running(&[pair("PALISADE_URL", "http://127.0.0.1:1"), pair("PALISADE_ON_FAILURE", on_failure)])
                .await;
        for path in ["/assess", "/assess_batch"] {
            let (status, said) = app.asked("POST", path, "203.0.113.72", &[JSON], "{}").await;
            assert_eq!(status, expect, "{path} {on_failure}: {said}");
        }
    }
}
