//! `palisade labels`: what was said about clients, by whom; correcting, reading in and withdrawing it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use palisade_domain::Timestamp;
use palisade_store::{
    Client, Label, LabelBasis, LabelId, LabelSource, LabelSubject, LabelVerdict, Labels, ModelVersionId,
    NewLabel, Page, Store, Weight,
};
use serde_json::json;

use super::{Global, reading};
use crate::columns::{aligned, harmless, moment};
use crate::ledger::{self, TENANT};
use crate::{exit, shell};

/// Rows of a list that nobody asked to be longer.
const SHOWN: usize = 50;

/// What was said about clients: people or programs, by whom, and what it is worth in training.
///
/// What is said here is the operator's word: it settles what others dispute.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  palisade labels list\n  palisade labels add 203.0.113.7 human\n  \
    palisade labels import known.csv\n  palisade labels withdraw 17")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Show labels, and how many of them count why
    List {
        /// Begin after this number
        #[arg(long, value_name = "ID", default_value_t = 0)]
        after: i64,
        /// So many at most
        #[arg(long, value_name = "N", default_value_t = SHOWN)]
        limit: usize,
    },
    /// Say who a client was
    Add {
        /// Its address, or the name under which it is stored
        #[arg(value_name = "CLIENT")]
        client: String,
        /// What it was
        #[arg(value_name = "LABEL", value_parser = ["human", "bot"])]
        label: String,
    },
    /// Read labels in: lines of client,label or client,label,family
    Import {
        /// The file
        #[arg(value_name = "KNOWN.csv")]
        file: PathBuf,
    },
    /// Take labels back: they count no longer (exit code 1 where there is none of that number)
    Withdraw {
        /// Their numbers
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
    },
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
    let fine = |text| Ok((text, ExitCode::SUCCESS));
    match verb {
        Verb::List { after, limit } => fine(list(store, *after, *limit, as_json).await?),
        Verb::Add { client, label } => {
            let made = put(store, client, label == "bot", LabelSource::Operator, now).await?;
            let detail = made.verdict.name().to_owned();
            ledger::record(store, "label.add", format!("label:{}", made.id.0), detail, None, now).await?;
            fine(match as_json {
                true => json!({ "id": made.id.0 }).to_string(),
                false => format!("label {}: {} is {}", made.id.0, harmless(client), made.verdict.name()),
            })
        }
        Verb::Import { file } => fine(import(store, file, now, as_json).await?),
        Verb::Withdraw { ids } => withdraw(store, ids, now, as_json).await,
    }
}

fn client_of(text: &str) -> Client {
    text.parse().map_or_else(|_| Client::Opaque(text.to_owned()), Client::Ip)
}

async fn put(
    store: &dyn Labels,
    client: &str,
    is_bot: bool,
    source: LabelSource,
    now: Timestamp,
) -> anyhow::Result<Label> {
    let label = NewLabel {
        subject: LabelSubject::Client { client: client_of(client), time: now },
        verdict: if is_bot { LabelVerdict::Bot } else { LabelVerdict::Human },
        source,
        author: "cli".to_owned(),
        basis: LabelBasis::Told,
        weight: Weight::FULL,
        created_at: now,
    };
    Ok(store.put_label(TENANT, &label).await?)
}

async fn import(store: &dyn Store, file: &Path, now: Timestamp, as_json: bool) -> anyhow::Result<String> {
    let read = reading::labels(file)?;
    let mut count = 0_u64;
    for (client, known) in read.iter() {
        put(store, client, known.is_bot, LabelSource::Import, now).await?;
        count += 1;
    }
    ledger::record(store, "label.import", "labels".into(), format!("{count} labels"), None, now).await?;
    Ok(match as_json {
        true => json!({ "labels": count }).to_string(),
        false => format!("{count} labels were read in"),
    })
}

