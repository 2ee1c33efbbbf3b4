//! Promises of [`Events`](crate::Events).

use palisade_domain::{
    Action, BlockReason, ClaimStatus, IdentityClass, Rate, RequestId, Score, SiteId, TenantId, Timestamp,
};

use super::{ONE, TWO, at};
use crate::{Client, Event, EventQuery, IdentityRecord, SignalRecord, Store, StoredEvent, bounds};

/// A full event `secs` after the start.
pub(super) fn event(client: &str, secs: i64) -> Event {
    let client = client.parse().map_or_else(|_| Client::Opaque(client.to_owned()), Client::Ip);
    Event {
        time: at(secs),
        site: SiteId(4),
        client,
        method: Some("GET".into()),
        target: Some("/a?b='c'; --".into()),
        user_agent: Some("curl/8.9 \"é\" \u{1f980}".into()),
        status: Some(403),
        score: Score::rounded(97.0),
        action: Action::Block(BlockReason::Attack),
        enforced: Action::Throttle(Rate(30)),
        rule: "band: block".into(),
        identity: IdentityRecord {
            class: IdentityClass::Tool,
            claimed: Some("curl".into()),
            status: ClaimStatus::Unverified,
        },
        signals: vec![
            SignalRecord { id: "ua.missing".into(), points: 40, detail: "none".into(), dry_run: false },
            SignalRecord { id: "rate.requests".into(), points: -3, detail: "\"9\"".into(), dry_run: true },
        ],
        request_id: Some(RequestId(secs.unsigned_abs())),
        facts: None,
    }
}

async fn query(store: &dyn Store, tenant: TenantId, query: &EventQuery) -> Vec<StoredEvent> {
    store.query(tenant, query).await.expect("query")
}

async fn clear(store: &dyn Store) {
    for tenant in [ONE, TWO] {
        store.delete_before(tenant, Timestamp(i64::MAX)).await.expect("delete");
        assert_eq!(store.count_events(tenant).await.expect("count"), 0);
    }
}

pub(super) async fn an_event_comes_back_as_it_went_in(store: &dyn Store) {
    let full = event("192.0.2.1", 0);
    let bare = Event {
        client: Client::Opaque("192.0.2.1".into()),
        method: None,
        target: None,
        user_agent: None,
        status: None,
        identity: IdentityRecord { claimed: None, ..full.identity.clone() },
        signals: Vec::new(),
        request_id: None,
        ..full.clone()
    };
    let ids = store.append(ONE, &[full.clone(), bare.clone()]).await.expect("append");
    let others = store.append(TWO, std::slice::from_ref(&bare)).await.expect("append");
    assert_eq!(ids[0], others[0], "tenants count on their own");
    let stored = |id, event| StoredEvent { id, tenant: ONE, event };
    let found = query(store, ONE, &EventQuery::ALL).await;
    assert_eq!(found, [stored(ids[1], bare), stored(ids[0], full.clone())]);

    let of_address = EventQuery { client: Some(full.client.clone()), ..EventQuery::ALL };
    assert_eq!(query(store, ONE, &of_address).await, [stored(ids[0], full)], "a name is no address");
    assert!(query(store, TWO, &of_address).await.is_empty());
    assert!(store.append(ONE, &[]).await.expect("append").is_empty());
    clear(store).await;
}

pub(super) async fn queries_are_newest_first_and_bounded(store: &dyn Store) {
    let events: Vec<_> = [3, 1, 2, 2, 5].map(|secs| event("192.0.2.1", secs)).into();
    store.append(ONE, &events).await.expect("append");
    store.append(TWO, &events[..1]).await.expect("append");
    let times = |found: &[StoredEvent]| -> Vec<_> { found.iter().map(|row| row.event.time).collect() };
    let between = EventQuery { from: at(2), until: at(5), ..EventQuery::ALL };
    let found = query(store, ONE, &between).await;
    assert_eq!(times(&found), [at(3), at(2), at(2)], "from counts, until does not");
    assert!(found[1].id > found[2].id, "of one moment the newest first");
    let two = query(store, ONE, &EventQuery { limit: 2, ..between.clone() }).await;
    assert_eq!(two, found[..2]);
    let reversed = EventQuery { from: at(5), until: at(2), ..EventQuery::ALL };
    assert!(query(store, ONE, &reversed).await.is_empty());
    assert_eq!(query(store, TWO, &between).await.len(), 1);
    clear(store).await;
}

pub(super) async fn foreign_text_is_cut(store: &dyn Store) {
    let long = "é\0".repeat(9_000);
    let mut huge = event(&long, 0);
    huge.method = Some(long.clone());
    huge.target = Some(long.clone());
    huge.user_agent = Some(long.clone());
    huge.signals = vec![
        SignalRecord { id: long.clone(), points: 1, detail: long.clone(), dry_run: false };
        bounds::SIGNALS_MAX + 1
    ];
    store.append(ONE, &[huge]).await.expect("append");
    let asked = EventQuery { client: Some(Client::Opaque(long)), ..EventQuery::ALL };
    let found = query(store, ONE, &asked).await;
    assert_eq!(found.len(), 1, "found by the name as it was given");
    let event = &found[0].event;
    let bytes = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    assert!((bounds::TARGET_BYTES_MAX - 1..=bounds::TARGET_BYTES_MAX).contains(&bytes(&event.target)));
    assert!(bytes(&event.method) <= bounds::METHOD_BYTES_MAX);
    assert!(bytes(&event.user_agent) <= bounds::USER_AGENT_BYTES_MAX);
    assert_eq!(event.signals.len(), bounds::SIGNALS_MAX);
    assert!(event.signals.iter().all(|signal| signal.detail.len() <= bounds::DETAIL_BYTES_MAX));
    clear(store).await;
}

pub(super) async fn deleting_touches_one_tenant(store: &dyn Store) {
    let events: Vec<_> = [1, 2, 3].map(|secs| event("192.0.2.1", secs)).into();
    for tenant in [ONE, TWO] {
        store.append(tenant, &events).await.expect("append");
    }
    assert_eq!(store.delete_before(ONE, at(3)).await.expect("delete"), 2);
    assert_eq!(store.count_events(ONE).await.expect("count"), 1);
    assert_eq!(store.count_events(TWO).await.expect("count"), 3);
    clear(store).await;
}
