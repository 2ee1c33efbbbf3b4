//! SQLite: one file in the data folder, durable before it acknowledges.
//!
//! One connection writes, a few read beside it (WAL). Statements are portable SQL with bound parameters; what only
//! SQLite understands stands in `pragmas.rs`.

mod audit;
mod escalations;
mod events;
mod fault;
mod frozen;
mod interactions;
mod keys;
mod labels;
mod lists;
mod models;
mod pragmas;
mod revoked;
mod rollups;
mod row;
mod site_keys;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use palisade_domain::TenantId;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqlitePoolOptions, SqliteRow};
use sqlx::{Connection, Sqlite, SqlitePool, Transaction};

use crate::{Changes, Fault, OpenError, Page, ReadError, StoreLimits, Watched, WriteError};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Connections that read beside the one that writes.
const READERS_MAX: u32 = 4;
/// Pause before a new file that others are making is opened again.
const OPEN_PAUSE: Duration = Duration::from_millis(10);

/// How a database is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqliteSettings {
    /// Row limits.
    pub limits: StoreLimits,
    /// The most pages (4 KiB each) the file may grow to; `None` leaves it to the disk.
    pub pages_max: Option<u32>,
    /// How long to wait for another process that writes (`palisade list add` beside a running gateway).
    pub busy_timeout: Duration,
}

impl Default for SqliteSettings {
    fn default() -> Self {
        let busy_timeout = Duration::from_secs(5);
        SqliteSettings { limits: StoreLimits::default(), pages_max: None, busy_timeout }
    }
}

/// The embedded store.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    limits: StoreLimits,
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteStore {
    /// Opens the database at `path`, made when missing, and brings its schema up to date.
    ///
    /// # Errors
    /// Where it is corrupt, locked, unwritable, newer than this binary, or the disk is full. Nothing is deleted.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        SqliteStore::open_with(path, SqliteSettings::default()).await
    }

    /// Opens the database with other settings than the usual.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn open_with(path: &Path, settings: SqliteSettings) -> Result<Self, OpenError> {
        let options = pragmas::options(path, settings);
        let fault = |error| fault::fault(path, error);
        // SQLite ends a transaction by itself when a write fails (https://sqlite.org/lang_transaction.html), sqlx then counts
        // one that is no more, and would refuse to begin another for ever: such a connection is replaced.
        let sound = SqlitePoolOptions::new()
            .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }));
        let sound = sound.max_connections(1);
        // Of those who open a new file at the same moment one makes it, and SQLite does not wait with the others: a
        // change of the journal mode finds it busy at once.
        let until = tokio::time::Instant::now() + settings.busy_timeout;
        let writer = loop {
            match sound.clone().connect_with(options.clone()).await.map_err(fault) {
                Err(Fault::Locked { .. }) if tokio::time::Instant::now() < until => {
                    tokio::time::sleep(OPEN_PAUSE).await;
                }
                opened => break opened?,
            }
        };
        migrate(path, &writer).await?;
        let readers = SqlitePoolOptions::new().max_connections(READERS_MAX).connect_lazy_with(options);
        Ok(SqliteStore { path: path.to_owned(), limits: settings.limits, writer, readers })
    }

    /// Waits until everything is written and closes the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    async fn begin(&self) -> Result<Writing, Fault> {
        self.writer.begin_with(pragmas::BEGIN_WRITE).await.map_err(|error| self.fault(error))
    }

    async fn commit(&self, transaction: Writing) -> Result<(), Fault> {
        transaction.commit().await.map_err(|error| self.fault(error))
    }

    fn fault(&self, error: sqlx::Error) -> Fault {
        fault::fault(&self.path, error)
    }

    /// Deletes within `transaction`, returns how many rows. `sql` takes tenant, and the number or time that tells which.
    async fn delete(
        &self,
        transaction: &mut Writing,
        sql: &'static str,
        tenant: TenantId,
        which: i64,
    ) -> Result<u64, Fault> {
        let query = sqlx::query(sql).bind(tenant_column(tenant)).bind(which);
        let result = query.execute(&mut **transaction).await.map_err(|error| self.fault(error))?;
        Ok(result.rows_affected())
    }

    async fn count(&self, sql: &'static str, tenant: TenantId) -> Result<u64, ReadError> {
        let rows: i64 = sqlx::query_scalar(sql)
            .bind(tenant_column(tenant))
            .fetch_one(&self.readers)
            .await
            .map_err(|error| self.fault(error))?;
        Ok(u64::try_from(rows).unwrap_or(0))
    }

    /// One page of a listing by number. `sql` takes tenant, the number before the page, and the rows of the page.
    async fn page(
        &self,
        sql: &'static str,
        tenant: TenantId,
        page: Page,
    ) -> Result<Vec<SqliteRow>, ReadError> {
        let rows = sqlx::query(sql)
            .bind(tenant_column(tenant))
            .bind(page.after)
            .bind(page.rows() as i64)
            .fetch_all(&self.readers)
            .await;
        Ok(rows.map_err(|error| self.fault(error))?)
    }

    /// Refuses the change where its table now holds more than `max` rows. `sql` counts those of a tenant.
    async fn refuse_above(
        &self,
        transaction: &mut Writing,
        sql: &'static str,
        tenant: TenantId,
        what: &'static str,
        max: usize,
    ) -> Result<(), WriteError> {
        let rows: i64 = sqlx::query_scalar(sql)
            .bind(tenant_column(tenant))
            .fetch_one(&mut **transaction)
            .await
            .map_err(|error| self.fault(error))?;
        if rows > max as i64 { Err(WriteError::Full { what, max }) } else { Ok(()) }
    }

    /// Reserves `count` numbers of `name` and returns the last of them.
    async fn take_ids(
        &self,
        transaction: &mut Writing,
        tenant: TenantId,
        name: &'static str,
        count: usize,
    ) -> Result<i64, Fault> {
        self.add_to(transaction, tenant, name, i64::try_from(count).unwrap_or(i64::MAX)).await
    }

    /// Adds `amount` to the counter `name` and returns what it holds then.
    async fn add_to(
        &self,
        transaction: &mut Writing,
        tenant: TenantId,
        name: &'static str,
        amount: i64,
    ) -> Result<i64, Fault> {
        sqlx::query_scalar(
            "INSERT INTO counters (tenant, name, value) VALUES ($1, $2, $3)
             ON CONFLICT (tenant, name) DO UPDATE SET value = counters.value + excluded.value
             RETURNING value",
        )
        .bind(tenant_column(tenant))
        .bind(name)
        .bind(amount)
        .fetch_one(&mut **transaction)
        .await
        .map_err(|error| self.fault(error))
    }

    /// What the counter `name` holds; 0 before its first use.
    async fn counter(&self, tenant: TenantId, name: &'static str) -> Result<i64, Fault> {
        let value = sqlx::query_scalar("SELECT value FROM counters WHERE tenant = $1 AND name = $2")
            .bind(tenant_column(tenant))
            .bind(name)
            .fetch_optional(&self.readers)
            .await;
        Ok(value.map_err(|error| self.fault(error))?.unwrap_or(0))
    }

    /// Tells other processes that `what` was changed.
    async fn changed(&self, transaction: &mut Writing, tenant: TenantId, what: Watched) -> Result<(), Fault> {
        self.add_to(transaction, tenant, what.counter(), 1).await?;
        Ok(())
    }
}

