//! Promises of [`Escalations`](crate::Escalations).

use palisade_domain::TenantId;

use super::{ONE, TWO, at};
use crate::{AfterFailure, Escalation, Store, WriteError, bounds};

async fn take(store: &dyn Store, tenant: TenantId, secs: i64, limit: usize) -> Vec<Escalation> {
    store.take_escalations(tenant, "webhook", at(secs), at(secs + 30), limit).await.expect("take")
}

fn payloads(taken: &[Escalation]) -> Vec<&str> {
    taken.iter().map(|item| item.payload.as_str()).collect()
}

pub(super) async fn nobody_is_given_what_another_holds(store: &dyn Store) {
    for payload in ["{\"n\":1}", "{\"n\":2}", "é"] {
        store.put_escalation(ONE, "webhook", payload, at(0)).await.expect("put");
    }
    store.put_escalation(ONE, "opinion", "other", at(0)).await.expect("put");
    let twos = store.put_escalation(TWO, "webhook", "theirs", at(0)).await.expect("put");

    let first = take(store, ONE, 1, 2).await;
    assert_eq!(payloads(&first), ["{\"n\":1}", "{\"n\":2}"], "the oldest first");
    assert_eq!((first[0].id, first[0].attempts, first[0].created_at), (twos, 1, at(0)));
    assert_eq!(payloads(&take(store, ONE, 2, 9).await), ["é"], "what is held is not given again");
    assert!(take(store, ONE, 3, 9).await.is_empty());
    assert!(store.escalation_done(ONE, first[0].id).await.expect("done"));
    assert!(!store.escalation_done(ONE, first[0].id).await.expect("done"), "a second time there is nothing");

    let again = take(store, ONE, 31, 9).await;
    assert_eq!((payloads(&again), again[0].attempts), (vec!["{\"n\":2}"], 2), "its lease was over");
    let late = store.escalation_failed(ONE, &first[1], at(0)).await.expect("failed");
    assert_eq!(late, AfterFailure::NotOurs, "who was too late decides nothing");
    assert_eq!(payloads(&take(store, TWO, 31, 9).await), ["theirs"], "the other tenant's waited untouched");
    assert_eq!(store.count_escalations(ONE).await.expect("count"), 3);
    clear(store).await;
}

pub(super) async fn failures_end(store: &dyn Store) {
    let id = store.put_escalation(ONE, "webhook", "hopeless", at(0)).await.expect("put");
    for attempt in 1..=bounds::ESCALATION_ATTEMPTS_MAX {
        let secs = i64::from(attempt) * 10;
        let taken = take(store, ONE, secs, 1).await;
        assert_eq!((taken[0].id, taken[0].attempts), (id, attempt));
        let after = store.escalation_failed(ONE, &taken[0], at(secs + 10)).await.expect("failed");
        let last = attempt == bounds::ESCALATION_ATTEMPTS_MAX;
        assert_eq!(after, if last { AfterFailure::GivenUp } else { AfterFailure::Retried });
        assert!(take(store, ONE, secs + 9, 1).await.is_empty(), "not before its time");
    }
    assert_eq!(store.count_escalations(ONE).await.expect("count"), 0);

    // One that kills its worker each time never answers.
    store.put_escalation(ONE, "webhook", "deadly", at(0)).await.expect("put");
    for attempt in 1..=bounds::ESCALATION_ATTEMPTS_MAX {
        assert_eq!(take(store, ONE, i64::from(attempt) * 100, 1).await.len(), 1);
    }
    assert!(take(store, ONE, 10_000, 1).await.is_empty());
    assert_eq!(store.count_escalations(ONE).await.expect("count"), 0, "it is not tried for ever");

    let long = "x".repeat(bounds::ESCALATION_BYTES_MAX + 1);
    let refused = store.put_escalation(ONE, "webhook", &long, at(0)).await;
    assert!(matches!(refused, Err(WriteError::TooLong { .. })), "{refused:?}");
    store.put_escalation(ONE, "webhook", &long[1..], at(0)).await.expect("one byte less fits");
    clear(store).await;
}

pub(super) async fn what_waited_too_long_is_deleted(store: &dyn Store) {
    for (tenant, payload, secs) in [(ONE, "held", 1), (ONE, "old", 2), (ONE, "new", 3), (TWO, "theirs", 1)] {
        store.put_escalation(tenant, "webhook", payload, at(secs)).await.expect("put");
    }
    take(store, ONE, 4, 1).await;
    assert_eq!(store.delete_escalations_before(ONE, at(3)).await.expect("delete"), 2);
    assert_eq!(store.delete_escalations_before(ONE, at(3)).await.expect("delete"), 0);
    assert_eq!(payloads(&take(store, ONE, 5, 9).await), ["new"]);
    assert_eq!(payloads(&take(store, TWO, 5, 9).await), ["theirs"]);
    clear(store).await;
}

async fn clear(store: &dyn Store) {
    for tenant in [ONE, TWO] {
        for kind in ["webhook", "opinion"] {
            let far = at(1_000_000);
            for item in store.take_escalations(tenant, kind, far, far, 99).await.expect("take") {
                store.escalation_done(tenant, item.id).await.expect("done");
            }
        }
        assert_eq!(store.count_escalations(tenant).await.expect("count"), 0);
    }
}
