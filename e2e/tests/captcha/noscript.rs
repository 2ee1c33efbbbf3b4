//! Visitors without scripts: people who switched them off, and what the way without them costs a program.

use std::time::Duration;

use palisade_e2e::browser::Habits;
use palisade_e2e::pace::Pacer;
use palisade_e2e::steps::{Curl, Way};

use crate::place::{EVERYTHING, FIREFOX, HOME, KINDS, Place, Visitor};

/// A person who sees a button presses it, now and then, until the page is there.
const PATIENCE: usize = 12;

/// Complaint: who has no script is locked out.
#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_people_get_in() {
    for kind in KINDS {
        let place = Place::challenging(EVERYTHING).await;
        let habits = Habits { no_script: true, ..Habits::default() };
        let visitor = Visitor::with(kind, habits, &place).await.unwrap();
        visitor.browser().go(&visitor.url("/search?q=lamp")).await.unwrap();
        let pacer = Pacer::start();
        for _ in 0..PATIENCE {
            if visitor.browser().title().await.unwrap() == "Search" {
                break;
            }
            pacer.until(pacer.elapsed() + Duration::from_secs(3)).await;
            // Where the page goes on by itself, the button is gone by now.
            let _ = visitor.browser().click("button").await;
        }
        let title = visitor.browser().title().await.unwrap();
        assert_eq!(
            title,
            "Search",
            "{kind:?}: {:#?}\n{}",
            visitor.lines(),
            visitor.browser().source().await.unwrap()
        );
        assert_eq!(visitor.browser().url().await.unwrap(), visitor.url("/search?q=lamp"));
        assert_eq!(place.arrived_at("/search").len(), 1);
        // No script was asked to do it.
        assert_eq!(visitor.asked("POST", "/.palisade/answer"), 0, "{:?}", visitor.lines());
        visitor.browser().go(&visitor.url("/page3")).await.unwrap();
        assert_eq!(visitor.browser().title().await.unwrap(), "Page 3", "a second page is not challenged");
    }
}

/// What docs/no-script.md says it costs a program: round trips and seconds, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_a_program_pays_in_round_trips_and_seconds() {
    for (way, round_trips, seconds) in [(Way::Chain, 5, 1), (Way::Form, 2, 2)] {
        let place = Place::challenging(EVERYTHING).await;
        let front = place.front(HOME).await;
        let mut curl = Curl::new(FIREFOX, true).unwrap();
        let (cost, status, page) = curl.take(front.address, "/page3", way, true).await.unwrap();
        assert_eq!(status, 200, "{way:?}: {page}");
        assert_eq!(cost.round_trips, round_trips, "{way:?}: {cost:?}");
        assert!(cost.elapsed >= Duration::from_secs(seconds), "{way:?}: {cost:?}");
        assert_eq!(place.arrived_at("/page3").len(), 1);
    }
}

/// Without patience, or without a jar, the same steps lead nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_wait_or_keeps_no_cookies_stays_out() {
    for way in [Way::Chain, Way::Form] {
        for (name, cookies, waits) in [("hurries", true, false), ("forgets", false, true)] {
            let place = Place::challenging(EVERYTHING).await;
            let front = place.front(HOME).await;
            let mut curl = Curl::new(FIREFOX, cookies).unwrap();
            let (_, status, page) = curl.take(front.address, "/page3", way, waits).await.unwrap();
            assert_eq!(status, 403, "{way:?}, who {name}: {page}");
            assert_eq!(place.arrived(), []);
        }
    }
}