/// A transaction that holds the write lock.
type Writing = Transaction<'static, Sqlite>;

#[async_trait]
impl Changes for SqliteStore {
    async fn changes(&self, tenant: TenantId, what: Watched) -> Result<u64, ReadError> {
        let value = self.counter(tenant, what.counter()).await?;
        Ok(u64::try_from(value).unwrap_or(0))
    }
}

fn tenant_column(tenant: TenantId) -> i64 {
    i64::from(tenant.0)
}

/// All steps in one transaction that holds the write lock: two processes may start at once, and a step that fails
/// leaves the old schema.
async fn migrate(path: &Path, writer: &SqlitePool) -> Result<(), OpenError> {
    let fault = |error| fault::fault(path, error);
    let mut transaction = writer.begin_with(pragmas::BEGIN_WRITE).await.map_err(fault)?;
    MIGRATIONS.run(&mut *transaction).await.map_err(|error| migration_error(path, error))?;
    transaction.commit().await.map_err(fault)?;
    Ok(())
}

fn migration_error(path: &Path, error: MigrateError) -> OpenError {
    match error {
        MigrateError::VersionMissing(found) => {
            let known = MIGRATIONS.iter().map(|step| step.version).max().unwrap_or(0);
            OpenError::Newer { path: path.to_owned(), found, known }
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            fault::fault(path, error).into()
        }
        other => OpenError::Migration { path: path.to_owned(), source: Box::new(other) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_is_not_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("store.db")).await.unwrap();
        let tenant = TenantId::default();
        for _ in 0..2 {
            let mut writing = store.begin().await.unwrap();
            store.changed(&mut writing, tenant, Watched::Lists).await.unwrap();
            // What a failed write does.
            sqlx::query("ROLLBACK").execute(&mut *writing).await.unwrap();
            drop(writing);
        }
        let mut writing = store.begin().await.unwrap();
        store.changed(&mut writing, tenant, Watched::Lists).await.unwrap();
        store.commit(writing).await.unwrap();
        assert_eq!(store.changes(tenant, Watched::Lists).await.unwrap(), 1);
    }
}
