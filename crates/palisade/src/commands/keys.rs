//! `palisade keys`: who may use the API, and which sites the widget. A secret is shown once, when it is made.

mod sites;

use std::process::ExitCode;

use palisade_domain::Timestamp;
use palisade_store::{ApiKey, DataDir, KeyId, KeyRecord, NewKey, Scopes, SiteKeyRecord, Store};
use serde::Serialize;

use super::Global;
use crate::columns::{aligned, harmless, moment};
use crate::ledger::{self, TENANT};
use crate::{exit, shell};

/// Keys of the API and of sites: who may ask for verdicts, and whose pages may use the widget.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Scopes: check, feedback, store, train, list, stats, escalate, admin (everything)\n\n\
    Examples:\n  palisade keys create --name shop --scope check,feedback\n  \
    palisade keys create --name shop --site shop.example,*.shop.example\n  palisade keys site\n  palisade keys list\n  \
    palisade keys rotate 4\n  palisade keys revoke 3"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Make an API key, or a site key with its secret; what is secret is shown this once and kept nowhere
    Create(Create),
    /// Show the site key, with its secret, that this installation has without making one
    Site,
    /// Show the keys there are
    List,
    /// Give a site key another secret (the one before is taken for 24 hours more); without a number, make the RSA key anew
    /// that signs result tokens
    Rotate(Rotate),
    /// Take keys back: from now on they open nothing (exit code 1 where there is none of that number)
    Revoke(Revoke),
    /// Take passes back: whoever shows one is challenged again
    RevokePass(RevokePass),
}

#[derive(Debug, clap::Args)]
struct Create {
    /// What it is for, to tell keys apart
    #[arg(long)]
    name: String,
    /// An API key: what it may do, with commas between
    #[arg(long = "scope", value_name = "SCOPES", required_unless_present = "site", conflicts_with = "site")]
    scopes: Option<Scopes>,
    /// A site key: the hosts whose pages may use it, with commas between (`shop.example`, `*.shop.example`)
    #[arg(long, value_name = "HOSTS", value_delimiter = ',', value_parser = sites::host)]
    site: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct Rotate {
    /// The number of a site key, as `palisade keys list` shows it
    #[arg(value_name = "ID")]
    id: Option<i64>,
    /// The RSA key has leaked: what it signed is refused from now on
    #[arg(long, conflicts_with = "id")]
    drop_old: bool,
}

#[derive(Debug, clap::Args)]
struct Revoke {
    /// Its number, as `palisade keys list` shows it
    #[arg(required = true, value_name = "ID")]
    ids: Vec<i64>,
}

#[derive(Debug, clap::Args)]
struct RevokePass {
    /// The session of its requests: 32 hexadecimal digits, as `palisade store export` shows them
    #[arg(required = true, value_name = "SESSION", value_parser = sites::pass)]
    passes: Vec<u128>,
}

/// Runs it.
///
/// # Errors
/// Where the data folder or the database cannot be used.
pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let (text, code) = ledger::with_store(global, async |data, store| {
        answer(&data, &*store, &args.verb, shell::now(), global.json).await
    })?;
    shell::say(&text)?;
    Ok(code)
}

async fn answer(
    data: &DataDir,
    store: &dyn Store,
    verb: &Verb,
    now: Timestamp,
    as_json: bool,
) -> anyhow::Result<(String, ExitCode)> {
    let fine = |text| Ok((text, ExitCode::SUCCESS));
    match verb {
        Verb::Create(Create { name, scopes: Some(scopes), .. }) => {
            fine(create(store, name, *scopes, now, as_json).await?)
        }
        Verb::Create(Create { name, site, .. }) => {
            fine(sites::create(store, name, site, now, as_json).await?)
        }
        Verb::Site => fine(sites::automatic(data, as_json)?),
        Verb::List => fine(list(&store.keys(TENANT).await?, &store.site_keys(TENANT).await?, as_json)?),
        Verb::Rotate(Rotate { id: Some(id), .. }) => sites::rotate(store, *id, now, as_json).await,
        Verb::Rotate(Rotate { drop_old, .. }) => {
            fine(sites::rotate_rsa(data, store, *drop_old, now, as_json).await?)
        }
        Verb::RevokePass(args) => fine(sites::revoke_passes(store, &args.passes, now, as_json).await?),
        Verb::Revoke(args) => revoke(store, &args.ids, now, as_json).await,
    }
}

