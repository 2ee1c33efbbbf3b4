//! From request to queue: who is recorded, what counts, what a watcher sees, and what happens when nobody sees the end.

mod common;

use std::collections::BTreeSet;
use std::thread;

use common::{at, attack, guard, ok, page};
use palisade_detect::Observe;
use palisade_domain::{Action, Fact, RequestId, ResponseFacts};
use palisade_guard::totals::Passage;
use palisade_store::Client;

/// Ordinary requests of `clients`, one each.
fn run(guard: &palisade_guard::Guard, clients: u32) {
    for n in 0..clients {
        let ruling = guard.request(&page(n, at(i64::from(n) / 50)), Observe::Note, None);
        guard.response(ruling, &ok(), at(i64::from(n) / 50));
    }
}

#[test]
fn refusals_are_always_recorded_with_everything_that_explains_them() {
    let (guard, mut backlog) = guard(0.0);
    run(&guard, 20);
    let ruling = guard.request(&attack(7, at(60)), Observe::Note, None);
    let (id, verdict) = (ruling.id, ruling.judged.verdict.clone());
    assert!(matches!(verdict.decision.enforced, Action::Block(_)));
    let refused = ResponseFacts { status: Fact::Known(403), ..ResponseFacts::default() };
    guard.response(ruling, &refused, at(61));
    let recorded = backlog.events.try_recv().expect("the refusal");
    assert!(backlog.events.try_recv().is_err(), "and nothing else");
    let event = recorded.event;
    assert_eq!((recorded.id, event.request_id, event.status), (id, Some(id), Some(403)));
    assert_eq!((event.action, event.enforced), (verdict.decision.action, verdict.decision.enforced));
    assert_eq!((event.client, event.score), (Client::Ip(common::ip(7)), verdict.assessment.score));
    assert_eq!(event.signals.len(), verdict.assessment.explanation.len());
    let line = event.facts.expect("the line for the replay");
    assert!(line.starts_with('{') && line.ends_with('}') && line.contains("end_seq"), "{line}");
}

#[test]
fn a_sample_keeps_whole_clients() {
    let (guard, mut backlog) = guard(0.2);
    run(&guard, 500);
    run(&guard, 500);
    let mut seen = std::collections::BTreeMap::<Client, u32>::new();
    while let Ok(recorded) = backlog.events.try_recv() {
        *seen.entry(recorded.event.client).or_default() += 1;
    }
    assert!((60..140).contains(&seen.len()), "{} of 500 clients", seen.len());
    assert!(seen.values().all(|count| *count == 2), "all of a client or nothing");
}

#[test]
fn the_sample_ends_at_its_rate_and_everything_means_everything() {
    let at_once = |sample: f64| {
        let (guard, mut backlog) = guard(sample);
        for n in 0..3_000 {
            let ruling = guard.request(&page(n, at(0)), Observe::Note, None);
            guard.response(ruling, &ok(), at(0));
        }
        std::iter::from_fn(|| backlog.events.try_recv().ok()).count()
    };
    assert_eq!(at_once(0.999_999), 400, "the burst");
    assert_eq!(at_once(1.0), 3_000);
}

#[test]
fn a_full_queue_drops_and_counts_and_verdicts_stay_the_same() {
    let (small, _backlog) = guard(1.0);
    let (other, mut other_backlog) = guard(1.0);
    for n in 0..9_000 {
        let facts = if n % 3 == 0 { attack(n, at(1)) } else { page(n, at(1)) };
        let full = small.request(&facts, Observe::Note, None);
        let empty = other.request(&facts, Observe::Note, None);
        assert_eq!(full.judged.verdict, empty.judged.verdict);
        small.response(full, &ok(), at(1));
        other.response(empty, &ok(), at(1));
        while other_backlog.events.try_recv().is_ok() {}
    }
    assert_eq!(small.totals.passed(Passage::EventQueued), 8_192);
    assert_eq!(small.totals.passed(Passage::EventDropped), 9_000 - 8_192);
    assert_eq!(small.totals.requests(), 9_000);
}

#[test]
fn an_exchange_nobody_saw_the_end_of_is_recorded_as_that() {
    let (guard, mut backlog) = guard(1.0);
    drop(guard.request(&page(1, at(0)), Observe::Note, None));
    let gone = guard.request(&page(2, at(1)), Observe::Note, None);
    guard.response(gone, &ResponseFacts::default(), at(2));
    let done = guard.request(&page(3, at(2)), Observe::Note, None);
    guard.response(done, &ok(), at(2));
    let all = guard.totals.snapshot();
    assert_eq!((all.requests, all.finished, all.unfinished), (3, 1, 2));
    let statuses: Vec<_> =
        std::iter::from_fn(|| backlog.events.try_recv().ok()).map(|r| r.event.status).collect();
    assert_eq!(statuses, [None, None, Some(200)]);
}

