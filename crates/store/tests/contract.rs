//! Every store keeps the contract.

use palisade_store::contract::{self, SMALL_LIMITS};
use palisade_store::{MemoryStore, SqliteSettings, SqliteStore};

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::all(&MemoryStore::new()).await;
}

#[tokio::test]
async fn memory_stays_within_bounds() {
    contract::bounds(&MemoryStore::with_limits(SMALL_LIMITS)).await;
}

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("palisade.db")).await.unwrap();
    contract::all(&store).await;
}

#[tokio::test]
async fn sqlite_stays_within_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let settings = SqliteSettings { limits: SMALL_LIMITS, ..SqliteSettings::default() };
    let store = SqliteStore::open_with(&folder.path().join("palisade.db"), settings).await.unwrap();
    contract::bounds(&store).await;
}
