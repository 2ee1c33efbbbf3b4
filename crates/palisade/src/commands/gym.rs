//! `palisade gym`: real programs against the configuration of whoever asks, on loopback.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use palisade_config::{Flags, Loaded};
use palisade_gym::programs::{self, ALL, Program};
use palisade_gym::recording::{Joiner, Recording};
use palisade_gym::report::{FAMILIES_MIN, Report};
use palisade_gym::runner::{self, Ran, Ready, Settings};
use palisade_gym::tools::{Missing, Tools};
use palisade_gym::{bounds, site};
use palisade_store::{DataDir, EventId, Events as _, SqliteStore};
use tokio::net::TcpListener;

use super::{Global, page};
use crate::columns::{aligned, harmless};
use crate::exit::{NO, UsageError};
use crate::ledger::TENANT;
use crate::running::{self, Plan, Running};
use crate::setup::{self, Overrides};
use crate::shell;

/// Set real programs on this configuration: which get through, and at which action.
///
/// A sample site is started behind the configuration (-c, as everywhere); only where it listens, where it keeps data, which share of
/// requests it records, and the site behind it are the gym's own. Then curl, scanners, load generators, crawls and browsers visit it, each
/// run from an address of its own, bounded in requests and time, and nothing leaves this machine. Exit code 1 where fewer than 12
/// families ran, or one that --family names did not; what is missing is named with the way to install it.
///
/// All of this traffic is of programs: the figures are recall, and no false-positive rate can be drawn from them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  palisade gym --list\n  palisade gym -c palisade.toml\n  palisade gym --family curl --family scrapy \
    --requests 30\n  palisade gym --out traffic.ndjson && palisade evaluate traffic.ndjson people.ndjson"
)]
pub(crate) struct Args {
    /// Only this family; repeatable [default: all]
    #[arg(long, value_name = "NAME", value_parser = family_named)]
    family: Vec<String>,
    /// Print programs, versions and what is missing; run nothing
    #[arg(long)]
    list: bool,
    /// Requests of one run, at most and about
    #[arg(long, value_name = "N", default_value_t = 60,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(bounds::REQUESTS_MAX)))]
    requests: u32,
    /// Runs of each program, each a client of its own [default: 5 of most, 2 of browsers]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(bounds::CLIENTS_MAX)))]
    clients: Option<u32>,
    /// Write every request, labelled, for `palisade train` and `evaluate`
    #[arg(long, value_name = "TRAFFIC.ndjson")]
    out: Option<PathBuf>,
    /// What pages, paces and addresses follow from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    overrides: Overrides,
}

/// What differs from `serve`: nobody outside is asked anything, no API listens, and everything is recorded.
const SETTINGS: [(&str, &str); 4] = [
    ("PALISADE_STORE__EVENT_SAMPLE", "1.0"),
    ("PALISADE_SERVER__ROLES", "gateway"),
    ("PALISADE_INTEL__DNS", "off"),
    ("PALISADE_INTEL__REFRESH_RANGES_HOURS", "0"),
];

fn family_named(text: &str) -> Result<String, String> {
    let families = programs::families();
    match families.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(format!("known families are {}", families.join(", "))),
    }
}

/// Runs it.
pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    if let Some(path) = &args.out {
        page::check("--out", path, global.config.iter())?;
    }
    let variable = |name: &str| std::env::var_os(name);
    let tools = Tools::new(variable("PATH").map(with_system), Tools::usual_folder(variable));
    let runtime = running::runtime()?;
    runtime.block_on(async {
        let here = Here::look(args, &tools).await;
        if args.list {
            return here.tell(global.json);
        }
        visit(args, global, tools, &here).await
    })
}

/// Where systems keep programs that not every user's path has.
fn with_system(path: OsString) -> OsString {
    let system = ["/usr/sbin", "/usr/local/bin"].map(PathBuf::from);
    let folders = std::env::split_paths(&path).chain(system).collect::<Vec<_>>();
    std::env::join_paths(folders).unwrap_or(path)
}

/// Programs that were asked for: those that are here, and those that are not.
struct Here {
    ready: Vec<Ready>,
    missing: Vec<(&'static Program, Missing)>,
    families_wanted: usize,
}

impl Here {
    async fn look(args: &Args, tools: &Tools) -> Here {
        let (mut ready, mut missing) = (Vec::new(), Vec::new());
        let is_asked = |program: &Program| {
            args.family.is_empty() || args.family.iter().any(|family| family == program.family)
        };
        for program in ALL.iter().filter(|program| is_asked(program)) {
            match runner::ready(program, tools).await {
                Ok(found) => ready.push(found),
                Err(why) => missing.push((program, why)),
            }
        }
        let named: std::collections::BTreeSet<_> = args.family.iter().collect();
        let families_wanted = if named.is_empty() { FAMILIES_MIN } else { named.len() };
        Here { ready, missing, families_wanted }
    }

