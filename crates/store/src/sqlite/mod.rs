//! SQLite: one file in the data folder, durable before it acknowledges.
//!
//! One connection writes, a few read beside it (WAL). Statements are portable SQL with bound parameters; what only
//! SQLite understands stands in `pragmas.rs`.

mod events;
mod fault;
mod labels;
mod lists;
mod pragmas;
mod row;

use std::path::{Path, PathBuf};
use std::time::Duration;

use palisade_domain::TenantId;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{Sqlite, SqlitePool, Transaction};

use crate::{Fault, OpenError, ReadError, StoreLimits};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Connections that read beside the one that writes.
const READERS_MAX: u32 = 4;

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
        let writer =
            SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await.map_err(fault)?;
        migrate(path, &writer).await?;
        let readers = SqlitePoolOptions::new().max_connections(READERS_MAX).connect_lazy_with(options);
        Ok(SqliteStore { path: path.to_owned(), limits: settings.limits, writer, readers })
    }

    /// Waits until everything is written and closes the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, Fault> {
        self.writer.begin_with(pragmas::BEGIN_WRITE).await.map_err(|error| self.fault(error))
    }

    async fn commit(&self, transaction: Transaction<'static, Sqlite>) -> Result<(), Fault> {
        transaction.commit().await.map_err(|error| self.fault(error))
    }

    fn fault(&self, error: sqlx::Error) -> Fault {
        fault::fault(&self.path, error)
    }

    async fn count(&self, sql: &'static str, tenant: TenantId) -> Result<u64, ReadError> {
        let rows: i64 = sqlx::query_scalar(sql)
            .bind(tenant_column(tenant))
            .fetch_one(&self.readers)
            .await
            .map_err(|error| self.fault(error))?;
        Ok(u64::try_from(rows).unwrap_or(0))
    }

    /// Reserves `count` numbers of `name` and returns the last of them.
    async fn take_ids(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        tenant: TenantId,
        name: &'static str,
        count: usize,
    ) -> Result<i64, Fault> {
        sqlx::query_scalar(
            "INSERT INTO counters (tenant, name, value) VALUES ($1, $2, $3)
             ON CONFLICT (tenant, name) DO UPDATE SET value = counters.value + excluded.value
             RETURNING value",
        )
        .bind(tenant_column(tenant))
        .bind(name)
        .bind(i64::try_from(count).unwrap_or(i64::MAX))
        .fetch_one(&mut **transaction)
        .await
        .map_err(|error| self.fault(error))
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
