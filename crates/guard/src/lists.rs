//! Changes of the lists: durable in the store first, then in effect in memory, when the call returns.

use palisade_domain::{NetPrefix, TenantId};
use palisade_policy::{Judge, ListEffect, ListEntry, ListMirror};
use palisade_store::{
    self as store, Changes, Effect, EffectKind, EntrySource, Lists, NewEntry, Page, ReadError, Watched,
    WriteError,
};

use crate::Guard;

impl Guard {
    /// Makes all `entries` or none, replacing those of the same network and kind of effect. When the call returns they are
    /// durable and in effect.
    ///
    /// # Errors
    /// Where the store does not take them; then nothing has changed.
    pub async fn put_entries<S: Lists + Changes + ?Sized>(
        &self,
        store: &S,
        tenant: TenantId,
        entries: &[NewEntry],
    ) -> Result<Vec<store::ListEntry>, WriteError> {
        let mut seen = self.changing_lists.lock().await;
        let stored = store.put(tenant, entries).await?;
        self.apply_entries(stored.iter().map(mirrored));
        follow(&mut seen, store, tenant).await;
        Ok(stored)
    }

    /// Removes the entries of exactly `network`: of one kind of effect, or all. Returns how many there were; when the call
    /// returns they are gone from the store and from memory.
    ///
    /// # Errors
    /// Where the store does not take the change; then nothing has changed.
    pub async fn remove_entries<S: Lists + Changes + ?Sized>(
        &self,
        store: &S,
        tenant: TenantId,
        network: NetPrefix,
        effect: Option<EffectKind>,
    ) -> Result<u64, WriteError> {
        let mut seen = self.changing_lists.lock().await;
        let removed = store.remove(tenant, network, effect).await?;
        self.change_mirror(|lists| lists.remove(network, effect.map(some_effect)));
        if removed > 0 {
            follow(&mut seen, store, tenant).await;
        }
        Ok(removed)
    }

    /// Entries that are in the store, in effect when the call returns. Costs what changes, not what is held.
    pub fn apply_entries(&self, entries: impl IntoIterator<Item = ListEntry>) {
        let entries: Vec<ListEntry> = entries.into_iter().collect();
        self.change_mirror(|lists| entries.iter().for_each(|entry| lists.put(*entry)));
    }

    /// Takes the lists of `tenant` whole where somebody else has changed them: the command line is another process.
    /// Returns whether they were read.
    ///
    /// # Errors
    /// Where the store cannot be read; the entries in effect stay.
    pub async fn follow_lists<S: Lists + Changes + ?Sized>(
        &self,
        store: &S,
        tenant: TenantId,
    ) -> Result<bool, ReadError> {
        let mut seen = self.changing_lists.lock().await;
        // Asked before reading: what changes meanwhile is read again.
        let changes = store.changes(tenant, Watched::Lists).await?;
        if *seen == Some(changes) {
            return Ok(false);
        }
        self.replace_lists(&read_all(store, tenant).await?);
        *seen = Some(changes);
        Ok(true)
    }

    fn change_mirror(&self, change: impl Fn(&mut ListMirror)) {
        self.judge.rcu(|judge| {
            let mut lists = judge.lists().clone();
            change(&mut lists);
            Judge::clone(judge).with_lists(lists)
        });
    }
}

/// All entries of `tenant`, page by page.
async fn read_all<S: Lists + ?Sized>(store: &S, tenant: TenantId) -> Result<ListMirror, ReadError> {
    let mut lists = ListMirror::default();
    let mut page = Page::FIRST;
    loop {
        let entries = store.entries(tenant, page).await?;
        entries.iter().for_each(|entry| lists.put(mirrored(entry)));
        match entries.last() {
            Some(last) if entries.len() == page.limit => page.after = last.id.0,
            _ => return Ok(lists),
        }
    }
}

/// After a change of our own: where it is the only one since we looked, nothing needs to be read again.
async fn follow<S: Changes + ?Sized>(seen: &mut Option<u64>, store: &S, tenant: TenantId) {
    let changes = store.changes(tenant, Watched::Lists).await.ok();
    if changes.is_some() && changes == seen.map(|seen| seen + 1) {
        *seen = changes;
    }
}

/// A stored entry as the hot path sees it.
pub fn mirrored(entry: &store::ListEntry) -> ListEntry {
    ListEntry {
        network: entry.network,
        effect: match entry.effect {
            Effect::Allow => ListEffect::Allow,
            Effect::Block => ListEffect::Block,
            Effect::Throttle(rate) => ListEffect::Throttle(rate),
            Effect::Flag => ListEffect::Flag,
        },
        expires_at: entry.expires_at,
        by_operator: entry.source == EntrySource::Operator,
    }
}

/// Some effect of this kind: for removal the rate does not matter.
fn some_effect(kind: EffectKind) -> ListEffect {
    match kind {
        EffectKind::Allow => ListEffect::Allow,
        EffectKind::Block => ListEffect::Block,
        EffectKind::Throttle => ListEffect::Throttle(palisade_domain::Rate(0)),
        EffectKind::Flag => ListEffect::Flag,
    }
}
