//! What waits for the store, and how it gets there.

use std::collections::VecDeque;
use std::time::Duration;

use palisade_policy::ListEffect;
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

    /// Writes the entries that rules asked for. The operator's own entries stay as they are.
    pub(super) async fn flush_entries(&mut self) {
        while self.may_try() && !self.waiting.entries.is_empty() {
            let tenant = self.waiting.entries[0].tenant;
            let same = self.waiting.entries.iter().take(BATCH_MAX).take_while(|held| held.tenant == tenant);
            let batch: Vec<Wished> = same.copied().collect();
            let entries: Vec<NewEntry> =
                batch.iter().filter(|held| !self.is_operators(held)).map(entry_of).collect();
            if entries.is_empty() {
                self.waiting.entries.drain(..batch.len());
                continue;
            }
            match self.guard.put_entries(&*self.store, tenant, &entries).await {
                Ok(stored) => {
                    let judge = self.guard.judge();
                    batch.iter().for_each(|held| judge.entry_is_listed(&held.wish));
                    self.waiting.entries.drain(..batch.len());
                    self.guard.totals.pass(Passage::EntryWritten, stored.len() as u64);
                    self.recovered();
                }
                // Trying again would not help: until there is room, what a rule decided holds in memory only.
                Err(error @ WriteError::Full { .. }) => {
                    self.waiting.entries.drain(..batch.len());
                    self.guard.totals.pass(Passage::EntryDropped, batch.len() as u64);
                    self.failed(&error);
                }
                Err(error) => self.failed(&error),
            }
        }
    }

    /// True where the operator has said the same about the same network: a rule must not put an end to that.
    fn is_operators(&self, wished: &Wished) -> bool {
        let judge = self.guard.judge();
        let held = judge.lists().of(wished.wish.network);
        let kind = std::mem::discriminant(&wished.wish.effect);
        held.iter().any(|entry| entry.by_operator && std::mem::discriminant(&entry.effect) == kind)
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

fn entry_of(wished: &Wished) -> NewEntry {
    let Wished { time, wish, .. } = wished;
    NewEntry {
        network: wish.network,
        effect: match wish.effect {
            ListEffect::Allow => Effect::Allow,
            ListEffect::Block => Effect::Block,
            ListEffect::Throttle(rate) => Effect::Throttle(rate),
            ListEffect::Flag => Effect::Flag,
        },
        expires_at: Some(wish.until),
        source: EntrySource::Rule,
        reason: match wish.rule_number {
            Some(number) => format!("{} (rule {number})", wish.reason),
            None => wish.reason.to_owned(),
        },
        created_at: *time,
    }
}
