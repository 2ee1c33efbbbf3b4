//! Visitors without scripts: people who switched them off, and what the way without them costs a program.

use palisade_e2e::browser::Habits;
use palisade_e2e::pace::Pacer;
use std::time::Duration;

use crate::place::{EVERYTHING, KINDS, Place, Visitor};

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
