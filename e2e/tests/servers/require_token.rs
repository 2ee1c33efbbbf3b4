//! Forms that need a token (`[challenge] require_token`): the gateway asks for one, uses it up, and passes the form on whole.

use axum::Router;
use axum::routing::{any, post};
use palisade_e2e::palisade::Setup;
use palisade_e2e::site::Site;
use palisade_e2e::wire::{self, Answer};

use crate::place::{BROWSER_SENDS, Place};
use crate::vendor::{Vendor, Word};

/// The names under which a token may come.
const FIELDS: [&str; 5] = [
    "captcha_token",
    "g-recaptcha-response",
    "h-captcha-response",
    "cf-turnstile-response",
    "recaptcha_token",
];

/// Tokens of our own for `/contact`; a hand like a person's is all that is asked for them.
const OWN: &str = r#"
[intel]
dns = "off"
refresh_ranges_hours = 0
fetch_keys = false
[challenge]
ladder = ["behaviour"]
require_token = [{ path = "/contact" }]
"#;

/// A gateway before a site with forms.
struct Forms {
    site: Site,
    place: Place,
}

/// What is posted, and as what.
struct Form {
    kind: String,
    body: Vec<u8>,
}

impl Forms {
    async fn with(lines: &str) -> Forms {
        let thanks = || async { "Thanks" };
        let router = Router::new()
            .route("/contact", any(thanks))
            .route("/contact/send", post(thanks))
            .route("/contacts", post(thanks))
            .route("/open", post(thanks))
            .route("/closed", post(thanks));
        let site = Site::with_pages(router).await.unwrap();
        let place = Place::with(&Setup::before(site.address).with(lines)).await;
        Forms { site, place }
    }

    /// Forms under `/open` and `/closed`, named after what they do when `vendor` gives no word.
    async fn vouched_by(vendor: &Vendor) -> Forms {
        let lines = format!(
            r#"
[intel]
dns = "off"
refresh_ranges_hours = 0
fetch_keys = false
allow_private = true
[challenge]
provider = "turnstile"
secret = "a secret of a test"
provider_url = "http://{}/siteverify"
require_token = [{{ path = "/open", on_failure = "open" }}, {{ path = "/closed", on_failure = "closed" }}]
"#,
            vendor.address
        );
        Self::with(&lines).await
    }

    async fn asked(&self, method: &str, path: &str, form: &Form) -> Answer {
        let mut headers = BROWSER_SENDS.to_vec();
        headers.push(("Content-Type", &form.kind));
        wire::request(self.place.palisade.gateway, method, path, &headers, &form.body).await.unwrap()
    }

    async fn posted(&self, path: &str, form: &Form) -> Answer {
        self.asked("POST", path, form).await
    }

    /// Bodies of what reached the site as a POST.
    fn arrived(&self) -> Vec<Vec<u8>> {
        let posts = self.site.arrived().into_iter().filter(|request| request.method == "POST");
        posts.map(|request| request.body).collect()
    }

    async fn metrics(&self) -> String {
        wire::get(self.place.api(), "/metrics").await.unwrap().text()
    }
}

fn urlencoded(name: &str, token: &str) -> Form {
    let body = format!("name=Zo%C3%AB+%26+Co&text=a%2Bb&{name}={token}&end=1").into_bytes();
    Form { kind: "application/x-www-form-urlencoded".to_owned(), body }
}

fn multipart(name: &str, token: &str) -> Form {
    let mut body =
        b"--part-of-a-test\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\
        Content-Type: application/octet-stream\r\n\r\n"
            .to_vec();
    body.extend((0..=255).chain(*b"\r\n--\r\n").cycle().take(4_000));
    let field =
        format!("\r\n--part-of-a-test\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{token}");
    body.extend(field.into_bytes());
    body.extend(b"\r\n--part-of-a-test--\r\n");
    Form { kind: "multipart/form-data; boundary=part-of-a-test".to_owned(), body }
}

