//! What waits for the store, and how it gets there.

use std::collections::{BTreeSet, VecDeque};

use palisade_domain::TenantId;
use palisade_policy::{ListEffect, ListEntry};
use palisade_store::{Effect, EntrySource, Event, NewEntry, WriteError};

use super::{Shelf, Way, Worker};
use crate::Guard;
use crate::health::LISTS;
use crate::record::{Recorded, Wished};
use crate::totals::Passage;

/// Events of one transaction.
pub const BATCH_MAX: usize = 500;
/// Events that wait while the store does not take them.
pub const WAITING_EVENTS_MAX: usize = 16_384;
/// Entries that wait while the store does not take them.
pub const WAITING_ENTRIES_MAX: usize = 4_096;

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) events: VecDeque<Recorded>,
    pub(super) entries: VecDeque<Wished>,
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.entries.is_empty()
    }

    /// The newest are worth more than the oldest: those are dropped.
    pub(super) fn add_events(&mut self, events: impl Iterator<Item = Recorded>, guard: &Guard) {
        for event in events {
            if self.events.len() >= WAITING_EVENTS_MAX {
                self.events.pop_front();
                guard.totals.pass(Passage::EventDropped, 1);
            }
            self.events.push_back(event);
        }
    }

    pub(super) fn add_entry(&mut self, wished: Wished, guard: &Guard) {
        if self.entries.len() >= WAITING_ENTRIES_MAX {
            self.entries.pop_front();
            guard.totals.pass(Passage::EntryDropped, 1);
        }
        self.entries.push_back(wished);
    }
}

impl<S: Shelf + ?Sized> Worker<S> {
    /// Stores what waits, batch by batch, until nothing waits or the store fails.
    pub(super) async fn flush_events(&mut self) {
        while self.may_try(Way::Events) && !self.waiting.events.is_empty() {
            let tenant = self.waiting.events[0].tenant;
            let same = self.waiting.events.iter().take(BATCH_MAX).take_while(|held| held.tenant == tenant);
            let count = same.count();
            let batch: Vec<Recorded> = self.waiting.events.drain(..count).collect();
            let (heads, events): (Vec<_>, Vec<Event>) =
                batch.into_iter().map(|held| (held.id, held.event)).unzip();
            match self.store.append(tenant, &events).await {
                Ok(_) => {
                    self.guard.totals.pass(Passage::EventStored, count as u64);
                    self.recovered(Way::Events);
                }
                Err(error) => {
                    let back = heads.into_iter().zip(events).rev();
                    for (id, event) in back {
                        self.waiting.events.push_front(Recorded { id, tenant, event });
                    }
                    self.failed(Way::Events, &error);
                }
            }
        }
    }

    /// Writes the entries that rules asked for, batch by batch: one transaction and one change of the lists in memory each.
    /// The operator's own entries stay as they are.
    pub(super) async fn flush_entries(&mut self) {
        while self.may_try(Way::Entries) && !self.waiting.entries.is_empty() {
            let tenant = self.waiting.entries[0].tenant;
            let same = self.waiting.entries.iter().take(BATCH_MAX).take_while(|held| held.tenant == tenant);
            let batch: Vec<Wished> = same.copied().collect();
            let written = match self.write_entries(tenant, &batch).await {
                Ok(()) => Ok(batch.len()),
                Err(WriteError::Full { max, .. }) => {
                    let fitted = self.write_fitting(tenant, &batch, max).await;
                    // The rest would not be taken another time either: until there is room, what a rule decided holds in
                    // memory only.
                    if fitted.as_ref().is_ok_and(|written| *written < batch.len()) {
                        self.lists_are_full(tenant, max);
                    }
                    fitted
                }
                Err(error) => Err(error),
            };
            let written = match written {
                Ok(written) => written,
                Err(error) => return self.failed(Way::Entries, &error),
            };
            self.recovered(Way::Entries);
            self.waiting.entries.drain(..batch.len());
            let dropped = (batch.len() - written) as u64;
            self.guard.totals.pass(Passage::EntryDropped, dropped);
            // Not for want of a place in the queue.
            self.dropped += dropped;
        }
    }

