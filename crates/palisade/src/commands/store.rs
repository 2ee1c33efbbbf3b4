//! `palisade store`: what is stored, taking it out, and throwing it away.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use palisade_domain::Timestamp;
use palisade_store::{DataDir, EventId, RollupQuery, Store};
use serde_json::json;

use super::Global;
use super::list::Span;
use crate::exit::UsageError;
use crate::ledger::{self, TENANT};
use crate::{setup, shell};

/// What is stored: counting it, taking it out, throwing it away.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  palisade store export --from 2026-05-15 --out day.ndjson --data D\n  \
    palisade replay day.ndjson --data D\n  palisade store purge\n  palisade store purge --older-than 24h")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Print stored requests, one JSON object a line, for `palisade replay` and training
    Export(Export),
    /// Count what is stored
    Stats,
    /// Throw away what is older than the configuration keeps, and shorten addresses
    Purge(Purge),
}

#[derive(Debug, clap::Args)]
struct Export {
    /// Only what happened from this moment on: 2026-05-15, 2026-05-15T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment_named)]
    from: Option<Timestamp>,
    /// Write to this file instead of standard output; it must not be there yet
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Purge {
    /// Throw away events, interactions and roll-ups older than this: 24h, 7d [default: privacy.retain_events_days]
    #[arg(long, value_name = "TIME")]
    older_than: Option<Span>,
    /// Shorten addresses in events older than this [default: privacy.retain_addresses_days]
    #[arg(long, value_name = "TIME")]
    shorten_after: Option<Span>,
}

/// A day or a moment in UTC.
fn moment_named(text: &str) -> Result<Timestamp, String> {
    let moment = text.parse::<jiff::Timestamp>().ok();
    let moment = moment.or_else(|| format!("{text}T00:00:00Z").parse().ok());
    let moment = moment.ok_or("is no moment; write 2026-05-15 or 2026-05-15T12:00:00Z")?;
    Ok(Timestamp(moment.as_microsecond()))
}

/// Runs it.
///
/// # Errors
/// Where the data folder, the database or the output cannot be used.
pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    ledger::with_store(global, async |folder, store| match &args.verb {
        Verb::Export(args) => export(&folder, &*store, args).await,
        Verb::Stats => stats(&folder, &*store, global.json).await,
        Verb::Purge(args) => purge(&*store, args, global).await,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Lines that were written, and events that have none.
#[derive(Default)]
struct Written {
    lines: u64,
    without: u64,
}

async fn export(folder: &DataDir, store: &dyn Store, args: &Export) -> anyhow::Result<()> {
    let written = match &args.out {
        Some(path) => {
            let file = create(path)?;
            let mut out = BufWriter::new(file);
            let written = write_lines(store, args.from, &mut out).await?;
            let file = out.into_inner().map_err(io::IntoInnerError::into_error);
            file.and_then(|file| file.sync_all()).with_context(|| cannot_write(path))?;
            written
        }
        None => write_lines(store, args.from, &mut io::stdout()).await?,
    };
    if args.out.is_some() || shell::watched() {
        shell::complain(&format!(
            "{} requests; {} stored without their line. Replay them with --data {}: its hash seed makes the same \
             verdicts",
            written.lines,
            written.without,
            folder.path().display()
        ));
    }
    Ok(())
}

fn cannot_write(path: &Path) -> String {
    format!("{}: cannot be written", path.display())
}

/// Requests of people: for this user only, and never over something else.
fn create(path: &Path) -> anyhow::Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(UsageError(format!("{}: is there already; name another file", path.display())).into())
        }
        file => file.with_context(|| cannot_write(path)),
    }
}

async fn write_lines(
    store: &dyn Store,
    from: Option<Timestamp>,
    out: &mut impl Write,
) -> anyhow::Result<Written> {
    let mut written = Written::default();
    let mut next = EventId(0);
    loop {
        let page = store.export(TENANT, next, usize::MAX).await?;
        let Some(last) = page.last() else { break };
        next = EventId(last.id.0 + 1);
        let asked = page.iter().filter(|row| from.is_none_or(|from| row.event.time >= from));
        for row in asked {
            match &row.event.facts {
                Some(facts) => {
                    writeln!(out, "{facts}")?;
                    written.lines += 1;
                }
                None => written.without += 1,
            }
        }
    }
    out.flush()?;
    Ok(written)
}

async fn stats(folder: &DataDir, store: &dyn Store, as_json: bool) -> anyhow::Result<()> {
    let events = store.events_size(TENANT).await?;
    let interactions = store.interactions_size(TENANT).await?;
    let sums = store.rollup_sums(TENANT, RollupQuery::ALL).await?;
    let (requests, bots) =
        sums.iter().fold((0_u64, 0_u64), |(requests, bots), sum| (requests + sum.requests, bots + sum.bots));
    let file_bytes = std::fs::metadata(folder.database()).map_or(0, |file| file.len());
    let counts = [
        ("events", events.events),
        ("events_bytes", events.bytes),
        ("requests_counted", requests),
        ("bots_counted", bots),
        ("list_entries", store.count_entries(TENANT).await?),
        ("labels", store.count_labels(TENANT).await?),
        ("interactions", interactions.interactions),
        ("interactions_bytes", interactions.bytes),
        ("keys", store.keys(TENANT).await?.len() as u64),
        ("audit_lines", store.audit_head(TENANT).await?.line.0.unsigned_abs()),
        ("escalations", store.count_escalations(TENANT).await?),
        ("file_bytes", file_bytes),
    ];
    let text = if as_json {
        let object = counts.iter().map(|(name, count)| ((*name).to_owned(), json!(count)));
        serde_json::Value::Object(object.collect()).to_string()
    } else {
        counts.iter().map(|(name, count)| format!("{name:<19} {count}\n")).collect()
    };
    Ok(shell::say(&text)?)
}

async fn purge(store: &dyn Store, args: &Purge, global: &Global) -> anyhow::Result<()> {
    let privacy = setup::load(global)?.settings.privacy;
    let now = shell::now();
    let before = |span: Option<Span>, days: u16| {
        now.plus_millis(-span.map_or(i64::from(days) * 86_400_000, Span::millis))
    };
    let old = before(args.older_than, privacy.retain_events_days);
    let events = store.delete_before(TENANT, old).await?;
    let interactions = store.delete_interactions_before(TENANT, old).await?;
    let rollups = store.delete_rollups_before(TENANT, old).await?;
    let shortened =
        store.shorten_addresses(TENANT, before(args.shorten_after, privacy.retain_addresses_days)).await?;
    let entries = store.purge_expired(TENANT, now).await?;
    let detail = format!(
        "{events} events, {interactions} interactions, {rollups} roll-ups, {entries} list entries; {shortened} events shortened"
    );
    ledger::record(store, "store.purge", "store".into(), detail.clone(), None, now).await?;
    let counts = json!({
        "events": events,
        "interactions": interactions,
        "rollups": rollups,
        "list_entries": entries,
        "shortened": shortened,
    });
    let text = if global.json { counts.to_string() } else { format!("thrown away: {detail}") };
    Ok(shell::say(&text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_refused() {
        let check =
            |text: &str, secs| assert_eq!(moment_named(text), Ok(Timestamp::from_secs(secs)), "{text}");
        check("1970-01-02", 86_400);
        check("1970-01-01T00:00:09Z", 9);
        check("1970-01-01T01:00:00+01:00", 0);
        for bad in ["", "yesterday", "1970-13-01", "1970-01-01T00:00:00", "é"] {
            assert!(moment_named(bad).is_err(), "{bad}");
        }
    }
}
