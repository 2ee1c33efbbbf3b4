//! Disks that are full, files that are damaged, folders that cannot be written: a clear answer, and nothing is lost.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use palisade_domain::{NetPrefix, TenantId, Timestamp};
use palisade_store::{
    Audit, AuditRandom, Effect, EntrySource, Fault, Lists, NewAuditLine, NewEntry, OpenError, Page, Personal,
    ReadError, SqliteSettings, SqliteStore, WriteError,
};
use sqlx::{Connection, SqliteConnection};

const TENANT: TenantId = TenantId(1);

fn entries(from: u32, count: u32) -> Vec<NewEntry> {
    (from..from + count)
        .map(|n| NewEntry {
            network: NetPrefix::new(std::net::Ipv4Addr::from(n).into(), 32),
            effect: Effect::Block,
            expires_at: None,
            source: EntrySource::Import,
            reason: "x".repeat(200),
            created_at: Timestamp::from_secs(1_700_000_000),
        })
        .collect()
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("palisade.db");
    (folder, path)
}

async fn open_error(path: &Path) -> OpenError {
    SqliteStore::open(path).await.expect_err("must not open")
}

async fn connect(path: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap()
}

/// Runs one statement on the closed database, as a stranger would.
async fn tamper(path: &Path, sql: &'static str) {
    let mut connection = connect(path).await;
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_and_kept() {
    let (_folder, path) = place();
    let garbage = b"This is not the database you are looking for. ".repeat(100);
    fs::write(&path, &garbage).unwrap();
    let error = open_error(&path).await;
    assert!(matches!(error, OpenError::Fault(Fault::Corrupt { .. })), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("palisade.db") && text.contains("nothing was deleted"), "{text}");
    assert_eq!(fs::read(&path).unwrap(), garbage);
}

#[tokio::test]
async fn pages_overwritten_with_noise_are_named() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    store.put(TENANT, &entries(0, 2_000)).await.unwrap();
    store.close().await;
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..].fill(0xa5);
    fs::write(&path, &bytes).unwrap();

    let corrupt = match SqliteStore::open(&path).await {
        Err(OpenError::Fault(fault)) => fault,
        Err(other) => panic!("{other:?}"),
        Ok(store) => match store.entries(TENANT, Page::FIRST).await {
            Err(ReadError::Fault(fault)) => fault,
            other => panic!("{other:?}"),
        },
    };
    assert!(matches!(corrupt, Fault::Corrupt { .. }), "{corrupt:?}");
    assert_eq!(fs::read(&path).unwrap(), bytes, "nothing was changed");
}

#[tokio::test]
async fn a_full_disk_refuses_and_keeps_what_was_there() {
    let (_folder, path) = place();
    // Room for a few entries beside the tables, however many of those there are.
    SqliteStore::open(&path).await.unwrap().close().await;
    let empty = u32::try_from(fs::metadata(&path).unwrap().len() / 4096).unwrap();
    let settings = SqliteSettings { pages_max: Some(empty + 20), ..SqliteSettings::default() };
    let store = SqliteStore::open_with(&path, settings).await.unwrap();
    store.put(TENANT, &entries(0, 100)).await.unwrap();
    let refused = store.put(TENANT, &entries(100, 5_000)).await.unwrap_err();
    assert!(matches!(refused, WriteError::Fault(Fault::DiskFull { .. })), "{refused:?}");
    assert!(refused.to_string().contains("palisade.db"), "{refused}");
    assert_eq!(store.count_entries(TENANT).await.unwrap(), 100, "all or none");
    store.remove(TENANT, entries(0, 1)[0].network, None).await.unwrap();
    store.put(TENANT, &entries(100, 1)).await.unwrap();
    store.close().await;
    let again = SqliteStore::open(&path).await.unwrap();
    assert_eq!(again.count_entries(TENANT).await.unwrap(), 100);
}

#[tokio::test]
async fn no_room_for_the_schema_is_a_full_disk() {
    let (_folder, path) = place();
    let settings = SqliteSettings { pages_max: Some(2), ..SqliteSettings::default() };
    let error = SqliteStore::open_with(&path, settings).await.unwrap_err();
    assert!(matches!(error, OpenError::Fault(Fault::DiskFull { .. })), "{error:?}");
    SqliteStore::open(&path).await.expect("with room again it opens");
}

#[tokio::test]
async fn a_database_held_by_another_is_locked() {
    let (_folder, path) = place();
    let settings = SqliteSettings { busy_timeout: Duration::ZERO, ..SqliteSettings::default() };
    let store = SqliteStore::open_with(&path, settings).await.unwrap();
    let mut other = connect(&path).await;
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let refused = store.put(TENANT, &entries(0, 1)).await.unwrap_err();
    assert!(matches!(refused, WriteError::Fault(Fault::Locked { .. })), "{refused:?}");
    assert_eq!(store.count_entries(TENANT).await.unwrap(), 0, "readers go on");
    held.rollback().await.unwrap();
    store.put(TENANT, &entries(0, 1)).await.unwrap();
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named() {
    let (folder, _) = place();
    let file = folder.path().join("file");
    fs::write(&file, "a regular file").unwrap();
    let error = open_error(&file.join("palisade.db")).await;
    assert!(matches!(error, OpenError::Fault(Fault::CannotOpen { .. })), "{error:?}");
    assert!(error.to_string().contains("file/palisade.db"), "{error}");
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let (_folder, path) = place();
    SqliteStore::open(&path).await.unwrap().close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'from the future', TRUE, x'00', 0)";
    tamper(&path, newer).await;
    let error = open_error(&path).await;
    assert!(matches!(error, OpenError::Newer { found: 9999, known: 1.., .. }), "{error:?}");
    assert!(error.to_string().contains("newer palisade"), "{error}");
}

