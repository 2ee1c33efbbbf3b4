//! `palisade crawlers`: what proves that a crawler is who it says.

use std::process::ExitCode;

use palisade_crawl::proof::OperatorId;
use palisade_crawl::published;
use palisade_crawl::ranges::RangeBook;
use palisade_intel::{Outbound, OutboundSettings};
use palisade_store::DataDir;
use serde::Serialize;

use super::{Global, serve};
use crate::exit::{self, UsageError};
use crate::{crawlers, running, setup, shell};

/// What proves that a crawler is who it says
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  palisade crawlers show\n  palisade crawlers update\n  palisade crawlers update bing openai"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Fetch the ranges that operators publish now (exit code 1 where one of them could not be fetched)
    Update {
        /// Only these operators, by the names that `show` prints
        #[arg(value_name = "OPERATOR")]
        operators: Vec<String>,
    },
    /// Show each operator: how many networks, how old, and which names its addresses have
    Show,
}

/// One operator, as it is printed.
#[derive(Debug, Serialize)]
struct Row {
    operator: &'static str,
    has_ranges: bool,
    age_days: Option<u32>,
    dns_names: &'static [&'static str],
    published: &'static [&'static str],
}

/// What `update` did for one operator.
#[derive(Debug, Serialize)]
struct Updated {
    operator: &'static str,
    networks: Option<usize>,
    error: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let data = DataDir::open(global.data.as_deref().unwrap_or(serve::DATA.as_ref()))?;
    match &args.action {
        Verb::Show => show(&crawlers::book(Some(&data)), global.json),
        Verb::Update { operators } => update(operators, &data, global),
    }
}

fn show(book: &RangeBook, json: bool) -> anyhow::Result<ExitCode> {
    let rows: Vec<Row> = OperatorId::all().map(|operator| row(operator, book)).collect();
    if json {
        shell::say(&serde_json::to_string(&rows)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    shell::say(&format!("{:<16} {:<14} names of its addresses", "operator", "ranges"))?;
    for row in rows {
        let ranges = match row.age_days {
            Some(0) => "from today".to_owned(),
            Some(days) => format!("{days} days old"),
            None => "none".to_owned(),
        };
        let names = if row.dns_names.is_empty() { "-".to_owned() } else { row.dns_names.join(" ") };
        shell::say(&format!("{:<16} {ranges:<14} {names}", row.operator))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(operator: OperatorId, book: &RangeBook) -> Row {
    let ranges = book.of(operator);
    let source = published::SOURCES.iter().find(|source| source.operator == operator.key());
    Row {
        operator: operator.key(),
        has_ranges: ranges.is_some(),
        age_days: ranges.map(|ranges| ranges.age_days(shell::now())),
        dns_names: operator.dns_suffixes(),
        published: source.map_or(&[], |source| source.urls),
    }
}

fn update(operators: &[String], data: &DataDir, global: &Global) -> anyhow::Result<ExitCode> {
    let known = |name: &String| published::SOURCES.iter().any(|source| source.operator == name);
    if let Some(unknown) = operators.iter().find(|name| !known(name)) {
        let names: Vec<_> = published::SOURCES.iter().map(|source| source.operator).collect();
        let problem =
            format!("{unknown:?} publishes no ranges that we know; those that do: {}", names.join(", "));
        return Err(UsageError(problem).into());
    }
    let loaded = setup::load(global)?;
    let settings =
        OutboundSettings { allow_private: loaded.settings.intel.allow_private, ..Default::default() };
    let outbound = Outbound::new(settings)?;
    let updating = crawlers::update(&outbound, published::SOURCES, operators, data, shell::now());
    let updates = running::runtime()?.block_on(updating);
    let failed = updates.iter().any(|update| update.outcome.is_err());
    let updated: Vec<Updated> = updates
        .into_iter()
        .map(|update| Updated {
            operator: update.operator,
            networks: update.outcome.as_ref().ok().copied(),
            error: update.outcome.err(),
        })
        .collect();
    if global.json {
        shell::say(&serde_json::to_string(&updated)?)?;
    } else {
        for row in &updated {
            let said = match (&row.networks, &row.error) {
                (Some(networks), _) => format!("{networks} networks"),
                (None, error) => format!("kept as it was: {}", error.as_deref().unwrap_or("")),
            };
            shell::say(&format!("{:<16} {said}", row.operator))?;
        }
    }
    Ok(if failed { ExitCode::from(exit::NO) } else { ExitCode::SUCCESS })
}
