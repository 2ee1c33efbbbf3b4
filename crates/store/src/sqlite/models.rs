//! Versions of models in SQLite.

use async_trait::async_trait;
use palisade_domain::TenantId;
use sqlx::sqlite::SqliteRow;

use super::row::Row;
use super::{SqliteStore, Writing, tenant_column};
use crate::bounds::LABELS_MAX;
use crate::model::{Move, droppable, from_ranges, moves, ranges};
use crate::{
    AuditRandom, Fault, LabelId, ModelChange, ModelStatus, ModelStep, ModelVersion, ModelVersionId, Models,
    NewAuditLine, NewModel, Page, ReadError, StepError, Watched, WriteError,
};

/// Everything of a version but its file and labels.
const VERSIONS: &str = "SELECT tenant, id, name, kind, subject, sha256, data_sha256, created_at, metrics, status, \
     before_id, size FROM models WHERE tenant = $1 ORDER BY id";

impl SqliteStore {
    fn read_version(&self, row: &SqliteRow) -> Result<ModelVersion, ReadError> {
        let row = Row { store: self, table: "models", row };
        Ok(ModelVersion {
            id: ModelVersionId(row.id()?),
            tenant: row.tenant()?,
            name: row.get("name")?,
            kind: row.get("kind")?,
            subject: row.get("subject")?,
            sha256: row.get("sha256")?,
            data_sha256: row.get("data_sha256")?,
            created_at: row.time("created_at")?,
            metrics: row.get("metrics")?,
            status: row.word("status", ModelStatus::named)?,
            before: row.get::<Option<i64>>("before_id")?.map(ModelVersionId),
            size: row.number("size")?,
        })
    }

    fn read_change(&self, row: &SqliteRow) -> Result<ModelChange, ReadError> {
        let row = Row { store: self, table: "model_changes", row };
        Ok(ModelChange {
            model: ModelVersionId(row.get("model")?),
            time: row.time("time")?,
            from: row.word_option("before_status", ModelStatus::named)?,
            to: row.word("status", ModelStatus::named)?,
            reason: row.get("reason")?,
            author: row.get("author")?,
        })
    }

    /// The versions as the transaction sees them.
    async fn versions_in(
        &self,
        transaction: &mut Writing,
        tenant: TenantId,
    ) -> Result<Vec<ModelVersion>, ReadError> {
        let query = sqlx::query(VERSIONS).bind(tenant_column(tenant));
        let rows = query.fetch_all(&mut **transaction).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.read_version(row)).collect()
    }

    async fn note_change(
        &self,
        transaction: &mut Writing,
        tenant: TenantId,
        line: &NewAuditLine,
        change: (ModelVersionId, Option<ModelStatus>, ModelStatus),
    ) -> Result<(), Fault> {
        let (model, from, to) = change;
        let id = self.take_ids(transaction, tenant, "model_changes", 1).await?;
        sqlx::query(
            "INSERT INTO model_changes (tenant, id, model, time, before_status, status, reason, author)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(tenant_column(tenant))
        .bind(id)
        .bind(model.0)
        .bind(line.time.0)
        .bind(from.map(ModelStatus::name))
        .bind(to.name())
        .bind(&line.detail)
        .bind(&line.actor)
        .execute(&mut **transaction)
        .await
        .map_err(|error| self.fault(error))?;
        Ok(())
    }

    async fn make_room(&self, transaction: &mut Writing, tenant: TenantId) -> Result<(), WriteError> {
        let held = self.versions_in(transaction, tenant).await?;
        let max = self.limits.models_max;
        if held.len() < max {
            return Ok(());
        }
        let gone = droppable(&held).ok_or(WriteError::Full { what: "model versions", max })?;
        let changes = "DELETE FROM model_changes WHERE tenant = $1 AND model = $2";
        self.delete(transaction, changes, tenant, gone.0).await?;
        self.delete(transaction, "DELETE FROM models WHERE tenant = $1 AND id = $2", tenant, gone.0).await?;
        Ok(())
    }

    async fn apply_move(
        &self,
        transaction: &mut Writing,
        tenant: TenantId,
        step: &Move,
    ) -> Result<(), Fault> {
        sqlx::query("UPDATE models SET status = $3, before_id = $4 WHERE tenant = $1 AND id = $2")
            .bind(tenant_column(tenant))
            .bind(step.id.0)
            .bind(step.to.name())
            .bind(step.before.map(|id| id.0))
            .execute(&mut **transaction)
            .await
            .map_err(|error| self.fault(error))?;
        Ok(())
    }
}

