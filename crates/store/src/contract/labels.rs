//! Promises of [`Labels`](crate::Labels).

use super::{ONE, TWO, at};
use crate::{
    Client, EventId, InteractionId, LabelBasis, LabelId, LabelSource, LabelSubject, LabelVerdict, NewLabel,
    NewLabels, Page, Store, Weight,
};

pub(super) fn label(subject: LabelSubject, source: LabelSource) -> NewLabel {
    NewLabel {
        subject,
        verdict: LabelVerdict::Bot,
        source,
        author: "key:1".to_owned(),
        basis: LabelBasis::Told,
        weight: Weight::FULL,
        created_at: at(0),
    }
}

pub(super) async fn a_label_replaces_its_own_source_only(store: &dyn Store) {
    let about = LabelSubject::Event(EventId(17));
    let first = label(about.clone(), LabelSource::Operator);
    let made = store.put_label(ONE, &first).await.expect("put");
    let other = store.put_label(TWO, &first).await.expect("put");
    assert_eq!(made.id, other.id, "tenants count on their own");

    let application = store.put_label(ONE, &label(about, LabelSource::Application)).await.expect("put");
    let weight = Weight::new(0.1).expect("in range");
    let changed = NewLabel { verdict: LabelVerdict::Human, weight, created_at: at(1), ..first };
    let changed = store.put_label(ONE, &changed).await.expect("put");
    assert_eq!(changed.id, made.id, "people change their minds");
    assert_eq!(store.labels(ONE, Page::FIRST).await.expect("labels"), [changed, application]);
    assert_eq!(store.labels(TWO, Page::FIRST).await.expect("labels"), [other]);
    assert_eq!(store.count_labels(ONE).await.expect("count"), 2);
    assert_eq!(store.count_labels(TWO).await.expect("count"), 1);
}

pub(super) async fn subjects_come_back(store: &dyn Store) {
    let before = store.labels(ONE, Page::FIRST).await.expect("labels");
    let after = before.last().map_or(0, |label| label.id.0);
    let clients = [
        Client::Ip("2001:db8::7".parse().expect("an address")),
        Client::Opaque("2001:db8::7".into()),
        Client::Opaque("ünïcode : name".into()),
    ];
    for client in clients {
        let about = LabelSubject::Client { client, time: at(-5) };
        let made = store.put_label(ONE, &label(about.clone(), LabelSource::Trap)).await.expect("put");
        assert_eq!(made.subject, about);
    }
    let page = store.labels(ONE, Page { after, limit: 2 }).await.expect("labels");
    assert_eq!(page.len(), 2, "pages end");
    let rest = store.labels(ONE, Page { after: page[1].id.0, limit: 9 }).await.expect("labels");
    assert_eq!(rest.len(), 1, "and continue");
    assert_eq!(store.count_labels(TWO).await.expect("count"), 1, "the other tenant saw none of it");
}

pub(super) async fn authors_may_contradict_each_other(store: &dyn Store) {
    let one = label(LabelSubject::Event(EventId(71)), LabelSource::Application);
    let other = NewLabel { author: "key:2".into(), verdict: LabelVerdict::Human, ..one.clone() };
    let first = store.put_label(ONE, &one).await.expect("put");
    let second = store.put_label(ONE, &other).await.expect("put");
    assert_ne!(first.id, second.id, "neither replaces the other");
    let again = NewLabel { basis: LabelBasis::Decision, ..other };
    let again = store.put_label(ONE, &again).await.expect("put");
    assert_eq!((again.id, again.basis), (second.id, LabelBasis::Decision), "each replaces its own");
}

pub(super) async fn a_withdrawn_label_stays_and_may_be_said_again(store: &dyn Store) {
    let about = label(LabelSubject::Event(EventId(72)), LabelSource::Application);
    let made = store.put_label(ONE, &about).await.expect("put");
    let before = store.count_labels(ONE).await.expect("count");
    assert_eq!(store.withdraw_label(TWO, made.id, at(5)).await.expect("withdraw"), None, "not the other's");
    let gone = store.withdraw_label(ONE, made.id, at(5)).await.expect("withdraw").expect("it is there");
    assert_eq!((gone.withdrawn_at, gone.verdict), (Some(at(5)), made.verdict));
    let twice = store.withdraw_label(ONE, made.id, at(6)).await.expect("withdraw").expect("it is there");
    assert_eq!(twice.withdrawn_at, Some(at(5)), "the first withdrawal stands");
    assert_eq!(store.count_labels(ONE).await.expect("count"), before);
    assert_eq!(store.withdraw_label(ONE, LabelId(9_999), at(5)).await.expect("withdraw"), None);
    let again = store.put_label(ONE, &about).await.expect("put");
    assert_eq!((again.id, again.withdrawn_at), (made.id, None), "said again, it counts again");
}

pub(super) async fn new_labels_are_counted_by_what_they_are_about(store: &dyn Store) {
    let before = store.labels_after(ONE, LabelId(0)).await.expect("count");
    assert_eq!(before.traffic + before.interactions, store.count_labels(ONE).await.expect("count"));
    let about = |id| label(LabelSubject::Event(EventId(id)), LabelSource::Operator);
    let hand = label(LabelSubject::Interaction(InteractionId(7)), LabelSource::Application);
    for new in [&about(1_001), &hand, &about(1_002)] {
        store.put_label(ONE, new).await.expect("put");
    }
    let newest = store.put_label(ONE, &about(1_003)).await.expect("put").id;
    store.put_label(ONE, &about(1_001)).await.expect("said again, it is not new");
    let after = store.labels_after(ONE, before.newest).await.expect("count");
    assert_eq!(after, NewLabels { newest, traffic: 3, interactions: 1 });
    let none = store.labels_after(ONE, newest).await.expect("count");
    assert_eq!(none, NewLabels { newest, ..NewLabels::default() });
    let other = store.labels_after(TWO, LabelId(0)).await.expect("count");
    assert_eq!(other.traffic + other.interactions, store.count_labels(TWO).await.expect("count"));
}
