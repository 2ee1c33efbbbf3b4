//! What is asked, and every answer that a vendor documents.

use palisade_intel::providers::{Ask, Failure, OnFailure, PROVIDERS, Refusal, Verdict};

use crate::vendor::{NOW, NOW_MS, SECRET, Vendor, ok, yes};

const HOSTS: &[&str] = &["shop.example"];

/// The verdict of `provider` on an answer of its vendor, for a login on the shop's page.
async fn verdict(provider: &str, body: &str) -> Verdict {
    let vendor = Vendor::start(vec![ok(&body.replace("NOW", NOW))]).await;
    let ask = Ask { hosts: HOSTS, action: Some("login"), ..Ask::new("a-response") };
    vendor.asked_as(provider).verify(&ask, NOW_MS).await.verdict
}

#[tokio::test]
async fn the_question_is_a_form() {
    for provider in PROVIDERS {
        let vendor = Vendor::start(vec![yes()]).await;
        let verifier = vendor.asked_with(provider.name, |settings| {
            settings.site_key = Some("10000000-site".to_owned());
        });
        let remote_ip = Some("8.8.4.4".parse().unwrap());
        let ask = Ask { remote_ip, hosts: HOSTS, ..Ask::new("P1_ey.J-0+/=&x") };
        let outcome = verifier.verify(&ask, NOW_MS).await;
        assert_eq!((outcome.verdict, outcome.requests), (Verdict::Human, 1), "{}", provider.name);
        let question = vendor.take().pop().unwrap();
        assert!(question.head.starts_with("POST /siteverify HTTP/1.1\r\n"), "{}", question.head);
        let content_type = "content-type: application/x-www-form-urlencoded";
        assert!(question.head.to_ascii_lowercase().contains(content_type), "{}", question.head);
        let mut names: Vec<&str> = question.form.keys().map(String::as_str).collect();
        names.sort_unstable();
        let expect: &[&str] = match provider.name {
            "hcaptcha" => &["remoteip", "response", "secret", "sitekey"],
            "turnstile" | "palisade" => &["idempotency_key", "remoteip", "response", "secret"],
            _ => &["remoteip", "response", "secret"],
        };
        assert_eq!(names, expect, "{}", provider.name);
        assert_eq!(question.form["secret"], SECRET);
        assert_eq!(question.form["response"], "P1_ey.J-0+/=&x");
        assert_eq!(question.form["remoteip"], "8.8.4.4");
    }
}

#[tokio::test]
async fn private_addresses_stay_here() {
    let vendor = Vendor::start(vec![yes()]).await;
    let ask = Ask { remote_ip: Some("192.168.1.7".parse().unwrap()), ..Ask::new("r") };
    vendor.asked_as("hcaptcha").verify(&ask, NOW_MS).await;
    assert!(!vendor.take()[0].form.contains_key("remoteip"));
}

#[tokio::test]
async fn what_an_answer_tells_is_told_on() {
    let body = format!(
        r#"{{"success":true,"score":0.9,"action":"login","challenge_ts":"{NOW}","hostname":"shop.example"}}"#
    );
    let vendor = Vendor::start(vec![ok(&body)]).await;
    let outcome = vendor.asked_as("recaptcha-v3").verify(&Ask::new("r"), NOW_MS).await;
    assert_eq!(outcome.score, Some(0.9));
    assert_eq!(outcome.hostname.as_deref(), Some("shop.example"));
    assert_eq!(outcome.action.as_deref(), Some("login"));
    assert_eq!(outcome.challenge_ms, Some(NOW_MS));
    assert!(outcome.error_codes().is_empty() && outcome.why.is_none());
    // The response and the secret are nowhere in it.
    let vendor = Vendor::start(vec![ok("nonsense")]).await;
    let outcome = vendor.asked_as("recaptcha-v3").verify(&Ask::new("the-response"), NOW_MS).await;
    let shown = format!("{outcome:?} {:?}", vendor.asked_as("recaptcha-v3"));
    assert!(!shown.contains("the-response") && !shown.contains(SECRET), "{shown}");
}

