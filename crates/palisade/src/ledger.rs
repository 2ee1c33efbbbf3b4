//! What the command line does with the store in the data folder: open it, and write down in the audit log who changed
//! what.

use std::future::Future;
use std::path::Path;

use palisade_domain::{NetPrefix, TenantId, Timestamp};
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

/// Writes into the audit log that somebody at the command line did `action` to `object`.
///
/// # Errors
/// Where the store fails.
pub(crate) async fn record(
    store: &dyn Audit,
    action: &str,
    object: String,
    detail: String,
    network: Option<NetPrefix>,
    now: Timestamp,
) -> anyhow::Result<()> {
    let line = line(action, object, detail, network, now);
    store.append_audit(TENANT, &line, &AuditRandom::new(random()?)).await?;
    Ok(())
}

/// The line of the audit log that says so. The system's name for the user and the network it was about are sealed as personal.
pub(crate) fn line(
    action: &str,
    object: String,
    detail: String,
    network: Option<NetPrefix>,
    now: Timestamp,
) -> NewAuditLine {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let user =
        user.filter(|user| !user.is_empty()).map(|user| personal(format!("user:{user}"), "actor", user));
    let network = network.map(|network| personal(subject(network), "network", network.to_string()));
    NewAuditLine {
        time: now,
        actor: "cli".into(),
        action: action.into(),
        object,
        detail,
        personal: user.into_iter().chain(network).collect(),
    }
}

fn personal(subject: String, field: &str, value: String) -> Personal {
    Personal { subject, field: field.into(), value }
}

/// A single address goes by the address, as elsewhere; a network by its own name.
fn subject(network: NetPrefix) -> String {
    let whole = if network.addr().is_ipv4() { 32 } else { 128 };
    if network.len() == whole { format!("ip:{}", network.addr()) } else { format!("net:{network}") }
}
