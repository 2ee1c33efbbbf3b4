//! `palisade keys`: who may use the API. A key is shown once, when it is made.

use std::process::ExitCode;

use palisade_domain::Timestamp;
use palisade_store::{ApiKey, KeyId, KeyRecord, NewKey, Scopes, Store};
use serde::Serialize;

use super::Global;
use crate::columns::{aligned, harmless, moment};
use crate::ledger::{self, TENANT};
use crate::{exit, shell};

/// API keys: who may ask for verdicts, and what else.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Scopes: check, feedback, store, train, list, stats, escalate, admin (everything)\n\n\
    Examples:\n  palisade keys create --name shop --scope check,feedback\n  palisade keys list\n  palisade keys revoke 3"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Make a key; it is shown this once and kept nowhere
    Create(Create),
    /// Show the keys there are
    List,
    /// Take keys back: from now on they open nothing (exit code 1 where there is none of that number)
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
struct Create {
    /// What it is for, to tell keys apart
    #[arg(long)]
    name: String,
    /// What it may do, with commas between
    #[arg(long = "scope", value_name = "SCOPES")]
    scopes: Scopes,
}

#[derive(Debug, clap::Args)]
struct Revoke {
    /// Its number, as `palisade keys list` shows it
    #[arg(required = true, value_name = "ID")]
    ids: Vec<i64>,
}

/// Runs it.
///
/// # Errors
/// Where the data folder or the database cannot be used.
pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let (text, code) = ledger::with_store(global, async |_, store| {
        answer(&*store, &args.verb, shell::now(), global.json).await
    })?;
    shell::say(&text)?;
    Ok(code)
}

async fn answer(
    store: &dyn Store,
    verb: &Verb,
    now: Timestamp,
    as_json: bool,
) -> anyhow::Result<(String, ExitCode)> {
    match verb {
        Verb::Create(args) => Ok((create(store, args, now, as_json).await?, ExitCode::SUCCESS)),
        Verb::List => Ok((list(&store.keys(TENANT).await?, as_json)?, ExitCode::SUCCESS)),
        Verb::Revoke(args) => revoke(store, &args.ids, now, as_json).await,
    }
}

async fn create(store: &dyn Store, args: &Create, now: Timestamp, as_json: bool) -> anyhow::Result<String> {
    let key = ApiKey::from_random(ledger::random()?);
    let new = NewKey { name: args.name.clone(), scopes: args.scopes, created_at: now };
    let made = store.create_key(TENANT, &key, &new).await?;
    let object = format!("key:{}", made.id.0);
    ledger::record(store, "key.create", object, format!("scopes {}", made.scopes), None, now).await?;
    let text = key.text();
    Ok(if as_json {
        serde_json::json!({ "id": made.id.0, "key": text }).to_string()
    } else {
        format!(
            "{text}\n\nKey {} may: {}. It is shown this once; send it as \"Authorization: Bearer KEY\".",
            made.id.0, made.scopes
        )
    })
}

async fn revoke(
    store: &dyn Store,
    ids: &[i64],
    now: Timestamp,
    as_json: bool,
) -> anyhow::Result<(String, ExitCode)> {
    let mut revoked = Vec::new();
    for id in ids {
        if store.revoke_key(TENANT, KeyId(*id)).await? {
            ledger::record(store, "key.revoke", format!("key:{id}"), String::new(), None, now).await?;
            revoked.push(*id);
        }
    }
    let text = match (as_json, revoked.len()) {
        (true, _) => serde_json::json!({ "revoked": revoked }).to_string(),
        (false, 0) => "no such key; `palisade keys list` shows their numbers".to_owned(),
        (false, 1) => "revoked 1 key".to_owned(),
        (false, count) => format!("revoked {count} keys"),
    };
    let code = if revoked.is_empty() { ExitCode::from(exit::NO) } else { ExitCode::SUCCESS };
    Ok((text, code))
}

#[derive(Serialize)]
struct JsonKey<'a> {
    id: i64,
    name: &'a str,
    scopes: Vec<&'static str>,
    last_chars: &'a str,
    created_at: String,
}

fn list(keys: &[KeyRecord], as_json: bool) -> serde_json::Result<String> {
    if as_json {
        let rows = keys.iter().map(|key| JsonKey {
            id: key.id.0,
            name: &key.name,
            scopes: key.scopes.iter().map(|scope| scope.name()).collect(),
            last_chars: &key.last_chars,
            created_at: moment(key.created_at),
        });
        return serde_json::to_string(&rows.collect::<Vec<_>>());
    }
    if keys.is_empty() {
        return Ok("there are no keys; `palisade keys create --name N --scope check` makes one".to_owned());
    }
    let head = ["ID", "NAME", "SCOPES", "ENDS IN", "MADE"].map(str::to_owned);
    let row = |key: &KeyRecord| {
        let last = format!("…{}", key.last_chars);
        [key.id.0.to_string(), harmless(&key.name), key.scopes.to_string(), last, moment(key.created_at)]
    };
    Ok(aligned(&std::iter::once(head).chain(keys.iter().map(row)).collect::<Vec<_>>()))
}
