//! Promises of [`Labels`](crate::Labels).

use super::{ONE, TWO, at};
use crate::{Client, EventId, LabelSource, LabelSubject, LabelVerdict, NewLabel, Page, Store, Weight};

pub(super) fn label(subject: LabelSubject, source: LabelSource) -> NewLabel {
    NewLabel { subject, verdict: LabelVerdict::Bot, source, weight: Weight::FULL, created_at: at(0) }
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