    /// The list, and nothing more.
    fn tell(&self, as_json: bool) -> anyhow::Result<ExitCode> {
        let of = |program: &Program, version: Option<&str>, missing: Option<&Missing>| {
            serde_json::json!({
                "family": program.family,
                "program": program.name,
                "about": program.about,
                "version": version,
                "missing": missing.map(|missing| &missing.what),
                "install": missing.map(|missing| &missing.how),
            })
        };
        if as_json {
            let ready = self.ready.iter().map(|ready| of(ready.program, ready.version.as_deref(), None));
            let missing = self.missing.iter().map(|(program, missing)| of(program, None, Some(missing)));
            shell::say(&serde_json::Value::Array(ready.chain(missing).collect()).to_string())?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut rows = vec![["FAMILY", "PROGRAM", "VERSION", "WHAT IT DOES"].map(str::to_owned)];
        let row = |program: &Program, version: &str, about: &str| {
            [program.family, program.name, version, about].map(str::to_owned)
        };
        rows.extend(
            self.ready.iter().map(|ready| {
                row(ready.program, ready.version.as_deref().unwrap_or("-"), ready.program.about)
            }),
        );
        rows.extend(self.missing.iter().map(|(program, missing)| row(program, "-", &missing.to_string())));
        shell::say(&aligned(&rows))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Starts site and gateway, lets the programs visit, and tells what came of it.
async fn visit(args: &Args, global: &Global, tools: Tools, here: &Here) -> anyhow::Result<ExitCode> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let upstream = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, site::router()).await });
    let flags = Flags {
        listen: vec!["127.0.0.1:0".to_owned()],
        api: vec!["127.0.0.1:0".to_owned()],
        upstream: vec![upstream],
        ..Flags::default()
    };
    let plan = Plan {
        global: global.clone(),
        flags,
        overrides: args.overrides.clone(),
        environment: SETTINGS.to_vec(),
        knows_testing: true,
        ..Plan::default()
    };
    let loaded = plan.load()?;
    check(&loaded)?;
    setup::tell_idle(&loaded);
    let folder = tempfile::Builder::new().prefix("palisade-gym-").tempdir()?;
    let data = DataDir::open(&folder.path().join("data"))?;
    let mut running = Running::start(&loaded, plan, data.clone()).await?;
    let gateway =
        running.gateway_address().context("the gateway did not start; server.roles must have it")?;
    let settings = Settings {
        gateway,
        requests: args.requests,
        clients: args.clients,
        seed: args.seed,
        tools,
        folder: folder.path().join("runs"),
    };
    let bar = progress_bar();
    let runs =
        runner::run(&settings, &here.ready, running.asked_to_stop(), |ran, of| show(&bar, ran, of)).await;
    bar.finish_and_clear();
    let guard = std::sync::Arc::clone(running.guard());
    running.stop().await?;
    let runs = runs.context("stopped before the programs were done; nothing was written")?;
    let judged = guard.totals.snapshot().requests;
    let (recording, recorded) = recorded(&data, &runs, args.out.as_deref()).await?;
    let report = Report {
        ready: &here.ready,
        missing: &here.missing,
        runs: &runs,
        recording: &recording,
        challenge_from: loaded.settings.policy.bands.challenge,
        families_wanted: here.families_wanted,
        seed: args.seed,
        lost: judged.saturating_sub(recorded),
    };
    tell(&report, args, global.json)?;
    Ok(if report.is_enough() { ExitCode::SUCCESS } else { ExitCode::from(NO) })
}

/// What the environment must not have taken back.
fn check(loaded: &Loaded) -> anyhow::Result<()> {
    if loaded.settings.store.event_sample < 1.0 {
        let problem =
            "PALISADE_STORE__EVENT_SAMPLE is set; the gym records everything. Take it out of the environment";
        return Err(UsageError(problem.to_owned()).into());
    }
    Ok(())
}

/// Labels what the gateway recorded, and writes it to `out` where one is named. Beside it how many requests were recorded.
async fn recorded(data: &DataDir, runs: &[Ran], out: Option<&Path>) -> anyhow::Result<(Recording, u64)> {
    let store = SqliteStore::open(&data.database()).await?;
    let mut joiner = Joiner::new(runs);
    let mut lines = Vec::new();
    let mut count = 0;
    let mut next = EventId(0);
    loop {
        let page = store.export(TENANT, next, usize::MAX).await?;
        let Some(last) = page.last() else { break };
        next = EventId(last.id.0 + 1);
        for line in page.iter().filter_map(|row| row.event.facts.as_deref()) {
            count += 1;
            if let (Some(labelled), Some(_)) = (joiner.take(line), out) {
                lines.push(labelled);
            }
        }
    }
    store.close().await;
    if let Some(path) = out {
        page::write(path, lines.join("\n") + if lines.is_empty() { "" } else { "\n" })?;
    }
    Ok((joiner.done(), count))
}

fn tell(report: &Report<'_>, args: &Args, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return Ok(shell::say(&report.json().to_string())?);
    }
    shell::say(&aligned(&report.rows()))?;
    shell::say(&harmless_lines(&report.words()))?;
    if let Some(path) = &args.out {
        shell::say(&format!("Labelled traffic: {}", path.display()))?;
    }
    Ok(())
}

/// Programs said some of these words.
fn harmless_lines(text: &str) -> String {
    text.lines().map(harmless).collect::<Vec<_>>().join("\n")
}

fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("  {pos}/{len} runs  {elapsed}  {wide_msg}") {
        bar.set_style(style);
    }
    bar
}

fn show(bar: &ProgressBar, ran: &Ran, of: usize) {
    bar.set_length(of as u64);
    bar.inc(1);
    bar.set_message(ran.group.clone());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_known_by_name() {
        assert_eq!(family_named("curl").as_deref(), Ok("curl"));
        assert!(family_named("lynx").unwrap_err().contains("chrome-headers"));
    }

    #[test]
    fn words_of_programs_cannot_move_the_cursor() {
        assert_eq!(harmless_lines("one\n\x1b[2Jtwo"), "one\n.[2Jtwo");
    }

    #[test]
    fn the_path_is_kept_and_the_systems_own_places_added() {
        let path = with_system("/a:/b".into());
        assert!(path.to_string_lossy().starts_with("/a:/b:/usr/sbin"));
    }
}
