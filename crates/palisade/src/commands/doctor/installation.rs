//! The installation: its configuration, its data folder, the sites behind it, and the Palisade that runs, if one does.
//!
//! Only looks. What is missing is left missing: the first start makes it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use palisade_config::Loaded;
use palisade_config::settings::{RequireKey, Settings, VisitorPrefix};
use palisade_crawl::published;
use palisade_store::{DataDir, Keys, SqliteStore};

use super::ask::{self, AskError};
use super::findings::Findings;
use crate::commands::{Global, list, serve};
use crate::exit;
use crate::ledger::TENANT;
use crate::setup;
use crate::{crawlers, not_yet, prefix, running, seed, shell};

/// Below this, records soon find no room.
const FREE_MIB_MIN: u64 = 256;

/// Older ranges no longer prove a forgery.
const RANGES_DAYS_MAX: u32 = 14;

/// Looks at everything; exit code 1 where something is to be put right.
///
/// # Errors
/// Where the configuration is wrong (exit code 2): nothing else can be said then.
pub(super) fn run(api: Option<SocketAddr>, global: &Global) -> anyhow::Result<ExitCode> {
    let loaded = setup::load(global)?;
    let mut findings = Findings::default();
    configuration(&loaded, global, &mut findings)?;
    let folder = global.data.as_deref().unwrap_or(serve::DATA.as_ref());
    let runtime = running::runtime()?;
    runtime.block_on(async {
        data(folder, &loaded.settings, &mut findings).await;
        sites(&loaded.settings, &mut findings).await;
    });
    let asked = match api {
        Some(address) => vec![address],
        None => loaded.settings.server.api.iter().map(|listen| ask::address(*listen)).collect(),
    };
    let is_running =
        asked.into_iter().map(|address| running_at(address, &mut findings)).fold(false, |a, b| a | b);
    match global.json {
        true => shell::say(&findings.to_json(is_running).to_string())?,
        false => shell::say(&findings.to_text())?,
    }
    Ok(if findings.count() == 0 { ExitCode::SUCCESS } else { ExitCode::from(exit::NO) })
}

fn configuration(loaded: &Loaded, global: &Global, findings: &mut Findings) -> anyhow::Result<()> {
    // What the configuration names is part of it: rules, bands, each site's robots.txt.
    let warnings = setup::check(loaded)?;
    let source = setup::config_file(global).map_or_else(
        || "no file, every setting has its default".to_owned(),
        |path| path.display().to_string(),
    );
    findings.ok("configuration", source);
    for line in warnings {
        findings.found("rules", line, None);
    }
    for line in not_yet::warnings(loaded) {
        findings.note("configuration", line, None);
    }
    let settings = &loaded.settings;
    if settings.challenge.testing {
        let message = "test keys pass every challenge; take it out on a live site";
        findings.found("challenge.testing", message, Some("testing = false"));
    }
    if settings.intel.allow_private {
        let message = "outbound requests may go to private addresses; take it out on a live site";
        findings.found("intel.allow_private", message, Some("allow_private = false"));
    }
    let is_open = |address: SocketAddr| !address.ip().is_loopback();
    let outside =
        settings.server.api.iter().any(|listen| listen.host.is_none_or(|host| is_open((host, 0).into())));
    if outside && settings.api.require_key == RequireKey::UnlessLoopback {
        let message = "the API can be reached from other machines, and a proxy on this one needs no key";
        findings.found("api.require_key", message, Some("require_key = \"always\""));
    } else if outside {
        findings.note(
            "server.api",
            "the API can be reached from other machines; keep it off the Internet",
            None,
        );
    }
    Ok(())
}

async fn data(folder: &Path, settings: &Settings, findings: &mut Findings) {
    if !folder.exists() {
        let message = format!("{} is not there yet; the first start makes it", folder.display());
        return findings.note("data folder", message, None);
    }
    let data = match DataDir::open(folder) {
        Ok(data) => data,
        Err(error) => return findings.found("data folder", error.to_string(), None),
    };
    room(folder, findings);
    modes(&data, findings);
    if data.hash_seed().exists() {
        match seed::of(&data) {
            Ok(_) => findings.ok("hash seed", "it can be read"),
            Err(error) => findings.found("hash seed", format!("{error:#}"), None),
        }
    }
    prefix(&data, settings, findings);
    if data.database().exists() {
        match stored(&data).await {
            Ok(words) => findings.ok("database", words),
            Err(error) => findings.found("database", format!("{error:#}"), None),
        }
    }
    if data.first_run().exists() {
        let message = "the key and the secret of the first start lie there; put them where you keep secrets";
        findings.note("first start", message, Some(&format!("rm {}", data.first_run().display())));
    }
    ranges(&data, settings, findings);
}

