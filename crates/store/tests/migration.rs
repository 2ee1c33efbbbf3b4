//! A database of the first schema, with data, is brought up to date.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use palisade_domain::{Score, TenantId, Timestamp};
use palisade_store::{
    EventId, EventQuery, Events, Frozen, FrozenRow, Labels, Lists, Page, SqliteStore, contract,
};
use sqlx::{Connection, SqliteConnection};

const TENANT: TenantId = TenantId(0);
const FIRST: &str = include_str!("../migrations/0001_lists_events_labels.sql");

/// What the binary of the first schema would have left.
const ROWS: &str = "
    INSERT INTO counters VALUES (0, 'events', 2), (0, 'labels', 1), (0, 'list_entries', 1);
    INSERT INTO list_entries VALUES (0, 1, '4:cb007100/24', 'block', NULL, NULL, 'operator', 'because', 5);
    INSERT INTO events VALUES
        (0, 1, 1000000, 0, 'ip:192.0.2.77', 'GET', '/a', 'x', 200, 10, 'allow', 'allow', 'band: allow', 'unknown',
         NULL, 'unverified', '[]'),
        (0, 2, 2000000, 0, 'ip:192.0.2.77', NULL, NULL, NULL, NULL, 90, 'block:score', 'monitor', 'band: block',
         'unknown', NULL, 'unverified', '[{\"id\":\"ua.missing\",\"points\":40,\"detail\":\"none\"}]');
    INSERT INTO labels VALUES (0, 1, 'event:1', 'human', 'operator', 1.0, 5);";

/// A database after so many steps, with `rows` in it.
async fn after_steps(path: &std::path::Path, steps: i64, rows: &'static str) {
    let mut connection =
        SqliteConnection::connect(&format!("sqlite://{}?mode=rwc", path.display())).await.unwrap();
    let mut migrator = sqlx::migrate!();
    migrator.migrations.to_mut().retain(|step| step.version <= steps);
    assert_eq!(migrator.migrations[0].sql.as_str(), FIRST, "the first step is never edited");
    migrator.run(&mut connection).await.unwrap();
    sqlx::raw_sql(rows).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn first_schema(path: &std::path::Path) {
    after_steps(path, 1, ROWS).await;
}

#[tokio::test]
async fn what_was_stored_before_is_still_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("palisade.db");
    first_schema(&path).await;
    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(store.entries(TENANT, Page::FIRST).await.unwrap()[0].reason, "because");
    assert_eq!(store.count_labels(TENANT).await.unwrap(), 1);
    let events = store.query(TENANT, &EventQuery::ALL).await.unwrap();
    assert_eq!(events.iter().map(|row| row.id).collect::<Vec<_>>(), [EventId(2), EventId(1)]);
    assert_eq!((events[0].event.request_id, events[0].event.signals.len()), (None, 1));

    let bot = Score::new(70).unwrap();
    let known = store.reputation(TENANT, &events[0].event.client, bot).await.unwrap().unwrap();
    assert_eq!((known.requests, known.bot_requests), (2, 1));
    let size = store.events_size(TENANT).await.unwrap();
    assert!(size.events == 2 && size.bytes > 512, "old rows count for the bound in bytes: {size:?}");
    assert_eq!(store.shorten_addresses(TENANT, Timestamp(i64::MAX)).await.unwrap(), 2);
    assert_eq!(store.delete_before(TENANT, Timestamp(i64::MAX)).await.unwrap(), 2);
    assert_eq!(store.events_size(TENANT).await.unwrap().bytes, 0);
}

#[tokio::test]
async fn an_old_database_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("palisade.db");
    first_schema(&path).await;
    contract::all(&SqliteStore::open(&path).await.unwrap()).await;
}

/// Two rows of the frozen set from before their numbers had names: -1.0, and no number.
const FROZEN: &str = "
    INSERT INTO counters VALUES (0, 'frozen_rows', 2);
    INSERT INTO frozen_rows VALUES
        (0, 1, 'one', 'http-1', 'bot', 3, 'log', 7, 0.5, x'000080bf0000c07f', 5),
        (0, 2, 'two', 'http-1', 'human', 4, 'log', 9, -0.5, x'0000003f00000000', 6);";

#[tokio::test]
async fn frozen_rows_of_before_have_no_names_and_those_of_now_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("palisade.db");
    after_steps(&path, 6, FROZEN).await;
    let store = SqliteStore::open(&path).await.unwrap();
    let rows = store.frozen_rows(TENANT, "http-1", Page::FIRST).await.unwrap();
    let [(_, one), (_, two)] = &rows[..] else { panic!("{rows:?}") };
    assert!(one.features.is_empty() && one.values[0] == -1.0 && one.values[1].is_nan(), "{one:?}");
    assert_eq!((two.requests, two.values.as_slice()), (9, &[0.5, 0.0][..]));
    let named = FrozenRow {
        client: "three".to_owned(),
        features: ["pages".to_owned(), "requests".to_owned()].as_slice().into(),
        ..two.clone()
    };
    assert_eq!(store.add_frozen(TENANT, &[named.clone(), one.clone()]).await.unwrap(), 1);
    let rows = store.frozen_rows(TENANT, "http-1", Page::FIRST).await.unwrap();
    assert_eq!(rows.iter().map(|(_, row)| row.features.len()).collect::<Vec<_>>(), [0, 0, 2]);
    assert_eq!(rows[2].1, named);
}

#[tokio::test]
async fn a_frozen_row_whose_names_are_lost_is_not_read_as_one_without() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("palisade.db");
    after_steps(
        &path,
        7,
        "INSERT INTO frozen_rows VALUES
        (0, 1, 'one', 'http-1', 'bot', 3, 'log', 7, 0.5, x'000080bf0000c07f', 5, 12);",
    )
    .await;
    let store = SqliteStore::open(&path).await.unwrap();
    let damaged = store.frozen_rows(TENANT, "http-1", Page::FIRST).await.unwrap_err();
    assert!(damaged.to_string().contains("features"), "{damaged}");
}