async fn withdraw(
    store: &dyn Store,
    ids: &[i64],
    now: Timestamp,
    as_json: bool,
) -> anyhow::Result<(String, ExitCode)> {
    let (mut withdrawn, mut trained) = (Vec::new(), BTreeMap::new());
    for id in ids {
        if store.withdraw_label(TENANT, LabelId(*id), now).await?.is_none() {
            continue;
        }
        ledger::record(store, "label.withdraw", format!("label:{id}"), String::new(), None, now).await?;
        withdrawn.push(*id);
        trained.insert(*id, trained_on(store, LabelId(*id)).await?);
    }
    let mut versions: Vec<i64> = trained.values().flatten().map(|id| id.0).collect();
    versions.sort_unstable();
    versions.dedup();
    let text = match (as_json, withdrawn.len()) {
        (true, _) => json!({ "withdrawn": withdrawn, "trained": versions }).to_string(),
        (false, 0) => "no such label; `palisade labels list` shows their numbers".to_owned(),
        (false, count) => {
            let which = versions.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
            let known = match which.as_str() {
                "" => "no stored model was trained on them".to_owned(),
                which => format!("model versions {which} were trained on them; the next training is not"),
            };
            format!("{count} withdrawn; {known}")
        }
    };
    let code = if withdrawn.is_empty() { ExitCode::from(exit::NO) } else { ExitCode::SUCCESS };
    Ok((text, code))
}

/// The versions that were trained on a label.
async fn trained_on(store: &dyn Store, label: LabelId) -> anyhow::Result<Vec<ModelVersionId>> {
    let mut found = Vec::new();
    for version in store.models(TENANT).await? {
        if store.model_labels(TENANT, version.id).await?.binary_search(&label).is_ok() {
            found.push(version.id);
        }
    }
    Ok(found)
}

async fn list(store: &dyn Store, after: i64, limit: usize, as_json: bool) -> anyhow::Result<String> {
    let labels = store.labels(TENANT, Page { after, limit }).await?;
    if as_json {
        let row = |label: &Label| {
            json!({
                "id": label.id.0,
                "about": palisade_store::keys::subject_text(&label.subject),
                "label": label.verdict.name(),
                "source": label.source.name(),
                "author": label.author,
                "basis": label.basis.name(),
                "weight": label.weight.value(),
                "created_at": moment(label.created_at),
                "withdrawn_at": label.withdrawn_at.map(moment),
            })
        };
        return Ok(serde_json::to_string(&labels.iter().map(row).collect::<Vec<_>>())?);
    }
    if labels.is_empty() {
        return Ok("there are no labels; `palisade labels add CLIENT bot` says who one was".to_owned());
    }
    let head = ["ID", "LABEL", "ABOUT", "SOURCE", "AUTHOR", "WEIGHT", "GIVEN"].map(str::to_owned);
    let row = |label: &Label| {
        let gone = if label.withdrawn_at.is_some() { "withdrawn" } else { label.verdict.name() };
        [
            label.id.0.to_string(),
            gone.to_owned(),
            harmless(&palisade_store::keys::subject_text(&label.subject)),
            label.source.name().to_owned(),
            harmless(&label.author),
            label.weight.value().to_string(),
            moment(label.created_at),
        ]
    };
    let mut text = aligned(&std::iter::once(head).chain(labels.iter().map(row)).collect::<Vec<_>>());
    text.push_str(&worth(store).await?);
    Ok(text)
}

/// How many labels count in a training, and why the others do not.
#[cfg(feature = "train")]
async fn worth(store: &dyn Store) -> anyhow::Result<String> {
    let told = crate::life::gather::told(store, None).await?;
    let counted = palisade_learn::labels::counted(&palisade_learn::labels::weigh(&told));
    Ok(counted.into_iter().map(|(why, count)| format!("{count} {}\n", why.name())).collect())
}

/// Nothing: what labels are worth is a matter of training, and this build has none.
#[cfg(not(feature = "train"))]
async fn worth(_: &dyn Store) -> anyhow::Result<String> {
    Ok(String::new())
}