/// Where pages for visitors lie, where the data folder has it.
fn prefix(data: &DataDir, settings: &Settings, findings: &mut Findings) {
    if settings.server.visitor_prefix != VisitorPrefix::Random {
        return;
    }
    match prefix::drawn(&data.visitor_prefix()) {
        Ok(Some(prefix)) => findings.ok("visitor prefix", format!("{prefix}, drawn by the first start")),
        Ok(None) => findings.note("visitor prefix", "the next start draws one", None),
        Err(error) => findings.found("visitor prefix", format!("{error:#}"), None),
    }
}

/// What the database holds, which also proves that it can be read.
async fn stored(data: &DataDir) -> anyhow::Result<String> {
    let store = SqliteStore::open(&data.database()).await?;
    let counted = async {
        let (entries, keys) = (list::all(&store).await?.len(), store.keys(TENANT).await?.len());
        Ok(format!("{entries} list entries, {keys} API keys"))
    };
    let counted = counted.await;
    store.close().await;
    counted
}

fn room(folder: &Path, findings: &mut Findings) {
    let Ok(disk) = rustix::fs::statvfs(folder) else {
        return findings.ok("data folder", folder.display().to_string());
    };
    let free_mib = disk.f_bavail.saturating_mul(disk.f_frsize) >> 20;
    let message = format!("{}, {free_mib} MiB free", folder.display());
    match free_mib < FREE_MIB_MIN {
        true => findings.found(
            "data folder",
            format!("{message}; at {FREE_MIB_MIN} and less, records soon find no room"),
            None,
        ),
        false => findings.ok("data folder", message),
    }
}

/// The folder is its user's alone, and so are the secrets in it.
#[cfg(unix)]
fn modes(data: &DataDir, findings: &mut Findings) {
    use std::os::unix::fs::PermissionsExt;
    let secrets = [data.hash_seed(), data.webhook_secret(), data.first_run()];
    let all = std::iter::once((data.path().to_owned(), "700")).chain(secrets.map(|path| (path, "600")));
    for (path, mode) in all {
        let is_open = fs::metadata(&path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
        if is_open {
            let message = format!("{} can be reached by other users", path.display());
            findings.found("permissions", message, Some(&format!("chmod {mode} {}", path.display())));
        }
    }
}

#[cfg(not(unix))]
fn modes(_: &DataDir, _: &mut Findings) {}

fn ranges(data: &DataDir, settings: &Settings, findings: &mut Findings) {
    let book = crawlers::book(Some(data));
    let now = shell::now();
    let ages = published::operators().map(|(operator, _)| book.of(operator).map(|held| held.age_days(now)));
    let oldest = ages.max_by_key(|age| age.unwrap_or(u32::MAX)).flatten();
    let message = match oldest {
        Some(days) if days <= RANGES_DAYS_MAX => {
            return findings.ok("crawler ranges", format!("the oldest is {days} days old"));
        }
        Some(days) => format!(
            "the oldest is {days} days old; beyond {RANGES_DAYS_MAX} days a forged crawler is no longer called so"
        ),
        None => "some operators' ranges were never fetched; their crawlers stay unverified".to_owned(),
    };
    let line = Some("palisade crawlers update");
    // They are fetched by a running Palisade; before its first day what ships is all there is.
    match data.ranges().exists() && settings.intel.refresh_ranges_hours > 0 {
        true => findings.found("crawler ranges", message, line),
        false => findings.note("crawler ranges", message, line),
    }
}

async fn sites(settings: &Settings, findings: &mut Findings) {
    let upstreams = serve::upstreams(settings);
    if upstreams.is_empty() {
        let message = "none has an upstream: verdicts are given to proxies and applications that ask";
        return findings.note("sites", message, None);
    }
    for upstream in upstreams {
        match serve::reach(&upstream).await {
            Ok(()) => findings.ok("upstream", format!("{upstream} answers")),
            Err(why) => {
                let message =
                    format!("{upstream} does not answer ({why}); visitors get a 502 page until it does");
                findings.found("upstream", message, None);
            }
        }
    }
}

/// Asks whoever runs at `address` how it is; true where somebody does.
fn running_at(address: SocketAddr, findings: &mut Findings) -> bool {
    let ready = match ask::ready(address) {
        Ok(ready) => ready,
        Err(AskError::Nobody) => {
            let message = format!("nobody answers on {address}, so only what lies here was looked at");
            findings.note("running", message, None);
            return false;
        }
        Err(error) => {
            findings.found("running", format!("{address}: {error}"), None);
            return false;
        }
    };
    match ready.degraded.is_empty() {
        true => findings.ok("running", format!("{address} says it is {}", ready.status)),
        false => ready.degraded.iter().for_each(|one| findings.told(&one.what, &one.message)),
    }
    true
}
