//! People's browsers: alone, and behind an address that two hundred others share.

use std::net::IpAddr;
use std::time::Duration;

use palisade_e2e::browser::{Kind, Running};
use palisade_e2e::front::Front;
use palisade_e2e::pace::Pacer;
use palisade_e2e::player::{Played, Reference, Stage, play};
use palisade_e2e::recorded::{people, recording};
use palisade_e2e::site::Site;
use palisade_e2e::webdriver::Browser;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{ENFORCE, defended};

/// The address that everybody shares.
const OFFICE: &str = "203.0.113.77";

/// How many people are behind it beside the two browsers.
const PEOPLE: usize = 200;

/// People begin within this time.
const ARRIVING: Duration = Duration::from_secs(20);

/// A recorded visit takes two minutes; played faster it is a hurried one.
const SPEED: f64 = 2.0;

/// How long a person looks at one page after another, in ms.
const READING_MS: [u64; 8] = [900, 1700, 600, 2300, 1100, 1400, 800, 1900];

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_alone_is_never_hindered() {
    for enforce in ENFORCE {
        let site = Site::start().await.unwrap();
        let palisade = defended(&site, enforce, "").await;
        let mut visits = JoinSet::new();
        for (kind, client) in [(Kind::Chromium, "203.0.113.71"), (Kind::Firefox, "203.0.113.72")] {
            let gateway = palisade.gateway;
            visits.spawn(async move {
                let front = Front::start(gateway, client.parse::<IpAddr>().unwrap()).await?;
                visit(kind, &front.url()).await.map_err(|error| error.context(format!("{kind:?}")))
            });
        }
        let faults: Vec<String> = visits.join_all().await.into_iter().filter_map(fault).collect();
        assert!(faults.is_empty(), "enforce {enforce}:\n{}\n{}", faults.join("\n"), palisade.log());
        for client in ["203.0.113.71", "203.0.113.72"] {
            assert!(site.arrived_from(client) > 20, "{client}: {}", site.arrived_from(client));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_beside_two_hundred_people_are_never_hindered() {
    let mut runs = JoinSet::new();
    for enforce in ENFORCE {
        runs.spawn(async move { crowd_under(enforce).await });
    }
    let faults: Vec<String> = runs.join_all().await.concat();
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults[..faults.len().min(20)].join("\n"));
}

async fn crowd_under(enforce: &'static str) -> Vec<String> {
    let site = Site::start().await.unwrap();
    let palisade = defended(&site, enforce, "").await;
    let front = Front::start(palisade.gateway, OFFICE.parse::<IpAddr>().unwrap()).await.unwrap();
    let stage = Stage {
        gateway: palisade.gateway,
        client: OFFICE.to_owned(),
        reference: Reference::of(site.address),
        speed: SPEED,
    };
    let sessions = people(&recording()).unwrap();
    let mut crowd = JoinSet::new();
    let pacer = Pacer::start();
    for number in 0..PEOPLE {
        let (session, stage) = (sessions[number % sessions.len()].clone(), stage.clone());
        // Irregular, and the same in every run.
        let begin = ARRIVING.mul_f64((number * 73 % PEOPLE) as f64 / PEOPLE as f64);
        crowd.spawn(async move {
            pacer.until(begin).await;
            play(&session, &stage).await.map(|played| (session.requests.len(), played))
        });
    }
    let mut visits = JoinSet::new();
    for kind in [Kind::Chromium, Kind::Firefox] {
        let url = front.url();
        visits.spawn(async move {
            // In the middle of it.
            pacer.until(ARRIVING).await;
            visit(kind, &url).await.map_err(|error| error.context(format!("{kind:?}")))
        });
    }
    let mut faults: Vec<String> = visits.join_all().await.into_iter().filter_map(fault).collect();
    let mut requests = 0;
    for played in crowd.join_all().await {
        match played {
            Ok((expected, Played { requests: sent, hindered })) => {
                assert_eq!(sent, expected);
                requests += sent;
                faults.extend(hindered);
            }
            Err(error) => faults.push(format!("{error:#}")),
        }
    }
    let arrived = site.arrived_from(OFFICE);
    if arrived < requests {
        faults.push(format!("{arrived} of {requests} requests arrived"));
    }
    faults.iter_mut().for_each(|fault| fault.insert_str(0, &format!("enforce {enforce}: ")));
    faults
}

fn fault(visit: anyhow::Result<()>) -> Option<String> {
    visit.err().map(|error| format!("{error:#}"))
}

/// Reads pages, looks at a gallery, writes, signs in, reads the feed, and works in a page that talks over a WebSocket.
async fn visit(kind: Kind, url: &str) -> anyhow::Result<()> {
    let running = Running::start(kind).await?;
    let browser = &running.browser;
    let mut reading = Reading { pacer: Pacer::start(), page: 0 };

    browser.go(&format!("{url}/")).await?;
    arrive(browser, "Shop", &["/", "/static/site.css", "/static/app.js", "/img/p0.png", "/img/p5.png"])
        .await?;
    for page in ["3", "1", "8"] {
        reading.goes_on().await;
        browser.click(&format!("a[href='/page{page}']")).await?;
        arrive(browser, &format!("Page {page}"), &[&format!("/page{page}"), &format!("/img/p{page}.png")])
            .await?;
    }
    reading.goes_on().await;
    browser.click("a[href='/gallery']").await?;
    arrive(browser, "Gallery", &["/gallery", "/img/p27.png"]).await?;
    reading.goes_on().await;
    browser.click("a[href='/login']").await?;
    arrive(browser, "Sign in", &["/login"]).await?;
    browser.type_into("input[name=user]", "anna").await?;
    browser.type_into("input[name=password]", "a long pass phrase").await?;
    browser.click("#submit").await?;
    arrive(browser, "Account", &["/account"]).await?;
    reading.goes_on().await;
    browser.go(&format!("{url}/contact")).await?;
    arrive(browser, "Write to us", &["/contact"]).await?;
    browser.type_into("input[name=name]", "Anna O'Hara").await?;
    browser.type_into("textarea", "Is the lamp <b>really</b> 40 cm; or 1=1 metre? -- Anna").await?;
    browser.click("#send").await?;
    arrive(browser, "Thank you", &["/contact"]).await?;
    reading.goes_on().await;
    browser.go(&format!("{url}/feed.xml")).await?;
    let feed = browser.run("return document.documentElement.querySelector('item title').textContent").await?;
    anyhow::ensure!(feed == json!("Lamps are back"), "the feed says {feed}");
    reading.goes_on().await;
    browser.go(&format!("{url}/spa")).await?;
    browser.await_title("3 200 204 hello one").await?;
    running.browser.close().await
}

/// The page is called `title`, and it and these parts of it were answered 200, as everything else on it was.
async fn arrive(browser: &Browser, title: &str, paths: &[&str]) -> anyhow::Result<()> {
    browser.await_title(title).await?;
    let loaded = browser.loaded().await?;
    for path in paths {
        let found = loaded.iter().any(|(named, status)| named == path && *status == 200);
        anyhow::ensure!(found, "{title}: {path} in {loaded:?}");
    }
    let hindered: Vec<_> = loaded.iter().filter(|(_, status)| *status >= 400).collect();
    anyhow::ensure!(hindered.is_empty(), "{title}: {hindered:?}");
    Ok(())
}

/// A person looks at a page for a while before going on.
struct Reading {
    pacer: Pacer,
    page: usize,
}

impl Reading {
    async fn goes_on(&mut self) {
        let ms = READING_MS[self.page % READING_MS.len()];
        self.page += 1;
        self.pacer.until(self.pacer.elapsed() + Duration::from_millis(ms)).await;
    }
}
