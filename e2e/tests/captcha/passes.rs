//! Passes that do not hold: whoever shows one is challenged as if there were none, and never sees an error.

use palisade_e2e::browser::Kind;

use crate::place::{EVERYTHING, FIREFOX, IPHONE, KINDS, Place, TRAIN, Visitor, is_challenge, page};

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_does_not_hold_is_none() {
    let place = Place::challenging(EVERYTHING).await;
    let elsewhere = Place::challenging(EVERYTHING).await;
    let visitor = Visitor::new(Kind::Firefox, &elsewhere).await.unwrap();
    visitor.goes("/page1", "Page 1").await.unwrap();
    let foreign = visitor.pass().await.unwrap();
    let mut changed = foreign.clone().into_bytes();
    let middle = changed.len() / 2;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    let front = place.front(TRAIN).await;
    let long = "A".repeat(16_000);
    for (name, pass) in [
        ("of another installation", foreign.as_str()),
        ("changed", &changed),
        ("cut", &foreign[..foreign.len() / 2]),
        ("empty", ""),
        ("no pass at all", "\u{e4}\u{1f4a9}==;;;,,,\"\\"),
        ("very long", &long),
        ("a token", "eyJhbGciOiJub25lIn0.eyJzY29yZSI6MX0."),
    ] {
        for cookie in ["palisade_pass", "__Host-palisade_pass"] {
            let cookie = format!("theme=dark; {cookie}={pass}; cart=7");
            let answer = page(front.address, "/page2", FIREFOX, &[("Cookie", &cookie)]).await;
            assert!(is_challenge(&answer), "{name}: {} {}", answer.status, answer.text());
        }
    }
    // And a browser with one of them gets in as everybody does.
    for kind in KINDS {
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.browser().go(&visitor.url("/.palisade/")).await.unwrap();
        visitor.browser().set_cookie("palisade_pass", &changed).await.unwrap();
        visitor.goes("/page3", "Page 3").await.unwrap();
        assert_ne!(visitor.pass().await.unwrap(), changed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_pass_is_of_no_use_to_somebody_else() {
    let place = Place::challenging(EVERYTHING).await;
    let visitor = Visitor::new(Kind::Firefox, &place).await.unwrap();
    visitor.goes("/page1", "Page 1").await.unwrap();
    let (pass, agent) = (visitor.pass().await.unwrap(), visitor.agent().await.unwrap());
    let cookie = format!("palisade_pass={pass}");
    let elsewhere = place.front(TRAIN).await;
    // Two of three match: the network and the browser are its own.
    let home = page(visitor.front.address, "/page2", &agent, &[("Cookie", &cookie)]).await;
    assert_eq!((home.status, home.is_from_site()), (200, true), "{}", home.text());
    // Another network and another browser.
    let stranger = page(elsewhere.address, "/page2", IPHONE, &[("Cookie", &cookie)]).await;
    assert!(is_challenge(&stranger), "{} {}", stranger.status, stranger.text());
}

/// Withdrawn on purpose, and not by a change of rules.
#[tokio::test(flavor = "multi_thread")]
async fn an_epoch_withdraws_passes_and_a_change_of_rules_does_not() {
    let place = Place::challenging(EVERYTHING).await;
    let visitor = Visitor::new(Kind::Firefox, &place).await.unwrap();
    visitor.goes("/page1", "Page 1").await.unwrap();
    let (pass, agent) = (visitor.pass().await.unwrap(), visitor.agent().await.unwrap());
    let cookie = format!("palisade_pass={pass}");
    let again = async || page(visitor.front.address, "/page2", &agent, &[("Cookie", &cookie)]).await;

    let config = place.palisade.config();
    let before = std::fs::read_to_string(&config).unwrap();
    let weigh = "rules = [{ when = '''path == \"/nowhere\"''', weigh = 3 }, ";
    std::fs::write(&config, before.replace("rules = [", weigh)).unwrap();
    place.palisade.reload().await.unwrap();
    assert_eq!(again().await.status, 200);

    std::fs::write(&config, format!("{before}\n[challenge]\nepoch = 2\n")).unwrap();
    place.palisade.reload().await.unwrap();
    let answer = again().await;
    assert!(is_challenge(&answer), "{} {}", answer.status, answer.text());
}

/// The key that signs passes is kept: a restart asks nobody again.
#[tokio::test(flavor = "multi_thread")]
async fn a_pass_outlives_a_restart() {
    let place = Place::challenging(EVERYTHING).await;
    let visitor = Visitor::new(Kind::Firefox, &place).await.unwrap();
    visitor.goes("/page1", "Page 1").await.unwrap();
    let (pass, agent) = (visitor.pass().await.unwrap(), visitor.agent().await.unwrap());
    let Place { site: _site, palisade, setup } = place;
    let palisade = palisade.killed_and_served_again(&setup).await.unwrap();
    let front = palisade_e2e::front::Front::start(palisade.gateway, crate::place::HOME.parse().unwrap())
        .await
        .unwrap();
    let cookie = format!("palisade_pass={pass}");
    let answer = page(front.address, "/page2", &agent, &[("Cookie", &cookie)]).await;
    assert_eq!((answer.status, answer.is_from_site()), (200, true), "{}", answer.text());
}

/// Complaint: a program solves once and then takes everything. A pass is good for challenges, and for so many pages.
#[tokio::test(flavor = "multi_thread")]
async fn a_pass_is_no_licence_to_take_everything() {
    let place = Place::challenging(EVERYTHING).await;
    let visitor = Visitor::new(Kind::Firefox, &place).await.unwrap();
    visitor.goes("/page1", "Page 1").await.unwrap();
    let (pass, agent) = (visitor.pass().await.unwrap(), visitor.agent().await.unwrap());
    let cookie = format!("palisade_pass={pass}");
    let mut taken = 0;
    let stopped = loop {
        let target = format!("/page{}", taken % 99 + 1);
        let answer = page(visitor.front.address, &target, &agent, &[("Cookie", &cookie)]).await;
        match answer.is_from_site() {
            true if taken < 2_000 => taken += 1,
            _ => break answer,
        }
    };
    assert!(is_challenge(&stopped) || stopped.status == 429, "after {taken} pages: {}", stopped.status);
    // Within seconds, and nothing but pages: no person does that.
    assert!(taken >= 50, "a person reads {taken} pages and is stopped");
}
