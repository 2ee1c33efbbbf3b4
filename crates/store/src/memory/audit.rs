//! The audit log in memory: the same lines and the same chain.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use palisade_domain::TenantId;

use super::{MemoryStore, Tables};
use crate::audit::chain::{RawLine, Walk, beginning};
use crate::audit::seal::DataKey;
use crate::bounds::{AUDIT_SUBJECT_BYTES_MAX, cut};
use crate::keys::AuditKey;
use crate::{
    Audit, AuditHead, AuditId, AuditLine, AuditRandom, AuditVerdict, NewAuditLine, Page, ReadError,
    WriteError,
};

#[derive(Default)]
pub(super) struct Table {
    lines: BTreeMap<AuditKey, RawLine>,
    subjects: BTreeMap<(TenantId, String), (i64, DataKey)>,
    last_subject: BTreeMap<TenantId, i64>,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("lines", &self.lines).finish_non_exhaustive()
    }
}

impl Table {
    fn of_tenant(&self, tenant: TenantId, after: i64) -> impl DoubleEndedIterator<Item = &RawLine> {
        let from = AuditKey::new(tenant, AuditId(after.saturating_add(1)));
        self.lines.range(from..=AuditKey::new(tenant, AuditId(i64::MAX))).map(|(_, line)| line)
    }

    fn head(&self, tenant: TenantId) -> AuditHead {
        match self.of_tenant(tenant, 0).next_back() {
            Some(line) => AuditHead { line: AuditId(line.id), hash: RawLine::link(&line.hash) },
            None => AuditHead { line: AuditId(0), hash: beginning(tenant) },
        }
    }

    fn subject_key(&mut self, tenant: TenantId, subject: &str, fresh: DataKey) -> (i64, DataKey) {
        let last = self.last_subject.entry(tenant).or_default();
        let entry = self.subjects.entry((tenant, subject.to_owned()));
        let made = entry.or_insert_with(|| {
            *last += 1;
            (*last, fresh)
        });
        made.clone()
    }

    fn key(&self, tenant: TenantId, subject: i64) -> Option<DataKey> {
        let of_tenant = self.subjects.iter().filter(|((of, _), _)| *of == tenant);
        of_tenant.map(|(_, held)| held).find(|(id, _)| *id == subject).map(|(_, key)| key.clone())
    }
}

impl Tables {
    /// Appends `line`, cut to its bounds, where fewer than `max` are held: the last thing that can fail of a change.
    pub(super) fn append_audit(
        &mut self,
        tenant: TenantId,
        line: &NewAuditLine,
        random: &AuditRandom,
        max: usize,
    ) -> Result<AuditId, WriteError> {
        let table = &mut self.audit;
        let head = table.head(tenant);
        let id = head.line.0 + 1;
        if id > max as i64 {
            return Err(WriteError::Full { what: "audit lines", max });
        }
        let facts = line.personal.iter().enumerate();
        let keys: Vec<_> = facts
            .map(|(place, fact)| table.subject_key(tenant, &fact.subject, random.data_key(place)))
            .collect();
        let raw = RawLine::made(id, line, &keys, random, &head.hash);
        table.lines.insert(AuditKey::new(tenant, AuditId(id)), raw);
        Ok(AuditId(id))
    }
}

#[async_trait]
impl Audit for MemoryStore {
    async fn append_audit(
        &self,
        tenant: TenantId,
        line: &NewAuditLine,
        random: &AuditRandom,
    ) -> Result<AuditId, WriteError> {
        let line = line.bounded();
        self.tables().append_audit(tenant, &line, random, self.limits.audit_lines_max)
    }

    async fn audit_lines(&self, tenant: TenantId, page: Page) -> Result<Vec<AuditLine>, ReadError> {
        let table = &self.tables().audit;
        let lines = table.of_tenant(tenant, page.after).take(page.rows());
        Ok(lines.filter_map(|line| line.shown(|subject| table.key(tenant, subject))).collect())
    }

    async fn audit_head(&self, tenant: TenantId) -> Result<AuditHead, ReadError> {
        Ok(self.tables().audit.head(tenant))
    }

    async fn verify_audit(&self, tenant: TenantId, known: &[AuditHead]) -> Result<AuditVerdict, ReadError> {
        let table = &self.tables().audit;
        let mut walk = Walk::new(tenant, known);
        let _ = table.of_tenant(tenant, 0).all(|line| walk.step(line));
        Ok(walk.end(table.head(tenant).line.0))
    }

    async fn erase_subject(&self, tenant: TenantId, subject: &str) -> Result<bool, WriteError> {
        let key = (tenant, cut(subject, AUDIT_SUBJECT_BYTES_MAX));
        Ok(self.tables().audit.subjects.remove(&key).is_some())
    }
}
