//! Labels in SQLite.

use async_trait::async_trait;
use palisade_domain::{TenantId, Timestamp};
use sqlx::sqlite::SqliteRow;

use super::row::Row;
use super::{SqliteStore, tenant_column};
use crate::keys::{parse_subject, subject_text};
use crate::{
    Label, LabelBasis, LabelId, LabelSource, LabelVerdict, Labels, NewLabel, NewLabels, Page, ReadError,
    Weight, WriteError,
};

impl SqliteStore {
    fn read_label(&self, row: &SqliteRow) -> Result<Label, ReadError> {
        let row = Row { store: self, table: "labels", row };
        let weight: f64 = row.get("weight")?;
        Ok(Label {
            id: LabelId(row.id()?),
            tenant: row.tenant()?,
            subject: row.word("subject", parse_subject)?,
            verdict: row.word("verdict", LabelVerdict::named)?,
            source: row.word("source", LabelSource::named)?,
            author: row.get("author")?,
            basis: row.word("basis", LabelBasis::named)?,
            weight: Weight::new(weight).ok_or_else(|| row.bad("weight", weight.to_string()))?,
            created_at: row.time("created_at")?,
            withdrawn_at: row.get::<Option<i64>>("withdrawn_at")?.map(Timestamp),
        })
    }
}

#[async_trait]
impl Labels for SqliteStore {
    async fn put_label(&self, tenant: TenantId, label: &NewLabel) -> Result<Label, WriteError> {
        let mut transaction = self.begin().await?;
        let id = self.take_ids(&mut transaction, tenant, "labels", 1).await?;
        let label = Label::made(LabelId(id), tenant, label);
        let id = sqlx::query_scalar(
            "INSERT INTO labels (tenant, id, subject, verdict, source, weight, created_at, author, basis)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (tenant, subject, source, author) DO UPDATE SET
                 verdict = excluded.verdict, weight = excluded.weight, created_at = excluded.created_at,
                 basis = excluded.basis, withdrawn_at = NULL
             RETURNING id",
        )
        .bind(tenant_column(tenant))
        .bind(label.id.0)
        .bind(subject_text(&label.subject))
        .bind(label.verdict.name())
        .bind(label.source.name())
        .bind(label.weight.value())
        .bind(label.created_at.0)
        .bind(&label.author)
        .bind(label.basis.name())
        .fetch_one(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        let (rows, max) = ("SELECT COUNT(*) FROM labels WHERE tenant = $1", self.limits.labels_max);
        self.refuse_above(&mut transaction, rows, tenant, "labels", max).await?;
        self.commit(transaction).await?;
        Ok(Label { id: LabelId(id), ..label })
    }

    async fn labels(&self, tenant: TenantId, page: Page) -> Result<Vec<Label>, ReadError> {
        let sql = "SELECT * FROM labels WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";
        let rows = self.page(sql, tenant, page).await?;
        rows.iter().map(|row| self.read_label(row)).collect()
    }

    async fn withdraw_label(
        &self,
        tenant: TenantId,
        id: LabelId,
        now: Timestamp,
    ) -> Result<Option<Label>, WriteError> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query(
            "UPDATE labels SET withdrawn_at = COALESCE(withdrawn_at, $3) WHERE tenant = $1 AND id = $2 RETURNING *",
        )
        .bind(tenant_column(tenant))
        .bind(id.0)
        .bind(now.0)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        let label = row.map(|row| self.read_label(&row)).transpose()?;
        sqlx::query("DELETE FROM frozen_rows WHERE tenant = $1 AND label = $2")
            .bind(tenant_column(tenant))
            .bind(id.0)
            .execute(&mut *transaction)
            .await
            .map_err(|error| self.fault(error))?;
        self.commit(transaction).await?;
        Ok(label)
    }

    async fn count_labels(&self, tenant: TenantId) -> Result<u64, ReadError> {
        self.count("SELECT COUNT(*) FROM labels WHERE tenant = $1", tenant).await
    }

    async fn labels_after(&self, tenant: TenantId, after: LabelId) -> Result<NewLabels, ReadError> {
        // By the two indexes: no row is looked at for what it is about.
        let (newest, all, interactions): (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT COALESCE(MAX(id), 0) FROM labels WHERE tenant = $1),
                 (SELECT COUNT(*) FROM labels WHERE tenant = $1 AND id > $2),
                 (SELECT COUNT(*) FROM labels
                     WHERE tenant = $1 AND subject >= 'interaction:' AND subject < 'interaction;' AND id > $2)",
        )
        .bind(tenant_column(tenant))
        .bind(after.0)
        .fetch_one(&self.readers)
        .await
        .map_err(|error| self.fault(error))?;
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        Ok(NewLabels {
            newest: LabelId(newest),
            traffic: count(all - interactions),
            interactions: count(interactions),
        })
    }
}
