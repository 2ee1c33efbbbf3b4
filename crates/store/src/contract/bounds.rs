//! Promises of a full store: it stays correct, says so, and one tenant's flood is not the other's.

use super::events::event;
use super::labels::label;
use super::lists::entry;
use super::{ONE, TWO};
use crate::{Effect, EventId, EventQuery, LabelSource, LabelSubject, Page, Store, WriteError};

/// What holds when tables are full, on an empty store with [`super::SMALL_LIMITS`].
///
/// # Panics
/// Where the store breaks a promise.
pub async fn bounds(store: &dyn Store) {
    full_lists_refuse_whole_batches(store).await;
    full_events_drop_the_oldest(store).await;
    full_labels_refuse(store).await;
}

async fn full_lists_refuse_whole_batches(store: &dyn Store) {
    let four: Vec<_> = (1..=4).map(|n| entry(&format!("192.0.2.{n}"), Effect::Block, None)).collect();
    let refused = store.put(ONE, &four).await;
    assert!(matches!(refused, Err(WriteError::Full { max: 3, .. })), "{refused:?}");
    assert_eq!(store.count_entries(ONE).await.expect("count"), 0, "all or none");

    let made = store.put(ONE, &four[..3]).await.expect("three fit");
    assert_eq!(store.put(ONE, &four[..3]).await.expect("replacing fits"), made);
    assert!(store.put(ONE, &four[3..]).await.is_err());
    assert_eq!(store.entries(ONE, Page::FIRST).await.expect("entries"), made, "nothing was lost");
    store.put(TWO, &four[3..]).await.expect("the other tenant has room");
}

async fn full_events_drop_the_oldest(store: &dyn Store) {
    store.append(TWO, &[event("192.0.2.1", 0)]).await.expect("append");
    let mut ids = Vec::new();
    for secs in 0..20 {
        ids.extend(store.append(ONE, &[event("192.0.2.1", secs), event("x", -secs)]).await.expect("append"));
        assert!(store.count_events(ONE).await.expect("count") <= 3);
    }
    let mut kept: Vec<EventId> = Vec::new();
    for row in store.query(ONE, &EventQuery::ALL).await.expect("query") {
        kept.push(row.id);
    }
    kept.sort_unstable();
    assert_eq!(kept, ids[ids.len() - 3..], "the newest numbers stay");
    assert_eq!(store.count_events(TWO).await.expect("count"), 1, "the other tenant's stay too");
}

async fn full_labels_refuse(store: &dyn Store) {
    let about = |id| label(LabelSubject::Event(EventId(id)), LabelSource::Operator);
    for id in 1..=3 {
        store.put_label(ONE, &about(id)).await.expect("three fit");
    }
    let refused = store.put_label(ONE, &about(4)).await;
    assert!(matches!(refused, Err(WriteError::Full { max: 3, .. })), "{refused:?}");
    store.put_label(ONE, &about(2)).await.expect("replacing fits");
    assert_eq!(store.count_labels(ONE).await.expect("count"), 3);
    store.put_label(TWO, &about(4)).await.expect("the other tenant has room");
}
