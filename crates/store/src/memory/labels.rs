//! Labels in memory: by subject for replacing, by number for listings.

use std::collections::BTreeMap;

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};

use super::MemoryStore;
use crate::keys::{LabelKey, LabelSubjectKey};
use crate::{Label, LabelId, LabelSubject, Labels, NewLabel, NewLabels, Page, ReadError, WriteError};

#[derive(Debug, Default)]
pub(super) struct Table {
    labels: BTreeMap<LabelKey, Label>,
    numbers: BTreeMap<LabelSubjectKey, LabelId>,
    last: BTreeMap<TenantId, i64>,
}

impl Table {
    fn of_tenant(&self, tenant: TenantId, after: i64) -> impl Iterator<Item = &Label> {
        let from = LabelKey::new(tenant, LabelId(after.saturating_add(1)));
        self.labels.range(from..=LabelKey::new(tenant, LabelId(i64::MAX))).map(|(_, label)| label)
    }

    fn next_id(&mut self, tenant: TenantId) -> LabelId {
        let last = self.last.entry(tenant).or_default();
        *last += 1;
        LabelId(*last)
    }
}

#[async_trait]
impl Labels for MemoryStore {
    async fn put_label(&self, tenant: TenantId, label: &NewLabel) -> Result<Label, WriteError> {
        let table = &mut self.tables().labels;
        let key = LabelSubjectKey::new(tenant, &label.subject.bounded(), label.source, &label.author);
        let old = table.numbers.get(&key).copied();
        let max = self.limits.labels_max;
        if old.is_none() && table.of_tenant(tenant, 0).count() >= max {
            return Err(WriteError::Full { what: "labels", max });
        }
        let id = old.unwrap_or_else(|| table.next_id(tenant));
        let made = Label::made(id, tenant, label);
        table.numbers.insert(key, id);
        table.labels.insert(LabelKey::new(tenant, id), made.clone());
        debug_assert_eq!(table.labels.len(), table.numbers.len(), "both maps hold the same labels");
        Ok(made)
    }

    async fn labels(&self, tenant: TenantId, page: Page) -> Result<Vec<Label>, ReadError> {
        Ok(self.tables().labels.of_tenant(tenant, page.after).take(page.rows()).cloned().collect())
    }

    async fn withdraw_label(
        &self,
        tenant: TenantId,
        id: LabelId,
        now: Timestamp,
    ) -> Result<Option<Label>, WriteError> {
        let tables = &mut *self.tables();
        tables.frozen.forget(tenant, id);
        Ok(tables.labels.labels.get_mut(&LabelKey::new(tenant, id)).map(|label| {
            label.withdrawn_at = label.withdrawn_at.or(Some(now));
            label.clone()
        }))
    }

    async fn count_labels(&self, tenant: TenantId) -> Result<u64, ReadError> {
        Ok(self.tables().labels.of_tenant(tenant, 0).count() as u64)
    }

    async fn labels_after(&self, tenant: TenantId, after: LabelId) -> Result<NewLabels, ReadError> {
        let table = &self.tables().labels;
        let newest = table.of_tenant(tenant, 0).last().map_or(LabelId(0), |label| label.id);
        let mut new = NewLabels { newest, ..NewLabels::default() };
        for label in table.of_tenant(tenant, after.0) {
            match label.subject {
                LabelSubject::Interaction(_) => new.interactions += 1,
                LabelSubject::Event(_) | LabelSubject::Client { .. } => new.traffic += 1,
            }
        }
        Ok(new)
    }
}
