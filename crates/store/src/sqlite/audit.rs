//! The audit log in SQLite.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use palisade_domain::TenantId;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::{SqliteStore, Writing, pragmas, tenant_column};
use crate::audit::chain::{RawLine, Walk, beginning};
use crate::audit::seal::{self, DataKey};
use crate::{
    Audit, AuditHead, AuditId, AuditLine, AuditRandom, AuditVerdict, Fault, NewAuditLine, Page, ReadError,
    WriteError,
};

/// Rows of one page: their persons' keys are asked for in one statement.
const LINES_PAGE_MAX: usize = 1_000;
const LINES: &str = "SELECT * FROM audit_lines WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";

impl SqliteStore {
    /// Takes the columns as the bytes they are: where somebody has changed them, the chain says so, not the decoder.
    fn read_line(&self, row: &SqliteRow) -> Result<RawLine, ReadError> {
        let fault = |error| ReadError::from(self.fault(error));
        let number = |column| row.try_get_unchecked::<i64, _>(column).map_err(fault);
        let text = |column| {
            let bytes: &[u8] = row.try_get_unchecked(column).map_err(fault)?;
            Ok::<_, ReadError>(String::from_utf8_lossy(bytes).into_owned())
        };
        Ok(RawLine {
            id: number("id")?,
            time: number("time")?,
            actor: text("actor")?,
            action: text("action")?,
            object: text("object")?,
            detail: text("detail")?,
            sealed: text("sealed")?,
            hash: text("hash")?,
        })
    }

    async fn raw_lines(&self, tenant: TenantId, page: Page) -> Result<Vec<RawLine>, ReadError> {
        let page = Page { limit: page.limit.min(LINES_PAGE_MAX), ..page };
        let rows = self.page(LINES, tenant, page).await?;
        rows.iter().map(|row| self.read_line(row)).collect()
    }

    /// Number and key of `subject`, made with `fresh` where nothing is about them yet.
    async fn subject_key(
        &self,
        transaction: &mut Writing,
        tenant: TenantId,
        subject: &str,
        fresh: DataKey,
    ) -> Result<(i64, DataKey), WriteError> {
        let found: Option<(i64, String)> =
            sqlx::query_as("SELECT id, data_key FROM audit_subjects WHERE tenant = $1 AND subject = $2")
                .bind(tenant_column(tenant))
                .bind(subject)
                .fetch_optional(&mut **transaction)
                .await
                .map_err(|error| self.fault(error))?;
        if let Some((id, text)) = found {
            let key = DataKey::parse(&text).ok_or_else(|| bad_key(id))?;
            return Ok((id, key));
        }
        let id = self.take_ids(transaction, tenant, "audit_subjects", 1).await?;
        sqlx::query("INSERT INTO audit_subjects (tenant, id, subject, data_key) VALUES ($1, $2, $3, $4)")
            .bind(tenant_column(tenant))
            .bind(id)
            .bind(subject)
            .bind(fresh.text())
            .execute(&mut **transaction)
            .await
            .map_err(|error| self.fault(error))?;
        Ok((id, fresh))
    }

    /// The keys of the persons in `lines` who were not erased.
    async fn keys_of(&self, tenant: TenantId, lines: &[RawLine]) -> Result<HashMap<i64, DataKey>, ReadError> {
        let sealed = lines.iter().filter_map(|line| seal::from_column(&line.sealed)).flatten();
        let subjects: BTreeSet<i64> = sealed.map(|fact| fact.subject).collect();
        if subjects.is_empty() {
            return Ok(HashMap::new());
        }
        let mut query =
            QueryBuilder::<Sqlite>::new("SELECT id, data_key FROM audit_subjects WHERE tenant = ");
        query.push_bind(tenant_column(tenant)).push(" AND id IN (");
        let mut ids = query.separated(", ");
        for subject in subjects {
            ids.push_bind(subject);
        }
        ids.push_unseparated(")");
        let rows: Vec<(i64, String)> =
            query.build_query_as().fetch_all(&self.readers).await.map_err(|error| self.fault(error))?;
        Ok(rows.into_iter().filter_map(|(id, text)| Some((id, DataKey::parse(&text)?))).collect())
    }

