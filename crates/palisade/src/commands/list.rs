//! `palisade list`: networks that are always let in, kept out, slowed or watched.
//!
//! Works on the database in the data folder, also beside a running gateway. A change is on the disk when the command
//! returns.

mod export;
mod span;
mod table;

use std::process::ExitCode;

use palisade_domain::{ClientIp, NetPrefix, Rate, Timestamp};
use palisade_store::{Effect, EffectKind, EntrySource, ListEntry, Lists, NewEntry, Page, ReadError, Store};

use super::Global;
use crate::columns::moment;
use crate::exit::{self, UsageError};
use crate::ledger::{self, TENANT};
use crate::shell;
use export::Format;
pub(crate) use span::Span;

/// Networks that are always let in, kept out, slowed or watched.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  palisade list add 203.0.113.0/24 --for 24h --reason \"login guessing\"
  palisade list add 198.51.100.7 --effect allow --reason \"our monitor\"
  palisade list show 203.0.113.9
  palisade list export --format nginx > /etc/nginx/palisade-block.conf")]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Add networks, or change what is said about them
    Add(Add),
    /// Take networks off the list; exit code 1 where none of them was on it
    Remove(Remove),
    /// Show the entries, or those that hold one address (exit code 1 where none does)
    Show(Show),
    /// Print the networks for another program
    Export(Export),
}

#[derive(Debug, clap::Args)]
struct Add {
    /// Addresses or networks: 203.0.113.7, 203.0.113.0/24, 2001:db8::/48
    #[arg(required = true, value_name = "NETWORK")]
    networks: Vec<NetPrefix>,
    /// What to do with their requests
    #[arg(long, value_enum, default_value_t = EffectName::Block)]
    effect: EffectName,
    /// Requests a minute that a throttle lets pass
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    per_minute: u32,
    /// How long it stays: 90s, 30m, 24h, 7d [default: until removed]
    #[arg(long = "for", value_name = "TIME")]
    span: Option<Span>,
    /// Why, for those who read the list later
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

#[derive(Debug, clap::Args)]
struct Remove {
    /// Addresses or networks, exactly as listed
    #[arg(required_unless_present = "expired", value_name = "NETWORK")]
    networks: Vec<NetPrefix>,
    /// Only the entry with this effect
    #[arg(long, value_enum)]
    effect: Option<EffectName>,
    /// Everything whose time is over
    #[arg(long, conflicts_with_all = ["networks", "effect"])]
    expired: bool,
}

#[derive(Debug, clap::Args)]
struct Show {
    /// Only the entries whose network holds this address
    address: Option<ClientIp>,
}

#[derive(Debug, clap::Args)]
struct Export {
    /// Who will read it
    #[arg(long, value_enum, default_value_t = Format::Plain)]
    format: Format,
    /// Which entries
    #[arg(long, value_enum, default_value_t = EffectName::Block)]
    effect: EffectName,
}

/// [`EffectKind`] on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum EffectName {
    Block,
    Allow,
    Throttle,
    Flag,
}

impl EffectName {
    fn kind(self) -> EffectKind {
        match self {
            EffectName::Block => EffectKind::Block,
            EffectName::Allow => EffectKind::Allow,
            EffectName::Throttle => EffectKind::Throttle,
            EffectName::Flag => EffectKind::Flag,
        }
    }
}

/// What a command prints, and whether the answer is "no".
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    text: String,
    no: bool,
}

/// Runs it.
///
/// # Errors
/// Where the data folder or the database cannot be used, or a request makes no sense.
pub(crate) fn run(args: Args, global: &Global) -> anyhow::Result<ExitCode> {
    let answer = ledger::with_store(global, async |_, store| {
        answer(&*store, args.action, shell::now(), global.json).await
    })?;
    shell::say(&answer.text)?;
    Ok(if answer.no { ExitCode::from(exit::NO) } else { ExitCode::SUCCESS })
}

