//! What was acknowledged survives: a reopening, and a kill at any moment.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use palisade_domain::{NetPrefix, TenantId, Timestamp};
use palisade_store::{
    Audit, AuditRandom, Changes, Effect, EntrySource, Lists, NewAuditLine, NewEntry, Page, Personal,
    SqliteStore, Watched,
};

const TENANT: TenantId = TenantId(1);
/// Names the database to the child; without it [`child_writes_until_killed`] has nothing to do.
const CHILD: &str = "PALISADE_STORE_TEST_CHILD";
/// Acknowledgements to wait for before the kill.
const ACKNOWLEDGED_MIN: u32 = 20;
/// How often the child is killed.
const KILLS: u32 = 3;
/// Where the child gives up, should its parent be gone.
const WRITES_MAX: u32 = 100_000;

fn nth(n: u32) -> NewEntry {
    NewEntry {
        network: NetPrefix::new(std::net::Ipv4Addr::from(n).into(), 32),
        effect: Effect::Block,
        expires_at: None,
        source: EntrySource::Operator,
        reason: format!("write {n}"),
        created_at: Timestamp::from_secs(1_700_000_000),
    }
}

async fn reasons(path: &Path) -> Vec<String> {
    let store = SqliteStore::open(path).await.unwrap();
    let entries = store.entries(TENANT, Page::FIRST).await.unwrap();
    store.close().await;
    entries.into_iter().map(|entry| entry.reason).collect()
}

#[tokio::test]
async fn changes_survive_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("palisade.db");
    let store = SqliteStore::open(&path).await.unwrap();
    store.put(TENANT, &[nth(1), nth(2)]).await.unwrap();
    store.remove(TENANT, nth(1).network, None).await.unwrap();
    drop(store); // Not closed: as in a crash.
    assert_eq!(reasons(&path).await, ["write 2"]);
}

#[tokio::test]
async fn two_processes_share_one_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("palisade.db");
    let (one, other) = tokio::join!(SqliteStore::open(&path), SqliteStore::open(&path));
    let (one, other) = (one.unwrap(), other.unwrap());
    let (ones, others) = ([nth(3)], [nth(2)]);
    let (first, second) = tokio::join!(one.put(TENANT, &ones), other.put(TENANT, &others));
    first.unwrap();
    second.unwrap();
    one.put(TENANT, &[nth(1)]).await.unwrap();
    assert_eq!(other.count_entries(TENANT).await.unwrap(), 3);
}

/// A first start, and a command beside it: both make the file.
#[tokio::test]
async fn a_new_database_may_be_opened_by_several_at_once() {
    for _ in 0..25 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("palisade.db");
        let open = || SqliteStore::open(&path);
        let opened = tokio::join!(open(), open(), open(), open());
        let all = [opened.0, opened.1, opened.2, opened.3];
        for (n, store) in (0..).zip(all) {
            store.unwrap().put(TENANT, &[nth(n)]).await.unwrap();
        }
        assert_eq!(reasons(&path).await.len(), 4);
    }
}

/// SIGKILL while the child writes, again and again on the same database: every write it reported is there, at most one
/// more is.
#[tokio::test]
async fn acknowledged_writes_survive_kills() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("palisade.db");
    let mut found = 0;
    for _ in 0..KILLS {
        let acknowledged = killed_after_some(&path, "child_writes_until_killed");
        let reasons = reasons(&path).await;
        let expected: Vec<_> = (1..=reasons.len() as u32).map(|n| format!("write {n}")).collect();
        assert_eq!(reasons, expected, "no gaps");
        found = reasons.len() as u32;
        assert!((acknowledged..=acknowledged + 1).contains(&found), "{acknowledged} {found}");
    }
    assert!(found >= KILLS * ACKNOWLEDGED_MIN);
}

