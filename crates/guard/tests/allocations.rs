//! The hot path of an ordinary request allocates nothing: judged, counted, answered, forgotten.
//!
//! A binary of its own, because counting takes the place of the whole process's allocator.

mod common;

use palisade_detect::Observe;
use palisade_domain::Vantage;
use palisade_guard::peer::Forwarding;
use palisade_testkit::Mix;

#[test]
fn an_unsampled_client_costs_no_allocation() {
    const REQUESTS: u64 = 3_000;
    let (guard, _backlog) = common::guard(0.0);
    let mix = Mix::new(Vantage::GatewayTls);
    let forwarding =
        Forwarding { x_forwarded_for: Some("6.6.6.6, 203.0.113.7:80, 127.0.0.1"), ..Forwarding::default() };
    let peer = "127.0.0.1".parse().expect("an address");
    let pass = || {
        for n in 0..REQUESTS {
            let facts = mix.facts(n);
            assert!(guard.arrival(peer, &forwarding).trusted);
            let ruling = guard.request(&facts, Observe::Note, None);
            guard.response(ruling, &mix.response(), facts.time);
        }
    };
    pass();
    let before = guard.totals.snapshot().actions;
    assert_eq!(allocation_counter::measure(pass).count_total, 0);
    let after = guard.totals.snapshot().actions;
    assert_eq!(before[0] + before[1], REQUESTS, "nobody of the mix is worth a record");
    assert_eq!(after[0] + after[1], 2 * REQUESTS);
}