async fn answer(store: &dyn Store, verb: Verb, now: Timestamp, as_json: bool) -> anyhow::Result<Answer> {
    match verb {
        Verb::Add(args) => add(store, &args, now, as_json).await,
        Verb::Remove(args) => remove(store, &args, now, as_json).await,
        Verb::Show(args) => show(store, &args, now, as_json).await,
        Verb::Export(args) => {
            let mut entries = all(store).await?;
            entries.retain(|entry| entry.is_live(now) && entry.effect.kind() == args.effect.kind());
            Ok(Answer { text: export::write(&entries, args.format, now), no: false })
        }
    }
}

async fn add(store: &dyn Store, args: &Add, now: Timestamp, as_json: bool) -> anyhow::Result<Answer> {
    if let Some(everyone) = args.networks.iter().find(|network| network.is_everyone())
        && args.effect == EffectName::Block
    {
        let problem = format!("{everyone} is everybody; to slow everybody down use --effect throttle");
        return Err(UsageError(problem).into());
    }
    let rate = Some(Rate(args.per_minute));
    let effect = args.effect.kind().with_rate(rate).unwrap_or(Effect::Block);
    let entry = |network: &NetPrefix| NewEntry {
        network: *network,
        effect,
        expires_at: args.span.map(|span| now.plus_millis(span.millis())),
        source: EntrySource::Operator,
        reason: args.reason.clone(),
        created_at: now,
    };
    let made = store.put(TENANT, &args.networks.iter().map(entry).collect::<Vec<_>>()).await?;
    for entry in &made {
        let until =
            entry.expires_at.map_or_else(|| "for good".to_owned(), |end| format!("until {}", moment(end)));
        let detail = format!("{} {until}", entry.effect.kind().name());
        let object = format!("entry:{}", entry.id.0);
        ledger::record(store, "list.add", object, detail, Some(entry.network), now).await?;
    }
    let text = if as_json { table::json(&made)? } else { table::text(&made, now) };
    Ok(Answer { text, no: false })
}

async fn remove(store: &dyn Store, args: &Remove, now: Timestamp, as_json: bool) -> anyhow::Result<Answer> {
    let mut removed = 0;
    if args.expired {
        removed += store.purge_expired(TENANT, now).await?;
        ledger::record(store, "list.purge", "lists".into(), format!("{removed} entries"), None, now).await?;
    }
    for network in &args.networks {
        let gone = store.remove(TENANT, *network, args.effect.map(EffectName::kind)).await?;
        if gone > 0 {
            let detail = format!("{gone} entries");
            ledger::record(store, "list.remove", "network".into(), detail, Some(*network), now).await?;
        }
        removed += gone;
    }
    let text = match (as_json, removed) {
        (true, _) => serde_json::json!({ "removed": removed }).to_string(),
        (false, 0) if args.expired => "nothing is over".to_owned(),
        (false, 0) => "no such entry; `palisade list show` names them as they are listed".to_owned(),
        (false, 1) => "removed 1 entry".to_owned(),
        (false, _) => format!("removed {removed} entries"),
    };
    Ok(Answer { text, no: removed == 0 && !args.expired })
}

async fn show(store: &dyn Lists, args: &Show, now: Timestamp, as_json: bool) -> anyhow::Result<Answer> {
    let entries = match args.address {
        Some(address) => store.find(TENANT, address, now).await?,
        None => all(store).await?,
    };
    let no = entries.is_empty() && args.address.is_some();
    let text = match (as_json, args.address) {
        (true, _) => table::json(&entries)?,
        (false, Some(address)) if no => format!("{address} is on no list"),
        (false, None) if entries.is_empty() => "the list is empty".to_owned(),
        (false, _) => table::text(&entries, now),
    };
    Ok(Answer { text, no })
}

