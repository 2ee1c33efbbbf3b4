//! A flood from its beginning to its end, by the clock of the requests alone: what it brings about is over when it is.

mod common;

use common::{at, guard, ok, page};
use palisade_detect::Observe;
use palisade_domain::{Fact, Timestamp};
use palisade_guard::Guard;
use palisade_policy::Level;

/// One version of a browser, which is what such floods pretend to be.
const FACE: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36";

/// A minute of requests, `per_second` a second, one from each of `clients` in turn; all but one in `others` with the flood's face.
fn minute(guard: &Guard, minute: i64, per_second: u32, clients: u32, others: u32) {
    for n in 0..60 * per_second {
        let time = at(minute * 60 + i64::from(n / per_second));
        let mut facts = page(1_000 + n % clients, time);
        if n % others != 0 {
            facts.user_agent = Fact::Known(FACE);
        }
        let ruling = guard.request(&facts, Observe::Note, None);
        guard.response(ruling, &ok(), time);
    }
}

/// The rules that decide about ten requests in a second of address `n`, with the flood's face.
fn rules(guard: &Guard, n: u32, time: Timestamp) -> Vec<&'static str> {
    let rule = |_| {
        let mut facts = page(n, time);
        facts.user_agent = Fact::Known(FACE);
        let ruling = guard.request(&facts, Observe::Note, None);
        let rule = ruling.judged.verdict.decision.rule;
        guard.response(ruling, &ok(), time);
        rule
    };
    (0..10).map(rule).collect()
}

#[test]
fn what_a_flood_brings_about_ends_with_it() {
    let (guard, _backlog) = guard(0.0);
    (0..5).for_each(|at| minute(&guard, at, 2, 100, 1));
    assert!(!rules(&guard, 1, at(300)).contains(&"limit: flood"), "before");
    minute(&guard, 5, 60, 3_000, 20);
    assert_eq!(guard.load.level(at(360)), Level::Flood);
    assert_eq!(rules(&guard, 2, at(360))[6..], ["limit: flood"; 4], "meanwhile");
    (6..8).for_each(|at| minute(&guard, at, 2, 100, 1));
    assert_eq!(guard.load.level(at(480)), Level::Calm);
    assert!(!rules(&guard, 3, at(480)).contains(&"limit: flood"), "afterwards");
    // Nobody need come for it to end.
    minute(&guard, 8, 60, 3_000, 20);
    assert_eq!(guard.load.level(at(540)), Level::Flood);
    assert_eq!(guard.load.level(at(540 + 95)), Level::Calm);
}
