//! Promises of a full store: it stays correct, says so, and one tenant's flood is not the other's.

use palisade_domain::{Action, Timestamp};

use super::audit::{line, random};
use super::events::event;
use super::interactions::full_interactions_drop_the_oldest;
use super::keys::new_key;
use super::labels::label;
use super::lists::entry;
use super::rollups::row;
use super::site_keys::new_site_key;
use super::{ONE, TWO, at};
use crate::{
    ApiKey, Effect, Event, EventId, EventQuery, LabelSource, LabelSubject, Page, RollupQuery, Store,
    WriteError,
};

/// What holds when tables are full, on an empty store with [`super::SMALL_LIMITS`].
///
/// # Panics
/// Where the store breaks a promise.
pub async fn bounds(store: &dyn Store) {
    full_lists_refuse_whole_batches(store).await;
    full_events_drop_the_oldest(store).await;
    full_labels_refuse(store).await;
    heavy_events_drop_the_oldest(store).await;
    full_keys_refuse(store).await;
    full_site_keys_refuse(store).await;
    full_rollups_drop_the_oldest_minutes(store).await;
    full_queues_refuse(store).await;
    a_full_audit_log_refuses(store).await;
    full_interactions_drop_the_oldest(store).await;
    super::models::full_models_drop_what_is_over(store).await;
    super::frozen::a_full_set_takes_no_more(store).await;
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

async fn heavy_events_drop_the_oldest(store: &dyn Store) {
    store.delete_before(ONE, Timestamp(i64::MAX)).await.expect("delete");
    let heavy = Event { facts: Some("x".repeat(1_200)), ..event("192.0.2.1", 0) };
    let mut ids = Vec::new();
    for _ in 0..9 {
        ids.extend(store.append(ONE, std::slice::from_ref(&heavy)).await.expect("append"));
        let size = store.events_size(ONE).await.expect("size");
        assert!(size.bytes <= 4_000, "{size:?}");
    }
    let kept = store.export(ONE, EventId(0), 9).await.expect("export");
    assert_eq!(kept.iter().map(|row| row.id).collect::<Vec<_>>(), ids[7..], "as many of the newest as fit");
    let huge = Event { facts: Some("x".repeat(5_000)), ..heavy };
    store.append(ONE, &[huge]).await.expect("append");
    assert_eq!(store.events_size(ONE).await.expect("size").events, 0, "one beyond the bound is not kept");
    assert_eq!(store.count_events(TWO).await.expect("count"), 1, "the other tenant's stay");
}

async fn full_keys_refuse(store: &dyn Store) {
    let key = |n| ApiKey::from_random([n; 32]);
    for n in 1..=3 {
        store.create_key(ONE, &key(n), &new_key("k")).await.expect("three fit");
    }
    let refused = store.create_key(ONE, &key(4), &new_key("k")).await;
    assert!(matches!(refused, Err(WriteError::Full { max: 3, .. })), "{refused:?}");
    store.create_key(ONE, &key(2), &new_key("k")).await.expect("one that is there fits");
    assert_eq!(store.keys(ONE).await.expect("keys").len(), 3);
    store.create_key(TWO, &key(4), &new_key("k")).await.expect("the other tenant has room");
}

async fn full_site_keys_refuse(store: &dyn Store) {
    let create =
        async |tenant, n: usize| store.create_site_key(tenant, &new_site_key(&format!("pal_site_{n}"))).await;
    for n in 1..=3 {
        create(ONE, n).await.expect("three fit");
    }
    let refused = create(ONE, 4).await;
    assert!(matches!(refused, Err(WriteError::Full { max: 3, .. })), "{refused:?}");
    create(ONE, 2).await.expect("one that is there fits");
    assert_eq!(store.site_keys(ONE).await.expect("site keys").len(), 3);
    create(TWO, 4).await.expect("the other tenant has room");
}

async fn full_rollups_drop_the_oldest_minutes(store: &dyn Store) {
    store.add_rollups(TWO, &[row(0, 1, Action::Allow, 1)]).await.expect("add");
    for minute in 0..9 {
        let rows = [row(minute * 60, 1, Action::Allow, 1), row(minute * 60, 1, Action::Monitor, 1)];
        store.add_rollups(ONE, &rows).await.expect("add");
        let kept = store.rollups(ONE, RollupQuery::ALL).await.expect("rollups");
        let newest = rows[0].beginning();
        assert!(kept.iter().all(|row| row.minute == newest), "whole minutes go: {kept:?}");
        assert_eq!(kept.len(), 2);
    }
    assert_eq!(store.rollups(TWO, RollupQuery::ALL).await.expect("rollups").len(), 1);
}

async fn full_queues_refuse(store: &dyn Store) {
    for _ in 0..3 {
        store.put_escalation(ONE, "webhook", "x", at(0)).await.expect("three fit");
    }
    let refused = store.put_escalation(ONE, "webhook", "x", at(0)).await;
    assert!(matches!(refused, Err(WriteError::Full { max: 3, .. })), "{refused:?}");
    assert_eq!(store.count_escalations(ONE).await.expect("count"), 3);
    store.put_escalation(TWO, "webhook", "x", at(0)).await.expect("the other tenant has room");
    let taken = store.take_escalations(ONE, "webhook", at(0), at(9), 1).await.expect("take");
    store.escalation_done(ONE, taken[0].id).await.expect("done");
    store.put_escalation(ONE, "webhook", "x", at(0)).await.expect("there is room again");
}

async fn a_full_audit_log_refuses(store: &dyn Store) {
    for n in 1..=3 {
        store.append_audit(ONE, &line(n), &random(n as u8)).await.expect("three fit");
    }
    let refused = store.append_audit(ONE, &line(4), &random(4)).await;
    assert!(matches!(refused, Err(WriteError::Full { max: 3, .. })), "{refused:?}");
    let verdict = store.verify_audit(ONE, &[]).await.expect("verify");
    assert_eq!((verdict.sound, verdict.broken), (3, None));
    store.append_audit(TWO, &line(1), &random(1)).await.expect("the other tenant has room");
}