#[tokio::test]
async fn recaptcha_v2() {
    let verdict = async |body: &str| verdict("recaptcha-v2", body).await;
    let on_shop = r#"{"success": true, "challenge_ts": "NOW", "hostname": "shop.example"}"#;
    assert_eq!(verdict(on_shop).await, Verdict::Human);
    let in_app = r#"{"success": true, "challenge_ts": "NOW", "apk_package_name": "example.shop"}"#;
    assert_eq!(verdict(in_app).await, Verdict::No(Refusal::MissingHostname));
    let elsewhere = r#"{"success": true, "challenge_ts": "NOW", "hostname": "evil.example"}"#;
    assert_eq!(verdict(elsewhere).await, Verdict::No(Refusal::WrongHostname));
    let old = r#"{"success": true, "challenge_ts": "2026-11-21T16:00:00Z", "hostname": "shop.example"}"#;
    assert_eq!(verdict(old).await, Verdict::No(Refusal::TooOld));
    let no = r#"{"success": false, "error-codes": ["CODE"]}"#;
    for (code, expect) in [
        ("missing-input-secret", Verdict::Unavailable(Failure::Misconfigured)),
        ("invalid-input-secret", Verdict::Unavailable(Failure::Misconfigured)),
        ("missing-input-response", Verdict::No(Refusal::InvalidResponse)),
        ("invalid-input-response", Verdict::No(Refusal::InvalidResponse)),
        ("bad-request", Verdict::No(Refusal::Refused)),
        ("timeout-or-duplicate", Verdict::No(Refusal::SpentResponse)),
    ] {
        assert_eq!(verdict(&no.replace("CODE", code)).await, expect, "{code}");
    }
    assert_eq!(verdict(r#"{"success": false}"#).await, Verdict::No(Refusal::Refused));
}

#[tokio::test]
async fn recaptcha_v3() {
    let shape =
        r#"{"success":true,"challenge_ts":"NOW","hostname":"shop.example","score":SCORE,"action":"ACTION"}"#;
    let check = async |score: &str, action: &str, expect| {
        let body = shape.replace("SCORE", score).replace("ACTION", action);
        for provider in ["recaptcha-v3", "recaptcha"] {
            assert_eq!(verdict(provider, &body).await, expect, "{provider} {score} {action}");
        }
    };
    check("0.9", "login", Verdict::Human).await;
    check("0.5", "login", Verdict::Human).await;
    check("0.4", "login", Verdict::No(Refusal::LowScore)).await;
    check("0.9", "signup", Verdict::No(Refusal::WrongAction)).await;
    check("1.5", "login", Verdict::Unavailable(Failure::Malformed)).await;
    let browser_error = r#"{"success":false,"error-codes":["browser-error"]}"#;
    assert_eq!(verdict("recaptcha-v3", browser_error).await, Verdict::No(Refusal::Refused));
    // The secret of a box to tick.
    let v2 = r#"{"success":true,"challenge_ts":"NOW","hostname":"shop.example"}"#;
    assert_eq!(verdict("recaptcha-v3", v2).await, Verdict::No(Refusal::WrongAction));
    assert_eq!(verdict("recaptcha", v2).await, Verdict::Human, "of whichever version");
    let unscored = r#"{"success":true,"challenge_ts":"NOW","hostname":"shop.example","action":"login"}"#;
    assert_eq!(verdict("recaptcha-v3", unscored).await, Verdict::No(Refusal::MissingScore));
}

#[tokio::test]
async fn hcaptcha() {
    let verdict = async |body: &str| verdict("hcaptcha", body).await;
    let plain = r#"{"success":true,"challenge_ts":"2026-11-21T17:00:00.000000Z","hostname":"shop.example","credit":false}"#;
    assert_eq!(verdict(plain).await, Verdict::Human);
    let enterprise = r#"{"success":true,"challenge_ts":"NOW","hostname":"shop.example","score":RISK,"score_reason":["a"]}"#;
    assert_eq!(verdict(&enterprise.replace("RISK", "0.1")).await, Verdict::Human);
    assert_eq!(verdict(&enterprise.replace("RISK", "0.9")).await, Verdict::No(Refusal::LowScore));
    let hidden = r#"{"success":true,"challenge_ts":"NOW","hostname":"not-provided"}"#;
    assert_eq!(verdict(hidden).await, Verdict::No(Refusal::WrongHostname));
    let no = r#"{"success":false,"error-codes":["CODE"]}"#;
    for (code, expect) in [
        ("missing-input-secret", Verdict::Unavailable(Failure::Misconfigured)),
        ("invalid-input-secret", Verdict::Unavailable(Failure::Misconfigured)),
        ("missing-input-response", Verdict::No(Refusal::InvalidResponse)),
        ("invalid-input-response", Verdict::No(Refusal::InvalidResponse)),
        ("expired-input-response", Verdict::No(Refusal::SpentResponse)),
        ("already-seen-response", Verdict::No(Refusal::SpentResponse)),
        ("invalid-or-already-seen-response", Verdict::No(Refusal::SpentResponse)),
        ("bad-request", Verdict::No(Refusal::Refused)),
        ("missing-remoteip", Verdict::Unavailable(Failure::Misconfigured)),
        ("invalid-remoteip", Verdict::Unavailable(Failure::Misconfigured)),
        ("not-using-dummy-passcode", Verdict::No(Refusal::Refused)),
        ("sitekey-secret-mismatch", Verdict::No(Refusal::Refused)),
    ] {
        assert_eq!(verdict(&no.replace("CODE", code)).await, expect, "{code}");
    }
}

#[tokio::test]
async fn turnstile() {
    let verdict = async |body: &str| verdict("turnstile", body).await;
    let shape = r#"{"success":true,"error-codes":[],"challenge_ts":"2026-11-21T16:59:58.250Z","hostname":"shop.example","action":"ACTION","cdata":"session","metadata":{"interactive":false}}"#;
    assert_eq!(verdict(&shape.replace("ACTION", "login")).await, Verdict::Human);
    assert_eq!(verdict(&shape.replace("ACTION", "")).await, Verdict::No(Refusal::WrongAction));
    let no = r#"{"success":false,"error-codes":["CODE"],"messages":[]}"#;
    for (code, expect) in [
        ("missing-input-secret", Verdict::Unavailable(Failure::Misconfigured)),
        ("invalid-input-secret", Verdict::Unavailable(Failure::Misconfigured)),
        ("missing-input-response", Verdict::No(Refusal::InvalidResponse)),
        ("invalid-input-response", Verdict::No(Refusal::InvalidResponse)),
        ("bad-request", Verdict::No(Refusal::Refused)),
        ("timeout-or-duplicate", Verdict::No(Refusal::SpentResponse)),
        ("internal-error", Verdict::Unavailable(Failure::Unavailable)),
    ] {
        assert_eq!(verdict(&no.replace("CODE", code)).await, expect, "{code}");
    }
}

#[tokio::test]
async fn a_yes_for_another_host_is_a_no_with_a_code() {
    for provider in PROVIDERS {
        let vendor = Vendor::start(vec![yes()]).await;
        let ask = Ask { hosts: &["bank.example"], ..Ask::new("r") };
        let outcome = vendor.asked_as(provider.name).verify(&ask, NOW_MS).await;
        assert_eq!(outcome.error_codes(), ["wrong-hostname"], "{}", provider.name);
        assert!(!outcome.passes(OnFailure::Open), "{}", provider.name);
    }
}
