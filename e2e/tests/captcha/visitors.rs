//! People with ordinary browsers, on a site that challenges everybody: they notice little and come where they wanted.

use palisade_e2e::browser::{Habits, Kind};
use serde_json::json;

use crate::place::{EVERYTHING, HOME, KINDS, Place, TRAIN, Visitor};

#[tokio::test(flavor = "multi_thread")]
async fn a_challenged_visitor_lands_where_they_wanted() {
    for kind in KINDS {
        let place = Place::challenging(EVERYTHING).await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.goes("/search?q=lamp&sort=a%2Fb#results", "Search").await.unwrap();
        // The address is the one that was typed, to the last letter.
        assert_eq!(
            visitor.browser().url().await.unwrap(),
            visitor.url("/search?q=lamp&sort=a%2Fb#results"),
            "{kind:?}"
        );
        assert_eq!(visitor.status().await.unwrap(), 200);
        let found =
            visitor.browser().run("return document.body.innerText.includes('3 found')").await.unwrap();
        assert_eq!(found, json!(true));
        // The site saw the question once, and no page part before the visitor was in.
        assert_eq!(place.arrived_at("/search").len(), 1, "{kind:?}: {:?}", visitor.lines());
        assert_eq!(visitor.answers(), visitor.answers_for_a_pass(), "{kind:?}: {:?}", visitor.lines());

        // The second page comes at once, with all its parts.
        visitor.goes("/page3", "Page 3").await.unwrap();
        let loaded = visitor.browser().loaded().await.unwrap();
        assert!(loaded.iter().all(|(_, status)| *status == 200), "{kind:?}: {loaded:?}");
        assert_eq!(visitor.asked("GET", "/page3"), 1);
        assert_eq!(visitor.answers(), visitor.answers_for_a_pass(), "{kind:?}: {:?}", visitor.lines());
    }
}

/// Complaint: a challenge stands in the history and "back" leads into it again and again.
#[tokio::test(flavor = "multi_thread")]
async fn the_way_back_has_no_challenge_in_it() {
    for kind in KINDS {
        let place = Place::challenging(r#"path.startsWith("/page")"#).await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.goes("/", "Shop").await.unwrap();
        visitor.browser().click("a[href='/page3']").await.unwrap();
        visitor.arrives("Page 3").await.unwrap();
        visitor.browser().click("a[href='/gallery']").await.unwrap();
        visitor.arrives("Gallery").await.unwrap();
        visitor.browser().back().await.unwrap();
        visitor.arrives("Page 3").await.unwrap();
        visitor.browser().back().await.unwrap();
        visitor.arrives("Shop").await.unwrap();
        assert_eq!(visitor.answers(), visitor.answers_for_a_pass(), "{kind:?}: {:?}", visitor.lines());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_both_get_in() {
    for kind in KINDS {
        let place = Place::challenging(EVERYTHING).await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        let browser = visitor.browser();
        let first = browser.tab().await.unwrap();
        let second = browser.new_tab().await.unwrap();
        // Neither waits for the other.
        browser.go(&visitor.url("/page1")).await.unwrap();
        browser.switch(&second).await.unwrap();
        browser.go(&visitor.url("/page2?second")).await.unwrap();
        visitor.arrives("Page 2").await.unwrap();
        browser.switch(&first).await.unwrap();
        visitor.arrives("Page 1").await.unwrap();
        assert_eq!(visitor.status().await.unwrap(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn loading_again_does_no_harm() {
    for kind in KINDS {
        let place = Place::challenging(EVERYTHING).await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.browser().go(&visitor.url("/page4")).await.unwrap();
        // In the middle of the challenge, as impatient people do.
        visitor.browser().reload().await.unwrap();
        visitor.arrives("Page 4").await.unwrap();
        visitor.browser().reload().await.unwrap();
        visitor.arrives("Page 4").await.unwrap();
        assert_eq!(visitor.status().await.unwrap(), 200);
    }
}

/// Complaint: every change of network (a train, a carrier's addresses, a second address family) asks again.
#[tokio::test(flavor = "multi_thread")]
async fn a_pass_goes_along_to_another_network() {
    for kind in KINDS {
        let place = Place::challenging(EVERYTHING).await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        visitor.goes("/page1", "Page 1").await.unwrap();
        // Cookies do not know ports: the same browser, from elsewhere.
        let train = place.front(TRAIN).await;
        let six = place.front("2001:db8:77::1").await;
        for (front, page) in [(&train, 2), (&six, 3)] {
            visitor.browser().go(&format!("{}/page{page}", front.url())).await.unwrap();
            visitor.arrives(&format!("Page {page}")).await.unwrap();
            let posts: Vec<_> =
                front.passed().into_iter().filter(|passed| passed.line().0 == "POST").collect();
            assert_eq!(posts, [], "{kind:?} is challenged again");
        }
        let from = |client: &str| place.site.arrived_from(client);
        assert!(from(HOME) > 0 && from(TRAIN) > 0 && from("2001:db8:77::1") > 0);
    }
}

/// The page is solved with a sixth of the power, as on an old telephone, and the work that is asked for is bounded.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_device_gets_in() {
    let place = Place::challenging(EVERYTHING).await;
    let visitor = Visitor::new(Kind::Chromium, &place).await.unwrap();
    visitor.browser().chromium("Emulation.setCPUThrottlingRate", &json!({"rate": 6})).await.unwrap();
    visitor.goes("/page6", "Page 6").await.unwrap();
    // One answer: it was not sent away to try something harder.
    assert_eq!(visitor.answers(), visitor.answers_for_a_pass(), "{:?}", visitor.lines());
}

/// Complaint: operators cannot see who was challenged, solved, failed.
#[tokio::test(flavor = "multi_thread")]
async fn operators_see_what_became_of_challenges() {
    let mut place = Place::challenging(EVERYTHING).await;
    let visitor = Visitor::new(Kind::Chromium, &place).await.unwrap();
    visitor.goes("/page1", "Page 1").await.unwrap();
    let metrics = palisade_e2e::wire::get(place.palisade.api, "/metrics").await.unwrap().text();
    for outcome in ["issued", "solved"] {
        let counted = metrics.lines().any(|line| {
            line.starts_with("palisade_challenge") && line.contains(outcome) && !line.ends_with(" 0")
        });
        assert!(counted, "{outcome} is not counted in {metrics}");
    }
    place.palisade.terminate().await.unwrap();
    let events = place.palisade.events().await.unwrap();
    let told = events.iter().any(|event| event.to_string().contains("challenge"));
    assert!(told, "{events:?}");
}

/// Who is moved by a program and says so is asked for more, and is not sent round in circles.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_says_it_is_driven_works_harder_and_gets_in() {
    for kind in KINDS {
        let place = Place::challenging(EVERYTHING).await;
        let habits = Habits { shows_driver: true, ..Habits::default() };
        let visitor = Visitor::with(kind, habits, &place).await.unwrap();
        visitor.goes("/page1", "Page 1").await.unwrap();
        assert_eq!(visitor.answers(), 2, "{kind:?}: {:?}", visitor.lines());
        assert_eq!(visitor.asked("GET", "/page1"), 2, "{kind:?}: {:?}", visitor.lines());
    }
}
