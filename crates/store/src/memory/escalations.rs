//! The queue of slow opinions in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use super::MemoryStore;
use crate::bounds::{ESCALATION_ATTEMPTS_MAX, EXPORT_PAGE_MAX};
use crate::escalation::checked;
use crate::keys::EscalationKey;
use crate::{AfterFailure, Escalation, EscalationId, Escalations, ReadError, Watched, WriteError};

#[derive(Debug, Default)]
pub(super) struct Table {
    items: BTreeMap<EscalationKey, Item>,
    last: BTreeMap<TenantId, i64>,
}

#[derive(Debug)]
struct Item {
    escalation: Escalation,
    free_at: Timestamp,
}

impl Item {
    fn is_free(&self, kind: &str, now: Timestamp) -> bool {
        self.escalation.kind == kind && self.free_at <= now
    }
}

impl Table {
    fn of_tenant(&mut self, tenant: TenantId) -> impl Iterator<Item = &mut Item> {
        let first = EscalationKey::new(tenant, EscalationId(i64::MIN));
        let last = EscalationKey::new(tenant, EscalationId(i64::MAX));
        self.items.range_mut(first..=last).map(|(_, item)| item)
    }
}

#[async_trait]
impl Escalations for MemoryStore {
    async fn put_escalation(
        &self,
        tenant: TenantId,
        kind: &str,
        payload: &str,
        now: Timestamp,
    ) -> Result<EscalationId, WriteError> {
        let (kind, payload) = checked(kind, payload)?;
        let mut tables = self.tables();
        let table = &mut tables.escalations;
        let max = self.limits.escalations_max;
        if table.of_tenant(tenant).count() >= max {
            return Err(WriteError::Full { what: "escalations", max });
        }
        let last = table.last.entry(tenant).or_default();
        *last += 1;
        let id = EscalationId(*last);
        let escalation = Escalation { id, kind, payload, created_at: now, attempts: 0 };
        table.items.insert(EscalationKey::new(tenant, id), Item { escalation, free_at: Timestamp(i64::MIN) });
        tables.changed(tenant, Watched::Escalations);
        Ok(id)
    }

    async fn take_escalations(
        &self,
        tenant: TenantId,
        kind: &str,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Escalation>, WriteError> {
        let table = &mut self.tables().escalations;
        table.items.retain(|key, item| {
            let worn_out = item.escalation.attempts >= ESCALATION_ATTEMPTS_MAX;
            !(key.tenant == tenant && worn_out && item.is_free(kind, now))
        });
        let free = table.of_tenant(tenant).filter(|item| item.is_free(kind, now));
        let taken = free.take(limit.min(EXPORT_PAGE_MAX)).map(|item| {
            item.escalation.attempts += 1;
            item.free_at = lease_until;
            item.escalation.clone()
        });
        Ok(taken.collect())
    }

    async fn escalation_done(&self, tenant: TenantId, id: EscalationId) -> Result<bool, WriteError> {
        Ok(self.tables().escalations.items.remove(&EscalationKey::new(tenant, id)).is_some())
    }

    async fn escalation_failed(
        &self,
        tenant: TenantId,
        taken: &Escalation,
        retry_at: Timestamp,
    ) -> Result<AfterFailure, WriteError> {
        let items = &mut self.tables().escalations.items;
        let key = EscalationKey::new(tenant, taken.id);
        let Some(item) = items.get_mut(&key).filter(|item| item.escalation.attempts == taken.attempts) else {
            return Ok(AfterFailure::NotOurs);
        };
        if taken.attempts >= ESCALATION_ATTEMPTS_MAX {
            items.remove(&key);
            return Ok(AfterFailure::GivenUp);
        }
        item.free_at = retry_at;
        Ok(AfterFailure::Retried)
    }

    async fn delete_escalations_before(
        &self,
        tenant: TenantId,
        before: Timestamp,
    ) -> Result<u64, WriteError> {
        let items = &mut self.tables().escalations.items;
        let held = items.len();
        items.retain(|key, item| key.tenant != tenant || item.escalation.created_at >= before);
        Ok((held - items.len()) as u64)
    }

    async fn count_escalations(&self, tenant: TenantId) -> Result<u64, ReadError> {
        Ok(self.tables().escalations.of_tenant(tenant).count() as u64)
    }
}
