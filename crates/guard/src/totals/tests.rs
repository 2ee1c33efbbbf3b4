use std::thread;

use palisade_detect::scorer;
use palisade_domain::{BlockReason, Decision};

use super::*;

fn verdict(action: Action, enforced: Action, class: IdentityClass) -> Verdict {
    let mut assessment = scorer::blank();
    assessment.identity.class = class;
    let decision = Decision { action, enforced, rule: "", rule_number: None, until: None };
    Verdict { assessment, decision }
}

fn counted(verdict: &Verdict, site: u32, client: u64) -> Counted<'_> {
    Counted { site: SiteId(site), verdict, is_bot: true, fault: None, client }
}

#[test]
fn what_is_counted_is_what_happened() {
    let totals = Totals::default();
    let refused = verdict(Action::Block(BlockReason::Attack), Action::Monitor, IdentityClass::Tool);
    let person = verdict(Action::Allow, Action::Allow, IdentityClass::Browser);
    totals.add(&Counted { fault: Some(HeadFault::Host), ..counted(&refused, 0, 1 << 60) });
    totals.add(&Counted { is_bot: false, ..counted(&person, 7, 1 << 61) });
    totals.pass(Passage::EventDropped, 3);
    let all = totals.snapshot();
    assert_eq!((all.requests, all.bots, all.clients, all.clients_refused), (2, 1, 2, 0));
    assert_eq!((all.actions[6], all.enforced[1], all.actions[0], all.enforced[0]), (1, 1, 1, 1));
    assert_eq!(all.classes[IdentityClass::Tool as usize], 1);
    assert_eq!(all.faults[HeadFault::Host as usize], 1);
    assert_eq!(totals.passed(Passage::EventDropped), 3);
    let row = |site, rank, class, bots| MinuteRow { site: SiteId(site), rank, class, requests: 1, bots };
    let rows = totals.drain();
    assert_eq!(rows, [row(0, 1, IdentityClass::Tool, 1), row(7, 0, IdentityClass::Browser, 0)]);
    assert!(totals.drain().is_empty(), "a minute is given out once");
    totals.put_back(&rows);
    assert_eq!(totals.drain(), rows, "or again, when it could not be stored");
}

#[test]
fn names_and_order_agree() {
    for (at, class) in IdentityClass::ALL.into_iter().enumerate() {
        assert_eq!(class as usize, at);
    }
    for (at, fault) in HeadFault::ALL.into_iter().enumerate() {
        assert_eq!(fault as usize, at);
    }
    for (at, passage) in Passage::ALL.into_iter().enumerate() {
        assert_eq!((passage as usize, passage.name().is_empty()), (at, false));
    }
}

#[test]
fn sites_beyond_the_bound_count_in_the_totals_only() {
    let totals = Totals::default();
    let person = verdict(Action::Allow, Action::Allow, IdentityClass::Browser);
    totals.add(&counted(&person, SITES_MAX as u32, 1));
    totals.add(&counted(&person, u32::MAX, 1));
    assert_eq!((totals.requests(), totals.drain().len()), (2, 0));
}

#[test]
fn many_threads_add_up() {
    const EACH: u64 = 5_000;
    let totals = Totals::default();
    let person = verdict(Action::Allow, Action::Block(BlockReason::List), IdentityClass::Browser);
    thread::scope(|scope| {
        for thread in 0..8 {
            let (totals, person) = (&totals, &person);
            scope.spawn(move || (0..EACH).for_each(|n| totals.add(&counted(person, thread % 3, n))));
        }
    });
    let all = totals.snapshot();
    assert_eq!((all.requests, all.enforced[6]), (8 * EACH, 8 * EACH));
    assert_eq!(totals.drain().iter().map(|row| row.requests).sum::<u64>(), 8 * EACH);
}
