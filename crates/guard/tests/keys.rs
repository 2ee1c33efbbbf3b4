//! A limit by key counts what shows the key, wherever it comes from.

mod common;

use common::{at, guard_with, ok, page};
use palisade_detect::Observe;
use palisade_domain::{Action, Fact, HeaderCase, HeaderList, HeaderOrder};
use palisade_policy::{LimitSettings, Policy, limits};

#[test]
fn one_key_is_one_caller() {
    let limits = LimitSettings { key: limits::per_minute(10), ..LimitSettings::default() };
    let (guard, _backlog) = guard_with(0.0, Policy { limits, ..Policy::default() });
    let asked = |n: u32, header: (&'static str, &'static str)| {
        let entries = [("Host", "shop.example"), header];
        let mut facts = page(n, at(0));
        facts.target = Fact::Known("/api/books");
        facts.headers =
            Fact::Known(HeaderList { entries: &entries, order: HeaderOrder::Wire, case: HeaderCase::Wire });
        let ruling = guard.request(&facts, Observe::Note, None);
        let action = ruling.judged.verdict.decision;
        guard.response(ruling, &ok(), at(0));
        (action.action, action.rule)
    };
    for n in 0..10 {
        let header = if n % 2 == 0 { ("X-API-Key", "k-1") } else { ("Authorization", "Bearer k-1") };
        assert!(!matches!(asked(n, header).0, Action::Throttle(_)), "{n}");
    }
    assert!(matches!(asked(11, ("x-api-key", "k-1")), (Action::Throttle(_), "limit: key")));
    assert!(!matches!(asked(12, ("x-api-key", "k-2")).0, Action::Throttle(_)));
    assert!(!matches!(asked(13, ("authorization", "Basic azp4")).0, Action::Throttle(_)));
}