pub(crate) async fn all(store: &dyn Lists) -> Result<Vec<ListEntry>, ReadError> {
    let mut entries: Vec<ListEntry> = Vec::new();
    loop {
        let after = entries.last().map_or(0, |entry| entry.id.0);
        let page = store.entries(TENANT, Page { after, ..Page::FIRST }).await?;
        if page.is_empty() {
            return Ok(entries);
        }
        entries.extend(page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use palisade_store::MemoryStore;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    const NOW: Timestamp = Timestamp(1_767_225_600_000_000); // 2026-01-01T00:00:00Z

    /// A list and the command lines typed at it.
    struct Desk(MemoryStore);

    impl Desk {
        fn typed(&self, line: &str, now: Timestamp, as_json: bool) -> anyhow::Result<Answer> {
            let line = Line::try_parse_from(["list"].into_iter().chain(line.split(' ')))?;
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            runtime.block_on(answer(&self.0, line.args.action, now, as_json))
        }

        fn text(&self, line: &str) -> String {
            self.typed(line, NOW, false).unwrap().text
        }
    }

    #[test]
    fn an_entry_is_added_shown_changed_and_removed() {
        let desk = Desk(MemoryStore::new());
        assert_eq!(desk.text("show"), "the list is empty");
        desk.text("add 203.0.113.9/24 --for 24h --reason guessing");
        desk.text("add 203.0.113.0/24 --effect throttle --per-minute 7");
        assert_eq!(
            desk.text("show"),
            "NETWORK         EFFECT        UNTIL                 SOURCE    REASON\n\
             203.0.113.0/24  block         2026-01-02T00:00:00Z  operator  guessing\n\
             203.0.113.0/24  throttle 7/m  for good              operator\n"
        );
        desk.text("add 203.0.113.0/24 --for 1h");
        assert!(desk.text("show 203.0.113.77").contains("2026-01-01T01:00:00Z"), "the same key is replaced");
        assert_eq!(desk.text("remove 203.0.113.0/24 --effect throttle"), "removed 1 entry");
        let gone = desk.typed("remove 203.0.113.0/24 --effect throttle", NOW, false).unwrap();
        assert!(gone.no && gone.text.contains("palisade list show"), "{gone:?}");
    }

    #[test]
    fn time_runs_out() {
        let desk = Desk(MemoryStore::new());
        desk.text("add 198.51.100.7 2001:db8::/48 --for 90s");
        let later = NOW.plus_millis(90_000);
        let asked = desk.typed("show 198.51.100.7", later, false).unwrap();
        assert_eq!(asked, Answer { text: "198.51.100.7 is on no list".into(), no: true });
        assert!(desk.typed("show", later, false).unwrap().text.contains("over"));
        let removed = desk.typed("remove --expired", later, true).unwrap();
        assert_eq!(removed, Answer { text: "{\"removed\":2}".into(), no: false });
    }

    #[test]
    fn json_is_pure() {
        let desk = Desk(MemoryStore::new());
        let reason = "show --json";
        desk.text(&format!("add 198.51.100.7 --reason {}", reason.replace(' ', "_")));
        let text = desk.typed("show", NOW, true).unwrap().text;
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value[0]["network"], "198.51.100.7/32");
        assert_eq!(value[0]["effect"], "block");
        assert_eq!(value[0]["expires_at"], serde_json::Value::Null);
        assert_eq!(value[0]["created_at"], "2026-01-01T00:00:00Z");
    }

    #[test]
    fn nonsense_is_refused() {
        let desk = Desk(MemoryStore::new());
        for line in [
            "add",
            "add example.org",
            "add 198.51.100.7 --for soon",
            "add 198.51.100.7 --effect throttle --per-minute 0",
            "add 198.51.100.7 --effect forgive",
            "remove",
            "remove 198.51.100.7 --expired",
            "export --format xml",
        ] {
            assert!(desk.typed(line, NOW, false).is_err(), "{line}");
        }
        let everyone = desk.typed("add 0.0.0.0/0", NOW, false).unwrap_err();
        assert!(everyone.is::<UsageError>(), "{everyone}");
        desk.text("add 0.0.0.0/0 --effect throttle");
    }
}
