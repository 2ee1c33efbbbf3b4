//! What was acknowledged survives: a reopening, and a kill at any moment.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use palisade_domain::{NetPrefix, TenantId, Timestamp};
use palisade_store::{Effect, EntrySource, Lists, NewEntry, Page, SqliteStore};

const TENANT: TenantId = TenantId(1);
/// Names the database to the child; without it [`child_writes_until_killed`] has nothing to do.
const CHILD: &str = "PALISADE_STORE_TEST_CHILD";
/// Acknowledgements to wait for before the kill.
const ACKNOWLEDGED_MIN: u32 = 40;
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

/// SIGKILL while the child writes: every write it reported is there, at most one more is.
#[tokio::test]
async fn acknowledged_writes_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("palisade.db");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_writes_until_killed", "--nocapture", "--test-threads=1"])
        .env(CHILD, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = 0;
    while acknowledged < ACKNOWLEDGED_MIN {
        let line = lines.next().expect("the child goes on writing").unwrap();
        acknowledged = number_in(&line).unwrap_or(acknowledged);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What was reported between our last look and the kill counts as well.
    acknowledged =
        lines.map_while(Result::ok).filter_map(|line| number_in(&line)).last().unwrap_or(acknowledged);

    let found = reasons(&path).await;
    let expected: Vec<_> = (1..=found.len() as u32).map(|n| format!("write {n}")).collect();
    assert_eq!(found, expected, "no gaps");
    assert!(
        (acknowledged..=acknowledged + 1).contains(&(found.len() as u32)),
        "{acknowledged} {}",
        found.len()
    );
}

/// The child of [`acknowledged_writes_survive_a_kill`]; on its own it does nothing.
#[tokio::test]
async fn child_writes_until_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let store = SqliteStore::open(Path::new(&path)).await.unwrap();
    for n in 1..=WRITES_MAX {
        store.put(TENANT, &[nth(n)]).await.unwrap();
        let mut out = std::io::stdout().lock();
        if writeln!(out, "\nacknowledged {n}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

fn number_in(line: &str) -> Option<u32> {
    line.strip_prefix("acknowledged ")?.parse().ok()
}
