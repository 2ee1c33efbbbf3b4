//! The lists as this API reads and changes them.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use palisade_domain::{NetPrefix, TenantId, Timestamp};
use palisade_store::{
    Effect, EffectKind, EntrySource, ListEntry, NewEntry, Page, ReadError, Store, Watched, WriteError,
};

use crate::api::Api;

/// What a caller wants done about a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) network: NetPrefix,
    /// Entries of these kinds go.
    pub(crate) removed: &'static [EffectKind],
    /// This one comes, for so many milliseconds.
    pub(crate) made: Option<(Effect, i64)>,
    pub(crate) source: EntrySource,
    pub(crate) reason: String,
}

/// Networks that are blocked, as they were read last.
#[derive(Debug, Default)]
pub(crate) struct Blocked {
    held: ArcSwapOption<Held>,
}

#[derive(Debug)]
struct Held {
    /// At which change of the lists they were read.
    version: u64,
    blocks: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    network: NetPrefix,
    /// Its end; `None` stays.
    expires_at: Option<Timestamp>,
}

impl Blocked {
    /// Those that are blocked at `now`, in the order in which they were listed. Reads the store where it has changed.
    pub(crate) async fn at(
        &self,
        store: &dyn Store,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<Vec<NetPrefix>, ReadError> {
        let version = store.changes(tenant, Watched::Lists).await?;
        let held = match self.held.load_full().filter(|held| held.version == version) {
            Some(held) => held,
            None => {
                let entries = all(store, tenant).await?;
                let blocks = entries.iter().filter(|entry| entry.effect == Effect::Block);
                let blocks = blocks
                    .map(|entry| Block { network: entry.network, expires_at: entry.expires_at })
                    .collect();
                let held = Arc::new(Held { version, blocks });
                self.held.store(Some(Arc::clone(&held)));
                held
            }
        };
        let live = held.blocks.iter().filter(|block| block.expires_at.is_none_or(|end| end > now));
        Ok(live.map(|block| block.network).collect())
    }
}

impl Api {
    /// Carries `wish` out. What it changed is durable and in effect when this returns.
    pub(crate) async fn change_lists(&self, wish: &Wish) -> Result<Option<ListEntry>, WriteError> {
        let tenant = self.settings().tenant;
        let now = self.clock.now();
        let entry = wish.made.map(|(effect, ms)| NewEntry {
            network: wish.network,
            effect,
            expires_at: Some(now.plus_millis(ms)),
            source: wish.source,
            reason: wish.reason.clone(),
            created_at: now,
        });
        // What is made comes first: should the store fail in between, nobody is left without an entry.
        let made = match entry {
            Some(entry) => self.guard.put_entries(&*self.store, tenant, &[entry]).await?.pop(),
            None => None,
        };
        for kind in wish.removed {
            self.guard.remove_entries(&*self.store, tenant, wish.network, Some(*kind)).await?;
        }
        Ok(made)
    }
}

/// Every entry of the tenant, page by page.
async fn all(store: &dyn Store, tenant: TenantId) -> Result<Vec<ListEntry>, ReadError> {
    let mut entries = Vec::new();
    let mut page = Page::FIRST;
    loop {
        let more = store.entries(tenant, page).await?;
        let Some(last) = more.last() else { return Ok(entries) };
        page.after = last.id.0;
        entries.extend(more);
    }
}

/// A network as lists are written: an address alone where it is one.
pub(crate) fn written(network: NetPrefix) -> String {
    let width = if network.addr().is_ipv4() { 32 } else { 128 };
    if network.len() == width { network.addr().to_string() } else { network.to_string() }
}
