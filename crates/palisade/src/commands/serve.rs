//! `palisade serve`: the gateway in front of a site, the API beside it, and the worker behind both.

use std::process::ExitCode;

use palisade_config::Flags;
use palisade_store::DataDir;

use super::Global;
use crate::exit::UsageError;
use crate::running::{Plan, Running};
use crate::setup::{self, Overrides};
use crate::{running, shell};

/// Stand in front of a site, judge every request, and act
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  palisade serve --upstream http://127.0.0.1:3000
  palisade serve --upstream http://127.0.0.1:3000 --listen :80 --preset strict
  palisade serve -c /etc/palisade/palisade.toml --data /var/lib/palisade

SIGHUP reads the configuration again (it is checked first and taken whole); SIGTERM lets running
requests finish and stops.")]
pub(crate) struct Args {
    /// The site to defend: http://host:port
    #[arg(long, value_name = "URL")]
    upstream: Vec<String>,
    /// Where visitors come in [default: :8080, or :$PORT]
    #[arg(long, value_name = "ADDR")]
    listen: Vec<String>,
    /// Where applications ask [default: 127.0.0.1:8081]
    #[arg(long, value_name = "ADDR")]
    api: Vec<String>,
    /// Where operators will look [default: 127.0.0.1:8082]
    #[arg(long, value_name = "ADDR")]
    desk: Vec<String>,
    #[command(flatten)]
    overrides: Overrides,
}

/// Where the data folder is unless somebody names one.
pub(crate) const DATA: &str = "palisade-data";

const NOTHING_TO_DEFEND: &str = "there is nothing to defend yet: name the site with
  palisade serve --upstream http://127.0.0.1:3000
or write a configuration with `palisade config init` and start `palisade serve` beside it";

/// Runs until a signal stops it.
pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let flags = Flags {
        listen: args.listen.clone(),
        api: args.api.clone(),
        desk: args.desk.clone(),
        upstream: args.upstream.clone(),
    };
    let plan =
        Plan { global: global.clone(), flags, overrides: args.overrides.clone(), environment: Vec::new() };
    let loaded = plan.load()?;
    if !loaded.has_file && !loaded.has_upstream() {
        return Err(UsageError(NOTHING_TO_DEFEND.to_owned()).into());
    }
    setup::tell_idle(&loaded);
    let data = DataDir::open(global.data.as_deref().unwrap_or(DATA.as_ref()))?;
    let runtime = running::runtime()?;
    runtime.block_on(async {
        let running = Running::start(&loaded, plan, data).await?;
        shell::complain(&running.listening());
        if let (true, Some(words)) = (shell::watched(), running.first_words()) {
            shell::complain(&words);
        }
        running.until_stopped().await
    })
}
