//! Versions of models in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use palisade_domain::TenantId;

use super::{MemoryStore, Tables};
use crate::bounds::LABELS_MAX;
use crate::keys::ModelKey;
use crate::model::{droppable, from_ranges, moves, ranges};
use crate::{
    AuditRandom, LabelId, ModelChange, ModelStatus, ModelStep, ModelVersion, ModelVersionId, Models,
    NewAuditLine, NewModel, Page, ReadError, StepError, Watched, WriteError,
};

#[derive(Debug, Default)]
pub(super) struct Table {
    versions: BTreeMap<ModelKey, Held>,
    changes: BTreeMap<(TenantId, i64), ModelChange>,
    last: BTreeMap<TenantId, i64>,
    last_change: BTreeMap<TenantId, i64>,
}

#[derive(Debug)]
struct Held {
    version: ModelVersion,
    labels: String,
    file: Vec<u8>,
}

impl Table {
    fn of_tenant(&self, tenant: TenantId) -> Vec<ModelVersion> {
        let all = ModelKey::new(tenant, ModelVersionId(0))..=ModelKey::new(tenant, ModelVersionId(i64::MAX));
        self.versions.range(all).map(|(_, held)| held.version.clone()).collect()
    }

    fn note(&mut self, tenant: TenantId, change: ModelChange) {
        let last = self.last_change.entry(tenant).or_default();
        *last += 1;
        self.changes.insert((tenant, *last), change);
    }

    fn drop_version(&mut self, tenant: TenantId, id: ModelVersionId) {
        self.versions.remove(&ModelKey::new(tenant, id));
        self.changes.retain(|(of, _), change| *of != tenant || change.model != id);
    }
}

fn change(
    line: &NewAuditLine,
    model: ModelVersionId,
    from: Option<ModelStatus>,
    to: ModelStatus,
) -> ModelChange {
    ModelChange { model, time: line.time, from, to, reason: line.detail.clone(), author: line.actor.clone() }
}

#[async_trait]
impl Models for MemoryStore {
    async fn add_model(
        &self,
        tenant: TenantId,
        new: &NewModel,
        line: &NewAuditLine,
        random: &AuditRandom,
    ) -> Result<ModelVersion, WriteError> {
        new.check()?;
        let tables = &mut *self.tables();
        let held = tables.models.of_tenant(tenant);
        let max = self.limits.models_max;
        let dropped = match held.len() < max {
            true => None,
            false => Some(droppable(&held).ok_or(WriteError::Full { what: "model versions", max })?),
        };
        let id = ModelVersionId(tables.models.last.get(&tenant).copied().unwrap_or(0) + 1);
        let line = NewAuditLine { object: format!("model:{}", id.0), ..line.clone() }.bounded();
        tables.append_audit(tenant, &line, random, self.limits.audit_lines_max)?;
        let Tables { models, .. } = tables;
        if let Some(dropped) = dropped {
            models.drop_version(tenant, dropped);
        }
        models.last.insert(tenant, id.0);
        let version = ModelVersion::made(id, tenant, new, line.time);
        let held = Held { version: version.clone(), labels: ranges(&new.labels), file: new.file.clone() };
        models.versions.insert(ModelKey::new(tenant, id), held);
        models.note(tenant, change(&line, id, None, version.status));
        tables.changed(tenant, Watched::Models);
        Ok(version)
    }

    async fn step_model(
        &self,
        tenant: TenantId,
        step: &ModelStep,
        line: &NewAuditLine,
        random: &AuditRandom,
    ) -> Result<Vec<ModelVersion>, StepError> {
        let tables = &mut *self.tables();
        let made = moves(&tables.models.of_tenant(tenant), step)?;
        let line = line.bounded();
        tables.append_audit(tenant, &line, random, self.limits.audit_lines_max)?;
        let mut changed = Vec::with_capacity(made.len());
        for step in made {
            if let Some(held) = tables.models.versions.get_mut(&ModelKey::new(tenant, step.id)) {
                (held.version.status, held.version.before) = (step.to, step.before);
                changed.push(held.version.clone());
            }
            tables.models.note(tenant, change(&line, step.id, Some(step.from), step.to));
        }
        tables.changed(tenant, Watched::Models);
        Ok(changed)
    }

    async fn models(&self, tenant: TenantId) -> Result<Vec<ModelVersion>, ReadError> {
        Ok(self.tables().models.of_tenant(tenant))
    }

    async fn model_file(&self, tenant: TenantId, id: ModelVersionId) -> Result<Option<Vec<u8>>, ReadError> {
        let tables = self.tables();
        Ok(tables.models.versions.get(&ModelKey::new(tenant, id)).map(|held| held.file.clone()))
    }

    async fn model_labels(&self, tenant: TenantId, id: ModelVersionId) -> Result<Vec<LabelId>, ReadError> {
        let tables = self.tables();
        let held = tables.models.versions.get(&ModelKey::new(tenant, id));
        Ok(held.and_then(|held| from_ranges(&held.labels, LABELS_MAX)).unwrap_or_default())
    }

    async fn model_changes(
        &self,
        tenant: TenantId,
        id: ModelVersionId,
        page: Page,
    ) -> Result<Vec<ModelChange>, ReadError> {
        let tables = self.tables();
        let from = (tenant, page.after.saturating_add(1));
        let of_tenant = tables.models.changes.range(from..=(tenant, i64::MAX));
        let changes = of_tenant.map(|(_, change)| change).filter(|change| change.model == id);
        Ok(changes.take(page.rows()).cloned().collect())
    }
}
