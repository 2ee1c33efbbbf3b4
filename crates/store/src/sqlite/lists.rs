//! List entries in SQLite.

use async_trait::async_trait;
use palisade_domain::{ClientIp, NetPrefix, Rate, TenantId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};

use super::row::Row;
use super::{SqliteStore, Writing, tenant_column};
use crate::keys::{network_text, networks_covering, parse_network};
use crate::{
    EffectKind, EntryId, EntrySource, Fault, ListEntry, Lists, NewEntry, Page, ReadError, Watched, WriteError,
};

impl SqliteStore {
    async fn put_entry(&self, transaction: &mut Writing, entry: ListEntry) -> Result<ListEntry, Fault> {
        let id = sqlx::query_scalar(
            "INSERT INTO list_entries
                 (tenant, id, network, effect, per_minute, expires_at, source, reason, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (tenant, network, effect) DO UPDATE SET
                 per_minute = excluded.per_minute, expires_at = excluded.expires_at,
                 source = excluded.source, reason = excluded.reason, created_at = excluded.created_at
             RETURNING id",
        )
        .bind(tenant_column(entry.tenant))
        .bind(entry.id.0)
        .bind(network_text(entry.network))
        .bind(entry.effect.kind().name())
        .bind(entry.effect.rate().map(|rate| i64::from(rate.0)))
        .bind(entry.expires_at.map(|end| end.0))
        .bind(entry.source.name())
        .bind(&entry.reason)
        .bind(entry.created_at.0)
        .fetch_one(&mut **transaction)
        .await
        .map_err(|error| self.fault(error))?;
        Ok(ListEntry { id: EntryId(id), ..entry })
    }

    fn read_entry(&self, row: &SqliteRow) -> Result<ListEntry, ReadError> {
        let row = Row { store: self, table: "list_entries", row };
        let rate = row.number_option("per_minute")?.map(Rate);
        Ok(ListEntry {
            id: EntryId(row.id()?),
            tenant: row.tenant()?,
            network: row.word("network", parse_network)?,
            effect: row.word("effect", |name| EffectKind::named(name)?.with_rate(rate))?,
            expires_at: row.number_option("expires_at")?.map(Timestamp),
            source: row.word("source", EntrySource::named)?,
            reason: row.get("reason")?,
            created_at: row.time("created_at")?,
        })
    }
}

#[async_trait]
impl Lists for SqliteStore {
    async fn put(&self, tenant: TenantId, entries: &[NewEntry]) -> Result<Vec<ListEntry>, WriteError> {
        let mut transaction = self.begin().await?;
        let last = self.take_ids(&mut transaction, tenant, "list_entries", entries.len()).await?;
        let first = last + 1 - entries.len() as i64;
        let mut made = Vec::with_capacity(entries.len());
        for (id, new) in (first..).zip(entries) {
            let entry = ListEntry::made(EntryId(id), tenant, new);
            made.push(self.put_entry(&mut transaction, entry).await?);
        }
        let rows = "SELECT COUNT(*) FROM list_entries WHERE tenant = $1";
        let max = self.limits.list_entries_max;
        self.refuse_above(&mut transaction, rows, tenant, "list entries", max).await?;
        self.changed(&mut transaction, tenant, Watched::Lists).await?;
        self.commit(transaction).await?;
        Ok(made)
    }

    async fn remove(
        &self,
        tenant: TenantId,
        network: NetPrefix,
        effect: Option<EffectKind>,
    ) -> Result<u64, WriteError> {
        let mut transaction = self.begin().await?;
        let mut removed = 0;
        for kind in EffectKind::ALL.into_iter().filter(|kind| effect.is_none_or(|one| one == *kind)) {
            let result =
                sqlx::query("DELETE FROM list_entries WHERE tenant = $1 AND network = $2 AND effect = $3")
                    .bind(tenant_column(tenant))
                    .bind(network_text(network))
                    .bind(kind.name())
                    .execute(&mut *transaction)
                    .await
                    .map_err(|error| self.fault(error))?;
            removed += result.rows_affected();
        }
        if removed > 0 {
            self.changed(&mut transaction, tenant, Watched::Lists).await?;
        }
        self.commit(transaction).await?;
        Ok(removed)
    }

    async fn find(
        &self,
        tenant: TenantId,
        client: ClientIp,
        now: Timestamp,
    ) -> Result<Vec<ListEntry>, ReadError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM list_entries WHERE tenant = ");
        query.push_bind(tenant_column(tenant));
        query.push(" AND (expires_at IS NULL OR expires_at > ").push_bind(now.0).push(") AND network IN (");
        let mut networks = query.separated(", ");
        for network in networks_covering(client) {
            networks.push_bind(network_text(network));
        }
        networks.push_unseparated(")");
        let rows = query.build().fetch_all(&self.readers).await.map_err(|error| self.fault(error))?;
        let mut entries: Vec<_> = rows.iter().map(|row| self.read_entry(row)).collect::<Result<_, _>>()?;
        entries.sort_by_key(ListEntry::by_precedence);
        Ok(entries)
    }

    async fn entries(&self, tenant: TenantId, page: Page) -> Result<Vec<ListEntry>, ReadError> {
        let sql = "SELECT * FROM list_entries WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";
        let rows = self.page(sql, tenant, page).await?;
        rows.iter().map(|row| self.read_entry(row)).collect()
    }

    async fn count_entries(&self, tenant: TenantId) -> Result<u64, ReadError> {
        self.count("SELECT COUNT(*) FROM list_entries WHERE tenant = $1", tenant).await
    }

    async fn purge_expired(&self, tenant: TenantId, now: Timestamp) -> Result<u64, WriteError> {
        let mut transaction = self.begin().await?;
        let sql = "DELETE FROM list_entries WHERE tenant = $1 AND expires_at <= $2";
        let deleted = self.delete(&mut transaction, sql, tenant, now.0).await?;
        if deleted > 0 {
            self.changed(&mut transaction, tenant, Watched::Lists).await?;
        }
        self.commit(transaction).await?;
        Ok(deleted)
    }
}
