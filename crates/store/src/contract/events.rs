//! Promises of [`Events`](crate::Events).

use palisade_domain::{
    Action, BlockReason, ClaimStatus, IdentityClass, Rate, RequestId, Score, SiteId, TenantId, Timestamp,
};

use super::{ONE, TWO, at};
use crate::{Client, Event, EventId, EventQuery, IdentityRecord, SignalRecord, Store, StoredEvent, bounds};

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

pub(super) async fn exports_come_in_the_order_of_storing(store: &dyn Store) {
    let facts = |text: &str, secs| Event { facts: Some(text.to_owned()), ..event("192.0.2.1", secs) };
    let longest = format!("{{}}{}", " ".repeat(bounds::FACTS_BYTES_MAX - 2));
    let events = [
        facts("{\"time_ms\":1}", 9),
        facts(&longest, 1),
        facts(&format!("{longest} "), 2),
        facts("{\n}", 3),
        event("192.0.2.2", 4),
    ];
    let ids = store.append(ONE, &events).await.expect("append");
    store.append(TWO, &events[..1]).await.expect("append");
    let page = store.export(ONE, ids[0], 3).await.expect("export");
    assert_eq!(page.iter().map(|row| row.id).collect::<Vec<_>>(), ids[..3], "not by time");
    let kept: Vec<_> = page.iter().map(|row| row.event.facts.as_deref()).collect();
    assert_eq!(kept, [Some("{\"time_ms\":1}"), Some(longest.as_str()), None], "dropped rather than cut");
    let rest = store.export(ONE, EventId(ids[2].0 + 1), usize::MAX).await.expect("export");
    assert_eq!(rest.iter().map(|row| row.id).collect::<Vec<_>>(), ids[3..]);
    assert!(rest.iter().all(|row| row.event.facts.is_none()), "a line has no line break");
    let size = store.events_size(ONE).await.expect("size");
    assert!(size.events == 5 && size.bytes > bounds::FACTS_BYTES_MAX as u64, "{size:?}");
    clear(store).await;
    assert_eq!(store.events_size(ONE).await.expect("size"), crate::EventsSize::default());
}

pub(super) async fn a_request_is_found_by_its_number(store: &dyn Store) {
    let numbered = |n, secs| Event { request_id: Some(RequestId(n)), ..event("192.0.2.1", secs) };
    let ids =
        store.append(ONE, &[numbered(u64::MAX, 5), numbered(7, 1), numbered(7, 0)]).await.expect("append");
    let find = async |tenant, n| {
        let found = store.find_event(tenant, RequestId(n)).await.expect("find");
        found.map(|found| found.id)
    };
    assert_eq!(find(ONE, u64::MAX).await, Some(ids[0]));
    assert_eq!(find(ONE, 7).await, Some(ids[2]), "the newest");
    assert_eq!(find(ONE, 8).await, None);
    assert_eq!(find(TWO, 7).await, None, "the other tenant has no such request");
    clear(store).await;
}

pub(super) async fn reputations_add_up(store: &dyn Store) {
    let scored = |client: &str, score, secs| Event { score: Score::rounded(score), ..event(client, secs) };
    let events = [scored("192.0.2.1", 10.0, 5), scored("192.0.2.1", 70.0, 1), scored("192.0.2.1", 69.0, 9)];
    store.append(ONE, &events).await.expect("append");
    store.append(TWO, &events[..1]).await.expect("append");
    let bot = Score::rounded(70.0);
    let found = store.reputation(ONE, &events[0].client, bot).await.expect("reputation").expect("is known");
    assert_eq!((found.requests, found.bot_requests), (3, 1));
    assert_eq!((found.first_seen, found.last_seen), (at(1), at(9)));
    assert!((found.mean_score - 149.0 / 3.0).abs() < 1e-9, "{}", found.mean_score);
    let found = store.reputation(TWO, &events[0].client, bot).await.expect("reputation").expect("is known");
    assert_eq!((found.requests, found.bot_requests), (1, 0), "each tenant has its own experience");
    let name = Client::Opaque("192.0.2.1".into());
    assert_eq!(store.reputation(ONE, &name, bot).await.expect("reputation"), None, "a name is no address");
    clear(store).await;
}

pub(super) async fn addresses_are_shortened_once(store: &dyn Store) {
    let facts = r#"{"client":"192.0.2.77","path":"/","user_agent":"x/1.2.3.4"}"#;
    let personal = |secs| {
        let mut event = Event { facts: Some(facts.into()), ..event("192.0.2.77", secs) };
        event.signals[0].detail = "192.0.2.77 again".into();
        event
    };
    let events = [personal(1), personal(5), event("2001:db8:1:2::3", 1), event("visitor 7", 1)];
    let ids = store.append(ONE, &events).await.expect("append");
    store.append(TWO, &events[..1]).await.expect("append");
    assert_eq!(store.shorten_addresses(ONE, at(5)).await.expect("shorten"), 3);
    assert_eq!(store.shorten_addresses(ONE, at(5)).await.expect("shorten"), 0, "once is enough");

    let rows = store.export(ONE, ids[0], 9).await.expect("export");
    let client = |n: usize| crate::keys::client_text(&rows[n].event.client);
    assert_eq!((client(0), client(1)), ("ip:192.0.2.0".into(), "ip:192.0.2.77".into()), "only what is old");
    assert_eq!((client(2), client(3)), ("ip:2001:db8:1::".into(), "name:visitor 7".into()));
    let expect = facts.replace("192.0.2.77", "192.0.2.0");
    assert_eq!(rows[0].event.facts.as_deref(), Some(expect.as_str()));
    assert_eq!(rows[0].event.signals[0].detail, "192.0.2.0 again");
    assert_eq!(rows[0].event.user_agent, events[0].user_agent);
    let theirs = EventQuery { client: Some(events[0].client.clone()), ..EventQuery::ALL };
    assert_eq!(query(store, TWO, &theirs).await.len(), 1, "the other tenant's stay");
    clear(store).await;
}