    /// All of `batch` in one transaction, then in effect.
    async fn write_entries(&self, tenant: TenantId, batch: &[Wished]) -> Result<(), WriteError> {
        let entries: Vec<NewEntry> =
            batch.iter().filter(|held| !self.is_operators(held)).map(entry_of).collect();
        if !entries.is_empty() {
            let stored = self.guard.put_entries(&*self.store, tenant, &entries).await?;
            self.guard.totals.pass(Passage::EntryWritten, stored.len() as u64);
        }
        let judge = self.guard.judge();
        batch.iter().for_each(|held| judge.entry_is_listed(&held.wish));
        Ok(())
    }

    /// What of `batch` there is room for, in its order: lists hold at most `max` entries. Returns how many that were.
    async fn write_fitting(
        &self,
        tenant: TenantId,
        batch: &[Wished],
        max: usize,
    ) -> Result<usize, WriteError> {
        self.store.purge_expired(tenant, self.now()).await?;
        let held = self.store.count_entries(tenant).await?;
        let mut room = max.saturating_sub(usize::try_from(held).unwrap_or(usize::MAX));
        let fitting: Vec<Wished> = {
            let (judge, now, mut fresh) = (self.guard.judge(), self.now(), BTreeSet::new());
            let mut fits = |wished: &&Wished| {
                let wish = &wished.wish;
                let replaces = |entry: &ListEntry| {
                    is_same_kind(entry.effect, wish.effect) && entry.expires_at.is_none_or(|end| now < end)
                };
                let key = (wish.network, effect_of(wish.effect).kind());
                if judge.lists().of(wish.network).iter().any(replaces) || fresh.contains(&key) {
                    return true;
                }
                let has_room = room > 0;
                room -= usize::from(has_room);
                has_room && fresh.insert(key)
            };
            batch.iter().filter(|wished| fits(wished)).copied().collect()
        };
        match self.write_entries(tenant, &fitting).await {
            // Somebody else was quicker.
            Err(WriteError::Full { .. }) => Ok(0),
            written => written.map(|()| fitting.len()),
        }
    }

    /// True where the operator has said the same about the same network: a rule must not put an end to that.
    fn is_operators(&self, wished: &Wished) -> bool {
        let judge = self.guard.judge();
        let held = judge.lists().of(wished.wish.network);
        held.iter().any(|entry| entry.by_operator && is_same_kind(entry.effect, wished.wish.effect))
    }

    /// Says that there is no room. Nothing waits for it: events and whatever else is written do not need any.
    fn lists_are_full(&mut self, tenant: TenantId, max: usize) {
        self.full.insert(tenant, max);
        let message = format!(
            "the lists are full, {max} entries are the most: what rules decide about further networks holds in memory only, \
             and a restart forgets it; everything else is recorded. Remove some (`palisade list remove`), or let rules write \
             shorter ones ([policy.entries])"
        );
        self.guard.health.fail(LISTS, message, self.now());
    }

    /// Looks whether lists that were full have room again.
    pub(super) async fn watch_full_lists(&mut self) -> Result<(), WriteError> {
        for (tenant, max) in self.full.clone() {
            let held = self.store.count_entries(tenant).await?;
            let has_room = usize::try_from(held).is_ok_and(|held| held < max);
            if has_room || self.store.purge_expired(tenant, self.now()).await? > 0 {
                self.full.remove(&tenant);
            }
        }
        if self.full.is_empty() {
            self.guard.health.recover(LISTS);
        }
        Ok(())
    }
}

fn is_same_kind(one: ListEffect, other: ListEffect) -> bool {
    std::mem::discriminant(&one) == std::mem::discriminant(&other)
}

fn effect_of(effect: ListEffect) -> Effect {
    match effect {
        ListEffect::Allow => Effect::Allow,
        ListEffect::Block => Effect::Block,
        ListEffect::Throttle(rate) => Effect::Throttle(rate),
        ListEffect::Flag => Effect::Flag,
    }
}

fn entry_of(wished: &Wished) -> NewEntry {
    let Wished { time, wish, .. } = wished;
    NewEntry {
        network: wish.network,
        effect: effect_of(wish.effect),
        expires_at: Some(wish.until),
        source: EntrySource::Rule,
        reason: match wish.rule_number {
            Some(number) => format!("{} (rule {number})", wish.reason),
            None => wish.reason.to_owned(),
        },
        created_at: *time,
    }
}