/// The same for the audit log: no acknowledged line is lost, and the chain is sound and goes on.
#[tokio::test]
async fn the_audit_log_survives_kills() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("palisade.db");
    for _ in 0..KILLS {
        let acknowledged = i64::from(killed_after_some(&path, "child_appends_until_killed"));
        let store = SqliteStore::open(&path).await.unwrap();
        let verdict = store.verify_audit(TENANT, &[]).await.unwrap();
        store.close().await;
        assert_eq!(verdict.broken, None);
        let lines = verdict.head.line.0;
        assert!((acknowledged..=acknowledged + 1).contains(&lines), "{acknowledged} {lines}");
    }
}

/// Runs `child`, a test of this file, until it has acknowledged some writes, kills it, and returns the number of the
/// last write it reported.
fn killed_after_some(path: &Path, child: &str) -> u32 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", child, "--nocapture", "--test-threads=1"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut first, mut last) = (None, 0);
    while last < first.unwrap_or(last) + ACKNOWLEDGED_MIN {
        let line = lines.next().expect("the child goes on writing").unwrap();
        let Some(number) = number_in(&line) else { continue };
        (first, last) = (first.or(Some(number - 1)), number);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What was reported between our last look and the kill counts as well.
    lines.map_while(Result::ok).filter_map(|line| number_in(&line)).last().unwrap_or(last)
}

/// The child of [`acknowledged_writes_survive_kills`]; on its own it does nothing.
#[tokio::test]
async fn child_writes_until_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let store = SqliteStore::open(Path::new(&path)).await.unwrap();
    let written = store.count_entries(TENANT).await.unwrap() as u32;
    for n in written + 1..=WRITES_MAX {
        store.put(TENANT, &[nth(n)]).await.unwrap();
        if !report(n) {
            return;
        }
    }
}

/// The child of [`the_audit_log_survives_kills`]; on its own it does nothing.
#[tokio::test]
async fn child_appends_until_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let store = SqliteStore::open(Path::new(&path)).await.unwrap();
    for n in 1..=WRITES_MAX {
        let id = store.append_audit(TENANT, &audit_line(n), &audit_random(n)).await.unwrap();
        if !report(id.0 as u32) {
            return;
        }
    }
}

/// False where nobody reads any more.
fn report(n: u32) -> bool {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nacknowledged {n}").and_then(|()| out.flush()).is_ok()
}

fn number_in(line: &str) -> Option<u32> {
    line.strip_prefix("acknowledged ")?.parse().ok()
}

fn audit_line(n: u32) -> NewAuditLine {
    let address = std::net::Ipv4Addr::from(n % 5).to_string();
    NewAuditLine {
        time: Timestamp::from_secs(i64::from(n)),
        actor: "cli".into(),
        action: "list.add".into(),
        object: format!("entry:{n}"),
        detail: String::new(),
        personal: vec![Personal {
            subject: format!("ip:{address}"),
            field: "address".into(),
            value: address,
        }],
    }
}

fn audit_random(n: u32) -> AuditRandom {
    let mut bytes = [7; AuditRandom::BYTES];
    bytes[40..].copy_from_slice(&n.to_be_bytes());
    AuditRandom::new(bytes)
}

/// The command line beside a running gateway: both write, and each hears of the other's changes.
#[tokio::test]
async fn two_processes_write_at_once_and_notice_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("palisade.db");
    let gateway = SqliteStore::open(&path).await.unwrap();
    let cli = SqliteStore::open(&path).await.unwrap();
    let write = async |store: &SqliteStore, from: u32| {
        for n in from..from + 30 {
            store.put(TENANT, &[nth(n)]).await.unwrap();
            store.append_audit(TENANT, &audit_line(n), &audit_random(n)).await.unwrap();
        }
    };
    tokio::join!(write(&gateway, 0), write(&cli, 1_000));
    assert_eq!(gateway.count_entries(TENANT).await.unwrap(), 60);
    let verdict = cli.verify_audit(TENANT, &[]).await.unwrap();
    assert_eq!((verdict.sound, verdict.broken), (60, None));

    let before = gateway.changes(TENANT, Watched::Lists).await.unwrap();
    assert_eq!(before, 60);
    cli.put(TENANT, &[nth(5_000)]).await.unwrap();
    assert_ne!(gateway.changes(TENANT, Watched::Lists).await.unwrap(), before);
}