#[test]
fn who_only_asks_leaves_no_trace() {
    let (guard, mut backlog) = guard(1.0);
    let mut verdicts = guard.watch();
    let asked = guard.request(&attack(1, at(0)), Observe::Peek, None);
    assert!(asked.judged.verdict.decision.action.is_beyond_monitor());
    guard.response(asked, &ok(), at(0));
    drop(guard.request(&attack(1, at(0)), Observe::Peek, None));
    assert!(backlog.events.try_recv().is_err() && verdicts.try_recv().is_err());
    assert_eq!((guard.totals.requests(), guard.totals.snapshot().unfinished), (0, 0));
}

#[test]
fn a_watcher_sees_every_verdict_and_a_slow_one_misses_some() {
    let (guard, mut backlog) = guard(0.0);
    let mut verdicts = guard.watch();
    run(&guard, 10);
    let seen: Vec<RequestId> =
        std::iter::from_fn(|| verdicts.try_recv().ok()).map(|watched| watched.id).collect();
    assert_eq!(seen.len(), 10);
    assert!(seen.is_sorted());
    assert!(backlog.events.try_recv().is_err(), "watched is not recorded");
    run(&guard, 1_000);
    assert!(matches!(verdicts.try_recv(), Err(tokio::sync::broadcast::error::TryRecvError::Lagged(_))));
    drop(verdicts);
    run(&guard, 3);
    let mut again = guard.watch();
    run(&guard, 3);
    assert_eq!(std::iter::from_fn(|| again.try_recv().ok()).count(), 3);
}

#[test]
fn requests_and_ends_count_in_one_sequence() {
    let (guard, _backlog) = guard(0.0);
    let first = guard.request(&page(1, at(0)), Observe::Note, None);
    let second = guard.request(&page(2, at(0)), Observe::Note, None);
    assert_eq!((first.sequence, second.sequence, first.id), (0, 1, RequestId(1_000)));
    guard.response(second, &ok(), at(0));
    guard.response(first, &ok(), at(0));
    let third = guard.request(&page(1, at(1)), Observe::Note, None);
    assert_eq!((third.sequence, third.id), (4, RequestId(1_004)));
}

#[test]
fn a_forgotten_proxy_is_named_and_trusting_it_ends_that() {
    use palisade_guard::TrustedProxies;
    use palisade_guard::peer::Forwarding;
    let (guard, _backlog) = guard(0.0);
    let peer = "10.0.0.2".parse().expect("an address");
    let forwarding = Forwarding { x_forwarded_for: Some("203.0.113.7"), ..Forwarding::default() };
    let arrival = guard.arrival(peer, &forwarding);
    assert!(arrival.hidden && arrival.client == peer);
    let mut facts = page(1, at(5));
    facts.client = palisade_domain::ClientKey::Ip(arrival.client);
    facts.client_hidden = arrival.hidden;
    for _ in 0..3 {
        drop(guard.request(&facts, Observe::Note, None));
    }
    let all = guard.degradations();
    assert_eq!((all.len(), all[0].count, all[0].since), (1, 3, at(5)));
    assert!(
        all[0].message.contains(r#"trusted_proxies = ["loopback", "10.0.0.2/32"]"#),
        "{}",
        all[0].message
    );
    guard.trust(TrustedProxies::from_words(["loopback", "10.0.0.2/32"]).expect("words"));
    assert!(guard.degradations().is_empty());
    assert_eq!(guard.arrival(peer, &forwarding).client, "203.0.113.7".parse().expect("an address"));
}

#[test]
fn many_threads_add_up() {
    const EACH: u32 = 2_000;
    let (guard, mut backlog) = guard(0.0);
    let ids: Vec<RequestId> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8_u32)
            .map(|thread| {
                let guard = &guard;
                scope.spawn(move || {
                    let mut ids = Vec::new();
                    for n in 0..EACH {
                        let time = at(i64::from(n / 20));
                        let facts = if n % 10 == 0 { attack(thread, time) } else { page(100 + n, time) };
                        let ruling = guard.request(&facts, Observe::Note, None);
                        ids.push(ruling.id);
                        if n % 7 != 0 {
                            guard.response(ruling, &ok(), time);
                        }
                    }
                    ids
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no thread panics")).collect()
    });
    let all = guard.totals.snapshot();
    let total = u64::from(8 * EACH);
    assert_eq!((all.requests, all.finished + all.unfinished), (total, total));
    assert_eq!(all.unfinished, u64::from(8 * EACH.div_ceil(7)));
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len() as u64, total, "every number once");
    let refused: u64 = all.actions[2..].iter().sum();
    let queued = std::iter::from_fn(|| backlog.events.try_recv().ok()).count() as u64;
    assert_eq!(queued + all.passages[Passage::EventDropped as usize], refused);
    assert_eq!(guard.totals.drain().iter().map(|row| row.requests).sum::<u64>(), total);
}