    /// Appends `line`, cut to its bounds, within `transaction`: what it records and the line stand or fall together.
    pub(super) async fn append_line(
        &self,
        transaction: &mut Writing,
        tenant: TenantId,
        line: &NewAuditLine,
        random: &AuditRandom,
    ) -> Result<AuditId, WriteError> {
        let id = self.take_ids(transaction, tenant, "audit_lines", 1).await?;
        let max = self.limits.audit_lines_max;
        if id > max as i64 {
            return Err(WriteError::Full { what: "audit lines", max });
        }
        let mut keys = Vec::with_capacity(line.personal.len());
        for (place, fact) in line.personal.iter().enumerate() {
            let fresh = random.data_key(place);
            keys.push(self.subject_key(transaction, tenant, &fact.subject, fresh).await?);
        }
        let before = self.link(transaction, tenant).await?;
        let raw = RawLine::made(id, line, &keys, random, &before);
        sqlx::query(
            "INSERT INTO audit_lines (tenant, id, time, actor, action, object, detail, sealed, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(tenant_column(tenant))
        .bind(raw.id)
        .bind(raw.time)
        .bind(&raw.actor)
        .bind(&raw.action)
        .bind(&raw.object)
        .bind(&raw.detail)
        .bind(&raw.sealed)
        .bind(&raw.hash)
        .execute(&mut **transaction)
        .await
        .map_err(|error| self.fault(error))?;
        Ok(AuditId(id))
    }

    async fn link(&self, transaction: &mut Writing, tenant: TenantId) -> Result<[u8; 32], Fault> {
        let last: Option<String> =
            sqlx::query_scalar("SELECT hash FROM audit_lines WHERE tenant = $1 ORDER BY id DESC LIMIT 1")
                .bind(tenant_column(tenant))
                .fetch_optional(&mut **transaction)
                .await
                .map_err(|error| self.fault(error))?;
        Ok(last.map_or_else(|| beginning(tenant), |hash| RawLine::link(&hash)))
    }
}

fn bad_key(id: i64) -> ReadError {
    let value = "no key".to_owned();
    ReadError::BadRecord { table: "audit_subjects", id, column: "data_key", value }
}

#[async_trait]
impl Audit for SqliteStore {
    async fn append_audit(
        &self,
        tenant: TenantId,
        line: &NewAuditLine,
        random: &AuditRandom,
    ) -> Result<AuditId, WriteError> {
        let line = line.bounded();
        let mut transaction = self.begin().await?;
        let id = self.append_line(&mut transaction, tenant, &line, random).await?;
        self.commit(transaction).await?;
        Ok(id)
    }

    async fn audit_lines(&self, tenant: TenantId, page: Page) -> Result<Vec<AuditLine>, ReadError> {
        let lines = self.raw_lines(tenant, page).await?;
        let keys = self.keys_of(tenant, &lines).await?;
        let shown = lines.iter().map(|line| {
            line.shown(|subject| keys.get(&subject).cloned()).ok_or_else(|| ReadError::BadRecord {
                table: "audit_lines",
                id: line.id,
                column: "sealed",
                value: line.sealed.chars().take(64).collect(),
            })
        });
        shown.collect()
    }

    async fn audit_head(&self, tenant: TenantId) -> Result<AuditHead, ReadError> {
        let last: Option<(i64, String)> =
            sqlx::query_as("SELECT id, hash FROM audit_lines WHERE tenant = $1 ORDER BY id DESC LIMIT 1")
                .bind(tenant_column(tenant))
                .fetch_optional(&self.readers)
                .await
                .map_err(|error| self.fault(error))?;
        Ok(match last {
            Some((id, hash)) => AuditHead { line: AuditId(id), hash: RawLine::link(&hash) },
            None => AuditHead { line: AuditId(0), hash: beginning(tenant) },
        })
    }

    async fn verify_audit(&self, tenant: TenantId, known: &[AuditHead]) -> Result<AuditVerdict, ReadError> {
        // Read before the lines: others go on appending.
        let written = self.counter(tenant, "audit_lines").await?;
        let mut walk = Walk::new(tenant, known);
        loop {
            let lines = self.raw_lines(tenant, Page { after: walk.after(), ..Page::FIRST }).await?;
            if lines.is_empty() || !lines.iter().all(|line| walk.step(line)) {
                return Ok(walk.end(written));
            }
        }
    }

    async fn erase_subject(&self, tenant: TenantId, subject: &str) -> Result<bool, WriteError> {
        let mut transaction = self.begin().await?;
        let result = sqlx::query("DELETE FROM audit_subjects WHERE tenant = $1 AND subject = $2")
            .bind(tenant_column(tenant))
            .bind(crate::bounds::cut(subject, crate::bounds::AUDIT_SUBJECT_BYTES_MAX))
            .execute(&mut *transaction)
            .await
            .map_err(|error| self.fault(error))?;
        self.commit(transaction).await?;
        // The log beside the file may still hold the key. Best effort: where others read just now, later writes
        // overwrite it.
        let _ = sqlx::query(pragmas::EMPTY_LOG).execute(&self.writer).await;
        Ok(result.rows_affected() > 0)
    }
}
