//! What waits for the store, and how it gets there.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use palisade_domain::TenantId;
use palisade_policy::{ListEffect, ListEntry};
use palisade_store::{Effect, EntrySource, Event, NewEntry, WriteError};
use tokio::time::Instant;

use super::{Shelf, Worker};
use crate::Guard;
use crate::health::STORE;
use crate::record::{Recorded, Wished};
use crate::totals::Passage;

/// Events of one transaction.
pub const BATCH_MAX: usize = 500;
/// Events that wait while the store does not take them.
pub const WAITING_EVENTS_MAX: usize = 16_384;
/// Entries that wait while the store does not take them.
pub const WAITING_ENTRIES_MAX: usize = 4_096;
/// The first wait after a failure; it doubles up to the last.
pub(super) const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LAST: Duration = Duration::from_secs(30);

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
        while self.may_try() && !self.waiting.events.is_empty() {
            let tenant = self.waiting.events[0].tenant;
            let same = self.waiting.events.iter().take(BATCH_MAX).take_while(|held| held.tenant == tenant);
            let count = same.count();
            let batch: Vec<Recorded> = self.waiting.events.drain(..count).collect();
            let (heads, events): (Vec<_>, Vec<Event>) =
                batch.into_iter().map(|held| (held.id, held.event)).unzip();
            match self.store.append(tenant, &events).await {
                Ok(_) => {
                    self.guard.totals.pass(Passage::EventStored, count as u64);
                    self.recovered();
                }
                Err(error) => {
                    let back = heads.into_iter().zip(events).rev();
                    for (id, event) in back {
                        self.waiting.events.push_front(Recorded { id, tenant, event });
                    }
                    self.failed(&error);
                }
            }
        }
    }

    /// Writes the entries that rules asked for, batch by batch: one transaction and one change of the lists in memory each.
    /// The operator's own entries stay as they are.
    pub(super) async fn flush_entries(&mut self) {
        while self.may_try() && !self.waiting.entries.is_empty() {
            let tenant = self.waiting.entries[0].tenant;
            let same = self.waiting.entries.iter().take(BATCH_MAX).take_while(|held| held.tenant == tenant);
            let batch: Vec<Wished> = same.copied().collect();
            let written = match self.write_entries(tenant, &batch).await {
                Ok(()) => {
                    self.recovered();
                    batch.len()
                }
                Err(full @ WriteError::Full { max, .. }) => {
                    match self.write_fitting(tenant, &batch, max).await {
                        // The rest would not be taken another time either: until there is room, what a rule decided holds
                        // in memory only.
                        Ok(written) => {
                            self.failed(&full);
                            written
                        }
                        Err(error) => return self.failed(&error),
                    }
                }
                Err(error) => return self.failed(&error),
            };
            self.waiting.entries.drain(..batch.len());
            self.guard.totals.pass(Passage::EntryDropped, (batch.len() - written) as u64);
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

    pub(super) fn may_try(&self) -> bool {
        self.retry_at.is_none_or(|at| Instant::now() >= at)
    }

    pub(super) fn failed(&mut self, error: &dyn std::error::Error) {
        self.guard.totals.pass(Passage::StoreFailed, 1);
        let causes = std::iter::successors(Some(error), |error| error.source());
        let message = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        self.guard.health.fail(STORE, format!("records wait in memory: {message}"), self.now());
        self.retry_at = Some(Instant::now() + self.retry_after);
        self.retry_after = (self.retry_after * 2).min(RETRY_LAST);
    }

    pub(super) fn recovered(&mut self) {
        if self.retry_at.take().is_some() {
            self.retry_after = RETRY_FIRST;
            self.guard.health.recover(STORE);
        }
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
