//! `palisade doctor`: what would make verdicts wrong, in an installation or in logs.

mod ask;
mod findings;
mod installation;
mod logs;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use super::Global;

/// Look for what would make verdicts wrong: in this installation, or in logs
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  palisade doctor                              this installation, running or not
  palisade doctor -c palisade.toml --data DIR  another one
  palisade doctor /var/log/nginx/access.log    a log: one address everywhere, missing columns

Exit code 1 where something was found.")]
pub(crate) struct Args {
    /// Log files, - is standard input; without any, the installation is looked at
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where the running Palisade is asked [default: server.api of the configuration]
    #[arg(long, value_name = "ADDR", conflicts_with = "files")]
    api: Option<SocketAddr>,
}

/// Runs it; exit code 1 where something was found.
///
/// # Errors
/// Where the configuration is wrong, or a log cannot be read.
pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    match args.files.is_empty() {
        true => installation::run(args.api, global),
        false => logs::run(&args.files, global.json),
    }
}