async fn create(
    store: &dyn Store,
    name: &str,
    scopes: Scopes,
    now: Timestamp,
    as_json: bool,
) -> anyhow::Result<String> {
    let key = ApiKey::from_random(ledger::random()?);
    let new = NewKey { name: name.to_owned(), scopes, created_at: now };
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
        // A number is an API key's or a site key's, never both.
        let deed = match () {
            () if store.revoke_key(TENANT, KeyId(*id)).await? => "key.revoke",
            () if store.revoke_site_key(TENANT, KeyId(*id)).await? => "site_key.revoke",
            () => continue,
        };
        ledger::record(store, deed, format!("key:{id}"), String::new(), None, now).await?;
        revoked.push(*id);
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
#[serde(untagged)]
enum JsonKey<'a> {
    Api {
        id: i64,
        name: &'a str,
        scopes: Vec<&'static str>,
        last_chars: &'a str,
        created_at: String,
    },
    Site {
        id: i64,
        name: &'a str,
        site_key: &'a str,
        hosts: &'a [String],
        /// Until when the secret before is taken.
        #[serde(skip_serializing_if = "Option::is_none")]
        previous_until: Option<String>,
        created_at: String,
    },
}

impl JsonKey<'_> {
    fn id(&self) -> i64 {
        match self {
            JsonKey::Api { id, .. } | JsonKey::Site { id, .. } => *id,
        }
    }
}

fn list(keys: &[KeyRecord], sites: &[SiteKeyRecord], as_json: bool) -> serde_json::Result<String> {
    if as_json {
        let api = keys.iter().map(|key| JsonKey::Api {
            id: key.id.0,
            name: &key.name,
            scopes: key.scopes.iter().map(|scope| scope.name()).collect(),
            last_chars: &key.last_chars,
            created_at: moment(key.created_at),
        });
        let site = sites.iter().map(|key| JsonKey::Site {
            id: key.id.0,
            name: &key.name,
            site_key: &key.key,
            hosts: &key.hostnames,
            previous_until: key.previous.map(|(_, until)| moment(until)),
            created_at: moment(key.created_at),
        });
        let mut rows: Vec<_> = api.chain(site).collect();
        rows.sort_by_key(JsonKey::id);
        return serde_json::to_string(&rows);
    }
    let mut tables = Vec::new();
    if !keys.is_empty() {
        let head = ["ID", "NAME", "SCOPES", "ENDS IN", "MADE"].map(str::to_owned);
        let row = |key: &KeyRecord| {
            let last = format!("…{}", key.last_chars);
            [key.id.0.to_string(), harmless(&key.name), key.scopes.to_string(), last, moment(key.created_at)]
        };
        tables.push(aligned(&std::iter::once(head).chain(keys.iter().map(row)).collect::<Vec<_>>()));
    }
    if !sites.is_empty() {
        let head = ["ID", "NAME", "SITE KEY", "HOSTS", "MADE"].map(str::to_owned);
        let row = |key: &SiteKeyRecord| {
            let hosts = key.hostnames.join(",");
            [key.id.0.to_string(), harmless(&key.name), key.key.clone(), hosts, moment(key.created_at)]
        };
        tables.push(aligned(&std::iter::once(head).chain(sites.iter().map(row)).collect::<Vec<_>>()));
    }
    if tables.is_empty() {
        let way = "`palisade keys create --name N --scope check` makes one, with --site HOST one for a site's pages";
        return Ok(format!("there are no keys; {way}"));
    }
    Ok(tables.join("\n"))
}
