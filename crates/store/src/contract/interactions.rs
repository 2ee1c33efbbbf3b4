//! Promises of [`Interactions`](crate::Interactions).

use palisade_domain::{TenantId, Timestamp};

use super::labels::label;
use super::{ONE, TWO, at};
use crate::bounds::INTERACTION_BYTES_MAX;
use crate::{
    InteractionId, InteractionSource, LabelSource, LabelSubject, LabelVerdict, NewInteraction, Page, Store,
    StoredInteraction, WriteError,
};

/// One that came `secs` after the start, named after it.
pub(super) fn interaction(secs: i64) -> NewInteraction {
    NewInteraction {
        id: InteractionId::from_random(u128::from(secs.unsigned_abs())),
        time: at(secs),
        data: r#"{"interactions":{"keyPresses":[{"time":1}]}}"#.into(),
        label: None,
        source: InteractionSource::Widget,
        score: Some(0.25),
    }
}

async fn all(store: &dyn Store, tenant: TenantId) -> Vec<StoredInteraction> {
    store.interactions(tenant, Page::FIRST).await.expect("interactions")
}

async fn add(store: &dyn Store, tenant: TenantId, new: &NewInteraction) -> bool {
    store.add_interaction(tenant, new).await.expect("add")
}

pub(super) async fn an_interaction_is_labelled_by_its_own_tenant(store: &dyn Store) {
    let one = interaction(1);
    let other = NewInteraction {
        label: Some(LabelVerdict::Human),
        source: InteractionSource::Application,
        score: None,
        ..interaction(2)
    };
    assert!(add(store, ONE, &one).await && add(store, ONE, &other).await && add(store, TWO, &one).await);
    assert!(
        !add(store, ONE, &NewInteraction { data: "{}".into(), ..one.clone() }).await,
        "the name is taken"
    );
    let rows = all(store, ONE).await;
    assert_eq!(rows.iter().map(|row| row.interaction.clone()).collect::<Vec<_>>(), [one.clone(), other]);
    assert_eq!((rows[0].tenant, rows[0].number), (ONE, 1));

    assert!(store.label_interaction(ONE, one.id, LabelVerdict::Human).await.expect("label"));
    assert!(
        store.label_interaction(ONE, one.id, LabelVerdict::Bot).await.expect("people change their minds")
    );
    let unknown = InteractionId::from_random(99);
    assert!(!store.label_interaction(ONE, unknown, LabelVerdict::Bot).await.expect("label"));
    assert_eq!(store.interaction(ONE, unknown).await.expect("read"), None);
    let labelled = |row: Option<StoredInteraction>| row.map(|row| row.interaction.label);
    assert_eq!(labelled(store.interaction(ONE, one.id).await.expect("read")), Some(Some(LabelVerdict::Bot)));
    assert_eq!(labelled(store.interaction(TWO, one.id).await.expect("read")), Some(None));
    let size = store.interactions_size(ONE).await.expect("size");
    assert_eq!((size.interactions, size.labelled), (2, 2));
    assert!(size.bytes > one.data.len() as u64);

    let about = LabelSubject::Interaction(one.id);
    let made = store.put_label(ONE, &label(about.clone(), LabelSource::Import)).await.expect("put");
    assert_eq!(made.subject, about, "labels are about interactions too");
}

pub(super) async fn interactions_come_in_pages_and_go_with_their_time(store: &dyn Store) {
    let known = all(store, ONE).await.len();
    for secs in 10..15 {
        add(store, ONE, &interaction(secs)).await;
    }
    let first = store.interactions(ONE, Page { after: 0, limit: 4 }).await.expect("page");
    let after = first.last().map_or(0, |row| row.number);
    let rest = store.interactions(ONE, Page { after, limit: 99 }).await.expect("page");
    assert_eq!((first.len(), first.len() + rest.len()), (4, known + 5));
    assert!(first.iter().chain(&rest).is_sorted_by_key(|row| row.number));

    assert_eq!(store.delete_interactions_before(ONE, at(12)).await.expect("delete"), known as u64 + 2);
    let left: Vec<_> = all(store, ONE).await.iter().map(|row| row.interaction.time).collect();
    assert_eq!(left, [at(12), at(13), at(14)]);
    assert_eq!(all(store, TWO).await.len(), 1, "the other tenant's stay");
    assert!(add(store, ONE, &interaction(10)).await, "the name is free again");
    store.delete_interactions_before(ONE, Timestamp(i64::MAX)).await.expect("delete");
    assert_eq!(store.interactions_size(ONE).await.expect("size").bytes, 0);

    let long = NewInteraction { data: "x".repeat(INTERACTION_BYTES_MAX + 1), ..interaction(30) };
    let refused = store.add_interaction(ONE, &long).await;
    assert!(matches!(refused, Err(WriteError::TooLong { .. })), "{refused:?}");
    assert!(all(store, ONE).await.is_empty());
}

pub(super) async fn full_interactions_drop_the_oldest(store: &dyn Store) {
    add(store, TWO, &interaction(0)).await;
    for secs in 0..9 {
        add(store, ONE, &interaction(secs)).await;
        assert!(store.interactions_size(ONE).await.expect("size").interactions <= 3);
    }
    let kept: Vec<_> = all(store, ONE).await.iter().map(|row| row.interaction.time).collect();
    assert_eq!(kept, [at(6), at(7), at(8)], "the newest stay");
    for secs in 20..29 {
        add(store, ONE, &NewInteraction { data: "x".repeat(1_500), ..interaction(secs) }).await;
        let size = store.interactions_size(ONE).await.expect("size");
        assert!(size.bytes <= 4_000, "{size:?}");
    }
    let kept: Vec<_> = all(store, ONE).await.iter().map(|row| row.interaction.time).collect();
    assert_eq!(kept, [at(27), at(28)], "as many of the newest as fit");
    assert_eq!(all(store, TWO).await.len(), 1, "the other tenant's stay");
}