#[tokio::test]
async fn a_word_from_elsewhere_is_named_with_its_row() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    store.put(TENANT, &entries(0, 2)).await.unwrap();
    store.close().await;
    tamper(&path, "UPDATE list_entries SET source = 'martian' WHERE id = 2").await;
    let store = SqliteStore::open(&path).await.unwrap();
    let error = store.entries(TENANT, Page::FIRST).await.unwrap_err();
    assert!(matches!(error, ReadError::BadRecord { id: 2, column: "source", .. }), "{error:?}");
    assert!(error.to_string().contains("martian"), "{error}");
}

#[tokio::test]
async fn a_full_disk_refuses_audit_lines_and_goes_on_when_there_is_room() {
    let (_folder, path) = place();
    let settings = SqliteSettings { pages_max: Some(80), ..SqliteSettings::default() };
    let store = SqliteStore::open_with(&path, settings).await.unwrap();
    let mut written = 0;
    let refused = loop {
        match store.append_audit(TENANT, &audit_line(written), &random(written)).await {
            Ok(id) => written = id.0,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, WriteError::Fault(Fault::DiskFull { .. })), "{refused:?}");
    assert!(refused.to_string().contains("free space"), "{refused}");
    let verdict = store.verify_audit(TENANT, &[]).await.unwrap();
    assert_eq!((verdict.head.line.0, verdict.broken), (written, None), "nothing acknowledged is lost");
    store.close().await;
    let store = SqliteStore::open(&path).await.unwrap();
    let next = store.append_audit(TENANT, &audit_line(written), &random(written)).await.unwrap();
    assert_eq!(next.0, written + 1, "the refused line left no gap");
    assert_eq!(store.verify_audit(TENANT, &[]).await.unwrap().broken, None);
}

fn audit_line(n: i64) -> NewAuditLine {
    NewAuditLine {
        time: Timestamp::from_secs(n),
        actor: "cli".into(),
        action: "list.add".into(),
        object: format!("entry:{n}"),
        detail: "x".repeat(400),
        personal: Vec::new(),
    }
}

fn random(n: i64) -> AuditRandom {
    AuditRandom::new([n as u8; AuditRandom::BYTES])
}

async fn log_of_five(path: &Path) -> SqliteStore {
    let store = SqliteStore::open(path).await.unwrap();
    for n in 1..=5 {
        store.append_audit(TENANT, &audit_line(n), &random(n)).await.unwrap();
    }
    store
}

#[tokio::test]
async fn a_log_that_somebody_changed_is_found_out() {
    let tamperings = [
        ("UPDATE audit_lines SET detail = detail || 'y' WHERE id = 3", 3),
        ("UPDATE audit_lines SET time = time + 1 WHERE id = 2", 2),
        ("UPDATE audit_lines SET actor = CAST(x'ff' AS TEXT) WHERE id = 4", 4),
        ("UPDATE audit_lines SET hash = x'00' WHERE id = 1", 1),
        ("DELETE FROM audit_lines WHERE id = 3", 3),
        ("DELETE FROM audit_lines WHERE id = 5", 5),
        ("DELETE FROM audit_lines", 1),
        ("UPDATE audit_lines SET id = CASE id WHEN 2 THEN 93 ELSE 92 END WHERE id IN (2, 3)", 2),
        (
            "INSERT INTO audit_lines SELECT tenant, 6, time, actor, action, object, detail, sealed, hash
             FROM audit_lines WHERE id = 5",
            6,
        ),
    ];
    for (sql, line) in tamperings {
        let (_folder, path) = place();
        log_of_five(&path).await.close().await;
        tamper(&path, sql).await;
        let store = SqliteStore::open(&path).await.unwrap();
        let verdict = store.verify_audit(TENANT, &[]).await.unwrap();
        assert_eq!(verdict.broken.map(|broken| broken.line), Some(line), "{sql}");
    }
}

#[tokio::test]
async fn a_log_that_was_begun_anew_misses_the_head_that_was_put_down() {
    let (_folder, path) = place();
    let store = log_of_five(&path).await;
    let head = store.audit_head(TENANT).await.unwrap();
    store.close().await;
    tamper(&path, "DELETE FROM audit_lines").await;
    tamper(&path, "DELETE FROM counters WHERE name = 'audit_lines'").await;
    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(store.verify_audit(TENANT, &[]).await.unwrap().broken, None, "on its own it looks sound");
    let broken = store.verify_audit(TENANT, &[head]).await.unwrap().broken.unwrap();
    assert_eq!(broken.line, 1);
}

#[tokio::test]
async fn an_erased_key_is_in_no_file() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let mut line = audit_line(1);
    let (subject, field, value) = ("ip:192.0.2.7".into(), "address".into(), "192.0.2.7".into());
    line.personal = vec![Personal { subject, field, value }];
    store.append_audit(TENANT, &line, &random(1)).await.unwrap();
    let held = |name: &Path| {
        let bytes = fs::read(name).unwrap_or_default();
        bytes.windows(12).any(|window| window == b"ip:192.0.2.7")
    };
    let wal = path.with_extension("db-wal");
    assert!(held(&path) || held(&wal), "the key lies beside the name");
    assert!(store.erase_subject(TENANT, "ip:192.0.2.7").await.unwrap());
    assert!(!held(&path) && !held(&wal));
    assert_eq!(store.verify_audit(TENANT, &[]).await.unwrap().broken, None);
}
