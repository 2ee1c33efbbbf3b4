//! `palisade audit`: who changed what and when, and whether the record is as it was written.

use std::process::ExitCode;

use palisade_domain::Timestamp;
use palisade_store::{AuditHead, AuditLine, DataDir, Page, Store, heads};
use serde_json::{Value, json};

use super::Global;
use crate::columns::{aligned, harmless, moment};
use crate::ledger::{self, TENANT};
use crate::{exit, shell};

/// The audit log: who changed what and when, in a chain that shows every later change.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  palisade audit verify && echo sound\n  palisade audit show --last 20\n  \
    palisade audit head >> /elsewhere/heads.txt\n  palisade audit erase ip:192.0.2.7"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Check every line, and the daily heads beside the database (exit code 1: the first line that is not sound is named)
    Verify,
    /// Show the log
    Show(Show),
    /// Print number and hash of the last line: put it down elsewhere, and a rewritten log is found out
    Head,
    /// Make what the log holds about a person unreadable for good; the chain stays sound
    Erase(Erase),
}

#[derive(Debug, clap::Args)]
struct Show {
    /// Only the last lines
    #[arg(long, value_name = "N")]
    last: Option<u32>,
}

#[derive(Debug, clap::Args)]
struct Erase {
    /// The person: ip:192.0.2.7, user:alice
    subject: String,
}

/// Runs it.
///
/// # Errors
/// Where the data folder or the database cannot be used.
pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    ledger::with_store(global, async |folder, store| {
        answer(&folder, &*store, &args.verb, shell::now(), global.json).await
    })
}

async fn answer(
    folder: &DataDir,
    store: &dyn Store,
    verb: &Verb,
    now: Timestamp,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Verify => verify(folder, store, as_json).await,
        Verb::Show(args) => show(store, args, as_json).await,
        Verb::Head => {
            let head = store.audit_head(TENANT).await?;
            let text = format!("{} {}", head.line.0, head.hash_text());
            shell::say(&if as_json { head_json(&head).to_string() } else { text })?;
            Ok(ExitCode::SUCCESS)
        }
        Verb::Erase(args) => erase(store, &args.subject, now, as_json).await,
    }
}

async fn verify(folder: &DataDir, store: &dyn Store, as_json: bool) -> anyhow::Result<ExitCode> {
    let known = heads::exported(folder, TENANT)?;
    let verdict = store.verify_audit(TENANT, &known).await?;
    let broken = verdict.broken.as_ref();
    let text = match (as_json, broken) {
        (true, _) => json!({
            "sound": broken.is_none(),
            "lines": verdict.sound,
            "heads_compared": known.len(),
            "head": head_json(&verdict.head),
            "broken": broken.map(|broken| json!({"line": broken.line, "why": broken.why.to_string()})),
        })
        .to_string(),
        (false, None) => format!(
            "sound: {} lines, {} daily heads compared\n{} {}",
            verdict.sound,
            known.len(),
            verdict.head.line.0,
            verdict.head.hash_text()
        ),
        (false, Some(broken)) => format!("NOT sound: {broken}\nThe {} lines before it are.", verdict.sound),
    };
    shell::say(&text)?;
    Ok(if broken.is_none() { ExitCode::SUCCESS } else { ExitCode::from(exit::NO) })
}

fn head_json(head: &AuditHead) -> Value {
    json!({ "line": head.line.0, "hash": head.hash_text() })
}

async fn show(store: &dyn Store, args: &Show, as_json: bool) -> anyhow::Result<ExitCode> {
    let end = store.audit_head(TENANT).await?.line.0;
    let mut after = args.last.map_or(0, |last| (end - i64::from(last)).max(0));
    let mut head = !as_json;
    loop {
        let lines = store.audit_lines(TENANT, Page { after, limit: 500 }).await?;
        let Some(last) = lines.last() else { break };
        after = last.id.0;
        shell::say(&if as_json { objects(&lines) } else { table(&lines, head) })?;
        head = false;
    }
    if head {
        shell::say("the audit log is empty")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One object a line: the log may be long.
fn objects(lines: &[AuditLine]) -> String {
    let object = |line: &AuditLine| {
        let personal = line.personal.iter().map(|fact| json!({"field": fact.field, "value": fact.value}));
        let object = json!({
            "line": line.id.0,
            "time": moment(line.time),
            "actor": line.actor,
            "action": line.action,
            "object": line.object,
            "detail": line.detail,
            "personal": personal.collect::<Vec<_>>(),
        });
        format!("{object}\n")
    };
    lines.iter().map(object).collect()
}

fn table(lines: &[AuditLine], with_head: bool) -> String {
    let head = ["LINE", "TIME", "ACTOR", "ACTION", "OBJECT", "DETAIL", "PERSONAL"].map(str::to_owned);
    let row = |line: &AuditLine| {
        let personal = line
            .personal
            .iter()
            .map(|fact| format!("{}={}", fact.field, fact.value.as_deref().unwrap_or("(erased)")));
        [
            line.id.0.to_string(),
            moment(line.time),
            harmless(&line.actor),
            harmless(&line.action),
            harmless(&line.object),
            harmless(&line.detail),
            harmless(&personal.collect::<Vec<_>>().join(" ")),
        ]
    };
    let head = with_head.then_some(head);
    aligned(&head.into_iter().chain(lines.iter().map(row)).collect::<Vec<_>>())
}

async fn erase(store: &dyn Store, subject: &str, now: Timestamp, as_json: bool) -> anyhow::Result<ExitCode> {
    let erased = store.erase_subject(TENANT, subject).await?;
    if erased {
        // Not whom: that was just erased.
        ledger::record(store, "audit.erase", "person".into(), String::new(), None, now).await?;
    }
    shell::say(&match (as_json, erased) {
        (true, _) => json!({ "erased": erased }).to_string(),
        (false, true) => "erased; `palisade audit verify` finds the chain as sound as before".to_owned(),
        (false, false) => "no line is about them; names look like ip:192.0.2.7 or user:alice".to_owned(),
    })?;
    Ok(if erased { ExitCode::SUCCESS } else { ExitCode::from(exit::NO) })
}
