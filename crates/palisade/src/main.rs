//! Palisade: who is on the site, how likely a bot, and why.
//!
//! Owns the command line, the wiring and the exit codes: 0 fine, 1 the answer is "no", 2 usage or configuration,
//! 3 runtime. Everything else lives in the crates.

mod challenges;
mod columns;
mod commands;
mod crawlers;
mod exit;
mod hold;
mod keyring;
mod ledger;
mod life;
mod memory;
mod models;
mod not_yet;
mod prefix;
mod running;
mod seed;
mod setup;
mod shell;
mod testing;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use commands::Global;
use exit::UsageError;
use palisade_telemetry::{Format, InitError};

// Assessment allocates next to nothing; parsing logs and the gateway's buffers do.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Self-hosted bot defence: who is on your site, how likely a bot, and why.
#[derive(Parser)]
#[command(name = "palisade", version, max_term_width = 100, subcommand_required = true)]
#[command(
    after_help = "Begin with:\n  palisade demo                                     see it work on a sample site\n  \
    palisade serve --upstream http://127.0.0.1:3000   defend your own\n  \
    palisade replay access.log --report report.html   ask what it would have done\n\n\
    PALISADE_LOG=info tells on standard error what a run does, PALISADE_LOG_FORMAT=json for programs."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Stand in front of a site, judge every request, and act
    Serve(commands::serve::Args),
    /// Try it: a sample site defended by Palisade, on this machine only
    Demo(commands::demo::Args),
    /// Judge access logs: who was there, what would have been done, and why
    Replay(commands::replay::Args),
    /// Learn from labelled traffic: a model file, and how it does on clients that it never saw
    Train(commands::train::Args),
    /// Hold a model, or the hand-set tables, against labelled traffic
    Evaluate(commands::evaluate::Args),
    /// Set real programs on this configuration: which get through, and at which action
    Gym(commands::gym::Args),
    /// Versions of models: which there are, which decides, and the one before
    Models(commands::models::Args),
    /// What was said about clients: people or programs, by whom, and what it is worth in training
    Labels(commands::labels::Args),
    /// Judge one described request (a /check body on standard input), or one a line with --batch
    Assess(commands::assess::Args),
    /// Look for what would make verdicts wrong: in this installation, or in logs
    Doctor(commands::doctor::Args),
    /// Networks that are always let in, kept out, slowed or watched
    List(commands::list::Args),
    /// Keys of the API: making, showing, revoking
    Keys(commands::keys::Args),
    /// Who changed what and when, and whether that record is sound
    Audit(commands::audit::Args),
    /// What is stored: counting it, taking it out, throwing it away
    Store(commands::store::Args),
    /// What proves that a crawler is who it says
    Crawlers(commands::crawlers::Args),
    /// Check, show, begin and import a configuration
    Config(commands::config::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    run(cli).unwrap_or_else(|error| exit::explain(&error))
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    log()?;
    match cli.command {
        Command::Serve(args) => commands::serve::run(&args, &cli.global),
        Command::Demo(args) => commands::demo::run(&args, &cli.global),
        Command::Replay(args) => commands::replay::run(&args, &cli.global),
        Command::Train(args) => commands::train::run(&args, &cli.global),
        Command::Evaluate(args) => commands::evaluate::run(&args, &cli.global),
        Command::Gym(args) => commands::gym::run(&args, &cli.global),
        Command::Models(args) => commands::models::run(&args, &cli.global),
        Command::Labels(args) => commands::labels::run(&args, &cli.global),
        Command::Assess(args) => commands::assess::run(&args, &cli.global),
        Command::Doctor(args) => commands::doctor::run(&args, &cli.global),
        Command::List(args) => commands::list::run(args, &cli.global),
        Command::Keys(args) => commands::keys::run(&args, &cli.global),
        Command::Audit(args) => commands::audit::run(&args, &cli.global),
        Command::Store(args) => commands::store::run(&args, &cli.global),
        Command::Crawlers(args) => commands::crawlers::run(&args, &cli.global),
        Command::Config(args) => commands::config::run(args, &cli.global),
    }
}

/// The log goes to standard error: what the run did from `PALISADE_LOG=info` on, for programs with
/// `PALISADE_LOG_FORMAT=json`.
fn log() -> anyhow::Result<()> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let asked = |name: &'static str| move |error: InitError| UsageError(format!("{name}: {error}"));
    let format = match set("PALISADE_LOG_FORMAT") {
        Some(name) => name.parse().map_err(asked("PALISADE_LOG_FORMAT"))?,
        None => Format::default(),
    };
    let filter = set("PALISADE_LOG").unwrap_or_else(|| "warn".to_owned());
    palisade_telemetry::init(format, &filter).map_err(asked("PALISADE_LOG"))?;
    Ok(())
}