#[async_trait]
impl Models for SqliteStore {
    async fn add_model(
        &self,
        tenant: TenantId,
        new: &NewModel,
        line: &NewAuditLine,
        random: &AuditRandom,
    ) -> Result<ModelVersion, WriteError> {
        new.check()?;
        let mut transaction = self.begin().await?;
        self.make_room(&mut transaction, tenant).await?;
        let id = ModelVersionId(self.take_ids(&mut transaction, tenant, "models", 1).await?);
        let line = NewAuditLine { object: format!("model:{}", id.0), ..line.clone() }.bounded();
        let version = ModelVersion::made(id, tenant, new, line.time);
        sqlx::query(
            "INSERT INTO models (tenant, id, name, kind, subject, sha256, data_sha256, created_at, metrics, status, size,
                 labels, file)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(tenant_column(tenant))
        .bind(id.0)
        .bind(&version.name)
        .bind(&version.kind)
        .bind(&version.subject)
        .bind(&version.sha256)
        .bind(&version.data_sha256)
        .bind(version.created_at.0)
        .bind(&version.metrics)
        .bind(version.status.name())
        .bind(i64::try_from(version.size).unwrap_or(i64::MAX))
        .bind(ranges(&new.labels))
        .bind(&new.file)
        .execute(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        self.note_change(&mut transaction, tenant, &line, (id, None, version.status)).await?;
        self.append_line(&mut transaction, tenant, &line, random).await?;
        self.changed(&mut transaction, tenant, Watched::Models).await?;
        self.commit(transaction).await?;
        Ok(version)
    }

    async fn step_model(
        &self,
        tenant: TenantId,
        step: &ModelStep,
        line: &NewAuditLine,
        random: &AuditRandom,
    ) -> Result<Vec<ModelVersion>, StepError> {
        let line = line.bounded();
        let mut transaction = self.begin().await?;
        let made = moves(&self.versions_in(&mut transaction, tenant).await?, step)?;
        for step in &made {
            self.apply_move(&mut transaction, tenant, step).await?;
            let change = (step.id, Some(step.from), step.to);
            self.note_change(&mut transaction, tenant, &line, change).await?;
        }
        let mut changed = self.versions_in(&mut transaction, tenant).await?;
        self.append_line(&mut transaction, tenant, &line, random).await?;
        self.changed(&mut transaction, tenant, Watched::Models).await?;
        self.commit(transaction).await?;
        let place = |version: &ModelVersion| made.iter().position(|step| step.id == version.id);
        changed.retain(|version| place(version).is_some());
        changed.sort_by_key(place);
        Ok(changed)
    }

    async fn models(&self, tenant: TenantId) -> Result<Vec<ModelVersion>, ReadError> {
        let rows = sqlx::query(VERSIONS).bind(tenant_column(tenant)).fetch_all(&self.readers).await;
        let rows = rows.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.read_version(row)).collect()
    }

    async fn model_file(&self, tenant: TenantId, id: ModelVersionId) -> Result<Option<Vec<u8>>, ReadError> {
        let file = sqlx::query_scalar("SELECT file FROM models WHERE tenant = $1 AND id = $2")
            .bind(tenant_column(tenant))
            .bind(id.0)
            .fetch_optional(&self.readers)
            .await;
        Ok(file.map_err(|error| self.fault(error))?)
    }

    async fn model_labels(&self, tenant: TenantId, id: ModelVersionId) -> Result<Vec<LabelId>, ReadError> {
        let row = sqlx::query("SELECT id, labels FROM models WHERE tenant = $1 AND id = $2")
            .bind(tenant_column(tenant))
            .bind(id.0)
            .fetch_optional(&self.readers)
            .await
            .map_err(|error| self.fault(error))?;
        let Some(row) = row else { return Ok(Vec::new()) };
        let row = Row { store: self, table: "models", row: &row };
        row.word("labels", |text| from_ranges(text, LABELS_MAX))
    }

    async fn model_changes(
        &self,
        tenant: TenantId,
        id: ModelVersionId,
        page: Page,
    ) -> Result<Vec<ModelChange>, ReadError> {
        let sql =
            "SELECT * FROM model_changes WHERE tenant = $1 AND model = $4 AND id > $2 ORDER BY id LIMIT $3";
        let rows = sqlx::query(sql)
            .bind(tenant_column(tenant))
            .bind(page.after)
            .bind(page.rows() as i64)
            .bind(id.0)
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.read_change(row)).collect()
    }
}