fn json(name: &str, token: &str) -> Form {
    let body = format!(r#"{{"name":"Zoë \" 1","nested":{{"x":[1,2]}},"{name}":"{token}","end":true}}"#);
    Form { kind: "application/json; charset=utf-8".to_owned(), body: body.into_bytes() }
}

const SHAPES: [fn(&str, &str) -> Form; 3] = [urlencoded, multipart, json];

/// Refused by us, as a program reads it, with these reasons among others.
fn refused(answer: &Answer, code: &str, what: &str) {
    assert_eq!((answer.status, answer.is_from_site()), (403, false), "{what}: {}", answer.text());
    let said = answer.json().unwrap();
    assert_eq!(said["error"], "CAPTCHA required", "{what}: {said}");
    let codes = said["error-codes"].as_array().unwrap_or_else(|| panic!("{what}: {said}"));
    assert!(codes.iter().any(|said| said == code), "{what}: {said}");
}

fn passed(answer: &Answer, what: &str) {
    assert_eq!((answer.status, answer.is_from_site()), (200, true), "{what}: {}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_token_passes_once_under_every_name_in_every_shape() {
    let forms = Forms::with(OWN).await;
    let mut person = 100;
    let mut sent = Vec::new();
    for field in FIELDS {
        for (shape, form) in SHAPES.iter().enumerate() {
            let what = format!("{field}, shape {shape}");
            person += 1;
            let form = form(field, &forms.place.token(person).await);
            passed(&forms.posted("/contact", &form).await, &what);
            refused(&forms.posted("/contact", &form).await, "timeout-or-duplicate", &what);
            sent.push(form.body);
        }
    }
    assert_eq!(forms.arrived(), sent, "each arrived once, whole and unchanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_good_token_nothing_is_posted() {
    let forms = Forms::with(OWN).await;
    for form in SHAPES {
        refused(
            &forms.posted("/contact", &form("another", "x")).await,
            "missing-input-response",
            "no field of ours",
        );
        refused(&forms.posted("/contact", &form(FIELDS[0], "")).await, "missing-input-response", "empty");
        refused(
            &forms.posted("/contact", &form(FIELDS[0], "made-up")).await,
            "invalid-input-response",
            "made up",
        );
    }
    let program = forms.place.token_of_a_program().await;
    refused(&forms.posted("/contact", &json(FIELDS[0], &program)).await, "low-score", "a program's");
    let text = Form { kind: "text/plain".to_owned(), body: b"captcha_token=x".to_vec() };
    refused(&forms.posted("/contact", &text).await, "missing-input-response", "no form");
    assert_eq!(forms.arrived(), Vec::<Vec<u8>>::new());
}

/// Where the ladder asks for work, a recording alone, which costs its sender nothing, is no token for a form.
#[tokio::test(flavor = "multi_thread")]
async fn a_recording_without_work_opens_no_form() {
    let forms = Forms::with(&OWN.replace("ladder = [\"behaviour\"]\n", "")).await;
    let form = urlencoded(FIELDS[0], &forms.place.token_without_work(90).await);
    refused(&forms.posted("/contact", &form).await, "low-score", "no work");
    assert_eq!(forms.arrived(), Vec::<Vec<u8>>::new());
}

/// A server may read these as the same form, so all of them are.
#[tokio::test(flavor = "multi_thread")]
async fn another_spelling_of_the_path_is_no_way_around() {
    let forms = Forms::with(OWN).await;
    let form = urlencoded("another", "x");
    for path in [
        "/contact?x=1",
        "/contact/",
        "/contact/send",
        "/%63ontact",
        "/%63%6fntact",
        "//contact",
        "/./contact",
        "/x/../contact",
    ] {
        let answer = forms.posted(path, &form).await;
        // What no server should be asked in this spelling may be refused for that alone.
        assert!(!answer.is_from_site() && (400..500).contains(&answer.status), "{path}: {}", answer.status);
        if ["/contact/send", "/%63ontact", "//contact"].contains(&path) {
            refused(&answer, "missing-input-response", path);
        }
    }
    assert_eq!(forms.arrived(), Vec::<Vec<u8>>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn other_paths_and_reading_need_no_token() {
    let forms = Forms::with(OWN).await;
    let form = urlencoded("another", "x");
    passed(&forms.posted("/contacts", &form).await, "begins alike");
    assert_eq!(forms.arrived(), [form.body]);
    let none = Form { kind: "text/plain".to_owned(), body: Vec::new() };
    passed(&forms.asked("GET", "/contact", &none).await, "GET");
    passed(&forms.asked("HEAD", "/contact", &none).await, "HEAD");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_provider_keeps_out_whom_the_path_says() {
    let vendor = Vendor::start(Word::HangsUp).await;
    let forms = Forms::vouched_by(&vendor).await;
    for form in SHAPES {
        let form = form("cf-turnstile-response", "0.of-the-widget");
        passed(&forms.posted("/open", &form).await, "open");
        let answer = forms.posted("/closed", &form).await;
        assert_eq!((answer.status, answer.is_from_site()), (403, false), "{}", answer.text());
        assert!(answer.text().contains("provider-"), "{}", answer.text());
    }
    // An outage opens no door to those who bring nothing.
    refused(&forms.posted("/open", &urlencoded("x", "y")).await, "missing-input-response", "nothing");
    assert_eq!(forms.arrived().len(), 3);
    let metrics = forms.metrics().await;
    let line = r#"palisade_provider_answers_total{provider="turnstile",verdict="unavailable"} 6"#;
    assert!(metrics.lines().any(|said| said == line), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_believed_for_the_host_that_was_asked() {
    for (host, good) in [("127.0.0.1", true), ("elsewhere.example", false)] {
        let vendor = Vendor::start(Word::Yes(host)).await;
        let forms = Forms::vouched_by(&vendor).await;
        for path in ["/open", "/closed"] {
            let form = multipart("cf-turnstile-response", "0.of-the-widget");
            let answer = forms.posted(path, &form).await;
            match good {
                true => passed(&answer, path),
                false => refused(&answer, "wrong-hostname", path),
            }
        }
        assert_eq!(forms.arrived().len(), if good { 2 } else { 0 });
        let verdict = if good { "human" } else { "no" };
        let line =
            format!(r#"palisade_provider_answers_total{{provider="turnstile",verdict="{verdict}"}} 2"#);
        let metrics = forms.metrics().await;
        assert!(metrics.lines().any(|said| said == line), "{metrics}");
    }
}

/// Only the operator can mend a wrong secret, so it is said where the operator looks.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_know_the_secret_is_told_of() {
    let vendor = Vendor::start(Word::NotThisSecret).await;
    let forms = Forms::vouched_by(&vendor).await;
    let form = json("cf-turnstile-response", "0.of-the-widget");
    passed(&forms.posted("/open", &form).await, "open");
    refused(&forms.posted("/closed", &form).await, "provider-misconfigured", "closed");
    let ready = wire::get(forms.place.api(), "/ready").await.unwrap().text();
    assert!(ready.contains("\"provider\"") && ready.contains("challenge.secret"), "{ready}");
}
