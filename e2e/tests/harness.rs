//! The harness itself, against the sample site without anything in front: what fails here is no fault of Palisade.

use std::net::IpAddr;

use palisade_e2e::browser::{Habits, Kind, Running};
use palisade_e2e::front::Front;
use palisade_e2e::player::{Reference, Stage, play};
use palisade_e2e::recorded::people;
use palisade_e2e::scenario::{Exchange, clients};
use palisade_e2e::site::Site;
use palisade_e2e::tools::root;
use palisade_e2e::wire;

#[tokio::test]
async fn a_front_adds_an_address_and_a_scheme_and_nothing_else() {
    let site = Site::start().await.unwrap();
    let client: IpAddr = "203.0.113.9".parse().unwrap();
    let front = Front::start(site.address, client).await.unwrap();
    let form = [("X-Odd-Case", "1"), ("Content-Type", "application/x-www-form-urlencoded")];
    let answer = wire::request(front.address, "POST", "/login", &form, b"user=a&password=b").await.unwrap();
    assert_eq!((answer.status, answer.header("location")), (303, Some("/account")));
    assert!(answer.is_from_site());
    let arrived = site.arrived();
    assert_eq!(arrived.len(), 1);
    let names: Vec<&str> = arrived[0].headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["host", "x-odd-case", "content-type", "content-length", "x-forwarded-for", "x-forwarded-proto"]
    );
    assert_eq!(arrived[0].body, b"user=a&password=b");
    assert_eq!(site.arrived_from("203.0.113.9"), 1);
}

#[tokio::test]
async fn recorded_visits_can_be_played() {
    let site = Site::start().await.unwrap();
    let reference = Reference::of(site.address);
    let stage = Stage { gateway: site.address, client: "203.0.113.8".to_owned(), reference, speed: 200.0 };
    for session in people(&root().join("e2e/fixtures/sessions.jsonl.gz")).unwrap() {
        let played = play(&session, &stage).await.unwrap();
        assert_eq!(played.hindered, Vec::<String>::new(), "{}", session.name);
        assert_eq!(played.requests, session.requests.len());
    }
    assert_eq!(site.arrived_from("203.0.113.8"), 295);
}

#[tokio::test]
async fn browsers_load_pages_and_talk() {
    let site = Site::start().await.unwrap();
    for kind in [Kind::Chromium, Kind::Firefox] {
        let running = Running::start(kind).await.unwrap();
        let browser = &running.browser;
        browser.go(&format!("http://{}/", site.address)).await.unwrap();
        assert_eq!(browser.title().await.unwrap(), "Shop");
        let loaded = browser.loaded().await.unwrap();
        for path in ["/", "/static/site.css", "/static/app.js", "/img/p5.png"] {
            assert!(loaded.contains(&(path.to_owned(), 200)), "{kind:?} {path}: {loaded:?}");
        }
        browser.go(&format!("http://{}/spa", site.address)).await.unwrap();
        browser.await_title("3 200 204 hello one").await.unwrap();
        let agent = browser.run("return navigator.userAgent").await.unwrap();
        assert!(!agent.as_str().unwrap().contains("Headless"), "{agent}");
        let driven = browser.run("return navigator.webdriver === true").await.unwrap();
        assert_eq!(driven, kind == Kind::Firefox, "{kind:?}");
    }
}

#[tokio::test]
async fn settings_of_browsers_hold() {
    let site = Site::start().await.unwrap();
    let habits = Habits { no_script: true, no_cookies: true, languages: "ar,en", ..Habits::default() };
    for kind in [Kind::Chromium, Kind::Firefox] {
        let running = Running::with_habits(kind, habits).await.unwrap();
        let browser = &running.browser;
        browser.go(&format!("http://{}/spa", site.address)).await.unwrap();
        assert_eq!(browser.title().await.unwrap(), "waiting", "{kind:?}: no script runs");
        assert_eq!(browser.text("#state").await.unwrap(), "waiting");
        browser.go(&format!("http://{}/login", site.address)).await.unwrap();
        browser.click("#submit").await.unwrap();
        browser.await_title("Account").await.unwrap();
        assert!(browser.source().await.unwrap().contains("Signed in."), "{kind:?}");
        let arrived = site.arrived();
        let account = arrived.iter().rev().find(|request| request.target == "/account").unwrap();
        assert_eq!(account.header("cookie"), None, "{kind:?}");
        assert!(account.header("accept-language").unwrap().starts_with("ar,en"), "{kind:?}: {account:?}");
    }
}

#[tokio::test]
async fn the_site_answers_every_client_as_expected() {
    let site = Site::start().await.unwrap();
    for name in ["welcome", "unwelcome"] {
        for mut client in clients(name).unwrap() {
            client.request.iter_mut().for_each(|request| request.every_ms = 0);
            let exchanges = client.play(site.address, |exchange| !exchange.passed()).await.unwrap();
            let shown: Vec<String> =
                exchanges.iter().filter(|exchange| !exchange.passed()).map(Exchange::shown).collect();
            assert_eq!(shown, Vec::<String>::new(), "{}", client.name);
            assert_eq!(site.arrived_from(&client.address), client.script().len(), "{}", client.name);
        }
    }
}
