//! Promises of [`Frozen`](crate::Frozen).

use palisade_domain::TenantId;

use super::{ONE, TWO, at};
use crate::{
    EventId, FrozenRow, LabelBasis, LabelId, LabelSource, LabelSubject, LabelVerdict, NewLabel, Page, Store,
    Weight,
};

fn row(client: &str, label: LabelId) -> FrozenRow {
    FrozenRow {
        client: client.to_owned(),
        schema: "http-1".to_owned(),
        verdict: LabelVerdict::Bot,
        label,
        vantage: "gateway-clear".to_owned(),
        requests: 7,
        by_rules: -1.5,
        features: ["rate", "evidence.empty_user_agent", "pages"].map(str::to_owned).into(),
        values: vec![0.0, -2.5, f32::MAX],
        created_at: at(0),
    }
}

async fn clients(store: &dyn Store, schema: &str) -> Vec<String> {
    let rows = store.frozen_rows(ONE, schema, Page::FIRST).await.expect("rows");
    rows.into_iter().map(|(_, row)| row.client).collect()
}

pub(super) async fn rows_stay_as_they_were_put(store: &dyn Store) {
    let label = NewLabel {
        subject: LabelSubject::Event(EventId(81)),
        verdict: LabelVerdict::Bot,
        source: LabelSource::Operator,
        author: "cli".to_owned(),
        basis: LabelBasis::Told,
        weight: Weight::FULL,
        created_at: at(0),
    };
    let label = store.put_label(ONE, &label).await.expect("put").id;
    let (a, b) = (row("a", label), row("b", LabelId(9_999)));
    assert_eq!(store.add_frozen(ONE, &[a.clone(), b]).await.expect("add"), 2);
    assert_eq!(store.add_frozen(TWO, std::slice::from_ref(&a)).await.expect("add"), 1);
    let changed = FrozenRow { verdict: LabelVerdict::Human, ..a.clone() };
    assert_eq!(store.add_frozen(ONE, &[changed]).await.expect("add"), 0, "it is frozen");
    let later = FrozenRow { schema: "http-2".into(), ..a.clone() };
    assert_eq!(store.add_frozen(ONE, &[later]).await.expect("add"), 1, "of another schema it is another row");

    let rows = store.frozen_rows(ONE, "http-1", Page { after: 0, limit: 1 }).await.expect("rows");
    assert_eq!(rows[0].1, a);
    let rest = store.frozen_rows(ONE, "http-1", Page { after: rows[0].0, limit: 9 }).await.expect("rows");
    assert_eq!(rest.len(), 1, "pages join up");

    store.withdraw_label(ONE, label, at(9)).await.expect("withdraw");
    assert_eq!(clients(store, "http-1").await, ["b"], "rows go with the label they rest on");
    assert!(clients(store, "http-2").await.is_empty());
    assert_eq!(store.count_frozen(ONE).await.expect("count"), 1);
    assert_eq!(store.count_frozen(TWO).await.expect("count"), 1, "the other tenant's stay");
}

pub(super) async fn each_row_knows_what_its_numbers_are_called(store: &dyn Store) {
    let old = FrozenRow { features: Vec::new().into(), ..row("old", LabelId(1)) };
    let own = row("own", LabelId(2));
    let newer = FrozenRow {
        features: ["pages", "a \"new\"\none"].map(str::to_owned).into(),
        values: vec![1.0, 2.0],
        ..row("newer", LabelId(3))
    };
    let (three, four) = (TenantId(3), TenantId(4));
    let rows = [old, own, newer];
    assert_eq!(store.add_frozen(three, &rows).await.expect("add"), 3);
    let read: Vec<FrozenRow> = store
        .frozen_rows(three, "http-1", Page::FIRST)
        .await
        .expect("rows")
        .into_iter()
        .map(|(_, row)| row)
        .collect();
    assert_eq!(read, rows);
    let other = row("other", LabelId(4));
    assert_eq!(store.add_frozen(four, std::slice::from_ref(&other)).await.expect("add"), 1);
    assert_eq!(store.frozen_rows(four, "http-1", Page::FIRST).await.expect("rows")[0].1, other);
}

pub(super) async fn a_full_set_takes_no_more(store: &dyn Store) {
    let rows = ["a", "b", "c", "d", "e"].map(|client| row(client, LabelId(1)));
    assert_eq!(store.add_frozen(ONE, &rows[..2]).await.expect("add"), 2);
    assert_eq!(store.add_frozen(ONE, &rows).await.expect("add"), 1, "as many as there is room for");
    assert_eq!(clients(store, "http-1").await, ["a", "b", "c"]);
    assert_eq!(store.add_frozen(TWO, &rows[3..]).await.expect("add"), 2, "the other tenant has room");
}
