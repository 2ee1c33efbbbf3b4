//! What the command line does with the store in the data folder: open it, and write down in the audit log who changed
//! what.

use std::future::Future;
use std::path::Path;

use palisade_domain::{TenantId, Timestamp};
use palisade_store::{Audit, AuditRandom, DataDir, NewAuditLine, Personal, SqliteStore};

use crate::commands::Global;

/// One configuration file is one tenant; its number in the data folder.
pub(crate) const TENANT: TenantId = TenantId(0);

/// Runs `work` on the store of the data folder, `./palisade-data` where none is named.
///
/// # Errors
/// Where the folder or the database cannot be used, and those of `work`.
pub(crate) fn with_store<T, F>(
    global: &Global,
    work: impl FnOnce(DataDir, std::sync::Arc<SqliteStore>) -> F,
) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<T>>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let folder = DataDir::open(global.data.as_deref().unwrap_or(Path::new("palisade-data")))?;
        let store = std::sync::Arc::new(SqliteStore::open(&folder.database()).await?);
        let done = work(folder, std::sync::Arc::clone(&store)).await;
        store.close().await;
        done
    })
}

/// Random bytes of the operating system.
///
/// # Errors
/// Where it has none to give.
pub(crate) fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("the system gives no random numbers: {error}"))?;
    Ok(bytes)
}

/// Writes into the audit log that somebody at the command line did `action` to `object`. Who, is the system's name for
/// the user, sealed as personal.
///
/// # Errors
/// Where the store fails.
pub(crate) async fn record(
    store: &dyn Audit,
    action: &str,
    object: String,
    detail: String,
    now: Timestamp,
) -> anyhow::Result<()> {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let personal = user.filter(|user| !user.is_empty()).map(|user| Personal {
        subject: format!("user:{user}"),
        field: "actor".into(),
        value: user,
    });
    let line = NewAuditLine {
        time: now,
        actor: "cli".into(),
        action: action.into(),
        object,
        detail,
        personal: personal.into_iter().collect(),
    };
    store.append_audit(TENANT, &line, &AuditRandom::new(random()?)).await?;
    Ok(())
}
